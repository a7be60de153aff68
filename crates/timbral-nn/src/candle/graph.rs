//! The forward passes of the networks as operations of candle.
//!
//! Images are `[channels, n, height, width]`: then a convolution is a product of two matrices, and
//! batch normalisation sums over neighbours in memory. Sequences are
//! `[n, steps, features]`, rows `[n, features]`.

use std::collections::HashMap;
use std::ops::Range;

use candle_core::{D, DType, Device, Error, Result, Tensor};
use timbral_core::Rng;

use crate::candle::ops::{centre, convolve, largest, max_pool, relu, sigmoid, softmax};
use crate::kernels::geometry::Geometry;
use crate::layers::activation::Activation;
use crate::layers::batch_norm::EPSILON;
use crate::layers::dropout::drop_out;
use crate::layers::pool::MIN_VARIANCE;
use crate::nets::architecture::Architecture;
use crate::nets::attention_net::AttentionNetParams;
use crate::nets::conv_net::Pooling;
use crate::nets::mlp::MlpParams;
use crate::nets::network::Network;
use crate::nets::stem::ConvBlockParams;
use crate::random::Key;

/// A forward pass.
pub(crate) struct Graph<'a> {
    network: &'a Network,
    device: &'a Device,
    tensors: HashMap<&'a str, Tensor>,
    /// The key of dropout, in training.
    key: Option<Key>,
    /// Layers of the chain so far: each has a key of its own.
    n_layers: u64,
    /// The ranges of the measured means and variances among the statistics.
    places: Vec<Range<usize>>,
    moments: Vec<Tensor>,
}

impl<'a> Graph<'a> {
    /// `tensors` are those of the plan of the network, in the same order.
    pub(crate) fn new(
        network: &'a Network,
        tensors: Vec<Tensor>,
        device: &'a Device,
        key: Option<Key>,
    ) -> Self {
        let names = network.plan.tensors.iter().map(|tensor| &tensor.name[..]);
        Self {
            network,
            device,
            tensors: names.zip(tensors).collect(),
            key,
            n_layers: 0,
            places: Vec::new(),
            moments: Vec::new(),
        }
    }

    /// The ranges of the measured statistics and their values, after a pass in training.
    pub(crate) fn into_measured(self) -> (Vec<Range<usize>>, Vec<Tensor>) {
        (self.places, self.moments)
    }

    /// The logits `[n, n_classes]` of a batch.
    pub(crate) fn logits(&mut self, input: &[f32]) -> Result<Tensor> {
        match &self.network.architecture {
            Architecture::Mlp(params) => self.mlp(params, input),
            Architecture::ConvNet(params) => {
                let x = self.stem(&params.blocks, input)?;
                let x = self.global_pool(&x, params.pooling)?;
                self.head(&x, params.dropout)
            }
            Architecture::Crnn(params) => {
                let x = self.stem(&params.blocks, input)?;
                let x = self.columns(&x)?;
                self.next_layer();
                let ways = [
                    self.gru("gru.forward", &x, params.units, false)?,
                    self.gru("gru.backward", &x, params.units, true)?,
                ];
                let x = self.attention_pool(&Tensor::cat(&ways, 2)?)?;
                self.head(&x, params.dropout)
            }
            Architecture::AttentionNet(params) => {
                let x = self.stem(&params.blocks, input)?;
                let x = self.columns(&x)?;
                self.next_layer();
                let mut x = self.dense("project", &x)?;
                for i in 0..params.encoders {
                    x = self.encoder(&format!("encoders.{i}"), &x, params)?;
                }
                self.next_layer();
                let x = self.layer_norm("norm", &x)?;
                let x = self.attention_pool(&x)?;
                self.head(&x, params.dropout)
            }
        }
    }

    /// The key of the next layer of the chain, in training.
    fn next_layer(&mut self) -> Option<Key> {
        let key = self.key.map(|key| key.with(self.n_layers));
        self.n_layers += 1;
        key
    }

    fn get(&self, name: &str) -> Result<&Tensor> {
        let missing = || Error::Msg(format!("no tensor {name}"));
        self.tensors.get(name).ok_or_else(missing)
    }

    fn mlp(&mut self, params: &MlpParams, input: &[f32]) -> Result<Tensor> {
        let len = self.network.input.len();
        let mut x = Tensor::from_slice(input, (input.len() / len, len), self.device)?;
        for (i, &units) in params.units.iter().enumerate() {
            let key = self.next_layer();
            let name = format!("layers.{i}");
            x = x.matmul(self.get(&format!("{name}.weight"))?)?;
            if params.batch_norm {
                let normalised = self.batch_norm(&name, &x.t()?)?;
                x = normalised.t()?;
            }
            let sums = x.broadcast_add(self.get(&format!("{name}.bias"))?)?;
            x = match params.activation {
                Activation::Relu => relu(&sums)?,
                Activation::Tanh => sums.tanh()?,
            };
            if let Some(key) = key {
                let rows = (0..x.dim(0)?).map(|row| key.with(row as u64).rng());
                x = self.dropout(&x, params.dropout, rows, units)?;
            }
        }
        self.next_layer();
        self.dense(&format!("layers.{}", params.units.len()), &x)
    }

