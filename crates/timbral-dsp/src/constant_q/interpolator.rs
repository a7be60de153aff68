//! Twice the sample rate, for the sum of octaves.
//!
//! The low-pass is the sharp one of [`Decimator`](super::decimator::Decimator): soxr at quality HQ uses the
//! same in both directions. Its output beyond both ends of the signal is kept only as far as the buffer of the
//! caller allows.

use super::decimator::Sharp;
use crate::simd::dispatch;

/// Outputs of one phase that are computed together.
const BLOCK: usize = 64;

/// A planned doubling of the rate; amplitudes stay.
#[derive(Debug, Clone)]
pub(super) struct Interpolator {
    /// The weights for even and for odd outputs, from `side` samples before the output on.
    taps: [Vec<f32>; 2],
    side: usize,
}

impl Interpolator {
    pub(super) fn new() -> Self {
        let sharp = Sharp::new(1);
        let side = sharp.side / 2;
        let sum: f64 = sharp.value(0) + 2.0 * (1..=sharp.side).map(|n| sharp.value(n)).sum::<f64>();
        let phase = |odd: usize| {
            let tap = |j: usize| {
                let distance = (2 * j).abs_diff(2 * side + odd);
                match distance {
                    far if far > sharp.side => 0.0,
                    near => (2.0 / sum * sharp.value(near)) as f32,
                }
            };
            (0..=2 * side).map(tap).collect()
        };
        Self {
            taps: [phase(0), phase(1)],
            side,
        }
    }

    /// Samples at the higher rate, twice as many; beyond its ends the signal is zero.
    pub(super) fn process(&self, x: &[f32]) -> Vec<f32> {
        let blocks = x.len().div_ceil(BLOCK);
        let mut padded = vec![0.0; self.side];
        padded.extend_from_slice(x);
        padded.resize(blocks * BLOCK + 2 * self.side, 0.0);
        let mut out = Vec::with_capacity(2 * blocks * BLOCK);
        let [even, odd] = &self.taps;
        for b in 0..blocks {
            let near = &padded[b * BLOCK..];
            let (even, odd) = dispatch(
                #[inline(always)]
                || (filtered(near, even), filtered(near, odd)),
            );
            out.extend(
                even.into_iter()
                    .zip(odd)
                    .flat_map(|(even, odd)| [even, odd]),
            );
        }
        out.truncate(2 * x.len());
        out
    }
}

/// `out[i] = sum_j taps[j] samples[i + j]`.
#[inline(always)]
fn filtered(samples: &[f32], taps: &[f32]) -> [f32; BLOCK] {
    let mut sums = [0.0f32; BLOCK];
    for (j, tap) in taps.iter().enumerate() {
        // As many samples as taps and a block follow, so the chunk always exists.
        if let Some(window) = samples[j..].first_chunk::<BLOCK>() {
            for i in 0..BLOCK {
                sums[i] += tap * window[i];
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn a_tone_goes_on_between_its_samples() {
        for u in [0.0, 0.3, 0.85] {
            let tone = |n: f64| (u * PI * n + 0.4).cos();
            for n in [1000, 1001] {
                let x: Vec<f32> = (0..n).map(|n| tone(f64::from(n)) as f32).collect();
                let y = Interpolator::new().process(&x);
                assert_eq!(y.len(), 2 * x.len());
                for (i, y) in y.iter().enumerate().skip(400).take(1200) {
                    let off = (f64::from(*y) - tone(i as f64 / 2.0)).abs();
                    // Hundreds of f32 products, and the ripple of the filter, -110 dB.
                    assert!(off < 8e-6, "{u} {i} {off:e}");
                }
            }
        }
    }

    #[test]
    fn nothing_stays_nothing() {
        assert!(Interpolator::new().process(&[]).is_empty());
        assert_eq!(Interpolator::new().process(&[0.0]), [0.0, 0.0]);
    }
}
