//! Fourier transforms of real signals of any length, in f64, with the same bits on every processor.

use num_complex::Complex;

use super::any_fft::{AnyFft, AnyWork};
use crate::simd::dispatch;
use timbral_core::twiddle;

/// A planned transform of `n` real values to `n / 2 + 1` complex ones.
#[derive(Debug, Clone)]
pub(crate) struct RealFft(RealFfts<1>);

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct RealFftScratch {
    spectrum: Spectra<1>,
    work: AnyWork,
}

impl RealFft {
    /// Plans for `n` values, at least 1.
    pub(crate) fn new(n: usize) -> Self {
        Self(RealFfts::new(n))
    }

    /// `spectrum[k] = sum_m signal[m] exp(-2 pi i k m / n)`, for `n` samples.
    pub(crate) fn forward(
        &self,
        signal: &[f64],
        spectrum: &mut Vec<Complex<f64>>,
        scratch: &mut RealFftScratch,
    ) {
        let RealFftScratch {
            spectrum: bins,
            work,
        } = scratch;
        self.0.forward(signal.as_chunks().0, bins, work);
        spectrum.clear();
        let bins = bins.re.iter().zip(&bins.im);
        spectrum.extend(bins.map(|([re], [im])| Complex::new(*re, *im)));
    }
}

/// The transforms of `L` signals side by side, with the bits of [`RealFft`], and back.
#[derive(Debug, Clone)]
pub(crate) struct RealFfts<const L: usize> {
    n: usize,
    /// Of length `n / 2` for an even `n`, where even samples are the real and odd samples the
    /// imaginary parts; of length `n` otherwise.
    complex: AnyFft,
    /// `exp(-2 pi i k / n)`, `k = 0 ..= n / 2`, for an even `n`.
    split: Vec<(f64, f64)>,
}

/// Real and imaginary parts of the bins of `L` spectra.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spectra<const L: usize> {
    pub(crate) re: Vec<[f64; L]>,
    pub(crate) im: Vec<[f64; L]>,
}

