use std::ops::Range;

use pulp::Arch;
use timbral_core::parallel;

use crate::kernels::conv_lines::{MeasureLines, NONE, PoolLines, UnpoolLines, add_line};
use crate::kernels::convolution::{Buffers, Convolution};
use crate::kernels::geometry::{Geometry, Padding};
use crate::kernels::simd::vectorised;
use crate::layers::batch_norm::{EPSILON, follow};
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::init::{Init, limit};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Parts into which a batch is divided among threads. Their number does not depend on the number of
/// threads, so that sums over parts have a fixed order.
const PARTS: usize = 16;

/// A pooling window must have fewer positions than this.
pub(crate) const MAX_WINDOW: usize = 1 << 16;

/// Convolution, batch normalisation, ReLU and max-pooling in one.
///
/// The sums of the convolution are kept as they are; normalisation, ReLU and pooling read them once
/// forward and once backward. The largest value of a window gets the gradient; of equal values the
/// first.
pub(crate) struct ConvBlock {
    convolution: Convolution,
    adjoint: Convolution,
    pool: [usize; 2],
    output: Shape,
    weight: Range<usize>,
    scale: Range<usize>,
    shift: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,

    turned: Vec<f32>,
    /// Sums of the convolution.
    sums: Vec<f32>,
    /// The position of the largest value in its window, counted row by row, or [`NONE`].
    picked: Vec<u32>,
    /// The convolution's sum at that position.
    picked_sums: Vec<f32>,
    /// The means of the batch and 1 / √(variance + ε).
    means: Vec<f32>,
    inverse_std: Vec<f32>,
    parts: Vec<Part>,
}

/// The buffers of a part of a batch.
#[derive(Default)]
struct Part {
    buffers: Buffers,
    delta: Vec<f32>,
    row: Vec<f32>,
    totals: Vec<f64>,
    /// The sums of the weights' gradient.
    gradient: Vec<f32>,
}

impl ConvBlock {
    /// `None` if the image is too small.
    pub(crate) fn new(
        plan: &mut Plan,
        input: Shape,
        channels: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
        pool: [usize; 2],
    ) -> Option<Self> {
        let geometry = Geometry::new(input, channels, kernel, stride, padding)?;
        let [height, width] = [
            geometry.output.height.checked_div(pool[0])?,
            geometry.output.width.checked_div(pool[1])?,
        ];
        if height == 0 || width == 0 || pool[0].checked_mul(pool[1])? >= MAX_WINDOW {
            return None;
        }
        let places = kernel[0].checked_mul(kernel[1])?;
        let n_in = places.checked_mul(input.channels)?;
        let shape = [kernel[0], kernel[1], input.channels, channels];
        let fill = limit(Init::HeUniform, n_in, channels);
        let convolution = Convolution::new(geometry);
        Some(Self {
            adjoint: convolution.adjoint(),
            convolution,
            pool,
            output: Shape::new(height, width, channels),
            weight: plan.weight("weight", &shape, fill),
            scale: plan.vector("norm.scale", &[channels], 1.0),
            shift: plan.vector("norm.shift", &[channels], 0.0),
            mean: plan.mean("norm.mean", channels),
            variance: plan.variance("norm.variance", channels),
            turned: Vec::new(),
            sums: Vec::new(),
            picked: Vec::new(),
            picked_sums: Vec::new(),
            means: Vec::new(),
            inverse_std: Vec::new(),
            parts: Vec::new(),
        })
    }

    /// Convolves. With `measure`, the totals of the parts become the sums over lines of the means, of
    /// the squared means and of the squared deviations, per channel.
    fn convolve(&mut self, input: &[f32], measure: bool) {
        let convolution = &self.convolution;
        let geometry = &convolution.geometry;
        let n = input.len() / geometry.input.len();
        let n_images = n.div_ceil(PARTS);
        self.sums.resize(n * geometry.output.len(), 0.0);
        self.parts.resize_with(n.div_ceil(n_images), Part::default);
        let line = geometry.output.width * geometry.output.channels;
        let parts = self
            .sums
            .chunks_mut(n_images * geometry.output.len())
            .zip(input.chunks(n_images * geometry.input.len()))
            .zip(&mut self.parts);
        parallel::for_each(parts, 1, &|_, ((sums, input), part)| {
            part.totals.clear();
            part.totals.resize(3 * geometry.output.channels, 0.0);
            let images = input.chunks_exact(geometry.input.len());
            for (sums, image) in sums.chunks_exact_mut(geometry.output.len()).zip(images) {
                let totals = &mut part.totals;
                convolution.apply(image, &mut part.buffers, sums, |lines| {
                    if measure {
                        Arch::new().dispatch(MeasureLines {
                            lines,
                            line,
                            totals,
                        });
                    }
                });
            }
        });
    }

