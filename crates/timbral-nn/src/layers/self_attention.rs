use std::ops::Range;

use timbral_core::parallel;

use crate::kernels::simd::vectorised;
use crate::kernels::softmax::softmax;
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::dense::{Dense, DenseOptions};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Multi-head self-attention over the steps of a sequence (Vaswani et al. 2017; Keras's
/// `MultiHeadAttention` of one input).
///
/// With queries, keys and values q, k, v of the form x W + b, the output of a head is
/// softmax(q kᵀ / √key_dim) v. A dense layer combines the outputs of all heads.
pub(crate) struct SelfAttention {
    shape: Shape,
    heads: usize,
    key_dim: usize,
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    /// The softmax over steps, `[n, heads, steps, steps]`.
    attention: Vec<f32>,
    /// The outputs of the heads, `[n, steps, heads, key_dim]`.
    mixed: Vec<f32>,
}

impl SelfAttention {
    pub(crate) fn new(plan: &mut Plan, shape: Shape, heads: usize, key_dim: usize) -> Self {
        let width = heads.saturating_mul(key_dim);
        let inner = Shape {
            channels: width,
            ..shape
        };
        let mut dense = |name: &str, input: Shape, units: usize| {
            plan.within(name, |plan| {
                Dense::new(plan, input, units, DenseOptions::default())
            })
        };
        Self {
            shape,
            heads,
            key_dim,
            query: dense("query", shape, width),
            key: dense("key", shape, width),
            value: dense("value", shape, width),
            output: dense("output", inner, shape.channels),
            q: Vec::new(),
            k: Vec::new(),
            v: Vec::new(),
            attention: Vec::new(),
            mixed: Vec::new(),
        }
    }

    fn steps(&self) -> usize {
        self.shape.height * self.shape.width
    }

    fn scale(&self) -> f32 {
        1.0 / (self.key_dim as f32).sqrt()
    }
}

impl Layer for SelfAttention {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let mut mode = mode;
        let (steps, width) = (self.steps(), self.heads * self.key_dim);
        let n = input.len() / self.shape.len();
        for (i, (dense, to)) in [
            (&mut self.query, &mut self.q),
            (&mut self.key, &mut self.k),
            (&mut self.value, &mut self.v),
        ]
        .into_iter()
        .enumerate()
        {
            to.resize(n * steps * width, 0.0);
            dense.forward(parameters, mode.of(i), input, to);
        }
        self.attention.resize(n * self.heads * steps * steps, 0.0);
        self.mixed.resize(n * steps * width, 0.0);
        let (heads, key_dim, scale) = (self.heads, self.key_dim, self.scale());
        let sequences = self
            .attention
            .chunks_exact_mut(heads * steps * steps)
            .zip(self.mixed.chunks_exact_mut(steps * width))
            .zip(self.q.chunks_exact(steps * width))
            .zip(self.k.chunks_exact(steps * width))
            .zip(self.v.chunks_exact(steps * width));
        parallel::for_each(sequences, 1, &|_, ((((attention, mixed), q), k), v)| {
            for (head, attention) in attention.chunks_exact_mut(steps * steps).enumerate() {
                let first = head * key_dim;
                let columns = first..first + key_dim;
                vectorised(
                    #[inline(always)]
                    || {
                        let keys = transposed(k, width, columns.clone());
                        multiply(q, width, columns.clone(), scale, &keys, attention);
                    },
                );
                softmax(attention, steps);
                vectorised(
                    #[inline(always)]
                    || mix(attention, steps, v, mixed, width, columns.clone()),
                );
            }
        });
        self.output
            .forward(parameters, mode.of(3), &self.mixed, out);
    }

    fn backward(&mut self, back: Back<'_>) {
        let (steps, width) = (self.steps(), self.heads * self.key_dim);
        let mut by_mixed = vec![0.0; self.mixed.len()];
        self.output.backward(Back {
            parameters: back.parameters,
            input: &self.mixed,
            delta: back.delta,
            input_delta: Some(&mut by_mixed),
            gradient: back.gradient,
        });
        let [mut by_q, mut by_k, mut by_v] = [(); 3].map(|()| vec![0.0; self.mixed.len()]);
        let (heads, key_dim, scale) = (self.heads, self.key_dim, self.scale());
        let len = steps * width;
        let forward = self
            .attention
            .chunks_exact(heads * steps * steps)
            .zip(self.q.chunks_exact(len))
            .zip(self.k.chunks_exact(len))
            .zip(self.v.chunks_exact(len))
            .zip(by_mixed.chunks_exact(len));
        let sequences = by_q
            .chunks_exact_mut(len)
            .zip(by_k.chunks_exact_mut(len))
            .zip(by_v.chunks_exact_mut(len))
            .zip(forward);
        parallel::for_each(sequences, 1, &|_,
                                           (
            ((by_q, by_k), by_v),
            ((((attention, q), k), v), delta),
        )| {
            let mut by_scores = vec![0.0; steps * steps];
            for (head, attention) in attention.chunks_exact(steps * steps).enumerate() {
                let first = head * key_dim;
                let columns = first..first + key_dim;
                vectorised(
                    #[inline(always)]
                    || {
                        let values = transposed(v, width, columns.clone());
                        multiply(
                            delta,
                            width,
                            columns.clone(),
                            scale,
                            &values,
                            &mut by_scores,
                        );
                        for (by, attention) in by_scores
                            .chunks_exact_mut(steps)
                            .zip(attention.chunks_exact(steps))
                        {
                            let mean: f32 = by.iter().zip(attention).map(|(by, s)| by * s).sum();
                            for (by, factor) in by.iter_mut().zip(attention) {
                                *by = factor * (*by - mean);
                            }
                        }
                        mix(&by_scores, steps, k, by_q, width, columns.clone());
                        spread(&by_scores, steps, q, by_k, width, columns.clone());
                        spread(attention, steps, delta, by_v, width, columns.clone());
                    },
                );
            }
        });
        let mut input_delta = back.input_delta;
        let mut part = vec![0.0; back.input.len()];
        if let Some(to) = &mut input_delta {
            to.fill(0.0);
        }
        for (dense, delta) in [
            (&mut self.query, &mut by_q),
            (&mut self.key, &mut by_k),
            (&mut self.value, &mut by_v),
        ] {
            dense.backward(Back {
                parameters: back.parameters,
                input: back.input,
                delta,
                input_delta: input_delta.is_some().then_some(&mut part[..]),
                gradient: back.gradient,
            });
            if let Some(to) = &mut input_delta {
                to.iter_mut().zip(&part).for_each(|(to, x)| *to += x);
            }
        }
    }
}

