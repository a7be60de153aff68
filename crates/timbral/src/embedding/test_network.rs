//! A network for tests, which needs no weights.

use timbral_dsp::MelParams;
use timbral_pretrained::candle_core::Result;
use timbral_pretrained::{Compression, Device, LogMelParams, Network, Output, Tensor};

/// The means of the bands of a window of 0.5 s, as an embedding and, squashed, as tags.
#[derive(Debug)]
pub(super) struct MeanBands;

const N_MELS: usize = 4;

impl Network for MeanBands {
    fn name(&self) -> &str {
        "mean-bands"
    }

    fn front_end(&self) -> LogMelParams {
        let mel = MelParams {
            sample_rate: 8000,
            n_fft: 128,
            n_mels: N_MELS,
            ..MelParams::default()
        };
        LogMelParams::new(mel, 80, Compression::Log10 { gain: 100.0 })
    }

    fn window_frames(&self) -> usize {
        50
    }

    fn outputs(&self) -> &[Output] {
        const OUTPUTS: [Output; 2] = [
            Output::new("taggram", N_MELS),
            Output::new("max_pool", N_MELS),
        ];
        &OUTPUTS
    }

    fn tags(&self) -> &[&'static str] {
        &["very low", "low", "high", "very high"]
    }

    fn device(&self) -> &Device {
        &Device::Cpu
    }

    fn forward(&self, windows: &Tensor) -> Result<Vec<Tensor>> {
        let means = windows.mean(1)?;
        Ok(vec![means.tanh()?, means])
    }
}
