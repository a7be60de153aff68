//! Convolution of one image: implicit products of matrices, without a copy of every patch.
//!
//! Images are `[height, width, channels]`, weights `[kernel height, kernel width, channels in,
//! channels out]`. A line of the kernel times a line of the padded image is a product of matrices
//! whose left rows overlap in memory: the patch at x is the slice of `kernel width · channels` numbers
//! that begins `x · stride · channels` numbers into the line.
//!
//! Every sum is a chain of fused multiply-adds in the order of the kernel's places and the channels
//! in, so that the bits do not depend on the width of the machine's registers.

use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use crate::shape::Shape;

/// How a convolution treats the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Zeros, so that the output has ⌈input / stride⌉ places; an odd zero goes behind, as in
    /// TensorFlow.
    #[default]
    Same,
    /// None.
    Valid,
}

/// The places of a convolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Zeros above and to the left.
    pub(crate) before: [usize; 2],
}

impl Geometry {
    /// `None` where the image is smaller than the kernel, or a number is 0.
    pub(crate) fn new(
        input: Shape,
        channels: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
    ) -> Option<Self> {
        let axis = |size: usize, i: usize| {
            let (kernel, stride) = (kernel[i], stride[i]);
            if size == 0 || kernel == 0 || stride == 0 {
                return None;
            }
            match padding {
                Padding::Valid => Some((size.checked_sub(kernel)? / stride + 1, 0)),
                Padding::Same => {
                    let out = size.div_ceil(stride);
                    let covered = (out - 1).checked_mul(stride)?.checked_add(kernel)?;
                    Some((out, covered.saturating_sub(size) / 2))
                }
            }
        };
        let (height, above) = axis(input.height, 0)?;
        let (width, left) = axis(input.width, 1)?;
        Some(Self {
            input,
            output: Shape::new(height, width, channels),
            kernel,
            stride,
            before: [above, left],
        })
    }

    /// Height and width of the padded image: what the kernel reaches.
    pub(crate) fn padded(&self) -> [usize; 2] {
        let reach = |n: usize, i: usize| (n - 1) * self.stride[i] + self.kernel[i];
        [reach(self.output.height, 0), reach(self.output.width, 1)]
    }

    /// Numbers of a kernel's line.
    fn len(&self) -> usize {
        self.kernel[1] * self.input.channels
    }

    /// Copies an image into its padding.
    pub(crate) fn pad(&self, image: &[f32], padded: &mut Vec<f32>) {
        let channels = self.input.channels;
        let [height, width] = self.padded();
        padded.clear();
        padded.resize(height * width * channels, 0.0);
        let left = self.before[1] * channels;
        let used = (self.input.width * channels).min(width * channels - left);
        let lines = padded.chunks_exact_mut(width * channels);
        let image = image.chunks_exact(self.input.width * channels);
        for (line, from) in lines.skip(self.before[0]).zip(image) {
            line[left..left + used].copy_from_slice(&from[..used]);
        }
    }

    /// The convolution by which the gradient by the input comes from that by the output: of the
    /// dilated gradient with the turned kernel.
    pub(crate) fn adjoint(&self) -> Self {
        Self {
            input: self.output,
            output: self.input,
            kernel: self.kernel,
            stride: [1, 1],
            before: [0, 1].map(|i| self.kernel[i] - 1 - self.before[i]),
        }
    }

    /// Copies a gradient by the output into the dilation and padding of the adjoint, which is
    /// `self`.
    pub(crate) fn dilate(&self, stride: [usize; 2], delta: &[f32], padded: &mut Vec<f32>) {
        if stride == [1, 1] {
            return self.pad(delta, padded);
        }
        let channels = self.input.channels;
        let [height, width] = self.padded();
        padded.clear();
        padded.resize(height * width * channels, 0.0);
        let places = delta.chunks_exact(channels);
        for (i, place) in places.enumerate() {
            let y = i / self.input.width * stride[0] + self.before[0];
            let x = i % self.input.width * stride[1] + self.before[1];
            padded[(y * width + x) * channels..][..channels].copy_from_slice(place);
        }
    }

