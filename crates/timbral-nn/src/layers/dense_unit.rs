//! One of the layers of [`Dense`](super::dense::Dense).

use std::ops::Range;

use crate::kernels::matmul::Product;
use crate::kernels::matrix::Matrix;
use crate::kernels::simd::vectorised;
use crate::layers::activation::Activation;
use crate::layers::batch_norm::{Normalised, normalise};
use crate::layers::chain::Mode;
use crate::layers::dropout::drop_out;
use crate::layers::init::{Init, limit};
use crate::layers::plan::Plan;
use crate::random::Key;

/// What follows the product with the weights; by default only the bias.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DenseOptions {
    pub(crate) init: Init,
    pub(crate) batch_norm: bool,
    pub(crate) activation: Option<Activation>,
    pub(crate) dropout: f32,
}

/// A layer: product with the weights, batch normalisation, bias, activation, dropout.
pub(crate) struct Unit {
    pub(super) options: DenseOptions,
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    pub(super) weight: Range<usize>,
    /// With batch normalisation this is its β.
    pub(super) bias: Range<usize>,
    /// Only where the layer is alone.
    pub(super) norm: Option<Norm>,
    /// The products with the weights, with the transposed weights and with the gradients of the outputs.
    pub(super) forward: Product,
    pub(super) backward: Product,
    pub(super) outer: Product,
}

/// A batch normalisation.
pub(crate) struct Norm {
    scale: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,
    normalised: Normalised,
}

impl Unit {
    pub(super) fn new(plan: &mut Plan, n_in: usize, n_out: usize, options: DenseOptions) -> Self {
        let fill = limit(options.init, n_in, n_out);
        Self {
            options,
            n_in,
            n_out,
            weight: plan.weight("weight", &[n_in, n_out], fill),
            bias: plan.vector("bias", &[n_out], 0.0),
            norm: options.batch_norm.then(|| Norm {
                scale: plan.vector("norm.scale", &[n_out], 1.0),
                mean: plan.mean("norm.mean", n_out),
                variance: plan.variance("norm.variance", n_out),
                normalised: Normalised::default(),
            }),
            forward: Product::default(),
            backward: Product::default(),
            outer: Product::default(),
        }
    }

    /// The weights, `[n_in, n_out]`.
    pub(super) fn weights<'p>(&self, parameters: &'p [f32]) -> Matrix<'p> {
        Matrix::new(&parameters[self.weight.clone()], self.n_in, self.n_out)
    }

    pub(super) fn has_slope(&self) -> bool {
        self.options.activation.is_some() || self.options.dropout > 0.0
    }

    /// Makes outputs of sums, those of the rows from `first` on.
    pub(super) fn activate(
        &self,
        bias: &[f32],
        key: Option<Key>,
        first: usize,
        out: &mut [f32],
        slope: &mut [f32],
    ) {
        let DenseOptions {
            activation,
            dropout,
            ..
        } = self.options;
        let key = key.filter(|_| dropout > 0.0);
        let rows = out.chunks_exact_mut(self.n_out);
        let rows = rows.zip(slope.chunks_exact_mut(self.n_out));
        for (i, (out, slope)) in rows.enumerate() {
            vectorised(
                #[inline(always)]
                || {
                    activate_row(activation, out, slope, bias);
                    if let Some(key) = key {
                        let rng = key.with((first + i) as u64).rng();
                        drop_out(dropout, rng, out, slope);
                    }
                },
            );
        }
    }
}

impl Norm {
    pub(super) fn forward(&mut self, parameters: &[f32], mode: &mut Mode<'_>, rows: &mut [f32]) {
        let scale = &parameters[self.scale.clone()];
        match mode {
            Mode::Predict(statistics) => {
                let mean = &statistics[self.mean.clone()];
                normalise(rows, scale, mean, &statistics[self.variance.clone()]);
            }
            Mode::Train(statistics, _) => {
                let (mean, variance) = statistics.split_at_mut(self.variance.start);
                let variance = &mut variance[..self.variance.len()];
                let mean = &mut mean[self.mean.clone()];
                self.normalised.forward(rows, scale, mean, variance);
            }
        }
    }

    pub(super) fn backward(
        &self,
        parameters: &[f32],
        bias: &Range<usize>,
        delta: &mut [f32],
        gradient: &mut [f32],
    ) {
        let (before, scale) = gradient.split_at_mut(self.scale.start);
        self.normalised.backward(
            delta,
            &parameters[self.scale.clone()],
            &mut scale[..self.scale.len()],
            &before[bias.clone()],
        );
    }
}

/// A gradient to be computed.
pub(crate) enum Gradient<'a> {
    /// Rows of the weights from `first` on.
    Weight {
        unit: &'a Unit,
        input: Matrix<'a>,
        first: usize,
        out: &'a mut [f32],
    },
    Bias {
        delta: &'a [f32],
        out: &'a mut [f32],
    },
}

impl Gradient<'_> {
    pub(crate) fn compute(self) {
        match self {
            Self::Weight {
                unit,
                input,
                first,
                out,
            } => unit.outer.multiply_rows(input, first, unit.n_out, out),
            Self::Bias { delta, out } => sum_rows(delta, out),
        }
    }
}

pub(crate) fn multiply(x: &mut [f32], factors: &[f32]) {
    vectorised(
        #[inline(always)]
        || {
            x.iter_mut()
                .zip(factors)
                .for_each(|(x, factor)| *x *= factor)
        },
    );
}

/// The sums of the columns.
pub(crate) fn sum_rows(rows: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sums.len()) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        },
    );
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
