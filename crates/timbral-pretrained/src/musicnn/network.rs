use candle_core::{Device, Result, Tensor};
use candle_nn::{BatchNorm, Module, ModuleT, VarBuilder};
use timbral_dsp::MelParams;

use super::layout::{MIDDLE, N_MELS, TEMPORAL, TIMBRAL};
use super::params::MusicnnParams;
use crate::error::candle_error;
use crate::front_end::{Compression, LogMelParams};
use crate::layers::block::{Block, BlockParams, norm};
use crate::layers::pool::max_and_mean;
use crate::layers::sigmoid::sigmoid;
use crate::network::{Network, Output};

/// Frames of a window: 2.992 s.
const WINDOW: usize = 187;

/// musicnn (Pons and Serra 2019): convolutions over the bands for timbre and over the frames for rhythm, three
/// residual convolutions over the frames, pooling, two dense layers.
///
/// Outputs of a window, with the default sizes:
///
/// | output | values | what |
/// |---|---|---|
/// | `taggram` | 50 | a probability for each tag |
/// | `max_pool` | 753 | the maximum over the frames of every channel |
/// | `mean_pool` | 753 | their mean |
/// | `penultimate` | 200 | the dense layer before the tags |
///
/// [`Model`](crate::Model) has the published weights. On the CPU results have the same bits on every machine and for any
/// number of threads.
#[derive(Debug)]
pub struct Musicnn {
    name: String,
    tags: Vec<&'static str>,
    outputs: Vec<Output>,
    device: Device,
    input_norm: BatchNorm,
    timbral: Vec<Block>,
    temporal: Vec<(Block, usize)>,
    middle: Vec<Block>,
    pool_norm: BatchNorm,
    dense: Block,
    output: Block,
}

impl Musicnn {
    /// A network with the weights of `vb`; `tags` are the names of its tags.
    ///
    /// # Errors
    ///
    /// A size out of its range, another number of tags than `params` has, a tensor that is missing or has another
    /// shape.
    pub fn new(
        name: &str,
        params: &MusicnnParams,
        tags: &[&'static str],
        vb: VarBuilder<'_>,
    ) -> crate::Result<Self> {
        params.validate()?;
        timbral_core::check(
            tags.len() == params.tags,
            "tags.len()",
            tags.len(),
            "must be the number of tags",
        )?;
        Self::build(name, params, tags, vb).map_err(|e| candle_error(name, &e))
    }

    fn build(
        name: &str,
        params: &MusicnnParams,
        tags: &[&'static str],
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let block = |name: &str, kernel: [usize; 2], n_out: usize, reduced: bool| {
            let params = BlockParams {
                kernel,
                n_out,
                normed: true,
                reduced,
            };
            Block::new(params, vb.pp(name))
        };
        let timbral =
            |(name, kernel): &(&str, _)| block(name, *kernel, params.timbral_filters, true);
        let temporal = |(name, kernel): &(&str, [usize; 2])| {
            let conv = block(name, *kernel, params.temporal_filters, true)?;
            Ok((conv, kernel[0]))
        };
        let filters = params.middle_filters;
        let middle = [params.front_channels(), filters, filters]
            .into_iter()
            .enumerate();
        let middle = middle
            .map(|(i, n_in)| block(&format!("middle_{}", i + 1), [n_in, MIDDLE], filters, false));
        let channels = params.channels();
        Ok(Self {
            name: name.to_owned(),
            tags: tags.to_vec(),
            outputs: vec![
                Output::new("taggram", params.tags),
                Output::new("max_pool", channels),
                Output::new("mean_pool", channels),
                Output::new("penultimate", params.units),
            ],
            device: vb.device().clone(),
            input_norm: norm(1, vb.pp("input_norm"))?,
            timbral: TIMBRAL.iter().map(timbral).collect::<Result<_>>()?,
            temporal: TEMPORAL.iter().map(temporal).collect::<Result<_>>()?,
            middle: middle.collect::<Result<_>>()?,
            pool_norm: norm(2 * channels, vb.pp("pool_norm"))?,
            dense: Block::dense(2 * channels, params.units, true, vb.pp("dense"))?,
            output: Block::dense(params.units, params.tags, false, vb.pp("output"))?,
        })
    }

    /// The channels of all layers, `[n, frames, channels]`.
    fn features(&self, windows: &Tensor) -> Result<Tensor> {
        let x = self
            .input_norm
            .forward_t(&windows.unsqueeze(1)?, false)?
            .squeeze(1)?;
        let mut parts = Vec::new();
        let padded = x.pad_with_zeros(1, MIDDLE / 2, MIDDLE / 2)?;
        for block in &self.timbral {
            parts.push(block.forward(&padded)?);
        }
        for (block, frames) in &self.temporal {
            // An even kernel has the extra zero at the end, as in TensorFlow.
            let padded = x.pad_with_zeros(1, (frames - 1) / 2, frames / 2)?;
            parts.push(block.forward(&padded)?);
        }
        let mut last = Tensor::cat(&parts, 2)?;
        let mut layers = vec![last.clone()];
        for (i, block) in self.middle.iter().enumerate() {
            let padded = last
                .transpose(1, 2)?
                .pad_with_zeros(2, MIDDLE / 2, MIDDLE / 2)?;
            let x = block.forward(&padded)?.squeeze(1)?;
            last = if i == 0 { x } else { (x + last)? };
            layers.push(last.clone());
        }
        Tensor::cat(&layers, 2)
    }
}

impl Network for Musicnn {
    fn name(&self) -> &str {
        &self.name
    }

    fn front_end(&self) -> LogMelParams {
        let mel = MelParams {
            sample_rate: 16_000,
            n_fft: 512,
            n_mels: N_MELS,
            ..MelParams::default()
        };
        LogMelParams::new(mel, 256, Compression::Log10 { gain: 10_000.0 })
    }

    fn window_frames(&self) -> usize {
        WINDOW
    }

    fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    fn tags(&self) -> &[&'static str] {
        &self.tags
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn forward(&self, windows: &Tensor) -> Result<Vec<Tensor>> {
        let pooled = max_and_mean(&self.features(windows)?)?;
        let pools = [0, 1].map(|i| pooled.narrow(2, i, 1)?.squeeze(2)?.contiguous());
        let [max_pool, mean_pool] = pools;
        // The maximum and the mean of a channel are neighbours.
        let x = self.pool_norm.forward_t(&pooled.flatten_from(1)?, false)?;
        let penultimate = self.dense.forward_rows(&x)?;
        let taggram = sigmoid(&self.output.forward_rows(&penultimate)?)?;
        Ok(vec![taggram, max_pool?, mean_pool?, penultimate])
    }
}