    /// Copies the weights of the convolution whose adjoint is `self` as it needs them: the kernel
    /// turned, channels exchanged.
    pub(crate) fn turn(&self, weights: &[f32], turned: &mut Vec<f32>) {
        let (n_in, n_out) = (self.output.channels, self.input.channels);
        turned.clear();
        turned.resize(weights.len(), 0.0);
        let places = weights.chunks_exact(n_in * n_out).rev();
        for (to, from) in turned.chunks_exact_mut(n_in * n_out).zip(places) {
            for (i, row) in from.chunks_exact(n_out).enumerate() {
                for (o, &weight) in row.iter().enumerate() {
                    to[o * n_in + i] = weight;
                }
            }
        }
    }
}

/// The panels of output channels: the first channel and the number of channels of each, two
/// registers as long as they last, then one.
fn panels(n_out: usize, lanes: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let start = first;
        let width = if n_out.saturating_sub(start) > lanes {
            2 * lanes
        } else {
            lanes
        };
        first += width;
        (start < n_out).then_some((start, width))
    })
}

/// Weights in the order in which a convolution reads them: panels of output channels, within them
/// the lines of the kernel.
#[derive(Debug, Default, Clone)]
pub(crate) struct Packed(Vec<f32>);

impl Packed {
    pub(crate) fn pack(&mut self, weights: &[f32], n_out: usize) {
        struct Pack<'a>(&'a mut Vec<f32>, &'a [f32], usize);
        impl WithSimd for Pack<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) {
                let Self(packed, weights, n_out) = self;
                packed.clear();
                for (first, width) in panels(n_out, S::F32_LANES) {
                    let used = width.min(n_out - first);
                    for row in weights.chunks_exact(n_out) {
                        packed.extend_from_slice(&row[first..first + used]);
                        packed.resize(packed.len() + width - used, 0.0);
                    }
                }
            }
        }
        pulp::Arch::new().dispatch(Pack(&mut self.0, weights, n_out));
    }
}

/// Rows `first..` of the convolution of a padded image, as many as `out` holds.
pub(crate) fn convolve(
    geometry: &Geometry,
    padded: &[f32],
    weights: &Packed,
    first: usize,
    out: &mut [f32],
) {
    pulp::Arch::new().dispatch(Convolve {
        geometry,
        padded,
        weights: &weights.0,
        first,
        out,
    });
}

struct Convolve<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    weights: &'a [f32],
    first: usize,
    out: &'a mut [f32],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        convolve_rows(simd, self);
    }
}

/// Rows of a tile of sums: with two registers of columns 12 of 16 registers.
const ROWS: usize = 6;

#[inline(always)]
fn convolve_rows<S: Simd>(simd: S, task: Convolve<'_>) {
    let geometry = task.geometry;
    let (len, n_out) = (geometry.len(), geometry.output.channels);
    let line = geometry.padded()[1] * geometry.input.channels;
    let step = geometry.stride[1] * geometry.input.channels;
    let width = geometry.output.width;
    for (y, out) in task.out.chunks_exact_mut(width * n_out).enumerate() {
        let top = (task.first + y) * geometry.stride[0] * line;
        let lines = &task.padded[top..top + geometry.kernel[0] * line];
        let mut packed = task.weights;
        for (channel, columns) in panels(n_out, S::F32_LANES) {
            let (weights, rest) = packed.split_at(geometry.kernel[0] * len * columns);
            packed = rest;
            for (x, end) in tiles(width) {
                let tile = Tile {
                    lines,
                    line,
                    start: x * step,
                    step,
                    len,
                    weights,
                };
                let out = &mut out[x * n_out..end * n_out];
                if columns > S::F32_LANES {
                    tile.store_places::<S, 2>(simd, out, n_out, channel, end - x);
                } else {
                    tile.store_places::<S, 1>(simd, out, n_out, channel, end - x);
                }
            }
        }
    }
}

/// Parts `start..end` of `0..n`, of at most [`ROWS`] and of the same length but for one.
fn tiles(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = n.div_ceil(ROWS);
    (0..parts).map(move |i| (i * n / parts, (i + 1) * n / parts))
}

