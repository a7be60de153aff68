use candle_core::{Result, Tensor};
use candle_nn::{BatchNorm, BatchNormConfig, Module, ModuleT, VarBuilder, batch_norm};

use super::cpu_op::apply;
use super::kernel::{Geometry, Packed, convolve};

/// The epsilon of Keras's batch normalisation.
const EPSILON: f64 = 1e-3;

/// Batch normalisation with the measured moments.
pub(crate) fn norm(n: usize, vb: VarBuilder<'_>) -> Result<BatchNorm> {
    let config = BatchNormConfig {
        eps: EPSILON,
        ..BatchNormConfig::default()
    };
    batch_norm(n, config, vb)
}

/// The operations of a block after its convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockParams {
    /// Height and width of the kernel.
    pub(crate) kernel: [usize; 2],
    pub(crate) n_out: usize,
    /// Whether a rectifier and batch normalisation follow.
    pub(crate) normed: bool,
    /// Whether only the maximum over the width is kept.
    pub(crate) reduced: bool,
}

/// A convolution of images of one channel, without padding; then, as asked for, a rectifier, batch normalisation
/// and the maximum over the width:
///
/// ```text
/// y = max_x (scale max(0, sum_ij w[i, j] image[row + i, x + j] + bias) + shift)
/// ```
///
/// Images `[n, height, width]` become `[n, rows, channels]` if reduced, else `[n, rows, positions, channels]`.
///
/// candle's convolution stores 11 033 positions of 204 channels of a window before the maximum is taken; on the CPU
/// the sums stay in registers instead. As the rectifier and the normalisation are monotone, they may follow the
/// maximum, of the negative sums where the scale is negative.
#[derive(Debug)]
pub(crate) struct Block {
    params: BlockParams,
    weight: Tensor,
    bias: Tensor,
    norm: Option<BatchNorm>,
    cpu: Option<CpuBlock>,
}

/// The parameters as the CPU uses them.
#[derive(Debug)]
struct CpuBlock {
    weights: Packed,
    channels: Vec<Channel>,
}

/// What is done to the sum of a channel.
#[derive(Debug, Clone, Copy)]
struct Channel {
    /// -1 if the weights are those of the negative sum.
    sign: f32,
    bias: f32,
    /// Of the normalisation after the rectifier.
    norm: Option<(f32, f32)>,
}

impl Channel {
    fn finish(self, sum: f32) -> f32 {
        let sum = self.sign * sum + self.bias;
        match self.norm {
            Some((scale, shift)) => scale * sum.max(0.0) + shift,
            None => sum,
        }
    }
}

impl Block {
    /// Reads `conv.weight` of shape `[n_out, 1, height, width]`, `conv.bias` and, if it is normed, `norm.*`.
    pub(crate) fn new(params: BlockParams, vb: VarBuilder<'_>) -> Result<Self> {
        let BlockParams { kernel, n_out, .. } = params;
        let weight = vb.get((n_out, 1, kernel[0], kernel[1]), "conv.weight")?;
        let bias = vb.get(n_out, "conv.bias")?;
        Self::with_kernel(params, weight, bias, vb)
    }

    /// A dense layer, as a convolution over its inputs: `linear.weight` of shape `[n_out, n_in]`, `linear.bias` and, if
    /// it is normed, `norm.*`. See [`forward_rows`](Self::forward_rows).
    pub(crate) fn dense(
        n_in: usize,
        n_out: usize,
        normed: bool,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let weight = vb.get((n_out, n_in), "linear.weight")?;
        let bias = vb.get(n_out, "linear.bias")?;
        let params = BlockParams {
            kernel: [n_in, 1],
            n_out,
            normed,
            reduced: false,
        };
        Self::with_kernel(params, weight.reshape((n_out, 1, n_in, 1))?, bias, vb)
    }

    fn with_kernel(
        params: BlockParams,
        weight: Tensor,
        bias: Tensor,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let n_out = params.n_out;
        let norm = match params.normed {
            true => Some(norm(n_out, vb.pp("norm"))?),
            false => None,
        };
        let mut block = Self {
            params,
            weight,
            bias,
            norm,
            cpu: None,
        };
        if vb.device().is_cpu() {
            block.cpu = Some(block.cpu_block()?);
        }
        Ok(block)
    }

    fn cpu_block(&self) -> Result<CpuBlock> {
        let BlockParams { n_out, reduced, .. } = self.params;
        let mut weights: Vec<f32> = self.weight.flatten_all()?.to_vec1()?;
        let biases: Vec<f32> = self.bias.to_vec1()?;
        let norms = match &self.norm {
            Some(norm) => scales(norm)?.into_iter().map(Some).collect(),
            None => vec![None; n_out],
        };
        let len = weights.len() / n_out.max(1);
        let mut channels = Vec::with_capacity(n_out);
        for (i, (bias, norm)) in biases.into_iter().zip(norms).enumerate() {
            let is_falling = reduced && norm.is_some_and(|(scale, _)| scale < 0.0);
            let sign = if is_falling { -1.0 } else { 1.0 };
            if is_falling {
                weights[i * len..][..len].iter_mut().for_each(|w| *w = -*w);
            }
            channels.push(Channel { sign, bias, norm });
        }
        let weights = Packed::new(&weights, n_out);
        Ok(CpuBlock { weights, channels })
    }

