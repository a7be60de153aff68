use std::ops::Range;

use rayon::prelude::*;

use crate::dense::{Dense, DenseOptions};
use crate::layer::{Back, Layer, Mode};
use crate::loss::softmax;
use crate::plan::Plan;
use crate::shape::Shape;
use crate::simd::vectorised;

/// Multi-head self-attention over the steps of a sequence (Vaswani et al. 2017; Keras's
/// `MultiHeadAttention` of one input).
///
/// Of queries, keys and values x W + b, a head's output is softmax(q kᵀ / √key_dim) v; the heads'
/// outputs go through one more dense layer.
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
    /// `[n, heads, steps, steps]`.
    shares: Vec<f32>,
    /// The heads' outputs `[n, steps, heads, key_dim]`.
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
            shares: Vec::new(),
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
        self.shares.resize(n * self.heads * steps * steps, 0.0);
        self.mixed.resize(n * steps * width, 0.0);
        let (heads, key_dim, scale) = (self.heads, self.key_dim, self.scale());
        self.shares
            .par_chunks_exact_mut(heads * steps * steps)
            .zip(self.mixed.par_chunks_exact_mut(steps * width))
            .zip(self.q.par_chunks_exact(steps * width))
            .zip(self.k.par_chunks_exact(steps * width))
            .zip(self.v.par_chunks_exact(steps * width))
            .for_each(|((((shares, mixed), q), k), v)| {
                for (head, shares) in shares.chunks_exact_mut(steps * steps).enumerate() {
                    let first = head * key_dim;
                    let columns = first..first + key_dim;
                    vectorised(
                        #[inline(always)]
                        || {
                            let keys = turned(k, width, columns.clone());
                            multiply(q, width, columns.clone(), scale, &keys, shares);
                        },
                    );
                    softmax(shares, steps);
                    vectorised(
                        #[inline(always)]
                        || mix(shares, steps, v, mixed, width, columns.clone()),
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
            .shares
            .par_chunks_exact(heads * steps * steps)
            .zip(self.q.par_chunks_exact(len))
            .zip(self.k.par_chunks_exact(len))
            .zip(self.v.par_chunks_exact(len))
            .zip(by_mixed.par_chunks_exact(len));
        by_q.par_chunks_exact_mut(len)
            .zip(by_k.par_chunks_exact_mut(len))
            .zip(by_v.par_chunks_exact_mut(len))
            .zip(forward)
            .for_each(|(((by_q, by_k), by_v), ((((shares, q), k), v), delta))| {
                let mut by_scores = vec![0.0; steps * steps];
                for (head, shares) in shares.chunks_exact(steps * steps).enumerate() {
                    let first = head * key_dim;
                    let columns = first..first + key_dim;
                    vectorised(
                        #[inline(always)]
                        || {
                            let values = turned(v, width, columns.clone());
                            multiply(
                                delta,
                                width,
                                columns.clone(),
                                scale,
                                &values,
                                &mut by_scores,
                            );
                            for (by, shares) in by_scores
                                .chunks_exact_mut(steps)
                                .zip(shares.chunks_exact(steps))
                            {
                                let mean: f32 = by.iter().zip(shares).map(|(by, s)| by * s).sum();
                                for (by, share) in by.iter_mut().zip(shares) {
                                    *by = share * (*by - mean);
                                }
                            }
                            mix(&by_scores, steps, k, by_q, width, columns.clone());
                            spread(&by_scores, steps, q, by_k, width, columns.clone());
                            spread(shares, steps, delta, by_v, width, columns.clone());
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
fn turned(rows: &[f32], width: usize, columns: Range<usize>) -> Vec<f32> {
    let mut turned = Vec::with_capacity(columns.len() * rows.len() / width);
    for column in columns {
        turned.extend(rows.chunks_exact(width).map(|row| row[column]));
    }
    turned
}

/// `out [steps, steps] = scale · rows[.., columns] · turned`.
#[inline(always)]
fn multiply(
    rows: &[f32],
    width: usize,
    columns: Range<usize>,
    scale: f32,
    turned: &[f32],
    out: &mut [f32],
) {
    let steps = rows.len() / width;
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(steps)) {
        out.fill(0.0);
        for (value, turned) in row[columns.clone()].iter().zip(turned.chunks_exact(steps)) {
            let value = value * scale;
            out.iter_mut()
                .zip(turned)
                .for_each(|(out, x)| *out += value * x);
        }
    }
}

/// `out[.., columns] = shares · rows[.., columns]`.
#[inline(always)]
fn mix(
    shares: &[f32],
    steps: usize,
    rows: &[f32],
    out: &mut [f32],
    width: usize,
    columns: Range<usize>,
) {
    let shares = shares.chunks_exact(steps);
    for (out, shares) in out.chunks_exact_mut(width).zip(shares) {
        let out = &mut out[columns.clone()];
        out.fill(0.0);
        for (share, row) in shares.iter().zip(rows.chunks_exact(width)) {
            let row = &row[columns.clone()];
            out.iter_mut()
                .zip(row)
                .for_each(|(out, x)| *out += share * x);
        }
    }
}

/// `out[.., columns] = sharesᵀ · rows[.., columns]`, where `out` is 0.
#[inline(always)]
fn spread(
    shares: &[f32],
    steps: usize,
    rows: &[f32],
    out: &mut [f32],
    width: usize,
    columns: Range<usize>,
) {
    for (row, shares) in rows.chunks_exact(width).zip(shares.chunks_exact(steps)) {
        let row = &row[columns.clone()];
        for (share, out) in shares.iter().zip(out.chunks_exact_mut(width)) {
            let out = &mut out[columns.clone()];
            out.iter_mut()
                .zip(row)
                .for_each(|(out, x)| *out += share * x);
        }
    }
}
