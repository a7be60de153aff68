use std::ops::Range;

use crate::init::{Init, limit};
use crate::layer::{Back, Layer, Mode};
use crate::loss::softmax;
use crate::plan::Plan;
use crate::shape::Shape;

/// The mean of a sequence's steps x weighted by the softmax over steps of x · w: learned pooling.
pub(crate) struct AttentionPool {
    input: Shape,
    weight: Range<usize>,
    /// The weights of steps, `[n, steps]`.
    shares: Vec<f32>,
}

impl AttentionPool {
    pub(crate) fn new(plan: &mut Plan, input: Shape) -> Self {
        let fill = limit(Init::GlorotUniform, input.channels, 1);
        Self {
            input,
            weight: plan.weight("weight", &[input.channels], fill),
            shares: Vec::new(),
        }
    }

    fn steps(&self) -> usize {
        self.input.height * self.input.width
    }
}

impl Layer for AttentionPool {
    fn output(&self) -> Shape {
        Shape::row(self.input.channels)
    }

    fn forward(&mut self, parameters: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let weight = &parameters[self.weight.clone()];
        let features = self.input.channels;
        self.shares.clear();
        self.shares
            .extend(input.chunks_exact(features).map(|step| dot(step, weight)));
        let steps = self.steps();
        softmax(&mut self.shares, steps);
        let sequences = input
            .chunks_exact(self.input.len())
            .zip(self.shares.chunks_exact(self.steps()));
        for (out, (sequence, shares)) in out.chunks_exact_mut(features).zip(sequences) {
            out.fill(0.0);
            for (step, share) in sequence.chunks_exact(features).zip(shares) {
                out.iter_mut()
                    .zip(step)
                    .for_each(|(out, x)| *out += share * x);
            }
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        let weight = &back.parameters[self.weight.clone()];
        let features = self.input.channels;
        let mut gradient = vec![0.0; features];
        let mut input_delta = back.input_delta;
        let mut by_share = vec![0.0; self.steps()];
        let sequences = back
            .input
            .chunks_exact(self.input.len())
            .zip(self.shares.chunks_exact(self.steps()))
            .zip(back.delta.chunks_exact(features));
        for (i, ((sequence, shares), delta)) in sequences.enumerate() {
            for (by, step) in by_share.iter_mut().zip(sequence.chunks_exact(features)) {
                *by = dot(delta, step);
            }
            let mean = dot(&by_share, shares);
            for (t, step) in sequence.chunks_exact(features).enumerate() {
                let by_score = shares[t] * (by_share[t] - mean);
                for (sum, x) in gradient.iter_mut().zip(step) {
                    *sum += by_score * x;
                }
                if let Some(to) = &mut input_delta {
                    let to = &mut to[i * self.input.len() + t * features..][..features];
                    for c in 0..features {
                        to[c] = shares[t] * delta[c] + by_score * weight[c];
                    }
                }
            }
        }
        back.gradient[self.weight.clone()].copy_from_slice(&gradient);
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
