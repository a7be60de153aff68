use crate::error::{Result, check};
use crate::header::SAMPLE_RATES;
use crate::mono::mix;
use crate::resample::{ResampleParams, Resampler};
use crate::segments::segment_starts;

/// A whole sound in memory: interleaved samples, their rate, their channel count.
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
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES), no channel, or a last frame that lacks some.
    pub fn new(samples: Vec<f32>, sample_rate: u32, channels: u16) -> Result<Self> {
        check_rate("sample_rate", sample_rate)?;
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

    /// The samples: frame 0's channels, then frame 1's, ...
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

    /// One channel, the mean of all: `(x_0 + ... + x_(c-1)) / c` summed in that order in f32.
    ///
    /// The same bits as `librosa.to_mono` (numpy's `mean`) for up to 7 channels; from 8 on numpy
    /// sums interleaved channels pairwise, which may differ in the last bit.
    pub fn to_mono(&self) -> Self {
        let mut samples = Vec::with_capacity(self.frames());
        mix(&self.samples, self.channels, &mut samples);
        Self {
            samples,
            sample_rate: self.sample_rate,
            channels: 1,
        }
    }

    /// The same sound at `sample_rate` Hz, `ceil(frames * sample_rate / self.sample_rate())`
    /// frames long, by [`Resampler`] with default parameters, channel by channel.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    ///
    /// ```
    /// use timbral_audio::Clip;
    ///
    /// let clip = Clip::new(vec![0.0; 44_101], 44_100, 1)?;
    /// assert_eq!(clip.resample(22_050)?.frames(), 22_051);
    /// # Ok::<(), timbral_audio::Error>(())
    /// ```
    pub fn resample(&self, sample_rate: u32) -> Result<Self> {
        let params = ResampleParams::default();
        let mut resampler = Resampler::new(self.sample_rate, sample_rate, &params)?;
        let channels = usize::from(self.channels);
        if channels == 1 {
            return Self::new(resampler.resample(&self.samples)?, sample_rate, 1);
        }
        let mut samples = Vec::new();
        for c in 0..channels {
            let one: Vec<f32> = self
                .samples
                .iter()
                .skip(c)
                .step_by(channels)
                .copied()
                .collect();
            let one = resampler.resample(&one)?;
            samples.resize(one.len() * channels, 0.0);
            for (frame, x) in samples.chunks_exact_mut(channels).zip(one) {
                frame[c] = x;
            }
        }
        Self::new(samples, sample_rate, self.channels)
    }

    /// Segments of `length` frames, one every `stride` frames: segment i is frames
    /// `i * stride .. i * stride + length`; a last one that does not fit is absent. They overlap
    /// for `length > stride` and leave gaps for `length < stride`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) when `length` or `stride` is 0.
    ///
    /// ```
    /// use timbral_audio::Clip;
    ///
    /// let clip = Clip::new(vec![1.0, 2.0, 3.0, 4.0, 5.0], 8000, 1)?;
    /// let segments: Vec<&[f32]> = clip.segments(3, 2)?.collect();
    /// assert_eq!(segments, [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]);
    /// # Ok::<(), timbral_audio::Error>(())
    /// ```
    pub fn segments(&self, length: usize, stride: usize) -> Result<impl Iterator<Item = &[f32]>> {
        let channels = usize::from(self.channels);
        let starts = segment_starts(self.frames(), length, stride)?;
        Ok(starts.map(move |s| &self.samples[s * channels..(s + length) * channels]))
    }
}

/// The rule for every sample rate that is not read from a file.
pub(crate) fn check_rate(name: &'static str, sample_rate: u32) -> Result<()> {
    check(
        SAMPLE_RATES.contains(&sample_rate),
        name,
        sample_rate,
        "must be in 1000..=768000 Hz",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_clip() {
        assert!(Clip::new(vec![0.0; 3], 8000, 2).is_err());
        assert!(Clip::new(vec![], 8000, 0).is_err());
        assert!(Clip::new(vec![], 999, 1).is_err());
        assert!(Clip::new(vec![], 8000, 1).is_ok());
    }

    #[test]
    fn resampling_keeps_channels_apart() {
        let frames = 3000;
        let left: Vec<f32> = (0..frames).map(|i| (i as f32 * 0.01).sin()).collect();
        let right: Vec<f32> = (0..frames).map(|i| (i as f32 * 0.03).cos()).collect();
        let both = left
            .iter()
            .zip(&right)
            .flat_map(|(l, r)| [*l, *r])
            .collect();
        let both = Clip::new(both, 44_100, 2)
            .unwrap()
            .resample(22_050)
            .unwrap();
        for (c, one) in [left, right].into_iter().enumerate() {
            let one = Clip::new(one, 44_100, 1).unwrap().resample(22_050).unwrap();
            let got: Vec<f32> = both.samples().iter().skip(c).step_by(2).copied().collect();
            assert_eq!(got, one.samples(), "channel {c}");
        }
    }
}