/// Columns of rows `[steps, width]`, as rows `[columns, steps]`.
#[inline(always)]
fn transposed(rows: &[f32], width: usize, columns: Range<usize>) -> Vec<f32> {
    let mut transposed = Vec::with_capacity(columns.len() * rows.len() / width);
    for column in columns {
        transposed.extend(rows.chunks_exact(width).map(|row| row[column]));
    }
    transposed
}

/// `out [steps, steps] = scale · rows[.., columns] · transposed`.
#[inline(always)]
fn multiply(
    rows: &[f32],
    width: usize,
    columns: Range<usize>,
    scale: f32,
    transposed: &[f32],
    out: &mut [f32],
) {
    let steps = rows.len() / width;
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(steps)) {
        out.fill(0.0);
        for (value, transposed) in row[columns.clone()]
            .iter()
            .zip(transposed.chunks_exact(steps))
        {
            let value = value * scale;
            out.iter_mut()
                .zip(transposed)
                .for_each(|(out, x)| *out += value * x);
        }
    }
}

/// `out[.., columns] = attention · rows[.., columns]`.
#[inline(always)]
fn mix(
    attention: &[f32],
    steps: usize,
    rows: &[f32],
    out: &mut [f32],
    width: usize,
    columns: Range<usize>,
) {
    let attention = attention.chunks_exact(steps);
    for (out, attention) in out.chunks_exact_mut(width).zip(attention) {
        let out = &mut out[columns.clone()];
        out.fill(0.0);
        for (factor, row) in attention.iter().zip(rows.chunks_exact(width)) {
            let row = &row[columns.clone()];
            out.iter_mut()
                .zip(row)
                .for_each(|(out, x)| *out += factor * x);
        }
    }
}

/// `out[.., columns] = attentionᵀ · rows[.., columns]`, where `out` is 0.
#[inline(always)]
fn spread(
    attention: &[f32],
    steps: usize,
    rows: &[f32],
    out: &mut [f32],
    width: usize,
    columns: Range<usize>,
) {
    for (row, attention) in rows.chunks_exact(width).zip(attention.chunks_exact(steps)) {
        let row = &row[columns.clone()];
        for (factor, out) in attention.iter().zip(out.chunks_exact_mut(width)) {
            let out = &mut out[columns.clone()];
            out.iter_mut()
                .zip(row)
                .for_each(|(out, x)| *out += factor * x);
        }
    }
}
