//! The filters of an octave in the frequency domain, without their small values.

use std::f64::consts::PI;

use num_complex::Complex;

use super::cqt_params::CqtParams;
use crate::simd::{LANES, Lane, ZERO, dispatch};
use crate::transform::{RealFft, RealFftScratch};

/// A row of the matrix: bins and weights.
pub(super) type Row = Vec<(usize, Complex<f32>)>;

/// Windowed complex tones, transformed: `librosa.filters.wavelet` and `librosa.util.sparsify_rows`.
#[derive(Debug, Clone)]
pub(super) struct Wavelets {
    pub(super) n_fft: usize,
    rows: Vec<Row>,
}

impl Wavelets {
    /// The filters of frequencies in cycles per sample with lengths in samples; transforms have at least `n_fft`
    /// values.
    pub(super) fn new(
        params: &CqtParams,
        frequencies: &[f64],
        lengths: &[f64],
        n_fft: usize,
    ) -> Self {
        let longest = lengths.iter().copied().fold(1.0, f64::max);
        let n_fft = (longest.ceil() as usize).next_power_of_two().max(n_fft);
        let fft = RealFft::new(n_fft);
        let mut scratch = RealFftScratch::default();
        let rows = frequencies.iter().zip(lengths).map(|(frequency, length)| {
            let parts = tone(params, *frequency, *length, n_fft);
            let [re, im] = parts.map(|part| {
                let mut spectrum = Vec::new();
                fft.forward(&part, &mut spectrum, &mut scratch);
                spectrum
            });
            let bins = re
                .iter()
                .zip(&im)
                .map(|(re, im)| Complex::new((re.re - im.im) as f32, (re.im + im.re) as f32));
            sparse(&bins.collect::<Vec<_>>(), params.sparsity)
        });
        Self {
            n_fft,
            rows: rows.collect(),
        }
    }

    /// The bins and weights of each filter.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The number of bins that the filters need.
    pub(super) fn end(&self) -> usize {
        let bins = self.rows.iter().flatten().map(|(k, _)| k + 1);
        bins.max().unwrap_or(1)
    }

    /// The products with 16 spectra.
    pub(super) fn apply(&self, re: &[Lane], im: &[Lane], out: &mut [[Lane; 2]]) {
        dispatch(
            #[inline(always)]
            || {
                for (row, out) in self.rows.iter().zip(out) {
                    let (mut a, mut b) = (ZERO, ZERO);
                    for (k, w) in row {
                        let (x, y) = (&re[*k], &im[*k]);
                        for l in 0..LANES {
                            a[l] += w.re * x[l] - w.im * y[l];
                            b[l] += w.re * y[l] + w.im * x[l];
                        }
                    }
                    *out = [a, b];
                }
            },
        );
    }

    /// The products of the magnitudes with those of 16 spectra.
    pub(super) fn apply_magnitudes(&self, magnitudes: &[Lane], out: &mut [Lane]) {
        dispatch(
            #[inline(always)]
            || {
                for (row, out) in self.rows.iter().zip(out) {
                    let mut sums = ZERO;
                    for (k, w) in row {
                        let magnitudes = &magnitudes[*k];
                        for l in 0..LANES {
                            sums[l] += w.re * magnitudes[l];
                        }
                    }
                    *out = sums;
                }
            },
        );
    }

    /// Fills 16 spectra with the sums of the conjugate filters, each times its coefficient.
    pub(super) fn project(&self, coefficients: &[[Lane; 2]], re: &mut [Lane], im: &mut [Lane]) {
        dispatch(
            #[inline(always)]
            || {
                re.fill(ZERO);
                im.fill(ZERO);
                for (row, [x, y]) in self.rows.iter().zip(coefficients) {
                    for (k, w) in row {
                        let (a, b) = (&mut re[*k], &mut im[*k]);
                        for l in 0..LANES {
                            a[l] += w.re * x[l] + w.im * y[l];
                            b[l] += w.re * y[l] - w.im * x[l];
                        }
                    }
                }
            },
        );
    }

    /// The sum of the squared magnitudes of each filter.
    pub(super) fn powers(&self) -> impl Iterator<Item = f64> + '_ {
        let square = |(_, w): &(usize, Complex<f32>)| f64::from(w.re * w.re + w.im * w.im);
        self.rows
            .iter()
            .map(move |row| row.iter().map(square).sum())
    }

    /// The same with magnitudes for weights.
    pub(super) fn into_magnitudes(mut self) -> Self {
        for (_, w) in self.rows.iter_mut().flatten() {
            *w = Complex::new(magnitude(*w), 0.0);
        }
        self
    }
}

/// A windowed tone in the middle of `n_fft` values, real and imaginary parts.
fn tone(params: &CqtParams, frequency: f64, length: f64, n_fft: usize) -> [Vec<f64>; 2] {
    let first = (-length / 2.0).floor();
    let n = ((length / 2.0).floor() - first) as usize;
    let window = params.window.periodic(n);
    let size = params.norm.length(window.iter().map(|w| w.abs()));
    let gain = length / n_fft as f64 / size;
    let start = (n_fft - n) / 2;
    let mut parts = [vec![0.0; n_fft], vec![0.0; n_fft]];
    for (i, w) in window.iter().enumerate() {
        let (sin, cos) = libm::sincos((first + i as f64) * 2.0 * PI * frequency);
        parts[0][start + i] = gain * w * cos;
        parts[1][start + i] = gain * w * sin;
    }
    parts
}

fn magnitude(z: Complex<f32>) -> f32 {
    (z.re * z.re + z.im * z.im).sqrt()
}

/// The bins without the smallest ones, which together have at most the fraction `quantile` of all magnitudes.
/// Sums are f32, as in librosa, so that a bin at the limit is treated as there.
fn sparse(bins: &[Complex<f32>], quantile: f64) -> Row {
    let magnitudes: Vec<f32> = bins.iter().map(|z| magnitude(*z)).collect();
    let total = magnitudes.iter().map(|m| f64::from(*m)).sum::<f64>() as f32;
    let mut sorted = magnitudes.clone();
    sorted.sort_by(f32::total_cmp);
    let mut below = 0.0f32;
    let threshold = sorted.iter().find(|m| {
        below += **m / total;
        f64::from(below) >= quantile
    });
    // With a quantile near 1 the sum may stay below it by rounding, so that there is no threshold.
    let threshold = threshold.copied().unwrap_or(0.0);
    let kept = bins.iter().zip(&magnitudes).enumerate();
    kept.filter(|(_, (_, m))| **m >= threshold)
        .map(|(k, (z, _))| (k, *z))
        .collect()
}
