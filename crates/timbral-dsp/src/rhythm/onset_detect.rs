use super::peak_pick::{PeakPickParams, peak_pick};
use crate::error::{Error, Result, check, check_finite, check_sample_rate};

/// Parameters of [`onset_detect`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnsetDetectParams {
    /// Samples per second, at least 1; default 22050. Used only if `peaks` is `None`.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512. Used only if `peaks` is `None`.
    pub hop_length: usize,
    /// Whether to scale the envelope to `0..=1` first; default true.
    pub normalize: bool,
    /// Whether to move onsets back to the minimum of the envelope before them; default false.
    pub backtrack: bool,
    /// The conditions of a peak. Default: a peak is not below any value in the 30 ms before it, exceeds the
    /// mean of 100 ms before to 100 ms after it by at least 0.07, and is more than 30 ms after the previous
    /// peak.
    pub peaks: Option<PeakPickParams>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for OnsetDetectParams {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            hop_length: 512,
            normalize: true,
            backtrack: false,
            peaks: None,
            _non_exhaustive: (),
        }
    }
}

impl OnsetDetectParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `sample_rate` or `hop_length` is 0, or those of [`PeakPickParams::validate`].
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let hop = self.hop_length;
        check(hop >= 1, "hop_length", hop, "must be at least 1")?;
        self.peak_params().validate()
    }

    /// The conditions of a peak: `peaks`, or the default for the sample rate and the hop length.
    pub fn peak_params(&self) -> PeakPickParams {
        let frames = |seconds: f64| {
            (seconds * f64::from(self.sample_rate) / self.hop_length as f64).floor() as usize
        };
        self.peaks.unwrap_or_else(|| PeakPickParams {
            pre_max: frames(0.03),
            post_max: 1,
            pre_avg: frames(0.1),
            post_avg: frames(0.1) + 1,
            wait: frames(0.03),
            ..PeakPickParams::default()
        })
    }
}

/// The frames in which notes begin: the peaks of an onset envelope; equals `librosa.onset.onset_detect`.
///
/// - `envelope`: that of [`onset_strength`](crate::onset_strength), or any other;
/// - result: frames, ascending; none for an envelope that is constant or empty.
///
/// With `backtrack` each frame is moved back by [`onset_backtrack`] on the scaled envelope.
///
/// # Errors
///
/// Those of [`OnsetDetectParams::validate`], or a value that is not finite.
///
/// ```
/// use timbral_dsp::{OnsetDetectParams, onset_detect};
///
/// let clicks: Vec<f32> = (0..100).map(|t| f32::from(u8::from(t % 25 == 10))).collect();
/// assert_eq!(onset_detect(&clicks, &OnsetDetectParams::default())?, [10, 35, 60, 85]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn onset_detect(envelope: &[f32], params: &OnsetDetectParams) -> Result<Vec<usize>> {
    params.validate()?;
    check_finite("envelope", envelope)?;
    let mut envelope = envelope.to_vec();
    if params.normalize {
        let smallest = envelope.iter().copied().fold(f32::INFINITY, f32::min);
        envelope.iter_mut().for_each(|v| *v -= smallest);
        let largest = envelope.iter().copied().fold(0.0, f32::max) + f32::MIN_POSITIVE;
        envelope.iter_mut().for_each(|v| *v /= largest);
    }
    // A range beyond that of f32 cannot be scaled.
    if envelope.iter().all(|v| *v == 0.0) || envelope.iter().any(|v| !v.is_finite()) {
        return Ok(Vec::new());
    }
    let onsets = peak_pick(&envelope, &params.peak_params())?;
    if params.backtrack {
        return onset_backtrack(&onsets, &envelope);
    }
    Ok(onsets)
}

/// Moves each event back to the last minimum of the energy at or before it; equals
/// `librosa.onset.onset_backtrack`.
///
/// Frame `t` is a minimum if `energy[t - 1] >= energy[t] < energy[t + 1]`; frame 0 always is.
///
/// - `events`: frames, in any order, below `energy.len()`;
/// - `energy`: the onset envelope or, to find where the sound itself begins, [`rms`](crate::rms).
///
/// # Errors
///
/// An event that is not a frame of `energy`, or a value that is not finite.
///
/// ```
/// let energy = [0.0, 1.0, 0.5, 0.2, 0.6, 1.0];
/// assert_eq!(timbral_dsp::onset_backtrack(&[5, 1], &energy)?, [3, 0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn onset_backtrack(events: &[usize], energy: &[f32]) -> Result<Vec<usize>> {
    check_finite("energy", energy)?;
    let is_minimum = |t: usize| match (t.checked_sub(1), energy.get(t + 1)) {
        (None, _) => true,
        (Some(before), Some(after)) => energy[t] <= energy[before] && energy[t] < *after,
        (Some(_), None) => false,
    };
    let back = |event: &usize| {
        if *event >= energy.len() {
            return Err(Error::TooShort {
                name: "energy",
                needed: event.saturating_add(1),
                got: energy.len(),
            });
        }
        Ok((0..=*event).rev().find(|t| is_minimum(*t)).unwrap_or(0))
    };
    events.iter().map(back).collect()
}