    /// The product with the weights plus the bias, on the last axis.
    fn dense(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let weight = self.get(&format!("{name}.weight"))?;
        let (n_in, n_out) = weight.dims2()?;
        let mut dims = x.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = n_out;
        }
        let rows = x.reshape((x.elem_count() / n_in, n_in))?;
        let sums = rows.matmul(weight)?;
        sums.broadcast_add(self.get(&format!("{name}.bias"))?)?
            .reshape(dims)
    }

    /// Normalises and scales `[channels, …]` by channel; in training with the measured moments.
    fn batch_norm(&mut self, name: &str, x: &Tensor) -> Result<Tensor> {
        let channels = x.dim(0)?;
        let rows = x.reshape((channels, x.elem_count() / channels))?;
        let [mean, variance] = ["mean", "variance"].map(|of| format!("{name}.norm.{of}"));
        let scale = self.get(&format!("{name}.norm.scale"))?;
        let scale = scale.reshape((channels, 1))?;
        let (centred, inverse_std) = match self.key {
            Some(_) => {
                let (centred, inverse_std, moments) = centre(&rows)?;
                for (name, moment) in [mean, variance].iter().zip(&moments) {
                    let tensor = self.network.plan.tensor(name);
                    self.places
                        .extend(tensor.map(|tensor| tensor.range.clone()));
                    self.moments.push(moment.detach().flatten_all()?);
                }
                (centred, inverse_std)
            }
            None => {
                let [mean, variance] = [self.get(&mean)?, self.get(&variance)?];
                let centred = rows.broadcast_sub(&mean.reshape((channels, 1))?)?;
                let variance = variance.reshape((channels, 1))?;
                let inverse_std = (variance + f64::from(EPSILON))?.sqrt()?.recip()?;
                (centred, inverse_std)
            }
        };
        let factor = inverse_std.mul(&scale)?;
        centred.broadcast_mul(&factor)?.reshape(x.shape())
    }

    /// Multiplies rows of `len` numbers by 0 or 1 / (1 - `rate`), with a random stream per row.
    fn dropout(
        &self,
        x: &Tensor,
        rate: f32,
        rows: impl Iterator<Item = Rng>,
        len: usize,
    ) -> Result<Tensor> {
        if rate <= 0.0 {
            return Ok(x.clone());
        }
        let (mut factors, mut slopes) = (vec![1.0; x.elem_count()], vec![1.0; len]);
        for (factors, rng) in factors.chunks_exact_mut(len).zip(rows) {
            drop_out(rate, rng, factors, &mut slopes);
        }
        x.mul(&Tensor::from_vec(factors, x.shape(), self.device)?)
    }

    /// Standardisation and blocks.
    fn stem(&mut self, blocks: &[ConvBlockParams], input: &[f32]) -> Result<Tensor> {
        let mut shape = self.network.input;
        let n = input.len() / shape.len();
        let dims = (n, shape.height, shape.width, shape.channels);
        let x = Tensor::from_slice(input, dims, self.device)?.permute((3, 0, 1, 2))?;
        self.next_layer();
        let bands = |name: &str| self.get(name)?.reshape((1, 1, shape.height, 1));
        let variance = bands("input.variance")?.maximum(MIN_VARIANCE)?;
        let x = x.broadcast_sub(&bands("input.mean")?)?;
        let mut x = x.broadcast_div(&variance.sqrt()?)?;
        for (i, block) in blocks.iter().enumerate() {
            self.next_layer();
            let name = format!("blocks.{i}");
            let (channels, kernel) = (block.channels, block.kernel);
            let geometry = Geometry::new(shape, channels, kernel, block.stride, block.padding);
            let geometry = geometry.ok_or_else(|| Error::Msg(format!("{name} does not fit")))?;
            let sums = convolve(&x, self.get(&format!("{name}.weight"))?, &geometry)?;
            let x_hat = self.batch_norm(&name, &sums)?;
            let shift = self.get(&format!("{name}.norm.shift"))?;
            let shift = shift.reshape((channels, 1, 1, 1))?;
            // Pooling first: ReLU does not change which value is the largest.
            x = relu(&max_pool(&x_hat.broadcast_add(&shift)?, block.pool)?)?;
            shape.channels = channels;
            (shape.height, shape.width) = (x.dim(2)?, x.dim(3)?);
        }
        Ok(x)
    }

    /// `[channels, n, height, width]` to `[n, channels]`, or `[n, 2 channels]` with the maxima.
    fn global_pool(&mut self, x: &Tensor, pooling: Pooling) -> Result<Tensor> {
        self.next_layer();
        let places = x.flatten_from(2)?;
        let means = places.mean(D::Minus1)?.t()?;
        match pooling {
            Pooling::Mean => means.contiguous(),
            Pooling::MeanMax => Tensor::cat(&[means, largest(&places)?.t()?], 1),
        }
    }

    /// `[channels, n, height, width]` to `[n, width, height · channels]`.
    fn columns(&mut self, x: &Tensor) -> Result<Tensor> {
        self.next_layer();
        x.permute((1, 3, 2, 0))?.flatten_from(2)
    }

    /// Dropout and the dense layer of the classes.
    fn head(&mut self, x: &Tensor, rate: f32) -> Result<Tensor> {
        let key = self.next_layer();
        let x = match key {
            Some(key) => {
                let all = std::iter::once(key.rng());
                self.dropout(x, rate, all, x.elem_count())?
            }
            None => x.clone(),
        };
        self.next_layer();
        self.dense("classes", &x)
    }

    /// Gated recurrent units in one direction: see [`Gru`](crate::layers::gru::Gru).
    fn gru(&self, name: &str, x: &Tensor, units: usize, reverse: bool) -> Result<Tensor> {
        let (n, steps, n_in) = x.dims3()?;
        let wide = 3 * units;
        let bias = self.get(&format!("{name}.bias"))?;
        let weight = self.get(&format!("{name}.weight"))?;
        let recurrent = self.get(&format!("{name}.recurrent"))?;
        let by_input = x.reshape((n * steps, n_in))?.matmul(weight)?;
        let by_input = by_input.broadcast_add(&bias.get(0)?)?;
        let by_input = by_input.reshape((n, steps, wide))?;
        let state_bias = bias.get(1)?;
        let mut state = Tensor::zeros((n, units), DType::F32, self.device)?;
        let mut states = Vec::with_capacity(steps);
        for t in 0..steps {
            let t = if reverse { steps - 1 - t } else { t };
            let a = by_input.narrow(1, t, 1)?.squeeze(1)?;
            let s = state.matmul(recurrent)?.broadcast_add(&state_bias)?;
            let gate = |of: &Tensor, i: usize| of.narrow(1, i * units, units);
            let z = sigmoid(&(gate(&a, 0)? + gate(&s, 0)?)?)?;
            let r = sigmoid(&(gate(&a, 1)? + gate(&s, 1)?)?)?;
            let g = (gate(&a, 2)? + r.mul(&gate(&s, 2)?)?)?.tanh()?;
            // z h + (1 - z) g
            state = (&g + z.mul(&(state - &g)?)?)?;
            states.push(state.clone());
        }
        if reverse {
            states.reverse();
        }
        Tensor::stack(&states, 1)
    }

    /// See [`AttentionPool`](crate::layers::attention_pool::AttentionPool).
    fn attention_pool(&mut self, x: &Tensor) -> Result<Tensor> {
        self.next_layer();
        let (n, steps, features) = x.dims3()?;
        let weight = self.get("pool.weight")?.reshape((features, 1))?;
        let scores = x.reshape((n * steps, features))?.matmul(&weight)?;
        let attention = softmax(&scores.reshape((n, 1, steps))?)?;
        attention.matmul(x)?.squeeze(1)
    }

    /// Two residual layers: attention, then two dense layers.
    fn encoder(&mut self, name: &str, x: &Tensor, params: &AttentionNetParams) -> Result<Tensor> {
        self.next_layer();
        let inner = self.layer_norm(&format!("{name}.norm_1"), x)?;
        let inner = self.attention(&format!("{name}.attention"), &inner, params)?;
        let x = (x + inner)?;
        self.next_layer();
        let inner = self.layer_norm(&format!("{name}.norm_2"), &x)?;
        let inner = relu(&self.dense(&format!("{name}.dense_1"), &inner)?)?;
        x + self.dense(&format!("{name}.dense_2"), &inner)?
    }

    /// See [`SelfAttention`](crate::layers::self_attention::SelfAttention).
    fn attention(&self, name: &str, x: &Tensor, params: &AttentionNetParams) -> Result<Tensor> {
        let (n, steps, units) = x.dims3()?;
        let key_dim = units / params.heads;
        let heads = |of: &str| {
            let x = self.dense(&format!("{name}.{of}"), x)?;
            let x = x.reshape((n, steps, params.heads, key_dim))?;
            x.transpose(1, 2)?.contiguous()
        };
        let scores = heads("query")?.matmul(&heads("key")?.t()?)?;
        let attention = softmax(&(scores / (key_dim as f64).sqrt())?)?;
        let mixed = attention.matmul(&heads("value")?)?.transpose(1, 2)?;
        self.dense(
            &format!("{name}.output"),
            &mixed.reshape((n, steps, units))?,
        )
    }

    fn layer_norm(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let (centred, inverse_std, _) = centre(x)?;
        centred
            .broadcast_mul(&inverse_std)?
            .broadcast_mul(self.get(&format!("{name}.scale"))?)?
            .broadcast_add(self.get(&format!("{name}.shift"))?)
    }
}