/// Neighbouring places of an output row, and a panel of its channels.
struct Tile<'a> {
    lines: &'a [f32],
    line: usize,
    start: usize,
    step: usize,
    len: usize,
    weights: &'a [f32],
}

impl Tile<'_> {
    /// The sums of `R` places and `C` vectors of channels.
    #[inline(always)]
    #[allow(unsafe_code)]
    fn sums<S: Simd, const R: usize, const C: usize>(&self, simd: S) -> [[S::f32s; C]; R] {
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        assert!(self.start + (R - 1) * self.step + self.len <= self.line);
        let weights = self.weights.chunks_exact(self.len * C * S::F32_LANES);
        for (line, weights) in self.lines.chunks_exact(self.line).zip(weights) {
            let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<C>();
            let line = line[self.start..].as_ptr();
            for (j, weights) in weights.iter().take(self.len).enumerate() {
                for (r, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: start + r step + j is below start + (R - 1) step + len, and that is at
                    // most the line's length, as asserted above.
                    let value = simd.splat_f32s(unsafe { *line.add(r * self.step + j) });
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_f32s(value, *weight, *sum);
                    }
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn store_places<S: Simd, const C: usize>(
        &self,
        simd: S,
        out: &mut [f32],
        n_out: usize,
        channel: usize,
        n_places: usize,
    ) {
        match n_places {
            1 => self.store::<S, 1, C>(simd, out, n_out, channel),
            2 => self.store::<S, 2, C>(simd, out, n_out, channel),
            3 => self.store::<S, 3, C>(simd, out, n_out, channel),
            4 => self.store::<S, 4, C>(simd, out, n_out, channel),
            5 => self.store::<S, 5, C>(simd, out, n_out, channel),
            _ => self.store::<S, ROWS, C>(simd, out, n_out, channel),
        }
    }

    #[inline(always)]
    fn store<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        out: &mut [f32],
        n_out: usize,
        channel: usize,
    ) {
        let sums = self.sums::<S, R, C>(simd);
        for (out, sums) in out.chunks_exact_mut(n_out).zip(sums) {
            store(simd, &mut out[channel..], sums);
        }
    }
}

/// Stores as much as there is room for.
#[inline(always)]
fn store<S: Simd, const C: usize>(simd: S, out: &mut [f32], values: [S::f32s; C]) {
    if out.len() >= C * S::F32_LANES {
        let (out, _) = S::as_mut_simd_f32s(out);
        for (out, value) in out.iter_mut().zip(values) {
            *out = value;
        }
    } else {
        for (out, value) in out.chunks_mut(S::F32_LANES).zip(values) {
            simd.partial_store_f32s(out, value);
        }
    }
}

#[inline(always)]
fn load<S: Simd, const C: usize>(simd: S, from: &[f32]) -> [S::f32s; C] {
    let mut values = [simd.splat_f32s(0.0); C];
    if from.len() >= C * S::F32_LANES {
        let (from, _) = S::as_simd_f32s(from);
        for (value, from) in values.iter_mut().zip(from) {
            *value = *from;
        }
    } else {
        for (value, from) in values.iter_mut().zip(from.chunks(S::F32_LANES)) {
            *value = simd.partial_load_f32s(from);
        }
    }
    values
}

/// Places of the output that go into a sum of the weights' gradient before it is stored.
const PLACES: usize = 100;

/// Adds the gradient by the weights of one padded image to `gradient`; `delta` is that by the
/// output.
pub(crate) fn weight_gradient(
    geometry: &Geometry,
    padded: &[f32],
    delta: &[f32],
    gradient: &mut [f32],
) {
    pulp::Arch::new().dispatch(WeightGradient {
        geometry,
        padded,
        delta,
        gradient,
    });
}

struct WeightGradient<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    delta: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        gradient_rows(simd, self);
    }
}

