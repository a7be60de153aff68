//! Batch normalisation, ReLU and pooling of the lines of a convolution's output, for
//! [`ConvBlock`](crate::layers::conv_block::ConvBlock).
//!
//! A line is a row of positions, `[width, channels]`. The inner loops go over the channels, which are
//! neighbours in memory.

use pulp::{Simd, WithSimd};

use crate::kernels::conv::{load, panels, store};

/// In `picked`: no value of the window was above 0.
pub(crate) const NONE: u32 = u32::MAX;

/// Adds to `totals`, per channel, the means of lines, their squares and the sums of squared deviations.
///
/// The sums of some channels stay in registers from one end of a line to the other.
pub(crate) struct MeasureLines<'a> {
    pub(crate) lines: &'a [f32],
    /// Numbers per line.
    pub(crate) line: usize,
    pub(crate) totals: &'a mut [f64],
}

impl WithSimd for MeasureLines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.totals.len() / 3;
        for line in self.lines.chunks_exact(self.line) {
            for (channel, width) in panels(channels, S::F32_LANES) {
                if width > S::F32_LANES {
                    measure::<S, 2>(simd, line, channel, self.totals);
                } else {
                    measure::<S, 1>(simd, line, channel, self.totals);
                }
            }
        }
    }
}

/// Measures `C` registers of channels of a line.
#[inline(always)]
fn measure<S: Simd, const C: usize>(simd: S, line: &[f32], channel: usize, totals: &mut [f64]) {
    let channels = totals.len() / 3;
    let used = channel..channels.min(channel + C * S::F32_LANES);
    let zero = [simd.splat_f32s(0.0); C];
    let mut sums = zero;
    for place in line.chunks_exact(channels) {
        let values = load::<S, C>(simd, &place[used.clone()]);
        for (sum, x) in sums.iter_mut().zip(values) {
            *sum = simd.add_f32s(*sum, x);
        }
    }
    let width = simd.splat_f32s((line.len() / channels) as f32);
    let means = sums.map(
        #[inline(always)]
        |sum| simd.div_f32s(sum, width),
    );
    let mut squares = zero;
    for place in line.chunks_exact(channels) {
        let values = load::<S, C>(simd, &place[used.clone()]);
        for ((sum, x), mean) in squares.iter_mut().zip(values).zip(means) {
            let deviation = simd.sub_f32s(x, mean);
            *sum = simd.add_f32s(*sum, simd.mul_f32s(deviation, deviation));
        }
    }
    let [means, squares]: [&[f32]; 2] = [&means, &squares].map(|x| pulp::bytemuck::cast_slice(x));
    for ((c, mean), square) in used.zip(means).zip(squares) {
        let mean = f64::from(*mean);
        totals[c] += mean;
        totals[channels + c] += mean * mean;
        totals[2 * channels + c] += f64::from(*square);
    }
}

/// Normalises the lines of a row of windows, applies ReLU and pools.
///
/// The running maximum of a window stays in registers: a conditional store for every position would be a
/// masked store, which takes ten times as long on some processors.
pub(crate) struct PoolLines<'a> {
    pub(crate) sums: &'a [f32],
    /// Numbers per line of the sums.
    pub(crate) line: usize,
    pub(crate) pool: [usize; 2],
    pub(crate) factors: &'a [f32],
    pub(crate) offsets: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) picked: &'a mut [u32],
    pub(crate) picked_sums: &'a mut [f32],
}

impl WithSimd for PoolLines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.factors.len();
        let windows = (self.out.chunks_exact_mut(channels))
            .zip(self.picked.chunks_exact_mut(channels))
            .zip(self.picked_sums.chunks_exact_mut(channels));
        for (x, ((out, picked), picked_sums)) in windows.enumerate() {
            for c in (0..channels).step_by(S::F32_LANES) {
                let used = c..channels.min(c + S::F32_LANES);
                let [factor] = load(simd, &self.factors[used.clone()]);
                let [offset] = load(simd, &self.offsets[used.clone()]);
                let mut best = simd.splat_f32s(f32::NEG_INFINITY);
                let mut best_sum = simd.splat_f32s(0.0);
                let mut best_place = simd.splat_u32s(NONE);
                let mut place = 0;
                for dy in 0..self.pool[0] {
                    let start = dy * self.line + x * self.pool[1] * channels;
                    let sums = &self.sums[start..][..self.pool[1] * channels];
                    for sums in sums.chunks_exact(channels) {
                        let [sum] = load(simd, &sums[used.clone()]);
                        let value = simd.add_f32s(simd.mul_f32s(sum, factor), offset);
                        let better = simd.greater_than_f32s(value, best);
                        best = simd.select_f32s(better, value, best);
                        best_sum = simd.select_f32s(better, sum, best_sum);
                        best_place = simd.select_u32s(better, simd.splat_u32s(place), best_place);
                        place += 1;
                    }
                }
                let zero = simd.splat_f32s(0.0);
                let positive = simd.greater_than_f32s(best, zero);
                let best = simd.select_f32s(positive, best, zero);
                let place = simd.select_u32s(positive, best_place, simd.splat_u32s(NONE));
                store(simd, &mut out[used.clone()], [best]);
                store(simd, &mut picked_sums[used.clone()], [best_sum]);
                simd.partial_store_u32s(&mut picked[used], place);
            }
        }
    }
}

