use super::time_stretch::time_stretch;
use crate::error::{Error, Result, check, check_sample_rate};
use crate::transform::Stft;

/// Parameters of [`pitch_shift`], named as in `librosa.effects.pitch_shift`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PitchShiftParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// The number of steps by which the pitch rises, negative to lower it; default 0.
    pub n_steps: f64,
    /// Number of steps in an octave, above 0; default 12, semitones. `n_steps / bins_per_octave` must be in
    /// `-16..=16`.
    pub bins_per_octave: f64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PitchShiftParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            n_steps: 0.0,
            bins_per_octave: 12.0,
            _non_exhaustive: (),
        }
    }
}

impl PitchShiftParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let bins = self.bins_per_octave;
        let holds = bins > 0.0 && bins.is_finite();
        let rule = "must be finite and above 0";
        check(holds, "bins_per_octave", bins, rule)?;
        let holds = (self.n_steps / bins).abs() <= 16.0;
        let rule = "must be at most 16 octaves up or down";
        check(holds, "n_steps", self.n_steps, rule)?;
        Ok(())
    }
}

/// A signal at another pitch and the same speed: [`time_stretch`], then resampling. Equals
/// `librosa.effects.pitch_shift` with the same resampling.
///
/// ```text
/// out = resample(time_stretch(y, rate), from sample_rate / rate, to sample_rate),   rate = 2^(-n_steps / bins_per_octave)
/// ```
///
/// - `stft`: the transform of [`time_stretch`];
/// - `resample`: a function that returns samples at another rate, `resample(samples, from, to)`. The rates are
///   in hertz and need not be whole numbers. Its errors are returned as errors of this function. This crate
///   does not resample; `Resampler` of `timbral-audio` does it as librosa does, between whole rates. Rounding
///   `from` to a whole rate changes the pitch by less than 0.1 cent;
/// - result: as many samples as `y`, cut or padded with zeros.
///
/// # Errors
///
/// Those of [`PitchShiftParams::validate`], [`time_stretch`] and `resample`.
///
/// ```
/// use timbral_dsp::{Error, PitchShiftParams, Stft, StftParams, pitch_shift, zero_crossing_rate, Framing};
///
/// // Nearest neighbours: a resampler for an example.
/// let resample = |y: &[f32], from: f64, to: f64| {
///     let n = (y.len() as f64 * to / from) as usize;
///     Ok::<_, Error>((0..n).map(|i| y[(i as f64 * from / to) as usize]).collect())
/// };
/// let y: Vec<f32> = (0..22_050).map(|n| (n as f32 * 0.1).sin()).collect();
/// let stft = Stft::new(StftParams::default())?;
/// let up = PitchShiftParams { n_steps: 12.0, ..PitchShiftParams::default() };
/// let octave = pitch_shift(&y, &up, &stft, resample)?;
/// let zeros = |y| zero_crossing_rate(y, &Framing::default()).map(|z| z[20]);
/// assert!((zeros(&octave)? / zeros(&y)? - 2.0).abs() < 0.05);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn pitch_shift<E: From<Error>>(
    y: &[f32],
    params: &PitchShiftParams,
    stft: &Stft,
    resample: impl FnOnce(&[f32], f64, f64) -> std::result::Result<Vec<f32>, E>,
) -> std::result::Result<Vec<f32>, E> {
    params.validate()?;
    let rate = libm::exp2(-params.n_steps / params.bins_per_octave);
    let to = f64::from(params.sample_rate);
    let from = to / rate;
    let stretched = time_stretch(y, rate, stft)?;
    let mut out = match from == to {
        true => stretched,
        false => resample(&stretched, from, to)?,
    };
    out.resize(y.len(), 0.0);
    Ok(out)
}
