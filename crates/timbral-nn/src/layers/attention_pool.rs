use std::ops::Range;

use crate::kernels::softmax::softmax;
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::init::{Init, limit};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Attention pooling: the mean of the steps x of a sequence, weighted by the softmax over steps of
/// x · w with trained weights w.
pub(crate) struct AttentionPool {
    input: Shape,
    weight: Range<usize>,
    /// The softmax over steps, `[n, steps]`.
    attention: Vec<f32>,
}

impl AttentionPool {
    pub(crate) fn new(plan: &mut Plan, input: Shape) -> Self {
        let fill = limit(Init::GlorotUniform, input.channels, 1);
        Self {
            input,
            weight: plan.weight("weight", &[input.channels], fill),
            attention: Vec::new(),
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
        self.attention.clear();
        self.attention
            .extend(input.chunks_exact(features).map(|step| dot(step, weight)));
        let steps = self.steps();
        softmax(&mut self.attention, steps);
        let sequences = input
            .chunks_exact(self.input.len())
            .zip(self.attention.chunks_exact(self.steps()));
        for (out, (sequence, attention)) in out.chunks_exact_mut(features).zip(sequences) {
            out.fill(0.0);
            for (step, factor) in sequence.chunks_exact(features).zip(attention) {
                out.iter_mut()
                    .zip(step)
                    .for_each(|(out, x)| *out += factor * x);
            }
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        let weight = &back.parameters[self.weight.clone()];
        let features = self.input.channels;
        let mut gradient = vec![0.0; features];
        let mut input_delta = back.input_delta;
        let mut by_attention = vec![0.0; self.steps()];
        let sequences = back
            .input
            .chunks_exact(self.input.len())
            .zip(self.attention.chunks_exact(self.steps()))
            .zip(back.delta.chunks_exact(features));
        for (i, ((sequence, attention), delta)) in sequences.enumerate() {
            for (by, step) in by_attention.iter_mut().zip(sequence.chunks_exact(features)) {
                *by = dot(delta, step);
            }
            let mean = dot(&by_attention, attention);
            for (t, step) in sequence.chunks_exact(features).enumerate() {
                let by_score = attention[t] * (by_attention[t] - mean);
                for (sum, x) in gradient.iter_mut().zip(step) {
                    *sum += by_score * x;
                }
                if let Some(to) = &mut input_delta {
                    let to = &mut to[i * self.input.len() + t * features..][..features];
                    for c in 0..features {
                        to[c] = attention[t] * delta[c] + by_score * weight[c];
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