#[inline(always)]
fn gradient_rows<S: Simd>(simd: S, task: WeightGradient<'_>) {
    let geometry = task.geometry;
    let (len, n_out) = (geometry.len(), geometry.output.channels);
    let line = geometry.padded()[1] * geometry.input.channels;
    let width = geometry.output.width;
    let n_rows = PLACES.div_ceil(width);
    for (block, delta) in task.delta.chunks(n_rows * width * n_out).enumerate() {
        let top = block * n_rows * geometry.stride[0] * line;
        for (dy, gradient) in task.gradient.chunks_exact_mut(len * n_out).enumerate() {
            let rows = Rows {
                lines: &task.padded[top + dy * line..],
                jump: geometry.stride[0] * line,
                line,
                step: geometry.stride[1] * geometry.input.channels,
                delta,
                width,
                n_out,
            };
            for (channel, columns) in panels(n_out, S::F32_LANES) {
                for (j, end) in tiles(len) {
                    let gradient = &mut gradient[j * n_out..end * n_out];
                    if columns > S::F32_LANES {
                        rows.add_places::<S, 2>(simd, j, channel, gradient, end - j);
                    } else {
                        rows.add_places::<S, 1>(simd, j, channel, gradient, end - j);
                    }
                }
            }
        }
    }
}

/// Rows of an output's gradient and the lines of the padded image that a line of the kernel meets
/// there.
struct Rows<'a> {
    lines: &'a [f32],
    jump: usize,
    line: usize,
    step: usize,
    delta: &'a [f32],
    width: usize,
    n_out: usize,
}

impl Rows<'_> {
    #[inline(always)]
    fn add_places<S: Simd, const C: usize>(
        &self,
        simd: S,
        j: usize,
        channel: usize,
        gradient: &mut [f32],
        n_places: usize,
    ) {
        match n_places {
            1 => self.add::<S, 1, C>(simd, j, channel, gradient),
            2 => self.add::<S, 2, C>(simd, j, channel, gradient),
            3 => self.add::<S, 3, C>(simd, j, channel, gradient),
            4 => self.add::<S, 4, C>(simd, j, channel, gradient),
            5 => self.add::<S, 5, C>(simd, j, channel, gradient),
            _ => self.add::<S, ROWS, C>(simd, j, channel, gradient),
        }
    }

    /// Adds to `R` rows of the gradient, from place `j` of the kernel's line and from `channel` on.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        j: usize,
        channel: usize,
        gradient: &mut [f32],
    ) {
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for (sums, row) in sums.iter_mut().zip(gradient.chunks_exact(self.n_out)) {
            *sums = load(simd, &row[channel..]);
        }
        assert!((self.width - 1) * self.step + j + R <= self.line);
        let whole = channel + C * S::F32_LANES <= self.n_out;
        for (y, delta) in self.delta.chunks_exact(self.width * self.n_out).enumerate() {
            let line = &self.lines[y * self.jump..][..self.line];
            let places = delta.chunks_exact(self.n_out);
            if whole {
                let mut values = line[j..].as_ptr();
                for delta in places {
                    let (delta, _) = S::as_simd_f32s(&delta[channel..]).0.as_chunks::<C>();
                    add::<S, R, C>(simd, values, delta[0], &mut sums);
                    values = values.wrapping_add(self.step);
                }
            } else {
                let mut values = line[j..].as_ptr();
                for delta in places {
                    let delta = load::<S, C>(simd, &delta[channel..]);
                    add::<S, R, C>(simd, values, delta, &mut sums);
                    values = values.wrapping_add(self.step);
                }
            }
        }
        for (sums, row) in sums.into_iter().zip(gradient.chunks_exact_mut(self.n_out)) {
            store(simd, &mut row[channel..], sums);
        }
    }
}

/// Adds the products of `R` neighbouring values and `C` vectors.
#[inline(always)]
#[allow(unsafe_code)]
fn add<S: Simd, const R: usize, const C: usize>(
    simd: S,
    values: *const f32,
    vectors: [S::f32s; C],
    sums: &mut [[S::f32s; C]; R],
) {
    for (r, sums) in sums.iter_mut().enumerate() {
        // SAFETY: the caller has asserted that R values lie there.
        let value = simd.splat_f32s(unsafe { *values.add(r) });
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = simd.mul_add_f32s(value, vector, *sum);
        }
    }
}
