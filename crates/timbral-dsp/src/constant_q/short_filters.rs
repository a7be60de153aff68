//! The filters of an octave as sums over samples: for few and short filters that is faster than a transform.

use std::f64::consts::PI;

use num_complex::Complex;
use pulp::{Simd, WithSimd};

use super::wavelets::Wavelets;
use crate::frames::Framing;
use crate::simd::{LANES, Lane, ZERO, arch, dispatch};
use crate::transform::HopGrid;

/// Bins whose sums are kept in registers together, each with a real and an imaginary part.
const BINS: usize = 4;

/// The filters of an octave in the time domain.
///
/// A tone in a symmetric window has, up to a factor of modulus 1, conjugate values at equal distances from the
/// middle. Its products are therefore sums over sums and differences of two samples, with half as many terms.
#[derive(Debug, Clone)]
pub(super) struct ShortFilters {
    grid: HopGrid,
    framing: Framing,
    /// For every group of bins and every pair of samples the weights of the sum and of the difference.
    weights: Vec<[f32; 2 * BINS]>,
    /// What the sums of each bin are multiplied by.
    turns: Vec<Complex<f32>>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct ShortScratch {
    line: Vec<f32>,
    grid: Vec<f32>,
    pairs: Vec<[Lane; 2]>,
}

impl ShortFilters {
    /// The filters with the spectra of `wavelets`; `None` where a transform is faster, or filters are not symmetric.
    ///
    /// A row of spectra `W` has the samples `h[n] = sum_j W[j] exp(-2 pi i j n / n_fft)`, over the bins from 0 to half.
    pub(super) fn new(wavelets: &Wavelets, framing: Framing) -> Option<Self> {
        let (n, rows) = (wavelets.n_fft, wavelets.rows());
        // Products of a transform, whose values are moved more often than those of the sums.
        let of_transform = 3.5 * n as f64 * libm::log2(n as f64);
        if (rows.len() * n) as f64 > of_transform {
            return None;
        }
        let half = n / 2;
        let mut weights = vec![[0.0; 2 * BINS]; rows.len().div_ceil(BINS) * half];
        let (sin, cos): (Vec<f64>, Vec<f64>) = (0..n)
            .map(|i| libm::sincos(-2.0 * PI * i as f64 / n as f64))
            .unzip();
        let mut turns = Vec::with_capacity(rows.len());
        for (k, row) in rows.iter().enumerate() {
            let sample = |i: usize| -> Complex<f64> {
                let terms = row.iter().map(|(j, w)| {
                    let root = Complex::new(cos[i * j % n], sin[i * j % n]);
                    Complex::new(f64::from(w.re), f64::from(w.im)) * root
                });
                terms.sum()
            };
            let samples: Vec<Complex<f64>> = (0..n).map(sample).collect();
            let turn = turn(&samples)?;
            let group = &mut weights[k / BINS * half..][..half];
            for (z, weights) in samples[1..].iter().zip(group) {
                let z = z * turn.conj();
                weights[2 * (k % BINS)] = z.re as f32;
                weights[2 * (k % BINS) + 1] = z.im as f32;
            }
            turns.push(Complex::new(turn.re as f32, turn.im as f32));
        }
        Some(Self {
            grid: HopGrid::new(vec![1.0; n], framing.hop_length),
            framing,
            weights,
            turns,
        })
    }

    /// The products with the `used` frames from frame `first` on, real and imaginary parts.
    pub(super) fn apply(
        &self,
        y: &[f32],
        first: usize,
        used: usize,
        scratch: &mut ShortScratch,
        out: &mut [[Lane; 2]],
    ) {
        let n = self.framing.frame_length;
        let ShortScratch { line, grid, pairs } = scratch;
        let line = self.framing.samples(y, first, used, line);
        grid.resize(self.grid.len(), 0.0);
        pairs.resize(n / 2, [ZERO; 2]);
        let places = &self.grid.places;
        dispatch(
            #[inline(always)]
            || {
                self.grid.to_grid(line, grid);
                for ((i, j), pair) in mirrored(n).zip(&mut *pairs) {
                    let at = |i: usize| grid[places[i]..].first_chunk().unwrap_or(&ZERO);
                    let (a, b): (Lane, Lane) = (*at(i), *at(j));
                    let [sum, difference] = pair;
                    for l in 0..LANES {
                        sum[l] = a[l] + b[l];
                    }
                    for l in 0..LANES {
                        difference[l] = a[l] - b[l];
                    }
                }
            },
        );
        arch().dispatch(Sums {
            weights: &self.weights,
            pairs,
            out,
        });
        dispatch(
            #[inline(always)]
            || {
                for ([re, im], turn) in out.iter_mut().zip(&self.turns) {
                    for (re, im) in re.iter_mut().zip(im) {
                        let (a, b) = (*re, *im);
                        (*re, *im) = (a * turn.re - b * turn.im, a * turn.im + b * turn.re);
                    }
                }
            },
        );
    }
}

/// Pairs of samples at equal distances from the middle, `n / 2 + 1 / 2` of the `n` values.
fn mirrored(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (1..=n / 2).map(move |i| (i, (n + 1 - i) % n))
}

/// The number of modulus 1 by which one sample of each pair is multiplied to become the conjugate of the other.
fn turn(samples: &[Complex<f64>]) -> Option<Complex<f64>> {
    let pairs = || mirrored(samples.len()).map(|(i, j)| (samples[i], samples[j]));
    let square: Complex<f64> = pairs().map(|(a, b)| a * b).sum();
    let turn = square.sqrt() / square.norm().sqrt();
    let largest = samples.iter().map(|z| z.norm()).fold(0.0, f64::max);
    // The rounding of spectra in f32.
    let alike = |(a, b): (Complex<f64>, Complex<f64>)| {
        (a * turn.conj() - (b * turn.conj()).conj()).norm() < 1e-6 * largest
    };
    pairs().all(alike).then_some(turn)
}

struct Sums<'a> {
    weights: &'a [[f32; 2 * BINS]],
    pairs: &'a [[Lane; 2]],
    out: &'a mut [[Lane; 2]],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stride = LANES / S::F32_LANES;
        let (pairs, _) = S::as_simd_f32s(self.pairs.as_flattened().as_flattened());
        let groups = self.weights.chunks_exact(self.pairs.len());
        for (weights, out) in groups.zip(self.out.chunks_mut(BINS)) {
            let (out, _) = S::as_mut_simd_f32s(out.as_flattened_mut().as_flattened_mut());
            for column in 0..stride {
                let mut sums = [simd.splat_f32s(0.0); 2 * BINS];
                for (w, pair) in weights.iter().zip(pairs.chunks_exact(2 * stride)) {
                    let values = [pair[column], pair[stride + column]];
                    for r in 0..2 * BINS {
                        let product = simd.mul_f32s(simd.splat_f32s(w[r]), values[r % 2]);
                        sums[r] = simd.add_f32s(sums[r], product);
                    }
                }
                for (out, sum) in out.chunks_exact_mut(stride).zip(sums) {
                    out[column] = sum;
                }
            }
        }
    }
}
