//! The filters of an octave as sums over samples: for few and short filters that is faster than a transform.

use std::f64::consts::PI;

use pulp::{Simd, WithSimd};

use super::wavelets::Wavelets;
use crate::frames::Framing;
use crate::simd::{LANES, Lane, arch, dispatch};
use crate::transform::{HopGrid, to_grid};

/// Bins whose sums are kept in registers together, each with a real and an imaginary part.
const BINS: usize = 2;

/// The filters of an octave in the time domain.
#[derive(Debug, Clone)]
pub(super) struct ShortFilters {
    grid: HopGrid,
    framing: Framing,
    /// For every two bins and every sample the weights of both real and imaginary parts.
    weights: Vec<[f32; 2 * BINS]>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct ShortScratch {
    line: Vec<f32>,
    grid: Vec<f32>,
}

impl ShortFilters {
    /// The filters with the spectra of `wavelets`; `None` where a transform is faster.
    ///
    /// A row of spectra `W` has the samples `h[n] = sum_j W[j] exp(-2 pi i j n / n_fft)`, over the bins from 0 to half.
    pub(super) fn new(wavelets: &Wavelets, framing: Framing) -> Option<Self> {
        let (n, rows) = (wavelets.n_fft, wavelets.rows());
        // Products of a transform, whose values are moved more often than those of the sums.
        let of_transform = 3.5 * n as f64 * libm::log2(n as f64);
        if (2 * rows.len() * n) as f64 > of_transform {
            return None;
        }
        let mut weights = vec![[0.0; 2 * BINS]; rows.len().div_ceil(BINS) * n];
        let (sin, cos): (Vec<f64>, Vec<f64>) = (0..n)
            .map(|i| libm::sincos(-2.0 * PI * i as f64 / n as f64))
            .unzip();
        for (k, row) in rows.iter().enumerate() {
            let group = &mut weights[k / BINS * n..][..n];
            for (i, weights) in group.iter_mut().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (j, w) in row {
                    let (s, c) = (sin[i * j % n], cos[i * j % n]);
                    let (a, b) = (f64::from(w.re), f64::from(w.im));
                    re += a * c - b * s;
                    im += a * s + b * c;
                }
                weights[2 * (k % BINS)] = re as f32;
                weights[2 * (k % BINS) + 1] = im as f32;
            }
        }
        Some(Self {
            grid: HopGrid::new(vec![1.0; n], framing.hop_length),
            framing,
            weights,
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
        let (hop, n) = (self.framing.hop_length, self.framing.frame_length);
        let ShortScratch { line, grid } = scratch;
        let length = (used - 1) * hop + n;
        line.clear();
        line.resize(self.grid.span(), 0.0);
        self.framing.copy_samples(y, first, &mut line[..length]);
        grid.resize(self.grid.len(), 0.0);
        let (rows, width, places) = (self.grid.rows(), self.grid.width(), &self.grid.places);
        dispatch(
            #[inline(always)]
            || to_grid(line, hop, rows, width, grid),
        );
        arch().dispatch(Sums {
            weights: &self.weights,
            places,
            grid,
            out,
        });
    }
}

struct Sums<'a> {
    weights: &'a [[f32; 2 * BINS]],
    places: &'a [usize],
    grid: &'a [f32],
    out: &'a mut [[Lane; 2]],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let groups = self.weights.chunks_exact(self.places.len());
        for (weights, out) in groups.zip(self.out.chunks_mut(BINS)) {
            let (out, _) = S::as_mut_simd_f32s(out.as_flattened_mut().as_flattened_mut());
            for column in 0..LANES / S::F32_LANES {
                let mut sums = [simd.splat_f32s(0.0); 2 * BINS];
                for (w, place) in weights.iter().zip(self.places) {
                    let at = place + column * S::F32_LANES;
                    let (samples, _) = S::as_simd_f32s(&self.grid[at..at + S::F32_LANES]);
                    for r in 0..2 * BINS {
                        let product = simd.mul_f32s(simd.splat_f32s(w[r]), samples[0]);
                        sums[r] = simd.add_f32s(sums[r], product);
                    }
                }
                for (out, sum) in out.chunks_exact_mut(LANES / S::F32_LANES).zip(sums) {
                    out[column] = sum;
                }
            }
        }
    }
}
