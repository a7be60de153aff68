use num_complex::Complex;

use super::real_fft::{RealFft, RealFftScratch};
use crate::error::{Error, Result, check};

/// Parameters of [`fmt`], named as in `librosa.fmt`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MellinParams {
    /// The first position in samples, above 0 and below the last position; default 0.5.
    pub t_min: f64,
    /// Number of positions, `3..=2^24`; default: enough to keep the last two samples apart.
    pub n_fmt: Option<usize>,
    /// The exponent of the weight of each position; default 0.5. With the default, stretching in time changes
    /// only phases.
    pub beta: f64,
    /// The factor by which positions are denser, `1..=1024`; default 1.
    pub over_sample: f64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for MellinParams {
    fn default() -> Self {
        Self {
            t_min: 0.5,
            n_fmt: None,
            beta: 0.5,
            over_sample: 1.0,
            _non_exhaustive: (),
        }
    }
}

/// Most positions.
const MAX_POSITIONS: f64 = (1 << 24) as f64;

impl MellinParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description, or a number that is not finite.
    pub fn validate(&self) -> Result<()> {
        let t_min = self.t_min;
        let holds = t_min > 0.0 && t_min.is_finite();
        check(holds, "t_min", t_min, "must be finite and above 0")?;
        let beta = self.beta;
        check(beta.is_finite(), "beta", beta, "must be finite")?;
        let over = self.over_sample;
        let holds = (1.0..=1024.0).contains(&over);
        check(holds, "over_sample", over, "must be in 1..=1024")?;
        if let Some(n) = self.n_fmt {
            let holds = n >= 3 && n as f64 <= MAX_POSITIONS;
            check(holds, "n_fmt", n, "must be in 3..=2^24")?;
        }
        Ok(())
    }
}

/// The fast Mellin transform: the Fourier transform of a series over the logarithm of time. Its magnitudes do not
/// change when the series is stretched (De Sena and Rocchesso 2007). Equals `librosa.fmt` with cubic interpolation.
///
/// ```text
/// x[i]   = (t_min / n)^(1 - i / n_fmt),  approximately          positions from t_min / n up to 1
/// out[k] = sqrt(n) / n_fmt sum_i y(x[i]) x[i]^beta exp(-2 pi i k i / n_fmt)
/// ```
///
/// Values between samples are those of the cubic spline through all samples. The result has `n_fmt / 2 + 1`
/// values.
///
/// # Errors
///
/// Those of [`MellinParams::validate`]; fewer than 4 values; a value that is not finite; more than 2^24
/// positions.
///
/// ```
/// use timbral_dsp::{MellinParams, fmt};
///
/// // Ones: the mean of the weights sqrt(x) over the logarithm of x, from 0.005 to 1, times sqrt(100).
/// let transform = fmt(&[1.0; 100], &MellinParams::default())?;
/// assert_eq!(transform.len(), 261);
/// let mean = 2.0 * (1.0 - 0.005f64.sqrt()) / 200f64.ln();
/// assert!((transform[0].re - 10.0 * mean).abs() < 0.03);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn fmt(y: &[f64], params: &MellinParams) -> Result<Vec<Complex<f64>>> {
    params.validate()?;
    let n = y.len();
    if n < 4 {
        return Err(Error::TooShort {
            name: "y",
            needed: 4,
            got: n,
        });
    }
    if let Some((index, value)) = y.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "y",
            index,
            value: *value as f32,
        });
    }
    let (t_min, over) = (params.t_min, params.over_sample);
    let last = (n - 1) as f64;
    check(
        t_min < last,
        "t_min",
        t_min,
        "must be below the last position",
    )?;
    let step = |n: f64| libm::log(n - 1.0) - libm::log(n - 2.0);
    let (log_base, positions) = match params.n_fmt {
        None => {
            let log_base = step(n as f64);
            let count = (over * (libm::log(last) - libm::log(t_min)) / log_base).ceil();
            (log_base, count.max(1.0))
        }
        Some(n_fmt) => (step(n_fmt as f64) / over, n_fmt as f64),
    };
    let rule = "values make more than 2^24 positions";
    check(positions <= MAX_POSITIONS, "y", n, rule)?;
    let count = positions as usize;
    let exponent = (libm::log(t_min) - libm::log(n as f64)) / log_base;
    let all = count as f64 + over.ceil();
    let spline = Spline::new(y);
    let weight = (n as f64).sqrt() / count as f64;
    let resampled: Vec<f64> = (0..count)
        .map(|i| {
            let power = i as f64 * (-exponent / all) + exponent;
            let x = libm::exp(power * log_base).clamp(t_min / n as f64, last / n as f64);
            spline.at(x * n as f64) * libm::pow(x, params.beta) * weight
        })
        .collect();
    let mut out = Vec::new();
    RealFft::new(count).forward(&resampled, &mut out, &mut RealFftScratch::default());
    Ok(out)
}

