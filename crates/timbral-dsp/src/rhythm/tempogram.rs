use std::fmt;

use ndarray::{Array2, s};
use num_complex::Complex;

use super::window_lags::{COLUMNS, WindowLags, windowed};
use crate::error::{Error, Result, check, check_finite};
use crate::frames::Window;
use crate::transform::{AnyWork, RealFfts, Spectra};

/// Longest window, in frames: 65 536 frames are 25 minutes at the usual hop.
pub(super) const MAX_WIN_LENGTH: usize = 1 << 16;

/// Parameters of [`Tempogram`] and [`fourier_tempogram`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TempogramParams {
    /// Length of the window in frames, `1..=65536`; default 384, 8.9 s at 22 050 Hz and hop 512.
    pub win_length: usize,
    /// Whether window `t` is centred on frame `t` (default) or starts there.
    pub center: bool,
    /// The taper, taken as periodic; default Hann.
    pub window: Window,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for TempogramParams {
    fn default() -> Self {
        Self {
            win_length: 384,
            center: true,
            window: Window::Hann,
            _non_exhaustive: (),
        }
    }
}

impl TempogramParams {
    /// Checks the range of `win_length`.
    ///
    /// # Errors
    ///
    /// `win_length` outside `1..=65536`.
    pub fn validate(&self) -> Result<()> {
        let n = self.win_length;
        let holds = (1..=MAX_WIN_LENGTH).contains(&n);
        check(holds, "win_length", n, "must be in 1..=65536")?;
        Ok(())
    }

    /// Frames of padding on each side of the envelope.
    fn padding(&self) -> usize {
        if self.center { self.win_length / 2 } else { 0 }
    }

    /// The envelope must have at least one window.
    fn check_length(&self, n: usize) -> Result<()> {
        let needed = if self.center { 1 } else { self.win_length };
        if n < needed {
            return Err(Error::TooShort {
                name: "envelope",
                needed,
                got: n,
            });
        }
        Ok(())
    }
}

/// A planned autocorrelation tempogram: how strongly an onset envelope repeats itself at each lag,
/// around each frame.
///
/// ```text
/// a[l, t]   = sum_m  w[m] x[t + m - p] w[m + l] x[t + m + l - p],   p = win_length / 2 if centred
/// out[l, t] = a[l, t] / a[0, t]
/// ```
///
/// Beyond its ends a centred envelope `x` falls linearly to zero over `p` frames. A window without
/// energy gives zeros. Equals `librosa.feature.tempogram` (with `norm=np.inf`: the largest
/// autocorrelation is that of lag 0).
///
/// ```
/// use timbral_dsp::{Tempogram, TempogramParams, Window};
///
/// let every_fourth: Vec<f32> = (0..64).map(|t| f32::from(u8::from(t % 4 == 0))).collect();
/// let params = TempogramParams { win_length: 16, window: Window::Boxcar, ..Default::default() };
/// let tempogram = Tempogram::new(params)?.process(&every_fourth)?;
/// assert_eq!(tempogram.dim(), (16, 64));
/// assert!((tempogram[[4, 32]] - 0.75).abs() < 1e-12); // three of four clicks have a successor
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct Tempogram {
    params: TempogramParams,
    window: Vec<f64>,
    lags: WindowLags,
}

impl fmt::Debug for Tempogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tempogram")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Tempogram {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`TempogramParams::validate`].
    pub fn new(params: TempogramParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            params,
            window: params.window.periodic(params.win_length),
            lags: WindowLags::new(params.win_length),
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &TempogramParams {
        &self.params
    }

    /// The tempogram of an onset envelope, shape `(win_length, n_frames)`, for lags of
    /// `0..win_length` frames. Without `center` there are `n_frames - win_length + 1` columns.
    ///
    /// # Errors
    ///
    /// - the envelope is empty or, without `center`, shorter than `win_length`;
    /// - it has a value that is not finite.
    pub fn process(&self, envelope: &[f32]) -> Result<Array2<f64>> {
        self.params.check_length(envelope.len())?;
        check_finite("envelope", envelope)?;
        let win_length = self.params.win_length;
        let padding = self.params.padding();
        let padded = ramp_padded(envelope, padding);
        let n_columns = (padded.len() + 1 - win_length).min(envelope.len());

        let mut out = Array2::zeros((win_length, n_columns));
        self.lags.process(&padded, &self.window, &mut out);
        Ok(out)
    }
}

