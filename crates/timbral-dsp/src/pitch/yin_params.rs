use crate::error::{Result, check, check_sample_rate};
use crate::frames::{Framing, PadMode, check_hop_length, check_n_fft};

/// Parameters of [`Yin`](crate::Yin), and of the first steps of [`Pyin`](crate::Pyin), named as in
/// `librosa.yin`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YinParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// The lowest frequency in hertz, above 0; its period must be shorter than `frame_length - 1`. Default C2,
    /// 65.406 Hz; librosa has no default.
    pub fmin: f64,
    /// The highest frequency in hertz, above `fmin` and at most half of the sample rate. Default C7, 2093.005 Hz;
    /// librosa has no default.
    pub fmax: f64,
    /// Samples in a frame, `4..=2^24`; default 2048.
    pub frame_length: usize,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// The difference below which a period is taken; default 0.1. Not used by [`Pyin`](crate::Pyin).
    pub trough_threshold: f64,
    /// Whether frame `t` is centred on sample `t * hop_length`; default true.
    pub center: bool,
    /// The values that centred frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for YinParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            fmin: 65.406_391_325_149_66,
            fmax: 2_093.004_522_404_789,
            frame_length: 2048,
            hop_length: 512,
            trough_threshold: 0.1,
            center: true,
            pad_mode: PadMode::Zero,
            _non_exhaustive: (),
        }
    }
}

impl YinParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description, or a number that is not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        check_n_fft(self.frame_length)?;
        check_hop_length(self.hop_length)?;
        let length = self.frame_length;
        check(length >= 4, "frame_length", length, "must be at least 4")?;
        let (rate, fmin, fmax) = (f64::from(self.sample_rate), self.fmin, self.fmax);
        let holds = fmax <= rate / 2.0;
        let rule = "must be at most half of the sample rate";
        check(holds, "fmax", fmax, rule)?;
        let holds = fmin > 0.0 && fmin < fmax;
        check(holds, "fmin", fmin, "must be above 0 and below fmax")?;
        let holds = rate / fmin < (length - 1) as f64;
        let rule = "must have a period shorter than frame_length - 1 samples";
        check(holds, "fmin", fmin, rule)?;
        let threshold = self.trough_threshold;
        let rule = "must be a number";
        check(!threshold.is_nan(), "trough_threshold", threshold, rule)?;
        Ok(())
    }

    /// The shortest and the longest period in samples.
    pub(super) fn periods(&self) -> (usize, usize) {
        let rate = f64::from(self.sample_rate);
        let longest = (rate / self.fmin).ceil() as usize;
        let shortest = (rate / self.fmax).floor() as usize;
        (shortest, longest.min(self.frame_length - 1))
    }

    pub(super) fn framing(&self) -> Framing {
        Framing {
            frame_length: self.frame_length,
            hop_length: self.hop_length,
            center: self.center,
            pad_mode: self.pad_mode,
            _non_exhaustive: (),
        }
    }
}