    /// Mean and variance of every channel, from the totals of the parts.
    fn moments(&self, n: usize) -> Vec<(f64, f64)> {
        let Shape {
            height,
            width,
            channels,
        } = self.convolution.geometry.output;
        let n_lines = (n * height) as f64;
        let total = |i: usize| self.parts.iter().map(|part| part.totals[i]).sum::<f64>();
        (0..channels)
            .map(|c| {
                let mean = total(c) / n_lines;
                let between = total(channels + c) / n_lines - mean * mean;
                let within = total(2 * channels + c) / (n_lines * width as f64);
                (mean, between.max(0.0) + within)
            })
            .collect()
    }

    /// Normalises, applies ReLU and pools.
    fn pool(&mut self, parameters: &[f32], out: &mut [f32]) {
        let scale = &parameters[self.scale.clone()];
        let shift = &parameters[self.shift.clone()];
        let factors: Vec<f32> = scale
            .iter()
            .zip(&self.inverse_std)
            .map(|(scale, inverse_std)| scale * inverse_std)
            .collect();
        let offsets: Vec<f32> = shift
            .iter()
            .zip(&factors)
            .zip(&self.means)
            .map(|((shift, factor), mean)| shift - mean * factor)
            .collect();
        self.picked.resize(out.len(), NONE);
        self.picked_sums.resize(out.len(), 0.0);
        let (pool, geometry) = (self.pool, &self.convolution.geometry);
        let channels = geometry.output.channels;
        let line = geometry.output.width * channels;
        let out_line = self.output.width * channels;
        let images = out
            .chunks_exact_mut(self.output.len())
            .zip(self.picked.chunks_exact_mut(self.output.len()))
            .zip(self.picked_sums.chunks_exact_mut(self.output.len()))
            .zip(self.sums.chunks_exact(geometry.output.len()));
        parallel::for_each(images, 1, &|_, (((out, picked), picked_sums), sums)| {
            let lines = out
                .chunks_exact_mut(out_line)
                .zip(picked.chunks_exact_mut(out_line))
                .zip(picked_sums.chunks_exact_mut(out_line))
                .zip(sums.chunks_exact(pool[0] * line));
            for (((out, picked), picked_sums), sums) in lines {
                Arch::new().dispatch(PoolLines {
                    sums,
                    line,
                    pool,
                    factors: &factors,
                    offsets: &offsets,
                    out,
                    picked,
                    picked_sums,
                });
            }
        });
    }
}

impl Layer for ConvBlock {
    fn output(&self) -> Shape {
        self.output
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        self.convolution.pack(&parameters[self.weight.clone()]);
        self.convolve(input, matches!(mode, Mode::Train(..)));
        let inverse = |variance: f32| 1.0 / (variance + EPSILON).sqrt();
        self.means.clear();
        self.inverse_std.clear();
        match mode {
            Mode::Predict(statistics) => {
                self.means.extend_from_slice(&statistics[self.mean.clone()]);
                let variance = &statistics[self.variance.clone()];
                self.inverse_std
                    .extend(variance.iter().map(|v| inverse(*v)));
            }
            Mode::Train(statistics, _) => {
                let n = input.len() / self.convolution.geometry.input.len();
                for (c, (mean, variance)) in self.moments(n).into_iter().enumerate() {
                    let (mean, variance) = (mean as f32, variance as f32);
                    follow(&mut statistics[self.mean.start + c], mean);
                    follow(&mut statistics[self.variance.start + c], variance);
                    self.means.push(mean);
                    self.inverse_std.push(inverse(variance));
                }
            }
        }
        self.pool(parameters, out);
    }

