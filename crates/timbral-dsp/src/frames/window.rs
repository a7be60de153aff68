use std::f64::consts::PI;

/// A taper for spectral analysis, equal to `scipy.signal.get_window`.
///
/// With `N` the period (`n` for a periodic window, `n - 1` for a symmetric one):
///
/// ```text
/// Hann      w[i] = 0.5  - 0.5  cos(2 pi i / N)
/// Hamming   w[i] = 0.54 - 0.46 cos(2 pi i / N)
/// Blackman  w[i] = 0.42 - 0.5  cos(2 pi i / N) + 0.08 cos(4 pi i / N)
/// Bartlett  w[i] = 1 - |2 i / N - 1|
/// Boxcar    w[i] = 1
/// ```
///
/// ```
/// use timbral_dsp::Window;
///
/// let hann = Window::Hann.periodic(4);
/// assert_eq!(hann[2], 1.0);
/// assert!((hann[1] - 0.5).abs() < 1e-15);
/// assert_eq!(Window::Bartlett.symmetric(3), [0.0, 1.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Window {
    /// Raised cosine; librosa's default.
    #[default]
    Hann,
    /// Raised cosine on a pedestal.
    Hamming,
    /// Three-term cosine sum.
    Blackman,
    /// Triangle that is zero at its ends.
    Bartlett,
    /// All ones.
    Boxcar,
}

impl Window {
    /// `n` samples of the window whose period is `n`, for spectral analysis (`fftbins=True`).
    pub fn periodic(self, n: usize) -> Vec<f64> {
        self.sample(n, n as f64)
    }

    /// `n` samples of the window that is symmetric about its middle, for filter design
    /// (`fftbins=False`).
    pub fn symmetric(self, n: usize) -> Vec<f64> {
        self.sample(n, n as f64 - 1.0)
    }

    fn sample(self, n: usize, period: f64) -> Vec<f64> {
        if n == 1 {
            return vec![1.0];
        }
        let cosine = |i: usize, k: f64| libm::cos(2.0 * PI * k * i as f64 / period);
        let value = |i: usize| match self {
            Self::Hann => 0.5 - 0.5 * cosine(i, 1.0),
            Self::Hamming => 0.54 - 0.46 * cosine(i, 1.0),
            Self::Blackman => 0.42 - 0.5 * cosine(i, 1.0) + 0.08 * cosine(i, 2.0),
            Self::Bartlett => 1.0 - (2.0 * i as f64 / period - 1.0).abs(),
            Self::Boxcar => 1.0,
        };
        (0..n).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Window; 5] = [
        Window::Hann,
        Window::Hamming,
        Window::Blackman,
        Window::Bartlett,
        Window::Boxcar,
    ];

    #[test]
    fn a_periodic_window_is_the_next_longer_symmetric_one_without_its_last_value() {
        for window in ALL {
            for n in [2usize, 3, 8, 31] {
                assert_eq!(
                    window.periodic(n),
                    window.symmetric(n + 1)[..n],
                    "{window:?} {n}"
                );
            }
        }
    }

    #[test]
    fn degenerate_lengths_are_defined() {
        for window in ALL {
            assert!(window.periodic(0).is_empty());
            assert_eq!(window.periodic(1), [1.0]);
            assert_eq!(window.symmetric(1), [1.0]);
        }
    }

    #[test]
    fn hann_squared_sums_to_one_and_a_half_at_a_quarter_hop() {
        let w = Window::Hann.periodic(64);
        for start in 0..16 {
            let sum: f64 = (0..4).map(|k| w[start + 16 * k].powi(2)).sum();
            assert!((sum - 1.5).abs() < 1e-14, "{start}: {sum}");
        }
    }
}
