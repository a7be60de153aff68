use std::ops::Range;

use crate::layers::batch_norm::EPSILON;
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Layer normalisation (Ba et al. 2016) over the channels of every position, with Keras's ε = 0.001.
pub(crate) struct LayerNorm {
    shape: Shape,
    scale: Range<usize>,
    shift: Range<usize>,
    /// (x - mean) / √(variance + ε).
    normalised: Vec<f32>,
    /// 1 / √(variance + ε) of every position.
    inverse_std: Vec<f32>,
}

impl LayerNorm {
    pub(crate) fn new(plan: &mut Plan, shape: Shape) -> Self {
        Self {
            shape,
            scale: plan.vector("scale", &[shape.channels], 1.0),
            shift: plan.vector("shift", &[shape.channels], 0.0),
            normalised: Vec::new(),
            inverse_std: Vec::new(),
        }
    }
}

impl Layer for LayerNorm {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward(&mut self, parameters: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let scale = &parameters[self.scale.clone()];
        let shift = &parameters[self.shift.clone()];
        let channels = self.shape.channels;
        self.normalised.resize(out.len(), 0.0);
        self.inverse_std.clear();
        let places = input
            .chunks_exact(channels)
            .zip(out.chunks_exact_mut(channels))
            .zip(self.normalised.chunks_exact_mut(channels));
        for ((input, out), normalised) in places {
            let mean = input.iter().sum::<f32>() / channels as f32;
            let squares: f32 = input.iter().map(|x| (x - mean) * (x - mean)).sum();
            let inverse_std = 1.0 / (squares / channels as f32 + EPSILON).sqrt();
            self.inverse_std.push(inverse_std);
            for c in 0..channels {
                normalised[c] = (input[c] - mean) * inverse_std;
                out[c] = normalised[c] * scale[c] + shift[c];
            }
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        let channels = self.shape.channels;
        let mut sums = [vec![0.0; channels], vec![0.0; channels]];
        let places = back
            .delta
            .chunks_exact(channels)
            .zip(self.normalised.chunks_exact(channels));
        for (delta, normalised) in places.clone() {
            for c in 0..channels {
                sums[0][c] += delta[c] * normalised[c];
                sums[1][c] += delta[c];
            }
        }
        back.gradient[self.scale.clone()].copy_from_slice(&sums[0]);
        back.gradient[self.shift.clone()].copy_from_slice(&sums[1]);
        let Some(input_delta) = back.input_delta else {
            return;
        };
        let scale = &back.parameters[self.scale.clone()];
        let places = places
            .zip(input_delta.chunks_exact_mut(channels))
            .zip(&self.inverse_std);
        for (((delta, normalised), to), inverse_std) in places {
            let (mut mean, mut product) = (0.0, 0.0);
            for c in 0..channels {
                mean += delta[c] * scale[c];
                product += delta[c] * scale[c] * normalised[c];
            }
            mean /= channels as f32;
            product /= channels as f32;
            for c in 0..channels {
                to[c] = inverse_std * (delta[c] * scale[c] - mean - normalised[c] * product);
            }
        }
    }
}
