//! Fourier transforms of real signals of any length, in f64, with the same bits on every processor.

use num_complex::Complex;

use super::any_fft::{AnyFft, AnyWork};
use timbral_core::twiddle;

/// A planned transform of `n` real values to `n / 2 + 1` complex ones and back.
#[derive(Debug, Clone)]
pub(crate) struct RealFft {
    n: usize,
    /// Of length `n / 2` for an even `n`, where even samples are the real and odd samples the
    /// imaginary parts; of length `n` otherwise.
    complex: AnyFft,
    /// `exp(-2 pi i k / n)`, `k = 0 ..= n / 2`, for an even `n`.
    split: Vec<(f64, f64)>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct RealFftScratch(AnyWork);

impl RealFft {
    /// Plans for `n` values, at least 1.
    pub(crate) fn new(n: usize) -> Self {
        let is_even = n.is_multiple_of(2);
        Self {
            n,
            complex: AnyFft::new(if is_even { n / 2 } else { n }),
            split: if is_even {
                (0..=n / 2).map(|k| twiddle(k, n)).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// Bins of the spectrum.
    pub(crate) fn n_bins(&self) -> usize {
        self.n / 2 + 1
    }

    /// `spectrum[k] = sum_m signal[m] exp(-2 pi i k m / n)`, for `n` samples.
    pub(crate) fn forward(
        &self,
        signal: &[f64],
        spectrum: &mut Vec<Complex<f64>>,
        scratch: &mut RealFftScratch,
    ) {
        let RealFftScratch(work) = scratch;
        spectrum.clear();
        work.re.clear();
        work.im.clear();
        if self.split.is_empty() {
            work.re.extend_from_slice(signal);
            work.im.resize(self.n, 0.0);
            self.complex.process(work);
            let bins = work.re.iter().zip(&work.im).take(self.n_bins());
            spectrum.extend(bins.map(|(re, im)| Complex::new(*re, *im)));
            return;
        }
        work.re.extend(signal.iter().step_by(2));
        work.im.extend(signal.iter().skip(1).step_by(2));
        self.complex.process(work);
        let half = self.n / 2;
        for (k, (w, s)) in self.split.iter().enumerate() {
            let (i, j) = (k % half, (half - k) % half);
            let even = (
                0.5 * (work.re[i] + work.re[j]),
                0.5 * (work.im[i] - work.im[j]),
            );
            let odd = (
                0.5 * (work.im[i] + work.im[j]),
                0.5 * (work.re[j] - work.re[i]),
            );
            spectrum.push(Complex::new(
                even.0 + (w * odd.0 - s * odd.1),
                even.1 + (w * odd.1 + s * odd.0),
            ));
        }
    }

    /// `signal[m] = sum_k spectrum[k] exp(2 pi i k m / n)` over all `n` bins, of which the upper ones
    /// are the mirror image of the lower; not divided by `n`. The imaginary parts of the first bin
    /// and, for an even `n`, of the last are ignored.
    pub(crate) fn inverse(
        &self,
        spectrum: &[Complex<f64>],
        signal: &mut [f64],
        scratch: &mut RealFftScratch,
    ) {
        let RealFftScratch(work) = scratch;
        work.re.clear();
        work.im.clear();
        // Real and imaginary parts are exchanged before and after: the transform is then the inverse.
        if self.split.is_empty() {
            work.im.push(spectrum[0].re);
            work.re.push(0.0);
            for bin in &spectrum[1..] {
                work.im.push(bin.re);
                work.re.push(bin.im);
            }
            for bin in spectrum[1..].iter().rev() {
                work.im.push(bin.re);
                work.re.push(-bin.im);
            }
            self.complex.process(work);
            signal.copy_from_slice(&work.im[..self.n]);
            return;
        }
        let half = self.n / 2;
        let ends = [spectrum[0].re, spectrum[half].re];
        work.im.push(ends[0] + ends[1]);
        work.re.push(ends[0] - ends[1]);
        for k in 1..half {
            let (a, b, (w, s)) = (spectrum[k], spectrum[half - k], self.split[k]);
            let even = (a.re + b.re, a.im - b.im);
            let difference = (a.re - b.re, a.im + b.im);
            // Times the conjugate of w + i s.
            let odd = (
                difference.0 * w + difference.1 * s,
                difference.1 * w - difference.0 * s,
            );
            work.im.push(even.0 - odd.1);
            work.re.push(even.1 + odd.0);
        }
        self.complex.process(work);
        for (pair, (re, im)) in signal.chunks_exact_mut(2).zip(work.im.iter().zip(&work.re)) {
            (pair[0], pair[1]) = (*re, *im);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_are_the_textbook_sums_and_return() {
        let mut scratch = RealFftScratch::default();
        let mut spectrum = Vec::new();
        for n in (1..40).chain([97, 100, 101, 194, 1000]) {
            let y: Vec<f64> = (0..n)
                .map(|m| f64::from((m * m * 31 + 7) as u32 % 23) - 11.0)
                .collect();
            let plan = RealFft::new(n);
            plan.forward(&y, &mut spectrum, &mut scratch);
            assert_eq!(spectrum.len(), plan.n_bins());
            let tolerance = 100.0 * f64::EPSILON * 11.0 * (n as f64).sqrt();
            for (k, bin) in spectrum.iter().enumerate() {
                let exact: Complex<f64> = (0..n)
                    .map(|m| {
                        let (re, im) = twiddle(m * k, n);
                        y[m] * Complex::new(re, im)
                    })
                    .sum();
                assert!((bin - exact).norm() < tolerance, "n {n}, k {k}");
            }
            let mut back = vec![0.0; n];
            plan.inverse(&spectrum, &mut back, &mut scratch);
            for (back, y) in back.iter().zip(&y) {
                assert!((back / n as f64 - y).abs() < tolerance, "n {n}");
            }
        }
    }

    #[test]
    fn imaginary_parts_that_no_real_signal_has_are_ignored() {
        for n in [1, 2, 5, 8] {
            let plan = RealFft::new(n);
            let mut spectrum = vec![Complex::new(1.0, 0.5); plan.n_bins()];
            let mut scratch = RealFftScratch::default();
            let mut with = vec![0.0; n];
            plan.inverse(&spectrum, &mut with, &mut scratch);
            spectrum[0].im = 0.0;
            if n % 2 == 0 {
                spectrum[n / 2].im = 0.0;
            }
            let mut without = vec![0.0; n];
            plan.inverse(&spectrum, &mut without, &mut scratch);
            assert_eq!(with, without, "{n}");
        }
    }
}