impl<const L: usize> RealFfts<L> {
    /// Plans for `n` values, at least 1.
    pub(crate) fn new(n: usize) -> Self {
        let is_even = n.is_multiple_of(2);
        Self {
            n,
            complex: AnyFft::new(if is_even { n / 2 } else { n }, L),
            split: if is_even {
                (0..=n / 2).map(|k| twiddle(k, n)).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// Bins of a spectrum.
    pub(crate) fn n_bins(&self) -> usize {
        self.n / 2 + 1
    }

    /// As [`RealFft::forward`].
    pub(crate) fn forward(
        &self,
        signal: &[[f64; L]],
        spectrum: &mut Spectra<L>,
        work: &mut AnyWork,
    ) {
        let Spectra { re, im } = spectrum;
        re.resize(self.n_bins(), [0.0; L]);
        im.resize(self.n_bins(), [0.0; L]);
        work.re.clear();
        work.im.clear();
        if self.split.is_empty() {
            work.re.extend_from_slice(signal.as_flattened());
            work.im.resize(self.n * L, 0.0);
            self.complex.process(work);
            re.copy_from_slice(&work.re.as_chunks().0[..self.n_bins()]);
            im.copy_from_slice(&work.im.as_chunks().0[..self.n_bins()]);
            return;
        }
        for pair in signal.chunks_exact(2) {
            work.re.extend_from_slice(&pair[0]);
            work.im.extend_from_slice(&pair[1]);
        }
        self.complex.process(work);
        let half = self.n / 2;
        let (from_re, from_im) = (work.re.as_chunks::<L>().0, work.im.as_chunks::<L>().0);
        dispatch(
            #[inline(always)]
            || {
                let bins = re.iter_mut().zip(im.iter_mut()).zip(&self.split);
                for (k, ((re, im), (w, s))) in bins.enumerate() {
                    let (i, j) = (k % half, (half - k) % half);
                    let (a, b) = ((&from_re[i], &from_im[i]), (&from_re[j], &from_im[j]));
                    for l in 0..L {
                        let even = (0.5 * (a.0[l] + b.0[l]), 0.5 * (a.1[l] - b.1[l]));
                        let odd = (0.5 * (a.1[l] + b.1[l]), 0.5 * (b.0[l] - a.0[l]));
                        re[l] = even.0 + (w * odd.0 - s * odd.1);
                        im[l] = even.1 + (w * odd.1 + s * odd.0);
                    }
                }
            },
        );
    }

    /// `signal[m] = sum_k spectrum[k] exp(2 pi i k m / n)` over all `n` bins, of which the upper ones
    /// are the mirror image of the lower; not divided by `n`. The imaginary parts of the first bin
    /// and, for an even `n`, of the last are ignored.
    pub(crate) fn inverse(
        &self,
        spectrum: &Spectra<L>,
        signal: &mut [[f64; L]],
        work: &mut AnyWork,
    ) {
        let Spectra { re, im } = spectrum;
        work.re.clear();
        work.im.clear();
        // Real and imaginary parts are exchanged before and after: the transform is then the inverse.
        if self.split.is_empty() {
            work.im.extend_from_slice(&re[0]);
            work.re.resize(L, 0.0);
            for (re, im) in re.iter().zip(im).skip(1) {
                work.im.extend_from_slice(re);
                work.re.extend_from_slice(im);
            }
            for (re, im) in re.iter().zip(im).skip(1).rev() {
                work.im.extend_from_slice(re);
                work.re.extend(im.iter().map(|im| -im));
            }
            self.complex.process(work);
            let values = work.im.as_chunks().0.iter();
            signal.iter_mut().zip(values).for_each(|(to, v)| *to = *v);
            return;
        }
        let half = self.n / 2;
        work.re.resize(half * L, 0.0);
        work.im.resize(half * L, 0.0);
        let (to_re, to_im) = (
            work.re.as_chunks_mut::<L>().0,
            work.im.as_chunks_mut::<L>().0,
        );
        dispatch(
            #[inline(always)]
            || {
                for l in 0..L {
                    to_im[0][l] = re[0][l] + re[half][l];
                    to_re[0][l] = re[0][l] - re[half][l];
                }
                for k in 1..half {
                    let (a, b) = ((&re[k], &im[k]), (&re[half - k], &im[half - k]));
                    let (w, s) = self.split[k];
                    let (to_re, to_im) = (&mut to_re[k], &mut to_im[k]);
                    for l in 0..L {
                        let even = (a.0[l] + b.0[l], a.1[l] - b.1[l]);
                        let difference = (a.0[l] - b.0[l], a.1[l] + b.1[l]);
                        // Times the conjugate of w + i s.
                        let odd = (
                            difference.0 * w + difference.1 * s,
                            difference.1 * w - difference.0 * s,
                        );
                        to_im[l] = even.0 - odd.1;
                        to_re[l] = even.1 + odd.0;
                    }
                }
            },
        );
        self.complex.process(work);
        let values = work.im.as_chunks().0.iter().zip(work.re.as_chunks().0);
        for (pair, (re, im)) in signal.chunks_exact_mut(2).zip(values) {
            (pair[0], pair[1]) = (*re, *im);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_are_the_textbook_sums_and_return() {
        let mut work = AnyWork::default();
        let mut spectrum = Spectra::default();
        for n in (1..40).chain([97, 100, 101, 194, 1000]) {
            let y: Vec<[f64; 2]> = (0..n)
                .map(|m| [31, 17].map(|a| f64::from((m * m * a + 7) as u32 % 23) - 11.0))
                .collect();
            let plan = RealFfts::new(n);
            plan.forward(&y, &mut spectrum, &mut work);
            assert_eq!(spectrum.re.len(), plan.n_bins());
            let tolerance = 100.0 * f64::EPSILON * 11.0 * (n as f64).sqrt();
            for k in 0..plan.n_bins() {
                for l in [0, 1] {
                    let exact: Complex<f64> = (0..n)
                        .map(|m| {
                            let (re, im) = twiddle(m * k, n);
                            y[m][l] * Complex::new(re, im)
                        })
                        .sum();
                    let bin = Complex::new(spectrum.re[k][l], spectrum.im[k][l]);
                    assert!((bin - exact).norm() < tolerance, "n {n}, k {k}");
                }
            }
            let mut back = vec![[0.0; 2]; n];
            plan.inverse(&spectrum, &mut back, &mut work);
            for (back, y) in back.as_flattened().iter().zip(y.as_flattened()) {
                assert!((back / n as f64 - y).abs() < tolerance, "n {n}");
            }
            // One signal has the same bits.
            let mut one = Vec::new();
            let first: Vec<f64> = y.iter().map(|y| y[0]).collect();
            RealFft::new(n).forward(&first, &mut one, &mut RealFftScratch::default());
            for (one, (re, im)) in one.iter().zip(spectrum.re.iter().zip(&spectrum.im)) {
                assert_eq!((one.re, one.im), (re[0], im[0]));
            }
        }
    }

    #[test]
    fn imaginary_parts_that_no_real_signal_has_are_ignored() {
        for n in [1, 2, 5, 8] {
            let plan = RealFfts::<1>::new(n);
            let mut spectrum = Spectra {
                re: vec![[1.0]; plan.n_bins()],
                im: vec![[0.5]; plan.n_bins()],
            };
            let mut work = AnyWork::default();
            let mut with = vec![[0.0]; n];
            plan.inverse(&spectrum, &mut with, &mut work);
            spectrum.im[0] = [0.0];
            if n % 2 == 0 {
                spectrum.im[n / 2] = [0.0];
            }
            let mut without = vec![[0.0]; n];
            plan.inverse(&spectrum, &mut without, &mut work);
            assert_eq!(with, without, "{n}");
        }
    }
}
