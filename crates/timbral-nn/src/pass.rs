//! Forward and backward passes of a batch through a dense network.

use rayon::prelude::*;

use crate::batch_norm::{Normalised, normalise};
use crate::matmul::{Matrix, Product};
use crate::mlp::Activation;
use crate::network::Network;
use crate::random::{Key, Rng};

/// Rows that one thread activates at a time.
const ROWS: usize = 16;

/// The memory of a pass, kept from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    product: Product,
    /// The batch, `[n, n_features]`: filled in by the caller.
    pub(crate) input: Vec<f32>,
    layers: Vec<Memory>,
    /// The gradient by the parameters.
    pub(crate) gradient: Vec<f32>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Outputs `[n, n_out]`, after dropout; of the last layer the logits.
    out: Vec<f32>,
    /// Of a hidden layer the derivative of `out` by the sums, dropout included.
    slope: Vec<f32>,
    normalised: Normalised,
    /// The gradient by the sums, `[n, n_out]`.
    delta: Vec<f32>,
}

impl Workspace {
    /// The logits `[n, n_classes]` of the batch, as in prediction.
    pub(crate) fn predict(&mut self, network: &Network) -> &mut [f32] {
        for i in 0..network.layers.len() {
            let layer = &network.layers[i];
            self.multiply(network, i);
            let memory = &mut self.layers[i];
            if let Some(norm) = &layer.norm {
                normalise(
                    &mut memory.out,
                    &network.parameters[norm.scale.clone()],
                    &network.statistics[norm.mean.clone()],
                    &network.statistics[norm.variance.clone()],
                );
            }
            self.activate(network, i, None);
        }
        self.logits()
    }

    /// The logits `[n, n_classes]` of the batch, as in training: with the batch's own statistics,
    /// and dropout drawn at `key`.
    pub(crate) fn forward(&mut self, network: &mut Network, key: Key) -> &mut [f32] {
        for i in 0..network.layers.len() {
            self.multiply(network, i);
            if let Some(norm) = &network.layers[i].norm {
                let (mean, variance) = network.statistics.split_at_mut(norm.variance.start);
                let memory = &mut self.layers[i];
                memory.normalised.forward(
                    &mut memory.out,
                    &network.parameters[norm.scale.clone()],
                    &mut mean[norm.mean.clone()],
                    &mut variance[..norm.variance.len()],
                );
            }
            self.activate(network, i, Some(key.with(i as u64)));
        }
        self.logits()
    }

    fn logits(&mut self) -> &mut [f32] {
        self.layers.last_mut().map_or(&mut [], |last| &mut last.out)
    }

    /// The products of a layer's inputs and weights.
    fn multiply(&mut self, network: &Network, i: usize) {
        let layer = &network.layers[i];
        let n = self.input.len() / network.n_features();
        self.layers
            .resize_with(network.layers.len(), Memory::default);
        let (before, rest) = self.layers.split_at_mut(i);
        let input = before.last().map_or(&self.input, |memory| &memory.out);
        rest[0].out.resize(n * layer.n_out, 0.0);
        self.product.matmul(
            Matrix::new(input, n, layer.n_in),
            Matrix::new(
                &network.parameters[layer.weight.clone()],
                layer.n_in,
                layer.n_out,
            ),
            &mut rest[0].out,
        );
    }

