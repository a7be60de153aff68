use num_complex::Complex;

use super::tempogram::{TempogramParams, fourier_tempogram};
use crate::error::{Error, Result, check, check_sample_rate};
use crate::scaling::Norm;
use crate::transform::{Stft, StftParams};

/// Parameters of [`plp`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlpParams {
    /// Samples per second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512.
    pub hop_length: usize,
    /// Length of the window in frames, `2..=65536`; default 384.
    pub win_length: usize,
    /// The slowest tempo in beats per minute; default 30. `None`: no bound.
    pub tempo_min: Option<f64>,
    /// The fastest tempo in beats per minute, above the slowest; default 300. `None`: no bound.
    pub tempo_max: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PlpParams {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            hop_length: 512,
            win_length: 384,
            tempo_min: Some(30.0),
            tempo_max: Some(300.0),
            _non_exhaustive: (),
        }
    }
}

impl PlpParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let hop = self.hop_length;
        check(hop >= 1, "hop_length", hop, "must be at least 1")?;
        let n = self.win_length;
        let holds = (2..=1 << 16).contains(&n);
        check(holds, "win_length", n, "must be in 2..=65536")?;
        for (name, tempo) in [("tempo_min", self.tempo_min), ("tempo_max", self.tempo_max)] {
            let tempo = tempo.unwrap_or(0.0);
            check(!tempo.is_nan(), name, tempo, "must be a number")?;
        }
        if let (Some(slowest), Some(fastest)) = (self.tempo_min, self.tempo_max) {
            let rule = "must be above tempo_min";
            check(fastest > slowest, "tempo_max", fastest, rule)?;
        }
        Ok(())
    }
}

/// The predominant local pulse: a curve with a peak at every likely beat (Grosche and Müller 2011); equals
/// `librosa.beat.plp`.
///
/// For every frame of the [`fourier_tempogram`] only the tempo with the largest `log(1 + 10^6 |F|)` in
/// `tempo_min..=tempo_max` is kept, with its phase. These waves are added, negative values of the sum are set
/// to 0, and the sum is scaled to a largest value of 1.
///
/// - `envelope`: any positive number of values;
/// - result: as many values as the envelope has, `0..=1`.
///
/// librosa divides every wave by the magnitude of the bin with the largest real part. For a wave whose real
/// part is negative this is another, empty bin, and the wave is divided by the root of the smallest f32. Such
/// frames then outweigh all others. This function does the same.
///
/// # Errors
///
/// Those of [`PlpParams::validate`], an empty envelope, or a value that is not finite.
///
/// ```
/// use timbral_dsp::{PlpParams, plp};
///
/// let clicks: Vec<f32> = (0..400).map(|t| f32::from(u8::from(t % 20 == 0))).collect();
/// let pulse = plp(&clicks, &PlpParams::default())?;
/// assert_eq!(pulse.len(), 400);
/// assert!(pulse[200] > 0.5 && pulse[210] < 0.1);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn plp(envelope: &[f32], params: &PlpParams) -> Result<Vec<f32>> {
    params.validate()?;
    if envelope.is_empty() {
        return Err(Error::TooShort {
            name: "envelope",
            needed: 1,
            got: 0,
        });
    }
    let n = params.win_length;
    let mut tempogram = fourier_tempogram(
        envelope,
        &TempogramParams {
            win_length: n,
            ..TempogramParams::default()
        },
    )?;
    let per_minute = f64::from(params.sample_rate) * 60.0 / params.hop_length as f64;
    let inside: Vec<bool> = (0..tempogram.nrows())
        .map(|k| {
            let tempo = k as f64 * (per_minute / n as f64);
            params.tempo_min.is_none_or(|least| tempo >= least)
                && params.tempo_max.is_none_or(|most| tempo <= most)
        })
        .collect();
    let smallest = f64::from(f32::MIN_POSITIVE).sqrt() as f32;
    let level = |size: f32| libm::log1pf(1e6 * size);
    let mut sizes = Vec::with_capacity(tempogram.nrows());
    for mut column in tempogram.columns_mut() {
        sizes.clear();
        for (z, inside) in column.iter_mut().zip(&inside) {
            if !inside {
                *z = Complex::default();
            }
            sizes.push(if *inside { magnitude(*z) } else { 0.0 });
        }
        // The logarithm is needed only where rounding can make it that of the peak.
        let highest = sizes.iter().copied().fold(0.0, f32::max);
        let peak = level(highest);
        let near = 0.999 * highest;
        // NumPy's largest complex number: by real part, then by imaginary part.
        let mut largest = Complex::new(f32::NEG_INFINITY, 0.0);
        for (z, size) in column.iter_mut().zip(&sizes) {
            if *size < near || level(*size) < peak {
                *z = Complex::default();
            }
            if z.re > largest.re || (z.re == largest.re && z.im > largest.im) {
                largest = *z;
            }
        }
        let divisor = smallest + magnitude(largest);
        column.iter_mut().for_each(|z| *z /= divisor);
    }
    let stft = Stft::new(StftParams {
        n_fft: n,
        hop_length: 1,
        ..StftParams::default()
    })?;
    let mut pulse = stft.inverse(tempogram.view(), Some(envelope.len()))?;
    pulse.iter_mut().for_each(|v| *v = v.max(0.0));
    let largest = Norm::Max.length(pulse.iter().map(|v| f64::from(*v)));
    for v in &mut pulse {
        *v = (f64::from(*v) / largest) as f32;
    }
    Ok(pulse)
}

fn magnitude(z: Complex<f32>) -> f32 {
    // In f64 the squares of small f32 do not vanish.
    let (re, im) = (f64::from(z.re), f64::from(z.im));
    (re * re + im * im).sqrt() as f32
}
