use half::f16;
use timbral_dsp::{MelBank, MelParams, PadMode, Result, Stft, StftParams};

/// The function from the power of a mel band to an input of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Compression {
    /// `log10(1 + gain x)` of `x` rounded to 16 bits; powers above 65 504, the greatest such number, are lowered to it.
    Log10 {
        /// The factor of the power.
        gain: f32,
    },
}

impl Compression {
    fn apply(self, power: f32) -> f32 {
        let Self::Log10 { gain } = self;
        let rounded = f16::from_f32(power.min(f16::MAX.to_f32())).to_f32();
        libm::log10f(1.0 + gain * rounded)
    }
}

/// Parameters of a log-mel spectrogram, the input of a network.
///
/// Frame `t` is centred on sample `t * hop_length`; the signal is mirrored at its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LogMelParams {
    /// Sample rate, length of the transform and bands.
    pub mel: MelParams,
    /// Samples between frames, at least 1.
    pub hop_length: usize,
    /// From power to input.
    pub compression: Compression,
}

impl LogMelParams {
    /// A front end.
    pub const fn new(mel: MelParams, hop_length: usize, compression: Compression) -> Self {
        Self {
            mel,
            hop_length,
            compression,
        }
    }

    /// Seconds between frames.
    pub fn seconds_per_frame(&self) -> f64 {
        self.hop_length as f64 / f64::from(self.mel.sample_rate)
    }

    /// Samples of `n_frames` frames, from the start of the first to the end of the last.
    pub(crate) fn samples(&self, n_frames: usize) -> usize {
        n_frames.saturating_sub(1) * self.hop_length + self.mel.n_fft
    }
}

/// The plan of [`LogMelParams`].
#[derive(Debug)]
pub(crate) struct LogMel {
    params: LogMelParams,
    bank: MelBank,
    /// Without and with samples beyond the ends of the signal.
    inner: Stft,
    whole: Stft,
}

impl LogMel {
    pub(crate) fn new(params: LogMelParams) -> Result<Self> {
        let stft = StftParams {
            n_fft: params.mel.n_fft,
            hop_length: params.hop_length,
            pad_mode: PadMode::Reflect,
            ..StftParams::default()
        };
        Ok(Self {
            params,
            bank: MelBank::new(params.mel)?,
            inner: Stft::new(StftParams {
                center: false,
                ..stft
            })?,
            whole: Stft::new(stft)?,
        })
    }

    pub(crate) fn params(&self) -> &LogMelParams {
        &self.params
    }

    /// Appends the frames that lie inside of `y`, one after the other.
    pub(crate) fn append_inner(&self, y: &[f32], frames: &mut Vec<f32>) -> Result<()> {
        self.append(&self.inner, y, frames)
    }

    /// Appends the frames of a whole signal.
    pub(crate) fn append_whole(&self, y: &[f32], frames: &mut Vec<f32>) -> Result<()> {
        self.append(&self.whole, y, frames)
    }

    fn append(&self, stft: &Stft, y: &[f32], frames: &mut Vec<f32>) -> Result<()> {
        let bands = self.bank.process_signal(stft, y)?;
        for frame in bands.columns() {
            frames.extend(
                frame
                    .iter()
                    .map(|power| self.params.compression.apply(*power)),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_rounded_to_16_bits_before_the_logarithm() {
        let log = Compression::Log10 { gain: 10_000.0 };
        assert_eq!(log.apply(0.0), 0.0);
        // 0.1 is 1638 / 2^14 in 16 bits.
        let expected = libm::log10(1.0 + 10_000.0 * 1638.0 / 16_384.0);
        assert!((f64::from(log.apply(0.1)) - expected).abs() < 1e-6);
        assert_eq!(log.apply(1e9), log.apply(65_504.0));
    }
}