    /// Bias, activation and dropout of a layer; of the last one the bias alone.
    fn activate(&mut self, network: &Network, i: usize, training: Option<Key>) {
        let layer = &network.layers[i];
        let bias = &network.parameters[layer.bias.clone()];
        let Memory { out, slope, .. } = &mut self.layers[i];
        if i + 1 == network.layers.len() {
            for row in out.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
            }
            return;
        }
        slope.resize(out.len(), 0.0);
        let activation = network.params.activation;
        let rate = network.params.dropout;
        let key = training.filter(|_| rate > 0.0);
        out.par_chunks_exact_mut(bias.len())
            .zip(slope.par_chunks_exact_mut(bias.len()))
            .enumerate()
            .with_min_len(ROWS)
            .for_each(|(row, (out, slope))| {
                pulp::Arch::new().dispatch(|| activate_row(activation, out, slope, bias));
                if let Some(key) = key {
                    drop_out(rate, key.with(row as u64).stream(), out, slope);
                }
            });
    }

    /// The gradient by the parameters, from that by the logits `[n, n_classes]` of the forward pass
    /// before.
    pub(crate) fn backward(&mut self, network: &Network, logits_gradient: &[f32]) {
        let n = self.input.len() / network.n_features();
        self.gradient.resize(network.parameters.len(), 0.0);
        if let Some(last) = self.layers.last_mut() {
            last.delta.clear();
            last.delta.extend_from_slice(logits_gradient);
        }
        for (i, layer) in network.layers.iter().enumerate().rev() {
            let (before, rest) = self.layers.split_at_mut(i);
            let memory = &mut rest[0];
            let gradient = &mut self.gradient[layer.weight.start..];
            let (weight_gradient, gradient) = gradient.split_at_mut(layer.weight.len());
            let (bias_gradient, gradient) = gradient.split_at_mut(layer.n_out);
            bias_gradient.fill(0.0);
            for row in memory.delta.chunks_exact(layer.n_out) {
                bias_gradient
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, d)| *sum += d);
            }
            if let Some(norm) = &layer.norm {
                memory.normalised.backward(
                    &mut memory.delta,
                    &network.parameters[norm.scale.clone()],
                    &mut gradient[..layer.n_out],
                    bias_gradient,
                );
            }
            let delta = Matrix::new(&memory.delta, n, layer.n_out);
            let input = before.last().map_or(&self.input, |memory| &memory.out);
            let input = Matrix::new(input, n, layer.n_in);
            self.product.matmul(input.t(), delta, weight_gradient);
            if let Some(before) = before.last_mut() {
                let weights = &network.parameters[layer.weight.clone()];
                let weights = Matrix::new(weights, layer.n_in, layer.n_out);
                before.delta.resize(before.out.len(), 0.0);
                self.product.matmul(delta, weights.t(), &mut before.delta);
                for (delta, slope) in before.delta.iter_mut().zip(&before.slope) {
                    *delta *= slope;
                }
            }
        }
    }
}

#[inline(always)]
fn activate_row(activation: Activation, out: &mut [f32], slope: &mut [f32], bias: &[f32]) {
    let units = out.iter_mut().zip(slope).zip(bias);
    match activation {
        Activation::Relu => units.for_each(|((x, slope), bias)| {
            let sum = *x + bias;
            *x = if sum < 0.0 { 0.0 } else { sum };
            *slope = if sum > 0.0 { 1.0 } else { 0.0 };
        }),
        Activation::Tanh => units.for_each(|((x, slope), bias)| {
            *x = libm::tanhf(*x + bias);
            *slope = 1.0 - *x * *x;
        }),
    }
}

/// Sets a share `rate` of a row to 0 and divides the rest by 1 - `rate`.
fn drop_out(rate: f32, mut rng: Rng, out: &mut [f32], slope: &mut [f32]) {
    let dropped = (f64::from(rate) * (1_u64 << 32) as f64) as u64;
    let scale = 1.0 / (1.0 - rate);
    for (out, slope) in out.chunks_mut(2).zip(slope.chunks_mut(2)) {
        let draw = rng.next();
        let draws = [draw >> 32, draw & 0xffff_ffff];
        for ((x, slope), draw) in out.iter_mut().zip(slope).zip(draws) {
            let factor = if draw < dropped { 0.0 } else { scale };
            *x *= factor;
            *slope *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::CrossEntropy;
    use crate::mlp::MlpParams;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        // Losses in f32 with a step of 1e-2: rounding gives 1e-5, the third derivative 1e-4.
        const TOLERANCE: f64 = 5e-4;
        for batch_norm in [false, true] {
            let params = MlpParams {
                units: vec![7, 5],
                activation: Activation::Tanh,
                dropout: 0.3,
                batch_norm,
                ..MlpParams::default()
            };
            let mut network = Network::new(&params, 4, 3, 1).expect("valid");
            let mut workspace = Workspace::default();
            let mut rng = Key::new(2).stream();
            workspace.input = (0..6 * 4).map(|_| rng.uniform() * 2.0 - 1.0).collect();
            let loss = CrossEntropy {
                smoothing: 0.1,
                class_weights: &[1.0, 2.0, 0.5],
            };
            let labels = [0, 1, 2, 1, 0, 2];
            let mut at = |network: &mut Network| {
                let mut logits = workspace.forward(network, Key::new(3)).to_vec();
                let score = loss.gradient(&mut logits, &labels, 3);
                workspace.backward(network, &logits);
                (score.loss / 6.0, workspace.gradient.clone())
            };
            let (_, gradient) = at(&mut network);
            assert!(gradient.iter().any(|g| g.abs() > 0.05));
            for (i, gradient) in gradient.into_iter().enumerate() {
                let kept = network.parameters[i];
                network.parameters[i] = kept + 1e-2;
                let above = at(&mut network).0;
                network.parameters[i] = kept - 1e-2;
                let below = at(&mut network).0;
                network.parameters[i] = kept;
                let expected = (above - below) / 2e-2;
                let off = (f64::from(gradient) - expected).abs();
                assert!(off < TOLERANCE, "{batch_norm} {i}: {gradient} {expected}");
            }
        }
    }
}
