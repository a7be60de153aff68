//! Convolution of images of one channel, with the maximum over the width if that is all that is needed.
//!
//! Every sum is a chain of fused multiply-adds in the order of the kernel, so that the bits depend neither on the
//! number of threads nor on the width of the machine's registers.

use pulp::{Simd, WithSimd};
use timbral_core::parallel;

/// Multiplications of a task of one thread, at least.
const TASK: usize = 1 << 22;

/// The sizes of a convolution without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Height and width of the image.
    pub(super) image: [usize; 2],
    /// Height and width of the kernel, at least 1 and at most those of the image.
    pub(super) kernel: [usize; 2],
    pub(super) n_out: usize,
}

impl Geometry {
    /// Rows and positions in a row of the result.
    pub(super) fn output(&self) -> [usize; 2] {
        [0, 1].map(|i| self.image[i] - self.kernel[i] + 1)
    }

    /// Numbers of a row of the result.
    fn row_len(&self, reduced: bool) -> usize {
        self.n_out * if reduced { 1 } else { self.output()[1] }
    }
}

/// The panels of output channels, as first channel and number of channels: two registers wide while more than one
/// register of channels is left, then one register wide.
fn panels(n_out: usize, lanes: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let start = first;
        let is_wide = n_out.saturating_sub(start) > lanes;
        let width = if is_wide { 2 * lanes } else { lanes };
        first += width;
        (start < n_out).then_some((start, width))
    })
}

/// Weights in the order in which a convolution reads them: panel after panel, within one the positions of the
/// kernel row by row; channels beyond the last are zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed(Vec<f32>);

impl Packed {
    /// Packs weights of shape `[n_out, kernel height, kernel width]`.
    pub(super) fn new(weights: &[f32], n_out: usize) -> Self {
        struct Pack<'a>(&'a [f32], usize);
        impl WithSimd for Pack<'_> {
            type Output = Vec<f32>;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
                let Self(weights, n_out) = self;
                let len = weights.len() / n_out.max(1);
                let mut packed = Vec::new();
                for (first, width) in panels(n_out, S::F32_LANES) {
                    for i in 0..len {
                        let of = |channel| weights.get(channel * len + i).copied();
                        packed.extend((first..first + width).map(|c| of(c).unwrap_or(0.0)));
                    }
                }
                packed
            }
        }
        Self(pulp::Arch::new().dispatch(Pack(weights, n_out)))
    }
}

/// The convolution of images that follow each other in memory.
///
/// The result of an image is, row after row, position after position, the sums of all channels; if `reduced`, row
/// after row the greatest sum of each channel.
pub(super) fn convolve(
    geometry: &Geometry,
    images: &[f32],
    weights: &Packed,
    reduced: bool,
) -> Vec<f32> {
    let [height, width] = geometry.image;
    let [rows, positions] = geometry.output();
    let row_len = geometry.row_len(reduced);
    let n = images.len() / (height * width);
    let mut out = vec![0.0; n * rows * row_len];
    let work = geometry.kernel[0] * geometry.kernel[1] * geometry.n_out * positions;
    let rows_of_task = (TASK / work.max(1)).clamp(1, rows);
    let images = images.chunks_exact(height * width);
    let tasks = images.zip(out.chunks_exact_mut(rows * row_len));
    let tasks = tasks.flat_map(|(image, out)| {
        let parts = out.chunks_mut(rows_of_task * row_len).enumerate();
        parts.map(move |(i, out)| (&image[i * rows_of_task * width..], out))
    });
    parallel::for_each(tasks, 1, &|_, (image, out)| {
        pulp::Arch::new().dispatch(Convolve {
            geometry,
            image,
            weights: &weights.0,
            reduced,
            out,
        });
    });
    out
}

struct Convolve<'a> {
    geometry: &'a Geometry,
    image: &'a [f32],
    weights: &'a [f32],
    reduced: bool,
    out: &'a mut [f32],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Geometry {
            image: [_, width],
            kernel: [height, len],
            n_out,
        } = *self.geometry;
        let positions = width - len + 1;
        // Two registers of sums per position: 12 positions fill 24 of 32 registers, 6 positions 12 of 16.
        let most = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        let n_tile = tile_len(positions, most);
        let mut packed = self.weights;
        for (channel, columns) in panels(n_out, S::F32_LANES) {
            let (weights, rest) = packed.split_at(height * len * columns);
            packed = rest;
            let row_len = self.geometry.row_len(self.reduced);
            for (y, out) in self.out.chunks_exact_mut(row_len).enumerate() {
                let row = Row {
                    lines: &self.image[y * width..][..height * width],
                    width,
                    len,
                    weights,
                    positions,
                    channel,
                    n_out,
                    reduced: self.reduced,
                };
                if columns > S::F32_LANES {
                    row.tiles::<S, 2>(simd, n_tile, out);
                } else {
                    row.tiles::<S, 1>(simd, n_tile, out);
                }
            }
        }
    }
}

/// Positions of a tile: 1 or an even number up to `most`, so that tiles of one length cover all positions with
/// little overlap.
fn tile_len(positions: usize, most: usize) -> usize {
    let even = positions
        .div_ceil(positions.div_ceil(most))
        .next_multiple_of(2);
    match even {
        _ if positions == 1 => 1,
        n if n > positions => n - 2,
        n => n,
    }
}

