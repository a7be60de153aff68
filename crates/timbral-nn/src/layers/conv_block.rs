use std::ops::Range;

use rayon::prelude::*;

use crate::kernels::conv::{Packed, convolve, weight_gradient};
use crate::kernels::conv_lines::{NONE, add_line, measure_line, pool_lines, unpool_lines};
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
    geometry: Geometry,
    adjoint: Geometry,
    pool: [usize; 2],
    output: Shape,
    weight: Range<usize>,
    scale: Range<usize>,
    shift: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,

    packed: Packed,
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
    padded: Vec<f32>,
    delta: Vec<f32>,
    row: Vec<f32>,
    totals: Vec<f64>,
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
        Some(Self {
            geometry,
            adjoint: geometry.adjoint(),
            pool,
            output: Shape::new(height, width, channels),
            weight: plan.weight("weight", &shape, fill),
            scale: plan.vector("norm.scale", &[channels], 1.0),
            shift: plan.vector("norm.shift", &[channels], 0.0),
            mean: plan.mean("norm.mean", channels),
            variance: plan.variance("norm.variance", channels),
            packed: Packed::default(),
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
        let geometry = &self.geometry;
        let n = input.len() / geometry.input.len();
        let n_images = n.div_ceil(PARTS);
        self.sums.resize(n * geometry.output.len(), 0.0);
        self.parts.resize_with(n.div_ceil(n_images), Part::default);
        let packed = &self.packed;
        let line = geometry.output.width * geometry.output.channels;
        self.sums
            .par_chunks_mut(n_images * geometry.output.len())
            .zip(input.par_chunks(n_images * geometry.input.len()))
            .zip(&mut self.parts)
            .for_each(|((sums, input), part)| {
                part.totals.clear();
                part.totals.resize(3 * geometry.output.channels, 0.0);
                let images = input.chunks_exact(geometry.input.len());
                for (sums, image) in sums.chunks_exact_mut(geometry.output.len()).zip(images) {
                    geometry.pad(image, &mut part.padded);
                    for (y, sums) in sums.chunks_exact_mut(line).enumerate() {
                        convolve(geometry, &part.padded, packed, y, sums);
                        if measure {
                            let (row, totals) = (&mut part.row, &mut part.totals);
                            vectorised(
                                #[inline(always)]
                                || measure_line(sums, row, totals),
                            );
                        }
                    }
                }
            });
    }

    /// Mean and variance of every channel, from the totals of the parts.
    fn moments(&self, n: usize) -> Vec<(f64, f64)> {
        let Shape {
            height,
            width,
            channels,
        } = self.geometry.output;
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
        let (pool, geometry) = (self.pool, &self.geometry);
        let channels = geometry.output.channels;
        let line = geometry.output.width * channels;
        let out_line = self.output.width * channels;
        out.par_chunks_exact_mut(self.output.len())
            .zip(self.picked.par_chunks_exact_mut(self.output.len()))
            .zip(self.picked_sums.par_chunks_exact_mut(self.output.len()))
            .zip(self.sums.par_chunks_exact(geometry.output.len()))
            .for_each(|(((out, picked), picked_sums), sums)| {
                let lines = out
                    .chunks_exact_mut(out_line)
                    .zip(picked.chunks_exact_mut(out_line))
                    .zip(picked_sums.chunks_exact_mut(out_line))
                    .zip(sums.chunks_exact(pool[0] * line));
                for (((out, picked), picked_sums), sums) in lines {
                    vectorised(
                        #[inline(always)]
                        || {
                            pool_lines(
                                sums,
                                line,
                                pool,
                                [&factors, &offsets],
                                out,
                                picked,
                                picked_sums,
                            );
                        },
                    );
                }
            });
    }
}

impl Layer for ConvBlock {
    fn output(&self) -> Shape {
        self.output
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let channels = self.output.channels;
        self.packed.pack(&parameters[self.weight.clone()], channels);
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
                let n = input.len() / self.geometry.input.len();
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
        let geometry = &self.geometry;
        let (channels, output) = (self.output.channels, self.output);
        let n = back.input.len() / geometry.input.len();
        let n_images = n.div_ceil(PARTS);

        // The gradients of β and γ.
        let means = &self.means;
        let out_line = output.width * channels;
        back.delta
            .par_chunks(n_images * output.len())
            .zip(self.picked.par_chunks(n_images * output.len()))
            .zip(self.picked_sums.par_chunks(n_images * output.len()))
            .zip(&mut self.parts)
            .for_each(|(((delta, picked), picked_sums), part)| {
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
            self.adjoint.turn(weights, &mut self.turned);
            self.packed.pack(&self.turned, geometry.input.channels);
        }
        let (adjoint, packed, pool) = (&self.adjoint, &self.packed, self.pool);
        let (line, n_weights) = (geometry.output.width * channels, self.weight.len());
        let mut input_deltas: Vec<Option<&mut [f32]>> = match &mut input_delta {
            Some(delta) => delta
                .chunks_mut(n_images * geometry.input.len())
                .map(Some)
                .collect(),
            None => self.parts.iter().map(|_| None).collect(),
        };
        back.delta
            .par_chunks(n_images * output.len())
            .zip(self.picked.par_chunks(n_images * output.len()))
            .zip(self.sums.par_chunks(n_images * geometry.output.len()))
            .zip(back.input.par_chunks(n_images * geometry.input.len()))
            .zip(&mut input_deltas)
            .zip(&mut self.parts)
            .for_each(|(((((delta, picked), sums), input), input_delta), part)| {
                part.gradient.clear();
                part.gradient.resize(n_weights, 0.0);
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
                        vectorised(
                            #[inline(always)]
                            || unpool_lines(sums, line, pool, &affine, delta, picked, to),
                        );
                    }
                    geometry.pad(input, &mut part.padded);
                    weight_gradient(geometry, &part.padded, &part.delta, &mut part.gradient);
                    if let Some(input_delta) = input_delta {
                        adjoint.dilate(geometry.stride, &part.delta, &mut part.padded);
                        let len = geometry.input.len();
                        let to = &mut input_delta[i * len..(i + 1) * len];
                        convolve(adjoint, &part.padded, packed, 0, to);
                    }
                }
            });
        let gradient = &mut back.gradient[self.weight.clone()];
        gradient.fill(0.0);
        for part in &self.parts {
            for (sum, x) in gradient.iter_mut().zip(&part.gradient) {
                *sum += x;
            }
        }
    }
}
