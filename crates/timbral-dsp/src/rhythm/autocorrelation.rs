use crate::simd::dispatch;
use crate::transform::{AnyWork, RealFfts, Spectra};

/// The autocorrelation of a real signal for the lags `0..max_size`, by Fourier transform.
///
/// ```text
/// out[l] = sum_n  y[n] y[n + l],   l < min(max_size, y.len())
/// ```
///
/// - `y`: any length, possibly empty.
/// - `max_size`: number of lags; `None` for all `y.len()`.
///
/// Equals `librosa.autocorrelate`.
///
/// ```
/// use timbral_dsp::autocorrelate;
///
/// let lags = autocorrelate(&[1.0, 2.0, 3.0], None);
/// assert!((lags[0] - 14.0).abs() < 1e-12);
/// assert!((lags[1] - 8.0).abs() < 1e-12);
/// assert!((lags[2] - 3.0).abs() < 1e-12);
/// ```
pub fn autocorrelate(y: &[f64], max_size: Option<usize>) -> Vec<f64> {
    if y.is_empty() {
        return Vec::new();
    }
    let n_lags = max_size.unwrap_or(y.len()).min(y.len());
    let plan = Autocorrelation::<1>::new(y.len());
    let mut work = plan.work();
    work.padded[..y.len()].copy_from_slice(y.as_chunks().0);
    plan.process(&mut work)[..n_lags].as_flattened().to_vec()
}

/// Transforms for the autocorrelation of signals of one length, `L` of them side by side.
#[derive(Debug, Clone)]
pub(crate) struct Autocorrelation<const L: usize> {
    fft: RealFfts<L>,
    length: usize,
    n: usize,
}

/// Working memory of one thread.
pub(crate) struct Work<const L: usize> {
    /// Starts with the signals; `process` clears the rest.
    pub(crate) padded: Vec<[f64; L]>,
    spectrum: Spectra<L>,
    scratch: AnyWork,
}

impl<const L: usize> Autocorrelation<L> {
    /// For signals of `n` values, at least 1.
    pub(crate) fn new(n: usize) -> Self {
        let length = next_fast_even(2 * n - 1);
        Self {
            fft: RealFfts::new(length),
            length,
            n,
        }
    }

    pub(crate) fn work(&self) -> Work<L> {
        Work {
            padded: vec![[0.0; L]; self.length],
            spectrum: Spectra::default(),
            scratch: AnyWork::default(),
        }
    }

    /// The lags `0..n` of the signals in `work.padded[..n]`, which are overwritten.
    pub(crate) fn process<'a>(&self, work: &'a mut Work<L>) -> &'a [[f64; L]] {
        let Work {
            padded,
            spectrum,
            scratch,
        } = work;
        padded[self.n..].fill([0.0; L]);
        self.fft.forward(padded, spectrum, scratch);
        let Spectra { re, im } = spectrum;
        let length = self.length as f64;
        dispatch(
            #[inline(always)]
            || {
                let parts = re.as_flattened_mut().iter_mut();
                for (re, im) in parts.zip(im.as_flattened_mut()) {
                    *re = (*re * *re + *im * *im) / length;
                    *im = 0.0;
                }
            },
        );
        self.fft.inverse(spectrum, padded, scratch);
        &padded[..self.n]
    }
}

/// The smallest even number that is at least `n` and has no prime factor above 5.
fn next_fast_even(n: usize) -> usize {
    let is_fast = |length: &usize| {
        let mut rest = *length;
        for prime in [2, 3, 5] {
            while rest.is_multiple_of(prime) {
                rest /= prime;
            }
        }
        rest == 1
    };
    let start = n.next_multiple_of(2).max(2);
    (start..).step_by(2).find(is_fast).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fast_lengths_are_even_and_smooth() {
        for (n, expected) in [
            (1, 2),
            (3, 4),
            (7, 8),
            (11, 12),
            (13, 16),
            (687, 720),
            (767, 768),
        ] {
            assert_eq!(next_fast_even(n), expected, "{n}");
        }
    }

    #[test]
    fn degenerate_signals_have_their_lags() {
        assert!(autocorrelate(&[], None).is_empty());
        assert!(autocorrelate(&[1.0], Some(0)).is_empty());
        assert_eq!(autocorrelate(&[3.0], Some(9)), [9.0]);
        assert!(
            autocorrelate(&[f64::NAN, 1.0], None)
                .iter()
                .all(|v| v.is_nan())
        );
    }

    proptest! {
        #[test]
        fn equals_the_textbook_sum(y in prop::collection::vec(-1.0f64..1.0, 1..200)) {
            let lags = autocorrelate(&y, None);
            // Rounding of an FFT: a few eps times the energy, which is lag 0.
            let tolerance = 1e-14 * (1.0 + y.iter().map(|v| v * v).sum::<f64>());
            for (l, got) in lags.iter().enumerate() {
                let expected: f64 = y.iter().zip(&y[l..]).map(|(a, b)| a * b).sum();
                prop_assert!((got - expected).abs() < tolerance, "lag {l}: {got} {expected}");
            }
        }
    }
}
