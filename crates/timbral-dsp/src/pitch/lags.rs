//! The autocorrelation of frames that overlap by whole hops.
//!
//! The products of a frame at a lag are those of its hops: for all hops but the last with the samples that follow, for the
//! last one within itself. Both are correlations of one hop, so every hop is transformed once, eight of them side by side,
//! and a frame adds up the lags of its hops.

use pulp::{Simd, WithSimd};
use timbral_core::LaneFftF64;

use crate::simd::arch;

/// Hops transformed side by side.
const WIDTH: usize = 8;

/// A value of each of them.
type Wide = [f64; WIDTH];

/// Planned correlations of hops.
#[derive(Debug, Clone)]
pub(super) struct HopLags {
    fft: LaneFftF64,
    /// Length of the transform, at least `hop + n_lags - 1`.
    n: usize,
    hop: usize,
    n_lags: usize,
}

impl HopLags {
    /// For the lags `0 .. n_lags`, of which there are at most `hop + 1`; `None` where there is no transform.
    pub(super) fn new(hop: usize, n_lags: usize) -> Option<Self> {
        if n_lags > hop + 1 {
            return None;
        }
        let n = (hop + n_lags).next_power_of_two();
        Some(Self {
            fft: LaneFftF64::new(n)?,
            n,
            hop,
            n_lags,
        })
    }

    /// For every hop the products with what follows and those within itself, lag after lag: `[c, a]` at
    /// `hop n_lags + lag`. `y` has `n_lags` samples more than its hops.
    pub(super) fn process(&self, y: &[f32], n_hops: usize) -> Vec<[f64; 2]> {
        let mut out = vec![[0.0; 2]; n_hops * self.n_lags];
        let mut tile = vec![[[0.0; WIDTH]; 2]; self.n];
        let mut spectrum = tile.clone();
        let work_len = self.fft.work_len() * WIDTH;
        let mut work = [vec![0.0; work_len], vec![0.0; work_len]];
        for first in (0..n_hops).step_by(WIDTH) {
            let used = (n_hops - first).min(WIDTH);
            for (i, [re, im]) in tile.iter_mut().enumerate() {
                // The hop itself as real part, with what follows as imaginary part.
                for l in 0..used {
                    let sample = y.get((first + l) * self.hop + i);
                    let sample = f64::from(sample.copied().unwrap_or(0.0));
                    re[l] = if i < self.hop { sample } else { 0.0 };
                    im[l] = if i + 1 < self.hop + self.n_lags {
                        sample
                    } else {
                        0.0
                    };
                }
            }
            arch().dispatch(Correlate {
                plan: self,
                tile: &mut tile,
                spectrum: &mut spectrum,
                work: &mut work,
            });
            for l in 0..used {
                let lags = &mut out[(first + l) * self.n_lags..][..self.n_lags];
                for (to, [re, im]) in lags.iter_mut().zip(&tile) {
                    *to = [re[l], im[l]];
                }
            }
        }
        out
    }
}

/// Replaces the tile by the correlations.
struct Correlate<'a> {
    plan: &'a HopLags,
    tile: &'a mut [[Wide; 2]],
    spectrum: &'a mut [[Wide; 2]],
    work: &'a mut [Vec<f64>; 2],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            tile,
            spectrum,
            work: [work_re, work_im],
        } = self;
        let (tile, _) = S::as_mut_simd_f64s(tile.as_flattened_mut().as_flattened_mut());
        let (spectrum, _) = S::as_mut_simd_f64s(spectrum.as_flattened_mut().as_flattened_mut());
        let (work_re, _) = S::as_mut_simd_f64s(work_re);
        let (work_im, _) = S::as_mut_simd_f64s(work_im);
        let stride = WIDTH / S::F64_LANES;
        // Halves of sums, squared, and the length that the inverse transform is divided by.
        let scale = simd.splat_f64s(0.25 / plan.n as f64);
        for column in 0..stride {
            let (re, im) = (column, stride + column);
            plan.fft.run_pairs(
                simd,
                #[inline(always)]
                |i| (tile[2 * stride * i + re], tile[2 * stride * i + im]),
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |k, z, w| {
                    // X = (z + conj w) / 2 and Y = (z - conj w) / 2i are the transforms of both parts.
                    let x = (simd.add_f64s(z.0, w.0), simd.sub_f64s(z.1, w.1));
                    let y = (simd.add_f64s(z.1, w.1), simd.sub_f64s(w.0, z.0));
                    let power = simd.add_f64s(simd.mul_f64s(x.0, x.0), simd.mul_f64s(x.1, x.1));
                    let power = simd.mul_f64s(scale, power);
                    // conj(X) Y
                    let c = (
                        simd.add_f64s(simd.mul_f64s(x.0, y.0), simd.mul_f64s(x.1, y.1)),
                        simd.sub_f64s(simd.mul_f64s(x.0, y.1), simd.mul_f64s(x.1, y.0)),
                    );
                    let c = (simd.mul_f64s(scale, c.0), simd.mul_f64s(scale, c.1));
                    // c + i power at k, and with the conjugate of c at n - k; stored with both parts exchanged, which
                    // makes the next transform the inverse one.
                    let mirror = (plan.n - k) % plan.n;
                    spectrum[2 * stride * mirror + re] = simd.sub_f64s(power, c.1);
                    spectrum[2 * stride * mirror + im] = c.0;
                    spectrum[2 * stride * k + re] = simd.add_f64s(power, c.1);
                    spectrum[2 * stride * k + im] = c.0;
                },
            );
            plan.fft.run(
                simd,
                #[inline(always)]
                |k| (spectrum[2 * stride * k + re], spectrum[2 * stride * k + im]),
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |i, v| {
                    tile[2 * stride * i + re] = v.1;
                    tile[2 * stride * i + im] = v.0;
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_are_the_textbook_sums() {
        for (hop, n_lags, n_hops) in [(8, 9, 3), (100, 40, 17), (512, 339, 9)] {
            let y: Vec<f32> = (0..n_hops * hop + n_lags)
                .map(|i| ((i * i * 31 + 7) % 101) as f32 / 50.0 - 1.0)
                .collect();
            let plan = HopLags::new(hop, n_lags).unwrap();
            let got = plan.process(&y, n_hops);
            for b in [0, n_hops / 2, n_hops - 1] {
                for l in [0, 1, n_lags / 2, n_lags - 1] {
                    let product = |n: usize| f64::from(y[n]) * f64::from(y[n + l]);
                    let first = b * hop;
                    let c: f64 = (first..first + hop).map(product).sum();
                    let a: f64 = (first..(first + hop).saturating_sub(l).max(first))
                        .map(product)
                        .sum();
                    let [got_c, got_a] = got[b * n_lags + l];
                    // A few roundings of the energy, which is below 512.
                    assert!(
                        (got_c - c).abs() < 1e-11 && (got_a - a).abs() < 1e-11,
                        "{hop} {b} {l}"
                    );
                }
            }
        }
        assert!(HopLags::new(8, 10).is_none());
        assert!(HopLags::new(4096, 2).is_none());
    }
}
