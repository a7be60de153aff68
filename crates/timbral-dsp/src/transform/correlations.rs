//! Correlations of two real signals by Fourier transform, eight pairs of them side by side.

use pulp::{Simd, WithSimd};
use timbral_core::LaneFftF64;

use crate::simd::arch;

/// Pairs of signals side by side.
pub(crate) const PAIRS: usize = 8;

/// Value `n` of the first signals of all pairs, then of the second ones.
pub(crate) type PairTile = [[f64; PAIRS]; 2];

/// What takes the places of the two signals `x` and `y` of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correlated {
    /// `sum_n x[n] y[n + l]` and `sum_n x[n] x[n + l]`.
    BothWithFirst,
    /// `sum_n x[n] x[n + l]` and `sum_n y[n] y[n + l]`.
    EachWithItself,
}

/// Planned correlations of signals that are zero from some sample on. Lag `l` is at index `l`, without wrapping
/// as long as the signals are shorter than `n - l`.
#[derive(Debug, Clone)]
pub(crate) struct Correlations {
    fft: LaneFftF64,
    n: usize,
    kind: Correlated,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct CorrelationScratch {
    spectrum: Vec<PairTile>,
    work: [Vec<f64>; 2],
}

impl Correlations {
    /// For transforms of the power of two that is at least `n`; `None` where that is above 4096.
    pub(crate) fn new(n: usize, kind: Correlated) -> Option<Self> {
        let n = n.next_power_of_two().max(4);
        let fft = LaneFftF64::new(n)?;
        Some(Self { fft, n, kind })
    }

    /// Length of the transforms.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// Replaces the signals, `n()` values each, by their correlations.
    pub(crate) fn process(&self, tile: &mut [PairTile], scratch: &mut CorrelationScratch) {
        let CorrelationScratch { spectrum, work } = scratch;
        spectrum.resize(self.n, [[0.0; PAIRS]; 2]);
        for work in work.iter_mut() {
            work.resize(self.fft.work_len() * PAIRS, 0.0);
        }
        arch().dispatch(Correlate {
            plan: self,
            tile,
            spectrum,
            work,
        });
    }
}

struct Correlate<'a> {
    plan: &'a Correlations,
    tile: &'a mut [PairTile],
    spectrum: &'a mut [PairTile],
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
        let stride = PAIRS / S::F64_LANES;
        // Halves of sums, squared, and the length that the inverse transform is divided by.
        let scale = simd.splat_f64s(0.25 / plan.n as f64);
        let zero = simd.splat_f64s(0.0);
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
                    let (power, c) = match plan.kind {
                        Correlated::EachWithItself => {
                            let own =
                                simd.add_f64s(simd.mul_f64s(y.0, y.0), simd.mul_f64s(y.1, y.1));
                            (simd.mul_f64s(scale, own), (power, zero))
                        }
                        Correlated::BothWithFirst => {
                            // conj(X) Y
                            let re =
                                simd.add_f64s(simd.mul_f64s(x.0, y.0), simd.mul_f64s(x.1, y.1));
                            let im =
                                simd.sub_f64s(simd.mul_f64s(x.0, y.1), simd.mul_f64s(x.1, y.0));
                            (power, (simd.mul_f64s(scale, re), simd.mul_f64s(scale, im)))
                        }
                    };
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
        for (length, n) in [(1, 2), (3, 5), (20, 40), (700, 1400)] {
            let value =
                |i: usize, seed: usize| ((i * i * 31 + i * seed + 7) % 101) as f64 / 50.0 - 1.0;
            let signal = |seed| -> Vec<f64> { (0..length).map(|i| value(i, seed)).collect() };
            let pairs: Vec<_> = (0..PAIRS)
                .map(|p| (signal(2 * p + 1), signal(2 * p + 2)))
                .collect();
            for kind in [Correlated::BothWithFirst, Correlated::EachWithItself] {
                let plan = Correlations::new(n, kind).unwrap();
                let mut tile = vec![[[0.0; PAIRS]; 2]; plan.n()];
                for (p, (x, y)) in pairs.iter().enumerate() {
                    for (i, (x, y)) in x.iter().zip(y).enumerate() {
                        (tile[i][0][p], tile[i][1][p]) = (*x, *y);
                    }
                }
                plan.process(&mut tile, &mut CorrelationScratch::default());
                for (p, (x, y)) in pairs.iter().enumerate() {
                    let (a, b) = match kind {
                        Correlated::BothWithFirst => ((x, y), (x, x)),
                        Correlated::EachWithItself => ((x, x), (y, y)),
                    };
                    for l in (0..length).step_by(1 + length / 20) {
                        for (part, (u, v)) in [a, b].into_iter().enumerate() {
                            let exact: f64 = u.iter().zip(&v[l..]).map(|(u, v)| u * v).sum();
                            // A few roundings of the energy, which is below 700.
                            let off = (tile[l][part][p] - exact).abs();
                            assert!(off < 1e-11, "{kind:?} {length} {p} {l}: {off}");
                        }
                    }
                }
            }
        }
        assert!(Correlations::new(4097, Correlated::EachWithItself).is_none());
    }
}