/// The Fourier tempogram: the short-time Fourier transform of an onset envelope, at hop 1.
///
/// ```text
/// out[k, t] = sum_m  w[m] x[t + m - p] exp(-2 pi i k m / win_length),   p = win_length / 2 if centred
/// ```
///
/// with zeros beyond the ends. Bin `k` corresponds to `60 k sample_rate / (hop_length win_length)` beats per
/// minute. Shape `(win_length / 2 + 1, 1 + n_frames + 2 p - win_length)`; computed in f64 and
/// rounded once. Equals `librosa.feature.fourier_tempogram`.
///
/// ```
/// use timbral_dsp::{TempogramParams, fourier_tempogram};
///
/// let params = TempogramParams { win_length: 16, ..Default::default() };
/// let spectrum = fourier_tempogram(&[1.0; 64], &params)?;
/// assert_eq!(spectrum.dim(), (9, 65));
/// assert_eq!(spectrum[[0, 32]].re, 8.0); // the sum of the window
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
///
/// # Errors
///
/// - those of [`TempogramParams::validate`];
/// - the envelope is empty or, without `center`, shorter than `win_length`;
/// - it has a value that is not finite.
pub fn fourier_tempogram(
    envelope: &[f32],
    params: &TempogramParams,
) -> Result<Array2<Complex<f32>>> {
    params.validate()?;
    params.check_length(envelope.len())?;
    check_finite("envelope", envelope)?;
    let padding = params.padding();
    let mut padded = vec![0.0; envelope.len() + 2 * padding];
    for (to, from) in padded[padding..].iter_mut().zip(envelope) {
        *to = f64::from(*from);
    }

    let window = params.window.periodic(params.win_length);
    let fft = RealFfts::<COLUMNS>::new(params.win_length);
    let mut frames = vec![[0.0; COLUMNS]; params.win_length];
    let mut spectrum = Spectra::default();
    let mut work = AnyWork::default();
    let n_columns = padded.len() + 1 - params.win_length;
    let mut out = Array2::zeros((fft.n_bins(), n_columns));
    for start in (0..n_columns).step_by(COLUMNS) {
        let used = (n_columns - start).min(COLUMNS);
        windowed(&padded[start..], &window, &mut frames);
        fft.forward(&frames, &mut spectrum, &mut work);
        let mut columns = out.slice_mut(s![.., start..start + used]);
        let bins = spectrum.re.iter().zip(&spectrum.im);
        for (mut to, (re, im)) in columns.outer_iter_mut().zip(bins) {
            for (to, (re, im)) in to.iter_mut().zip(re.iter().zip(im)) {
                *to = Complex::new(*re as f32, *im as f32);
            }
        }
    }
    Ok(out)
}

