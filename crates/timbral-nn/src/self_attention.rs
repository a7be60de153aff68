use std::ops::Range;

use rayon::prelude::*;

use crate::init::{Init, limit};
use crate::layer::{Back, Layer, Mode};
use crate::loss::softmax;
use crate::matmul::{Matrix, Product};
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
    query: Projection,
    key: Projection,
    value: Projection,
    output: Projection,
    product: Product,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    /// `[n, heads, steps, steps]`.
    shares: Vec<f32>,
    /// The heads' outputs `[n, steps, heads, key_dim]`.
    mixed: Vec<f32>,
}

/// Where a dense layer's numbers lie.
struct Projection {
    n_in: usize,
    n_out: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

impl Projection {
    fn new(plan: &mut Plan, name: &str, n_in: usize, n_out: usize) -> Self {
        plan.within(name, |plan| Self {
            n_in,
            n_out,
            weight: plan.weight(
                "weight",
                &[n_in, n_out],
                limit(Init::GlorotUniform, n_in, n_out),
            ),
            bias: plan.vector("bias", &[n_out], 0.0),
        })
    }

    fn forward(&self, product: &mut Product, parameters: &[f32], input: &[f32], out: &mut [f32]) {
        let input = Matrix::new(input, input.len() / self.n_in, self.n_in);
        let weight = Matrix::new(&parameters[self.weight.clone()], self.n_in, self.n_out);
        product.matmul(input, weight, out);
        let bias = &parameters[self.bias.clone()];
        for row in out.chunks_exact_mut(self.n_out) {
            row.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
        }
    }

    /// The gradients; `to` gets that by the inputs.
    fn backward(
        &self,
        product: &mut Product,
        parameters: &[f32],
        [input, delta]: [&[f32]; 2],
        gradient: &mut [f32],
        to: Option<&mut [f32]>,
    ) {
        let n = input.len() / self.n_in;
        let bias = &mut gradient[self.bias.clone()];
        bias.fill(0.0);
        for row in delta.chunks_exact(self.n_out) {
            bias.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
        }
        let input = Matrix::new(input, n, self.n_in);
        let delta = Matrix::new(delta, n, self.n_out);
        product.matmul(input.t(), delta, &mut gradient[self.weight.clone()]);
        if let Some(to) = to {
            let weight = &parameters[self.weight.clone()];
            product.matmul(delta, Matrix::new(weight, self.n_in, self.n_out).t(), to);
        }
    }
}

impl SelfAttention {
    pub(crate) fn new(plan: &mut Plan, shape: Shape, heads: usize, key_dim: usize) -> Self {
        let (features, width) = (shape.channels, heads.saturating_mul(key_dim));
        Self {
            shape,
            heads,
            key_dim,
            query: Projection::new(plan, "query", features, width),
            key: Projection::new(plan, "key", features, width),
            value: Projection::new(plan, "value", features, width),
            output: Projection::new(plan, "output", width, features),
            product: Product::default(),
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

    fn forward(&mut self, parameters: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let (steps, width) = (self.steps(), self.heads * self.key_dim);
        let n = input.len() / self.shape.len();
        for (projection, to) in [
            (&self.query, &mut self.q),
            (&self.key, &mut self.k),
            (&self.value, &mut self.v),
        ] {
            to.resize(n * steps * width, 0.0);
            projection.forward(&mut self.product, parameters, input, to);
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
            .forward(&mut self.product, parameters, &self.mixed, out);
    }

    fn backward(&mut self, back: Back<'_>) {
        let (steps, width) = (self.steps(), self.heads * self.key_dim);
        let mut by_mixed = vec![0.0; self.mixed.len()];
        self.output.backward(
            &mut self.product,
            back.parameters,
            [&self.mixed, back.delta],
            back.gradient,
            Some(&mut by_mixed),
        );
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
        for (projection, delta) in [
            (&self.query, &by_q),
            (&self.key, &by_k),
            (&self.value, &by_v),
        ] {
            projection.backward(
                &mut self.product,
                back.parameters,
                [back.input, delta],
                back.gradient,
                input_delta.is_some().then_some(&mut part[..]),
            );
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
