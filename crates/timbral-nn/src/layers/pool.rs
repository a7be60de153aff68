use timbral_core::parallel;

use crate::layers::chain::{Back, Layer, Mode};
use crate::shape::Shape;

/// Images of a task, which take a microsecond each.
const IMAGES: usize = 4;

/// Global pooling: the mean of every channel over all positions and, with
/// [`Pooling::MeanMax`](crate::Pooling::MeanMax), after the means the largest value of every channel.
pub(crate) struct GlobalPool {
    input: Shape,
    with_max: bool,
    /// The first position of the largest value, `[n, channels]`.
    largest: Vec<usize>,
}

impl GlobalPool {
    pub(crate) fn new(input: Shape, with_max: bool) -> Self {
        Self {
            input,
            with_max,
            largest: Vec::new(),
        }
    }

    fn n_places(&self) -> usize {
        self.input.height * self.input.width
    }
}

impl Layer for GlobalPool {
    fn output(&self) -> Shape {
        Shape::row(
            self.input
                .channels
                .saturating_mul(1 + usize::from(self.with_max)),
        )
    }

    fn forward(&mut self, _: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let (channels, n_out, n_places) =
            (self.input.channels, self.output().len(), self.n_places());
        let n = input.len() / self.input.len();
        self.largest.resize(n * channels, 0);
        let images = out
            .chunks_exact_mut(n_out)
            .zip(input.chunks_exact(n_places * channels))
            .zip(self.largest.chunks_exact_mut(channels));
        parallel::for_each(images, IMAGES, &|_, ((out, image), largest)| {
            let (mean, max) = out.split_at_mut(channels);
            mean.fill(0.0);
            for place in image.chunks_exact(channels) {
                mean.iter_mut().zip(place).for_each(|(sum, x)| *sum += x);
            }
            mean.iter_mut().for_each(|sum| *sum /= n_places as f32);
            max.fill(f32::NEG_INFINITY);
            for (i, place) in image.chunks_exact(channels).enumerate() {
                for ((max, x), largest) in max.iter_mut().zip(place).zip(&mut *largest) {
                    if x > max {
                        (*max, *largest) = (*x, i);
                    }
                }
            }
        });
    }

    fn backward(&mut self, back: Back<'_>) {
        let Some(input_delta) = back.input_delta else {
            return;
        };
        let (channels, n_out, n_places) =
            (self.input.channels, self.output().len(), self.n_places());
        let images = input_delta
            .chunks_exact_mut(n_places * channels)
            .zip(back.delta.chunks_exact(n_out))
            .zip(self.largest.chunks_exact(channels));
        parallel::for_each(images, IMAGES, &|_, ((image, delta), largest)| {
            let (mean, max) = delta.split_at(channels);
            for place in image.chunks_exact_mut(channels) {
                for (x, delta) in place.iter_mut().zip(mean) {
                    *x = delta / n_places as f32;
                }
            }
            for (channel, (delta, largest)) in max.iter().zip(largest).enumerate() {
                image[largest * channels + channel] += delta;
            }
        });
    }

    fn is_trained(&self) -> bool {
        false
    }
}

/// Turns an image `[height, width, channels]` into the sequence of its columns,
/// `[1, width, height · channels]`.
pub(crate) struct Columns {
    input: Shape,
}

impl Columns {
    pub(crate) fn new(input: Shape) -> Self {
        Self { input }
    }

    /// Calls `copy` with the offsets in the image and in the sequence for the channels of every position.
    fn places(&self, mut copy: impl FnMut(usize, usize)) {
        let Shape {
            height,
            width,
            channels,
        } = self.input;
        for y in 0..height {
            for x in 0..width {
                copy((y * width + x) * channels, (x * height + y) * channels);
            }
        }
    }
}

impl Layer for Columns {
    fn output(&self) -> Shape {
        let features = self.input.height.saturating_mul(self.input.channels);
        Shape::new(1, self.input.width, features)
    }

    fn forward(&mut self, _: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let (len, channels) = (self.input.len(), self.input.channels);
        for (image, out) in input.chunks_exact(len).zip(out.chunks_exact_mut(len)) {
            self.places(|from, to| {
                out[to..to + channels].copy_from_slice(&image[from..from + channels]);
            });
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        let (len, channels) = (self.input.len(), self.input.channels);
        let Some(input_delta) = back.input_delta else {
            return;
        };
        let deltas = back.delta.chunks_exact(len);
        for (image, delta) in input_delta.chunks_exact_mut(len).zip(deltas) {
            self.places(|to, from| {
                image[to..to + channels].copy_from_slice(&delta[from..from + channels]);
            });
        }
    }

    fn is_trained(&self) -> bool {
        false
    }
}

/// The least variance of a row of an image that it is divided by.
pub(crate) const MIN_VARIANCE: f32 = 1e-12;

/// Standardises every row of an image with the mean and the variance of that row in the training
/// images.
pub(crate) struct Standardise {
    shape: Shape,
    mean: std::ops::Range<usize>,
    variance: std::ops::Range<usize>,
}

impl Standardise {
    pub(crate) fn new(plan: &mut crate::layers::plan::Plan, shape: Shape) -> Self {
        Self {
            shape,
            mean: plan.mean("mean", shape.height),
            variance: plan.variance("variance", shape.height),
        }
    }
}

impl Layer for Standardise {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward(&mut self, _: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let statistics = match mode {
            Mode::Predict(statistics) => statistics,
            Mode::Train(statistics, _) => statistics,
        };
        let row = self.shape.width * self.shape.channels;
        let rows = out.chunks_exact_mut(row).zip(input.chunks_exact(row));
        for (i, (out, input)) in rows.enumerate() {
            let band = i % self.shape.height;
            let mean = statistics[self.mean.start + band];
            let factor = 1.0
                / statistics[self.variance.start + band]
                    .max(MIN_VARIANCE)
                    .sqrt();
            for (out, x) in out.iter_mut().zip(input) {
                *out = (x - mean) * factor;
            }
        }
    }

    /// It is the first layer, so that no gradient is needed.
    fn backward(&mut self, _: Back<'_>) {}

    fn is_trained(&self) -> bool {
        false
    }
}
