//! Convolution of one image as products of matrices, without copying every patch.
//!
//! Images are `[height, width, channels]`, weights `[kernel height, kernel width, channels in,
//! channels out]`. A line of the kernel times a line of the padded image is a product of matrices
//! whose left rows overlap in memory: the patch at x is the slice of `kernel width · channels` numbers
//! that begins `x · stride · channels` numbers into the line.
//!
//! Every sum is a chain of fused multiply-adds in the order of the kernel positions and input channels,
//! so that the bits do not depend on the width of the machine's registers.

use pulp::{Simd, WithSimd};

use crate::kernels::geometry::Geometry;

/// The panels of output channels, as first channel and number of channels: two registers wide while
/// more than one register of channels is left, then one register wide.
pub(crate) fn panels(n_out: usize, lanes: usize) -> impl Iterator<Item = (usize, usize)> {
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
    pub(crate) fn weights(&self) -> &[f32] {
        &self.0
    }

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
pub(crate) const ROWS: usize = 6;

/// The length of a line of a 3 x 3 kernel for images of one channel.
const THIN: usize = 3;

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
                tile.store_columns(simd, columns, out, n_out, channel, end - x);
            }
        }
    }
}

/// Divides `0..n` into parts `start..end` of at most [`ROWS`], whose lengths differ by at most one.
pub(crate) fn tiles(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = n.div_ceil(ROWS);
    (0..parts).map(move |i| (i * n / parts, (i + 1) * n / parts))
}

/// Neighbouring positions of an output row, and a panel of its channels.
pub(crate) struct Tile<'a> {
    pub(crate) lines: &'a [f32],
    pub(crate) line: usize,
    pub(crate) start: usize,
    pub(crate) step: usize,
    pub(crate) len: usize,
    pub(crate) weights: &'a [f32],
}

impl Tile<'_> {
    /// The sums of `R` positions and `C` vectors of channels.
    #[inline(always)]
    fn sums<S: Simd, const R: usize, const C: usize>(&self, simd: S) -> [[S::f32s; C]; R] {
        if self.len == THIN && self.step == 1 {
            return self.thin_sums(simd);
        }
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        let weights = self.weights.chunks_exact(self.len * C * S::F32_LANES);
        for (line, weights) in self.lines.chunks_exact(self.line).zip(weights) {
            let patches: [&[f32]; R] =
                std::array::from_fn(|r| &line[self.start + r * self.step..][..self.len]);
            let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<C>();
            for (j, weights) in weights[..self.len].iter().enumerate() {
                for (sums, patch) in sums.iter_mut().zip(patches) {
                    let value = simd.splat_f32s(patch[j]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_f32s(value, *weight, *sum);
                    }
                }
            }
        }
        sums
    }

    /// The same for a line of [`THIN`] weights and steps of 1: an image of one channel. The loops are
    /// unrolled.
    #[inline(always)]
    fn thin_sums<S: Simd, const R: usize, const C: usize>(&self, simd: S) -> [[S::f32s; C]; R] {
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        let weights = self.weights.chunks_exact(THIN * C * S::F32_LANES);
        for (line, weights) in self.lines.chunks_exact(self.line).zip(weights) {
            let values = &line[self.start..][..R + THIN - 1];
            let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<C>();
            let Some(weights) = weights.first_chunk::<THIN>() else {
                return sums;
            };
            for (j, weights) in weights.iter().enumerate() {
                for (r, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat_f32s(values[r + j]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_f32s(value, *weight, *sum);
                    }
                }
            }
        }
        sums
    }

    /// Stores the sums of `n_places` positions and of a panel of `columns`.
    #[inline(always)]
    pub(crate) fn store_columns<S: Simd>(
        &self,
        simd: S,
        columns: usize,
        out: &mut [f32],
        n_out: usize,
        channel: usize,
        n_places: usize,
    ) {
        if columns > S::F32_LANES {
            self.store_places::<S, 2>(simd, out, n_out, channel, n_places);
        } else {
            self.store_places::<S, 1>(simd, out, n_out, channel, n_places);
        }
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

/// Stores as many values as `out` has room for.
#[inline(always)]
pub(crate) fn store<S: Simd, const C: usize>(simd: S, out: &mut [f32], values: [S::f32s; C]) {
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
pub(crate) fn load<S: Simd, const C: usize>(simd: S, from: &[f32]) -> [S::f32s; C] {
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

/// Output positions that are added to the gradient of the weights before it is stored.
const PLACES: usize = 100;

/// Adds the gradient of the weights for one padded image to `gradient`; `delta` is the gradient with
/// respect to the output.
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
            rows.add_all(simd, len, gradient);
        }
    }
}

/// Rows of the gradient of the output, and the lines of the padded image that a line of the kernel is
/// multiplied with there.
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
    /// Adds to all `len` rows of the gradient.
    #[inline(always)]
    fn add_all<S: Simd>(&self, simd: S, len: usize, gradient: &mut [f32]) {
        for (channel, columns) in panels(self.n_out, S::F32_LANES) {
            for (j, end) in tiles(len) {
                let gradient = &mut gradient[j * self.n_out..end * self.n_out];
                if columns > S::F32_LANES {
                    self.add_places::<S, 2>(simd, j, channel, gradient, end - j);
                } else {
                    self.add_places::<S, 1>(simd, j, channel, gradient, end - j);
                }
            }
        }
    }

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

    /// Adds to `R` rows of the gradient, from position `j` of the kernel's line and from `channel` on.
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
        let whole = channel + C * S::F32_LANES <= self.n_out;
        let rows = self.delta.chunks_exact(self.width * self.n_out);
        for (y, delta) in rows.enumerate() {
            let line = &self.lines[y * self.jump..][..self.line];
            let values = line[j..].windows(R).step_by(self.step);
            for (values, delta) in values.zip(delta.chunks_exact(self.n_out)) {
                let delta = match whole {
                    true => S::as_simd_f32s(&delta[channel..]).0.as_chunks::<C>().0[0],
                    false => load::<S, C>(simd, &delta[channel..]),
                };
                for (sums, value) in sums.iter_mut().zip(values) {
                    let value = simd.splat_f32s(*value);
                    for (sum, delta) in sums.iter_mut().zip(delta) {
                        *sum = simd.mul_add_f32s(value, delta, *sum);
                    }
                }
            }
        }
        for (sums, row) in sums.into_iter().zip(gradient.chunks_exact_mut(self.n_out)) {
            store(simd, &mut row[channel..], sums);
        }
    }
}
