//! Batch normalisation, ReLU and pooling of the lines of a convolution's output, for
//! [`ConvBlock`](crate::layers::conv_block::ConvBlock).
//!
//! A line is a row of positions, `[width, channels]`. The inner loops go over the channels, which are
//! neighbours in memory, so that the compiler vectorises them.

/// In `picked`: no value of the window was above 0.
pub(crate) const NONE: u32 = u32::MAX;

/// Adds to `totals`, per channel, the mean of the line, its square and the sum of squared deviations.
#[inline(always)]
pub(crate) fn measure_line(line: &[f32], row: &mut Vec<f32>, totals: &mut [f64]) {
    let channels = totals.len() / 3;
    row.clear();
    row.resize(2 * channels, 0.0);
    let (means, squares) = row.split_at_mut(channels);
    for place in line.chunks_exact(channels) {
        means.iter_mut().zip(place).for_each(|(sum, x)| *sum += x);
    }
    let width = (line.len() / channels) as f32;
    means.iter_mut().for_each(|mean| *mean /= width);
    for place in line.chunks_exact(channels) {
        for ((sum, x), mean) in squares.iter_mut().zip(place).zip(&*means) {
            *sum += (x - mean) * (x - mean);
        }
    }
    for c in 0..channels {
        let mean = f64::from(means[c]);
        totals[c] += mean;
        totals[channels + c] += mean * mean;
        totals[2 * channels + c] += f64::from(squares[c]);
    }
}

/// Normalises and pools the lines of a row of windows.
#[inline(always)]
pub(crate) fn pool_lines(
    sums: &[f32],
    line: usize,
    pool: [usize; 2],
    [factors, offsets]: [&[f32]; 2],
    out: &mut [f32],
    picked: &mut [u32],
    picked_sums: &mut [f32],
) {
    let channels = factors.len();
    let windows = out
        .chunks_exact_mut(channels)
        .zip(picked.chunks_exact_mut(channels))
        .zip(picked_sums.chunks_exact_mut(channels));
    for (x, ((out, picked), picked_sums)) in windows.enumerate() {
        let start = x * pool[1] * channels;
        out.fill(f32::NEG_INFINITY);
        for dy in 0..pool[0] {
            let sums = &sums[dy * line + start..][..pool[1] * channels];
            for (dx, sums) in sums.chunks_exact(channels).enumerate() {
                let place = (dy * pool[1] + dx) as u32;
                let taken = out.iter_mut().zip(&mut *picked).zip(&mut *picked_sums);
                let values = sums.iter().zip(factors).zip(offsets);
                for (((out, picked), picked_sum), ((sum, factor), offset)) in taken.zip(values) {
                    let value = sum * factor + offset;
                    let better = value > *out;
                    *out = if better { value } else { *out };
                    *picked_sum = if better { *sum } else { *picked_sum };
                    *picked = if better { place } else { *picked };
                }
            }
        }
        for (out, picked) in out.iter_mut().zip(picked) {
            let positive = *out > 0.0;
            *picked = if positive { *picked } else { NONE };
            *out = if positive { *out } else { 0.0 };
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
#[inline(always)]
pub(crate) fn unpool_lines(
    sums: &[f32],
    line: usize,
    pool: [usize; 2],
    affine: &[Vec<f32>; 3],
    delta: &[f32],
    picked: &[u32],
    to: &mut [f32],
) {
    let [slope, offset, factor] = affine.each_ref().map(|values| &values[..]);
    let channels = slope.len();
    let covered = delta.len() * pool[1];
    for (dy, (to, sums)) in to.chunks_mut(line).zip(sums.chunks(line)).enumerate() {
        let (to, to_rest) = to.split_at_mut(covered);
        let (sums, sums_rest) = sums.split_at(covered);
        for (to, sums) in to_rest
            .chunks_exact_mut(channels)
            .zip(sums_rest.chunks_exact(channels))
        {
            for (((to, sum), slope), offset) in to.iter_mut().zip(sums).zip(slope).zip(offset) {
                *to = sum * slope + offset;
            }
        }
        let windows = to
            .chunks_exact_mut(pool[1] * channels)
            .zip(sums.chunks_exact(pool[1] * channels))
            .zip(delta.chunks_exact(channels))
            .zip(picked.chunks_exact(channels));
        for (((to, sums), delta), picked) in windows {
            let places = to
                .chunks_exact_mut(channels)
                .zip(sums.chunks_exact(channels));
            for (dx, (to, sums)) in places.enumerate() {
                let place = (dy * pool[1] + dx) as u32;
                let affine = to.iter_mut().zip(sums).zip(slope).zip(offset);
                let values = factor.iter().zip(delta).zip(picked);
                for ((((to, sum), slope), offset), ((factor, delta), picked)) in affine.zip(values)
                {
                    let own = if *picked == place {
                        factor * delta
                    } else {
                        0.0
                    };
                    *to = sum * slope + offset + own;
                }
            }
        }
    }
}
