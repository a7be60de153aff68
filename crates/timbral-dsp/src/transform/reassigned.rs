use ndarray::{Array2, s};

use super::stft::Stft;
use super::stft_params::StftParams;
use crate::error::{Result, check, check_sample_rate};

/// Parameters of [`reassigned_spectrogram`], named as in `librosa.reassigned_spectrogram`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReassignedParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// The parameters of the spectrogram.
    pub stft: StftParams,
    /// Cells with a power below this get NaN as frequency and time, at least 0; default 1e-6.
    pub ref_power: f64,
    /// Whether cells without an estimate get the frequency of their bin and the time of their frame instead of
    /// NaN; default false.
    pub fill_nan: bool,
    /// Whether estimates above half of the sample rate, or beyond the ends of the signal, are moved to these
    /// limits; default true.
    pub clip: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ReassignedParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            stft: StftParams::default(),
            ref_power: 1e-6,
            fill_nan: false,
            clip: true,
            _non_exhaustive: (),
        }
    }
}

impl ReassignedParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// Those of [`StftParams::validate`], a `sample_rate` of 0, a `ref_power` that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        self.stft.validate()?;
        let power = self.ref_power;
        let holds = power >= 0.0 && power.is_finite();
        check(holds, "ref_power", power, "must be finite and not negative")?;
        Ok(())
    }
}

/// A spectrogram with the estimated frequency and time of the energy in each cell, by
/// [`reassigned_spectrogram`]. All arrays have the shape `(n_fft / 2 + 1, n_frames)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reassigned {
    /// Frequency in hertz, NaN without an estimate.
    pub frequencies: Array2<f64>,
    /// Time in seconds, NaN without an estimate.
    pub times: Array2<f64>,
    /// Magnitudes, those of [`Stft::magnitude`].
    pub magnitudes: Array2<f32>,
}

/// The time-frequency reassigned spectrogram (Auger and Flandrin 1995): the centre of gravity of the energy in every
/// cell; equals `librosa.reassigned_spectrogram`.
///
/// With `S` the spectrogram, `D` the spectrogram with the derivative of the window, and `T` the spectrogram
/// with the window times the distance in samples from its middle:
///
/// ```text
/// frequency[k, t] = k sample_rate / n_fft - Im(D / S) sample_rate / (2 pi)
/// time[k, t]      = t hop_length / sample_rate + Re(T / S) / sample_rate
/// ```
///
/// If `center` is false, half of `n_fft` is added to the time of a frame.
///
/// # Errors
///
/// Those of [`ReassignedParams::validate`] and of [`Stft::process`].
///
/// ```
/// use timbral_dsp::{ReassignedParams, reassigned_spectrogram};
///
/// // 445 Hz is between bins 41 and 42, at 441 and 452 Hz.
/// let tone = |n| (std::f64::consts::TAU * 445.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let found = reassigned_spectrogram(&y, &ReassignedParams::default())?;
/// assert!((found.frequencies[[41, 20]] - 445.0).abs() < 0.01);
/// assert!((found.frequencies[[42, 20]] - 445.0).abs() < 0.01);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn reassigned_spectrogram(y: &[f32], params: &ReassignedParams) -> Result<Reassigned> {
    params.validate()?;
    let window = params.stft.padded_window();
    let n_fft = params.stft.n_fft;
    let n = window.len();
    // The window is periodic: its ends are neighbours.
    let derivative = (0..n).map(|i| (window[(i + 1) % n] - window[(i + n - 1) % n]) / 2.0);
    let half = (n_fft / 2) as f64;
    let middle = if n_fft.is_multiple_of(2) {
        half - 0.5
    } else {
        half
    };
    let weighted = window.iter().enumerate();
    let weighted = weighted.map(|(i, w)| w * (i as f64 - middle));
    let spectrum = Stft::new(params.stft)?.process(y)?;
    let by = |window: Vec<f64>| Stft::with_window(params.stft, window).process(y);
    let change = by(derivative.collect())?;
    let place = by(weighted.collect())?;

    let rate = f64::from(params.sample_rate);
    let late = if params.stft.center { 0.0 } else { half };
    let bin = |k: usize| k as f64 * rate / n_fft as f64;
    let frame = |t: usize| ((t * params.stft.hop_length) as f64 + late) / rate;
    let end = y.len() as f64 / rate;
    let least = params.ref_power.sqrt();
    let magnitudes = Stft::new(params.stft)?.magnitude(y)?;
    let dim = magnitudes.dim();
    let (mut frequencies, mut times) = (Array2::zeros(dim), Array2::zeros(dim));
    for t in 0..dim.1 {
        let (s, d, p) = (
            spectrum.slice(s![.., t]),
            change.slice(s![.., t]),
            place.slice(s![.., t]),
        );
        for k in 0..dim.0 {
            // In f32, as the spectra are.
            let frequency =
                bin(k) - f64::from((d[k] / s[k]).im) * (0.5 * rate / std::f64::consts::PI);
            let time = frame(t) + f64::from((p[k] / s[k]).re) / rate;
            let weak = params.ref_power > 0.0 && f64::from(magnitudes[[k, t]]) < least;
            let finish = |value: f64, otherwise: f64, most: f64| {
                let value = if weak { f64::NAN } else { value };
                let value = if value.is_nan() && params.fill_nan {
                    otherwise
                } else {
                    value
                };
                // A NaN stays one.
                if params.clip {
                    value.clamp(0.0, most)
                } else {
                    value
                }
            };
            frequencies[[k, t]] = finish(frequency, bin(k), rate / 2.0);
            times[[k, t]] = finish(time, frame(t), end);
        }
    }
    Ok(Reassigned {
        frequencies,
        times,
        magnitudes,
    })
}
