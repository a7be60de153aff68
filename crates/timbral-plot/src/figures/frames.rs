use crate::drawing::Axis;
use crate::error::Result;

/// The times of frames: frame `t` is at `t hop_length / sample_rate` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameTiming {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Samples between consecutive frames, at least 1; default 512.
    pub hop_length: usize,
}

impl Default for FrameTiming {
    fn default() -> Self {
        Self::new(22_050, 512)
    }
}

impl FrameTiming {
    /// Frames of a signal of `sample_rate`, every `hop_length` samples.
    pub const fn new(sample_rate: u32, hop_length: usize) -> Self {
        Self {
            sample_rate,
            hop_length,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let rate = self.sample_rate;
        timbral_core::check(rate > 0, "sample_rate", rate, "must be at least 1")?;
        let hop = self.hop_length;
        timbral_core::check(hop > 0, "hop_length", hop, "must be at least 1")?;
        Ok(())
    }

    pub(super) fn seconds(&self, frame: f64) -> f64 {
        frame * self.hop_length as f64 / f64::from(self.sample_rate)
    }

    pub(super) fn axis(&self, n_frames: usize) -> Axis {
        Axis::linear((0.0, self.seconds(n_frames as f64)), "time (s)")
    }
}
