use std::ops::Range;

use crate::error::{Result, check};
use crate::frames::{Framing, rms};
use crate::spectral::Reference;

/// Parameters of [`trim`] and [`split`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SilenceParams {
    /// A frame is silent if it is this many decibels or more below the reference; at least 0, default 60.
    pub top_db: f32,
    /// The amplitude that is 0 dB; default that of the loudest frame.
    pub reference: Reference,
    /// Samples in a frame, `1..=2^24`; default 2048.
    pub frame_length: usize,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for SilenceParams {
    fn default() -> Self {
        Self {
            top_db: 60.0,
            reference: Reference::Max,
            frame_length: 2048,
            hop_length: 512,
            _non_exhaustive: (),
        }
    }
}

impl SilenceParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        let top_db = self.top_db;
        check(top_db >= 0.0, "top_db", top_db, "must not be negative")?;
        if let Reference::Value(value) = self.reference {
            check(value.is_finite(), "reference", value, "must be finite")?;
        }
        self.framing().validate()
    }

    fn framing(&self) -> Framing {
        Framing {
            frame_length: self.frame_length,
            hop_length: self.hop_length,
            ..Framing::default()
        }
    }

    /// Whether each frame is louder than silence.
    fn loud_frames(&self, y: &[f32]) -> Result<Vec<bool>> {
        self.validate()?;
        let rms = rms(y, &self.framing())?;
        let reference = match self.reference {
            Reference::Value(value) => value.abs(),
            Reference::Max => rms.iter().copied().fold(0.0, f32::max),
        };
        // The smallest amplitude is 1e-5, as in `librosa.amplitude_to_db`.
        let db = |v: f32| 10.0 * libm::log10f((v * v).max(1e-10));
        let zero = db(reference);
        Ok(rms.iter().map(|v| db(*v) - zero > -self.top_db).collect())
    }
}

/// The part of a signal between the first and the last frame that is louder than silence; equals
/// `librosa.effects.trim`.
///
/// Frame `t` is loud if its root mean square, in decibels relative to the reference, is above `-top_db`. The
/// part starts at `hop_length` times the first loud frame, and ends at `hop_length` times the frame after the
/// last loud one. Without loud frames it is empty. Amplitudes below 1e-5 count as 1e-5, so all of a silent
/// signal is loud.
///
/// # Errors
///
/// - those of [`SilenceParams::validate`];
/// - no samples, or one that is NaN or infinite.
///
/// ```
/// use timbral_dsp::{SilenceParams, trim};
///
/// let mut y = vec![0.0; 30_000];
/// y[10_000..20_000].fill(0.5);
/// assert_eq!(trim(&y, &SilenceParams::default())?, 9216..21_504);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn trim(y: &[f32], params: &SilenceParams) -> Result<Range<usize>> {
    let loud = params.loud_frames(y)?;
    let first = loud.iter().position(|l| *l);
    let last = loud.iter().rposition(|l| *l);
    Ok(match (first, last) {
        (Some(first), Some(last)) => {
            let end = (last + 1).saturating_mul(params.hop_length).min(y.len());
            (first * params.hop_length).min(end)..end
        }
        _ => 0..0,
    })
}

/// The parts of a signal that are louder than silence, from the first to the last; equals `librosa.effects.split`.
///
/// Loud frames are defined as for [`trim`]; every run of loud frames is a part.
///
/// # Errors
///
/// Those of [`trim`].
///
/// ```
/// use timbral_dsp::{SilenceParams, split};
///
/// let mut y = vec![0.0; 60_000];
/// y[10_000..20_000].fill(0.5);
/// y[40_000..50_000].fill(0.5);
/// let parts = split(&y, &SilenceParams::default())?;
/// assert_eq!(parts, [9216..21_504, 39_424..51_200]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn split(y: &[f32], params: &SilenceParams) -> Result<Vec<Range<usize>>> {
    let loud = params.loud_frames(y)?;
    let mut parts = Vec::new();
    let mut start = None;
    for (t, is_loud) in loud.iter().chain([&false]).enumerate() {
        let sample = t.saturating_mul(params.hop_length).min(y.len());
        match (start, *is_loud) {
            (None, true) => start = Some(sample),
            (Some(first), false) => {
                parts.push(first..sample);
                start = None;
            }
            _ => {}
        }
    }
    Ok(parts)
}
