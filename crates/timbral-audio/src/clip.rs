use timbral_core::check;

use crate::error::Result;
use crate::source::check_sample_rate;

/// A sound in memory: interleaved samples, sample rate, number of channels.
///
/// ```
/// use timbral_audio::Clip;
///
/// let stereo = Clip::new(vec![0.25, 0.75, -0.5, 0.0], 44_100, 2)?;
/// assert_eq!(stereo.frames(), 2);
/// assert_eq!(stereo.to_mono().samples(), [0.5, -0.25]);
/// # Ok::<(), timbral_audio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    samples: Vec<f32>,
    sample_rate: u32,
    channels: u16,
}

impl Clip {
    /// `samples` of `channels` interleaved channels at `sample_rate` Hz.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES), no channel, or an incomplete last frame.
    pub fn new(samples: Vec<f32>, sample_rate: u32, channels: u16) -> Result<Self> {
        check_sample_rate("sample_rate", sample_rate)?;
        check(channels >= 1, "channels", channels, "must be at least 1")?;
        check(
            samples.len().is_multiple_of(usize::from(channels)),
            "samples.len()",
            samples.len(),
            "must be a multiple of the channel count",
        )?;
        Ok(Self {
            samples,
            sample_rate,
            channels,
        })
    }

    /// A clip of one channel at a sample rate that is valid.
    pub(crate) fn of_one_channel(samples: Vec<f32>, sample_rate: u32) -> Self {
        Self {
            samples,
            sample_rate,
            channels: 1,
        }
    }

    /// The interleaved samples: the channels of frame 0, then those of frame 1, ...
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples, without a copy.
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Frames per second, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Samples per frame.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels)
    }

    /// Length in seconds: frames / sample rate.
    pub fn duration(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_clips_are_refused() {
        assert!(Clip::new(vec![0.0; 3], 8000, 2).is_err());
        assert!(Clip::new(vec![], 8000, 0).is_err());
        assert!(Clip::new(vec![], 999, 1).is_err());
        assert!(Clip::new(vec![], 8000, 1).is_ok());
    }
}