    fn backward(&mut self, back: Back<'_>) {
        let convolution = &self.convolution;
        let geometry = &convolution.geometry;
        let (channels, output) = (self.output.channels, self.output);
        let n = back.input.len() / geometry.input.len();
        let n_images = n.div_ceil(PARTS);

        // The gradients of β and γ.
        let means = &self.means;
        let out_line = output.width * channels;
        let parts = back
            .delta
            .chunks(n_images * output.len())
            .zip(self.picked.chunks(n_images * output.len()))
            .zip(self.picked_sums.chunks(n_images * output.len()))
            .zip(&mut self.parts);
        parallel::for_each(parts, 1, &|_, (((delta, picked), picked_sums), part)| {
            part.totals.clear();
            part.totals.resize(2 * channels, 0.0);
            let lines = delta
                .chunks_exact(out_line)
                .zip(picked.chunks_exact(out_line))
                .zip(picked_sums.chunks_exact(out_line));
            let (row, totals) = (&mut part.row, &mut part.totals);
            for ((delta, picked), sums) in lines {
                vectorised(
                    #[inline(always)]
                    || add_line(delta, picked, sums, means, row, totals),
                );
            }
        });
        let total = |i: usize| self.parts.iter().map(|part| part.totals[i]).sum::<f64>();
        let n_sums = (n * geometry.output.height * geometry.output.width) as f64;
        let scale = &back.parameters[self.scale.clone()];
        let mut affine = [
            vec![0.0; channels],
            vec![0.0; channels],
            vec![0.0; channels],
        ];
        for c in 0..channels {
            let inverse_std = f64::from(self.inverse_std[c]);
            let by_shift = total(c);
            let by_scale = total(channels + c) * inverse_std;
            back.gradient[self.shift.start + c] = by_shift as f32;
            back.gradient[self.scale.start + c] = by_scale as f32;
            // factor · (delta - (by_shift + x̂ by_scale) / n)
            let factor = f64::from(scale[c]) * inverse_std;
            let slope = -factor * inverse_std * by_scale / n_sums;
            affine[0][c] = slope as f32;
            affine[1][c] = (-factor * by_shift / n_sums - slope * f64::from(self.means[c])) as f32;
            affine[2][c] = factor as f32;
        }

        // The gradients with respect to the sums, image by image, and with them those of the weights
        // and of the input.
        let mut input_delta = back.input_delta;
        if input_delta.is_some() {
            let weights = &back.parameters[self.weight.clone()];
            self.adjoint.geometry.turn(weights, &mut self.turned);
            self.adjoint.pack(&self.turned);
        }
        let (adjoint, pool) = (&self.adjoint, self.pool);
        let (line, n_sums) = (geometry.output.width * channels, convolution.n_sums());
        let mut input_deltas: Vec<Option<&mut [f32]>> = match &mut input_delta {
            Some(delta) => delta
                .chunks_mut(n_images * geometry.input.len())
                .map(Some)
                .collect(),
            None => self.parts.iter().map(|_| None).collect(),
        };
        let parts = back
            .delta
            .chunks(n_images * output.len())
            .zip(self.picked.chunks(n_images * output.len()))
            .zip(self.sums.chunks(n_images * geometry.output.len()))
            .zip(back.input.chunks(n_images * geometry.input.len()))
            .zip(&mut input_deltas)
            .zip(&mut self.parts);
        parallel::for_each(parts, 1, &|_,
                                       (
            ((((delta, picked), sums), input), input_delta),
            part,
        )| {
            part.gradient.clear();
            part.gradient.resize(n_sums, 0.0);
            part.delta.resize(geometry.output.len(), 0.0);
            let images = delta
                .chunks_exact(output.len())
                .zip(picked.chunks_exact(output.len()))
                .zip(sums.chunks_exact(geometry.output.len()))
                .zip(input.chunks_exact(geometry.input.len()));
            for (i, (((delta, picked), sums), input)) in images.enumerate() {
                let lines = part
                    .delta
                    .chunks_mut(pool[0] * line)
                    .zip(sums.chunks(pool[0] * line))
                    .enumerate();
                for (y, (to, sums)) in lines {
                    let window = y * out_line..((y + 1) * out_line).min(delta.len());
                    let (delta, picked) = match y < output.height {
                        true => (&delta[window.clone()], &picked[window]),
                        false => (&[][..], &[][..]),
                    };
                    Arch::new().dispatch(UnpoolLines {
                        sums,
                        line,
                        pool,
                        affine: affine.each_ref().map(|values| &values[..]),
                        delta,
                        picked,
                        to,
                    });
                }
                let (buffers, sums) = (&mut part.buffers, &mut part.gradient);
                convolution.add_gradient(input, &part.delta, buffers, sums);
                if let Some(input_delta) = input_delta {
                    let len = geometry.input.len();
                    let to = &mut input_delta[i * len..(i + 1) * len];
                    adjoint.apply(&part.delta, buffers, to, |_| {});
                }
            }
        });
        let Some((sums, parts)) = self.parts.split_first_mut() else {
            return;
        };
        for part in parts {
            for (sum, x) in sums.gradient.iter_mut().zip(&part.gradient) {
                *sum += x;
            }
        }
        convolution.gradient(&sums.gradient, &mut back.gradient[self.weight.clone()]);
    }
}