/// The cubic spline through values at whole positions, whose third derivative is continuous at the second and
/// at the last but one of them ("not a knot").
struct Spline<'a> {
    y: &'a [f64],
    /// The second derivative at each position.
    bend: Vec<f64>,
}

impl<'a> Spline<'a> {
    /// Of at least 4 values.
    fn new(y: &'a [f64]) -> Self {
        let n = y.len();
        let curvature = |i: usize| 6.0 * (y[i - 1] - 2.0 * y[i] + y[i + 1]);
        let mut bend = vec![0.0; n];
        // The conditions at the ends decouple these two.
        bend[1] = curvature(1) / 6.0;
        bend[n - 2] = curvature(n - 2) / 6.0;
        // b[i - 1] + 4 b[i] + b[i + 1] = curvature between them, by elimination.
        let mut ratio = vec![0.0; n];
        for i in 2..n - 2 {
            let pivot = 4.0 - ratio[i - 1];
            ratio[i] = 1.0 / pivot;
            bend[i] = (curvature(i) - bend[i - 1]) / pivot;
        }
        for i in (2..n - 2).rev() {
            bend[i] -= ratio[i] * bend[i + 1];
        }
        bend[0] = 2.0 * bend[1] - bend[2];
        bend[n - 1] = 2.0 * bend[n - 2] - bend[n - 3];
        Self { y, bend }
    }

    /// The value at a position from 0 to the last one.
    fn at(&self, position: f64) -> f64 {
        let i = (position as usize).min(self.y.len() - 2);
        let right = position - i as f64;
        let left = 1.0 - right;
        let bend = |t: f64, b: f64| (t * t * t - t) * b / 6.0;
        left * self.y[i]
            + right * self.y[i + 1]
            + bend(left, self.bend[i])
            + bend(right, self.bend[i + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_its_own_spline() {
        let f = |x: f64| 1.0 + x * (2.0 + x * (-0.5 + x * 0.1));
        for n in [4u32, 5, 6, 20] {
            let y: Vec<f64> = (0..n).map(|i| f(f64::from(i))).collect();
            let spline = Spline::new(&y);
            for i in 0..10 * (n - 1) {
                let x = f64::from(i) / 10.0;
                let scale = 1.0 + f(x).abs();
                assert!((spline.at(x) - f(x)).abs() < 1e-12 * scale, "{n} {x}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let default = MellinParams::default();
        assert!(fmt(&[1.0; 3], &default).is_err());
        assert!(fmt(&[1.0, 2.0, f64::NAN, 1.0], &default).is_err());
        for params in [
            MellinParams {
                t_min: 0.0,
                ..default
            },
            MellinParams {
                t_min: 9.0,
                ..default
            },
            MellinParams {
                n_fmt: Some(2),
                ..default
            },
            MellinParams {
                beta: f64::NAN,
                ..default
            },
            MellinParams {
                over_sample: 0.5,
                ..default
            },
        ] {
            assert!(fmt(&[1.0; 10], &params).is_err(), "{params:?}");
        }
    }
}