/// A row of the result, for a panel of channels.
struct Row<'a> {
    lines: &'a [f32],
    width: usize,
    len: usize,
    weights: &'a [f32],
    positions: usize,
    channel: usize,
    n_out: usize,
    reduced: bool,
}

impl Row<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const C: usize>(&self, simd: S, n_tile: usize, out: &mut [f32]) {
        match n_tile {
            1 => self.tiles_of::<S, 1, C>(simd, out),
            2 => self.tiles_of::<S, 2, C>(simd, out),
            4 => self.tiles_of::<S, 4, C>(simd, out),
            6 => self.tiles_of::<S, 6, C>(simd, out),
            8 => self.tiles_of::<S, 8, C>(simd, out),
            10 => self.tiles_of::<S, 10, C>(simd, out),
            _ => self.tiles_of::<S, 12, C>(simd, out),
        }
    }

    #[inline(always)]
    fn tiles_of<S: Simd, const R: usize, const C: usize>(&self, simd: S, out: &mut [f32]) {
        let mut greatest = [simd.splat_f32s(f32::NEG_INFINITY); C];
        let mut next = 0;
        while next < self.positions {
            // The last tile overlaps the one before.
            let x = next.min(self.positions - R);
            let sums = self.sums::<S, R, C>(simd, x);
            if self.reduced {
                for sums in sums {
                    for (greatest, sum) in greatest.iter_mut().zip(sums) {
                        *greatest = simd.max_f32s(*greatest, sum);
                    }
                }
            } else {
                for (out, sums) in out[x * self.n_out..].chunks_exact_mut(self.n_out).zip(sums) {
                    store(simd, &mut out[self.channel..], sums);
                }
            }
            next += R;
        }
        if self.reduced {
            store(simd, &mut out[self.channel..], greatest);
        }
    }

    /// The sums of `R` positions from `x` on and `C` registers of channels.
    #[inline(always)]
    fn sums<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        x: usize,
    ) -> [[S::f32s; C]; R] {
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        let lines = self.lines.chunks_exact(self.width);
        let (weights, _) = S::as_simd_f32s(self.weights).0.as_chunks::<C>();
        if self.len == 1 {
            for (line, weights) in lines.zip(weights) {
                add(simd, &mut sums, &line[x..x + R], weights);
            }
        } else {
            for (line, weights) in lines.zip(weights.chunks_exact(self.len)) {
                let values = line[x..x + self.len + R - 1].windows(R);
                for (values, weights) in values.zip(weights) {
                    add(simd, &mut sums, values, weights);
                }
            }
        }
        sums
    }
}

/// Adds a position of the kernel to the sums of neighbouring positions of the image.
#[inline(always)]
fn add<S: Simd, const C: usize>(
    simd: S,
    sums: &mut [[S::f32s; C]],
    values: &[f32],
    weights: &[S::f32s; C],
) {
    for (sums, value) in sums.iter_mut().zip(values) {
        let value = simd.splat_f32s(*value);
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum = simd.mul_add_f32s(value, *weight, *sum);
        }
    }
}

/// Stores as many values as `out` has room for.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use timbral_core::Rng;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        (0..n).map(|_| rng.unit_f32() * 2.0 - 1.0).collect()
    }

    #[test]
    fn tiles_cover_all_positions_with_little_overlap() {
        for positions in 1..300 {
            for most in [6, 12] {
                let n = tile_len(positions, most);
                assert!(
                    n >= 1 && n <= positions && n <= most,
                    "{positions} {most}: {n}"
                );
            }
        }
        assert_eq!([59, 30, 96, 187].map(|n| tile_len(n, 12)), [12, 10, 12, 12]);
    }

    proptest! {
        #[test]
        fn a_convolution_is_that_of_the_definition_to_the_bit(
            n in 1_usize..3, rows in 1_usize..4, positions in 1_usize..30, kernel_height in 1_usize..4,
            kernel_width in 1_usize..5, n_out in 1_usize..40, seed: u64,
        ) {
            let image = [rows + kernel_height - 1, positions + kernel_width - 1];
            let geometry = Geometry { image, kernel: [kernel_height, kernel_width], n_out };
            let images = numbers(n * image[0] * image[1], seed);
            let weights = numbers(n_out * kernel_height * kernel_width, !seed);
            let mut expected = Vec::new();
            for (i, y, x, c) in (0..n * rows * positions * n_out).map(|i| {
                let (rest, c) = (i / n_out, i % n_out);
                (rest / positions / rows, rest / positions % rows, rest % positions, c)
            }) {
                let sum = (0..kernel_height * kernel_width).fold(0.0f32, |sum, k| {
                    let (dy, dx) = (k / kernel_width, k % kernel_width);
                    let value = images[(i * image[0] + y + dy) * image[1] + x + dx];
                    value.mul_add(weights[c * kernel_height * kernel_width + k], sum)
                });
                expected.push(sum);
            }
            let packed = Packed::new(&weights, n_out);
            prop_assert_eq!(&convolve(&geometry, &images, &packed, false), &expected);
            let greatest: Vec<f32> = expected
                .chunks(positions * n_out)
                .flat_map(|row| {
                    (0..n_out).map(|c| {
                        let of_channel = row.iter().skip(c).step_by(n_out);
                        of_channel.copied().fold(f32::NEG_INFINITY, f32::max)
                    })
                })
                .collect();
            prop_assert_eq!(&convolve(&geometry, &images, &packed, true), &greatest);
        }
    }
}