/// The envelope with `padding` values on each side, which rise from zero to its first value and fall
/// from its last value to zero, rounded to f32 as in `np.pad(mode="linear_ramp")`.
pub(super) fn ramp_padded(envelope: &[f32], padding: usize) -> Vec<f64> {
    let (Some(first), Some(last)) = (envelope.first(), envelope.last()) else {
        return vec![0.0; 2 * padding];
    };
    let ramp = |edge: f32| {
        let step = f64::from(edge) / padding as f64;
        (0..padding).map(move |i| f64::from((i as f64 * step) as f32))
    };
    let mut padded = Vec::with_capacity(envelope.len() + 2 * padding);
    padded.extend(ramp(*first));
    padded.extend(envelope.iter().map(|v| f64::from(*v)));
    padded.extend(ramp(*last).rev());
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: [Window; 3] = [Window::Hann, Window::Blackman, Window::Boxcar];

    fn envelope(n: usize) -> Vec<f32> {
        (0..n)
            .map(|t| ((t * t * 31 + t * 7) % 23) as f32 / 4.0)
            .collect()
    }

    #[test]
    fn equals_the_textbook_sum() {
        for (n, win_length) in [(1, 1), (1, 4), (2, 5), (40, 8), (30, 9), (5, 64)] {
            for (window, center) in WINDOWS.into_iter().flat_map(|w| [(w, true), (w, false)]) {
                let params = TempogramParams {
                    win_length,
                    center,
                    window,
                    ..TempogramParams::default()
                };
                let plan = Tempogram::new(params).unwrap();
                let x = envelope(n);
                if !center && n < win_length {
                    assert!(plan.process(&x).is_err(), "{params:?}");
                    continue;
                }
                let got = plan.process(&x).unwrap();
                let padded = ramp_padded(&x, if center { win_length / 2 } else { 0 });
                let w = window.periodic(win_length);
                for ((l, t), got) in got.indexed_iter() {
                    let lag = |l: usize| -> f64 {
                        let product =
                            |m: usize| w[m] * padded[t + m] * w[m + l] * padded[t + m + l];
                        (0..win_length - l).map(product).sum()
                    };
                    let norm = if lag(0) == 0.0 { 1.0 } else { lag(0) };
                    // Rounding of an FFT relative to lag 0, which is 1 after the norm.
                    assert!(
                        (got - lag(l) / norm).abs() < 1e-13,
                        "{params:?} {n} [{l}, {t}] {got}"
                    );
                }
            }
        }
    }

    #[test]
    fn fourier_tempogram_equals_the_textbook_sum() {
        for (n, win_length, center) in [(1, 1, true), (3, 8, true), (20, 9, true), (20, 8, false)] {
            let params = TempogramParams {
                win_length,
                center,
                window: Window::Hann,
                ..TempogramParams::default()
            };
            let x = envelope(n);
            let got = fourier_tempogram(&x, &params).unwrap();
            let p = if center { win_length / 2 } else { 0 };
            assert_eq!(
                got.dim(),
                (win_length / 2 + 1, n + 2 * p + 1 - win_length),
                "{params:?}"
            );
            let w = Window::Hann.periodic(win_length);
            for ((k, t), got) in got.indexed_iter() {
                let mut expected = Complex::new(0.0, 0.0);
                for (m, w) in w.iter().enumerate() {
                    let at = (t + m).checked_sub(p).and_then(|at| x.get(at));
                    let angle = -std::f64::consts::TAU * (k * m) as f64 / win_length as f64;
                    let value = w * at.map_or(0.0, |v| f64::from(*v));
                    expected += Complex::from_polar(value, angle);
                }
                let got = Complex::new(f64::from(got.re), f64::from(got.im));
                // One rounding to f32 of values up to 50.
                assert!((got - expected).norm() < 1e-5, "{params:?} [{k}, {t}]");
            }
        }
    }

    #[test]
    fn bad_parameters_and_envelopes_are_errors() {
        for win_length in [0, MAX_WIN_LENGTH + 1, usize::MAX] {
            let params = TempogramParams {
                win_length,
                ..Default::default()
            };
            assert!(Tempogram::new(params).is_err());
            assert!(fourier_tempogram(&[1.0], &params).is_err());
        }
        let params = TempogramParams::default();
        let plan = Tempogram::new(params).unwrap();
        for bad in [&[][..], &[1.0, f32::NAN], &[f32::INFINITY]] {
            assert!(plan.process(bad).is_err(), "{bad:?}");
            assert!(fourier_tempogram(bad, &params).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn silence_gives_zeros() {
        let plan = Tempogram::new(TempogramParams::default()).unwrap();
        assert!(plan.process(&[0.0; 20]).unwrap().iter().all(|v| *v == 0.0));
    }
}
