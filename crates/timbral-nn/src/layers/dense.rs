use std::ops::Range;

use rayon::prelude::*;

use crate::kernels::matmul::{Matrix, Product};
use crate::kernels::simd::vectorised;
use crate::layers::activation::Activation;
use crate::layers::batch_norm::{Normalised, normalise};
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::dropout::drop_out;
use crate::layers::init::{Init, limit};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Rows that one thread activates at a time.
const ROWS: usize = 16;

/// What follows the product with the weights; by default only the bias.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DenseOptions {
    pub(crate) init: Init,
    pub(crate) batch_norm: bool,
    pub(crate) activation: Option<Activation>,
    pub(crate) dropout: f32,
}

/// A dense layer on the channels of every position: product with the weights, batch normalisation,
/// bias, activation, dropout.
pub(crate) struct Dense {
    options: DenseOptions,
    n_in: usize,
    output: Shape,
    weight: Range<usize>,
    /// With batch normalisation this is its β.
    bias: Range<usize>,
    norm: Option<Norm>,
    product: Product,
    /// The derivative of the outputs with respect to the sums, including dropout.
    slope: Vec<f32>,
    normalised: Normalised,
}

/// The ranges of the numbers of a batch normalisation.
struct Norm {
    scale: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,
}

impl Dense {
    pub(crate) fn new(plan: &mut Plan, input: Shape, units: usize, options: DenseOptions) -> Self {
        let n_in = input.channels;
        let fill = limit(options.init, n_in, units);
        Self {
            options,
            n_in,
            output: Shape::new(input.height, input.width, units),
            weight: plan.weight("weight", &[n_in, units], fill),
            bias: plan.vector("bias", &[units], 0.0),
            norm: options.batch_norm.then(|| Norm {
                scale: plan.vector("norm.scale", &[units], 1.0),
                mean: plan.mean("norm.mean", units),
                variance: plan.variance("norm.variance", units),
            }),
            product: Product::default(),
            slope: Vec::new(),
            normalised: Normalised::default(),
        }
    }
}

impl Layer for Dense {
    fn output(&self) -> Shape {
        self.output
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let units = self.output.channels;
        let weights = Matrix::new(&parameters[self.weight.clone()], self.n_in, units);
        let input = Matrix::new(input, input.len() / self.n_in, self.n_in);
        self.product.matmul(input, weights, out);
        let mut key = None;
        match (mode, &self.norm) {
            (Mode::Predict(statistics), Some(norm)) => normalise(
                out,
                &parameters[norm.scale.clone()],
                &statistics[norm.mean.clone()],
                &statistics[norm.variance.clone()],
            ),
            (Mode::Predict(_), None) => {}
            (Mode::Train(statistics, at), norm) => {
                key = (self.options.dropout > 0.0).then_some(at);
                if let Some(norm) = norm {
                    let (mean, variance) = statistics.split_at_mut(norm.variance.start);
                    self.normalised.forward(
                        out,
                        &parameters[norm.scale.clone()],
                        &mut mean[norm.mean.clone()],
                        &mut variance[..norm.variance.len()],
                    );
                }
            }
        }
        let bias = &parameters[self.bias.clone()];
        self.slope.resize(out.len(), 0.0);
        let DenseOptions {
            activation,
            dropout,
            ..
        } = self.options;
        out.par_chunks_exact_mut(units)
            .zip(self.slope.par_chunks_exact_mut(units))
            .enumerate()
            .with_min_len(ROWS)
            .for_each(|(row, (out, slope))| {
                vectorised(
                    #[inline(always)]
                    || {
                        activate_row(activation, out, slope, bias);
                        if let Some(key) = key {
                            drop_out(dropout, key.with(row as u64).rng(), out, slope);
                        }
                    },
                );
            });
    }

    fn backward(&mut self, back: Back<'_>) {
        let (delta, units) = (back.delta, self.output.channels);
        if self.options.activation.is_some() || self.options.dropout > 0.0 {
            for (delta, slope) in delta.iter_mut().zip(&self.slope) {
                *delta *= slope;
            }
        }
        let bias = &mut back.gradient[self.bias.clone()];
        bias.fill(0.0);
        for row in delta.chunks_exact(units) {
            bias.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
        }
        if let Some(norm) = &self.norm {
            let (before, scale) = back.gradient.split_at_mut(norm.scale.start);
            self.normalised.backward(
                delta,
                &back.parameters[norm.scale.clone()],
                &mut scale[..units],
                &before[self.bias.clone()],
            );
        }
        let n = back.input.len() / self.n_in;
        let delta = Matrix::new(delta, n, units);
        let input = Matrix::new(back.input, n, self.n_in);
        let gradient = &mut back.gradient[self.weight.clone()];
        self.product.matmul(input.t(), delta, gradient);
        if let Some(input_delta) = back.input_delta {
            let weights = &back.parameters[self.weight.clone()];
            let weights = Matrix::new(weights, self.n_in, units);
            self.product.matmul(delta, weights.t(), input_delta);
        }
    }
}

#[inline(always)]
fn activate_row(activation: Option<Activation>, out: &mut [f32], slope: &mut [f32], bias: &[f32]) {
    let units = out.iter_mut().zip(slope).zip(bias);
    match activation {
        None => units.for_each(|((x, slope), bias)| {
            *x += bias;
            *slope = 1.0;
        }),
        Some(Activation::Relu) => units.for_each(|((x, slope), bias)| {
            let sum = *x + bias;
            *x = if sum < 0.0 { 0.0 } else { sum };
            *slope = if sum > 0.0 { 1.0 } else { 0.0 };
        }),
        Some(Activation::Tanh) => units.for_each(|((x, slope), bias)| {
            *x = libm::tanhf(*x + bias);
            *slope = 1.0 - *x * *x;
        }),
    }
}