/// Adds to `totals`, per channel, the gradient of the shift and, without the factor
/// 1 / √(variance + ε), that of the scale.
#[inline(always)]
pub(crate) fn add_line(
    delta: &[f32],
    picked: &[u32],
    sums: &[f32],
    means: &[f32],
    row: &mut Vec<f32>,
    totals: &mut [f64],
) {
    let channels = means.len();
    row.clear();
    row.resize(2 * channels, 0.0);
    let (by_shift, by_scale) = row.split_at_mut(channels);
    let places = delta
        .chunks_exact(channels)
        .zip(picked.chunks_exact(channels))
        .zip(sums.chunks_exact(channels));
    for ((delta, picked), sums) in places {
        let totals = by_shift.iter_mut().zip(&mut *by_scale);
        let values = delta.iter().zip(picked).zip(sums).zip(means);
        for ((by_shift, by_scale), (((delta, picked), sum), mean)) in totals.zip(values) {
            let delta = if *picked == NONE { 0.0 } else { *delta };
            *by_shift += delta;
            *by_scale += delta * (sum - mean);
        }
    }
    for (total, sum) in totals.iter_mut().zip(&*row) {
        *total += f64::from(*sum);
    }
}

/// The gradient with respect to the sums of a row of windows: an affine function of the sums, plus the
/// gradient of the window at the position that was picked.
pub(crate) struct UnpoolLines<'a> {
    pub(crate) sums: &'a [f32],
    /// Numbers per line of the sums.
    pub(crate) line: usize,
    pub(crate) pool: [usize; 2],
    /// Slope, offset, and factor of the gradient, per channel.
    pub(crate) affine: [&'a [f32]; 3],
    /// The gradient of the windows; empty for lines below the last row of windows.
    pub(crate) delta: &'a [f32],
    pub(crate) picked: &'a [u32],
    pub(crate) to: &'a mut [f32],
}

impl WithSimd for UnpoolLines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [slopes, offsets, factors] = self.affine;
        let channels = slopes.len();
        let covered = self.delta.len() * self.pool[1];
        let lines = self.to.chunks_exact_mut(self.line);
        for (to, sums) in lines.zip(self.sums.chunks_exact(self.line)) {
            let places = (to[covered..].chunks_exact_mut(channels))
                .zip(sums[covered..].chunks_exact(channels));
            for (to, sums) in places {
                for (((to, sum), slope), offset) in to.iter_mut().zip(sums).zip(slopes).zip(offsets)
                {
                    *to = sum * slope + offset;
                }
            }
        }
        let zero = simd.splat_f32s(0.0);
        let windows = (self.delta.chunks_exact(channels)).zip(self.picked.chunks_exact(channels));
        for (x, (delta, picked)) in windows.enumerate() {
            for c in (0..channels).step_by(S::F32_LANES) {
                let used = c..channels.min(c + S::F32_LANES);
                let [slope] = load(simd, &slopes[used.clone()]);
                let [offset] = load(simd, &offsets[used.clone()]);
                let [factor] = load(simd, &factors[used.clone()]);
                let [delta] = load(simd, &delta[used.clone()]);
                let own = simd.mul_f32s(factor, delta);
                let picked = simd.partial_load_u32s(&picked[used.clone()]);
                let mut place = 0;
                for dy in 0..self.pool[0] {
                    let start = dy * self.line + x * self.pool[1] * channels;
                    let window = start..start + self.pool[1] * channels;
                    let places = (self.to[window.clone()].chunks_exact_mut(channels))
                        .zip(self.sums[window].chunks_exact(channels));
                    for (to, sums) in places {
                        let [sum] = load(simd, &sums[used.clone()]);
                        let here = simd.equal_u32s(picked, simd.splat_u32s(place));
                        let own = simd.select_f32s(here, own, zero);
                        let value = simd.add_f32s(simd.mul_f32s(sum, slope), offset);
                        store(simd, &mut to[used.clone()], [simd.add_f32s(value, own)]);
                        place += 1;
                    }
                }
            }
        }
    }
}