    /// A dense layer applied to rows: `[n, n_in]` to `[n, n_out]`.
    pub(crate) fn forward_rows(&self, x: &Tensor) -> Result<Tensor> {
        // A row is a column of the image.
        let y = self.forward(&x.t()?.unsqueeze(0)?.contiguous()?)?;
        y.reshape((x.dim(0)?, self.params.n_out))
    }

    fn on_cpu(&self, x: &Tensor, block: &CpuBlock) -> Result<Tensor> {
        let BlockParams {
            kernel,
            n_out,
            reduced,
            ..
        } = self.params;
        let (n, height, width) = x.dims3()?;
        if height < kernel[0] || width < kernel[1] {
            candle_core::bail!(
                "an image of {height} x {width} is smaller than the kernel {kernel:?}"
            );
        }
        let image = [height, width];
        let geometry = Geometry {
            image,
            kernel,
            n_out,
        };
        let [rows, positions] = geometry.output();
        apply(x, "block", |images, _| {
            let mut out = convolve(&geometry, images, &block.weights, reduced);
            for values in out.chunks_exact_mut(n_out) {
                for (value, channel) in values.iter_mut().zip(&block.channels) {
                    *value = channel.finish(*value);
                }
            }
            let shape = match reduced {
                true => vec![n, rows, n_out],
                false => vec![n, rows, positions, n_out],
            };
            (out, shape)
        })
    }

    /// With the operations of candle, as it runs on other devices.
    fn by_candle(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.unsqueeze(1)?.conv2d(&self.weight, 0, 1, 1, 1)?;
        let mut x = x.broadcast_add(&self.bias.reshape((1, self.params.n_out, 1, 1))?)?;
        if let Some(norm) = &self.norm {
            x = norm.forward_t(&x.relu()?, false)?;
        }
        match self.params.reduced {
            true => x.max(3)?.transpose(1, 2)?.contiguous(),
            false => x.permute((0, 2, 3, 1))?.contiguous(),
        }
    }
}

impl Module for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match &self.cpu {
            Some(block) => self.on_cpu(x, block),
            None => self.by_candle(x),
        }
    }
}

/// Scale and shift of each channel: `gamma / sqrt(variance + epsilon)` and `beta - mean scale`.
fn scales(norm: &BatchNorm) -> Result<Vec<(f32, f32)>> {
    let vector = |tensor: &Tensor| tensor.to_vec1::<f32>();
    let mean = vector(norm.running_mean())?;
    let variance = vector(norm.running_var())?;
    let (gamma, beta) = match norm.weight_and_bias() {
        Some((gamma, beta)) => (vector(gamma)?, vector(beta)?),
        None => (vec![1.0; mean.len()], vec![0.0; mean.len()]),
    };
    let of = |i: usize| {
        let [gamma, beta, mean, variance] =
            [&gamma, &beta, &mean, &variance].map(|v| f64::from(v[i]));
        let scale = gamma / (variance + EPSILON).sqrt();
        (scale as f32, (beta - mean * scale) as f32)
    };
    Ok((0..mean.len()).map(of).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use candle_core::{DType, Device};

    use super::*;

    /// A tensor of numbers between -1 and 1.
    fn numbers(shape: &[usize], seed: u64) -> Tensor {
        let mut rng = timbral_core::Rng::new(seed);
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|_| rng.unit_f32() * 2.0 - 1.0).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn the_cpu_and_candle_agree() {
        for (i, normed, reduced) in [(0, true, true), (1, true, false), (2, false, false)] {
            let (n_out, kernel) = (20, [3, 5]);
            let mut tensors = HashMap::from([
                ("conv.weight".to_owned(), numbers(&[n_out, 1, 3, 5], i)),
                ("conv.bias".to_owned(), numbers(&[n_out], i + 10)),
            ]);
            for (j, name) in ["weight", "bias", "running_mean", "running_var"]
                .iter()
                .enumerate()
            {
                let mut values = numbers(&[n_out], i + 20 + j as u64);
                if *name == "running_var" {
                    values = values.sqr().unwrap();
                }
                tensors.insert(format!("norm.{name}"), values);
            }
            let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
            let params = BlockParams {
                kernel,
                n_out,
                normed,
                reduced,
            };
            let block = Block::new(params, vb).unwrap();
            let x = numbers(&[2, 7, 30], i + 40);
            let (ours, theirs) = (block.forward(&x).unwrap(), block.by_candle(&x).unwrap());
            assert_eq!(ours.dims(), theirs.dims());
            let difference = (ours - theirs).unwrap().abs().unwrap();
            let greatest = difference.flatten_all().unwrap().max(0).unwrap();
            // Rounding of 15 products, scaled by at most 1 / sqrt(epsilon) = 32.
            let greatest = greatest.to_scalar::<f32>().unwrap();
            assert!(greatest < 1e-4, "{params:?}: {greatest}");
        }
    }
}
