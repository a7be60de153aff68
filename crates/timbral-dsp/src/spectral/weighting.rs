use ndarray::{Array2, ArrayView2};

use super::decibel::{DbParams, power_to_db};
use crate::error::{Result, check, check_length};

/// The weighting curves of sound level meters, which follow the perceived loudness of frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Weighting {
    /// For quiet sounds (IEC 61672); the default.
    #[default]
    A,
    /// For louder sounds.
    B,
    /// For loud sounds.
    C,
    /// For aircraft noise.
    D,
    /// None: 0 dB everywhere.
    Z,
}

/// The poles of the curves A, B and C in hertz.
const LOW: f64 = 20.598_997;
const HIGH: f64 = 12_194.217;

impl Weighting {
    /// The weight of a frequency in hertz, in decibels; equals `librosa.A_weighting` to `D_weighting` with
    /// `min_db=None`. Minus infinity at 0 Hz, except for Z.
    ///
    /// ```text
    /// A = 2.0   + 20 log10( h^2 f^4 / ((f^2 + h^2) (f^2 + l^2) sqrt((f^2 + 107.65265^2) (f^2 + 737.86223^2))) )
    /// B = 0.17  + 20 log10( h^2 f^3 / ((f^2 + h^2) (f^2 + l^2) sqrt(f^2 + 158.48932^2)) )
    /// C = 0.062 + 20 log10( h^2 f^2 / ((f^2 + h^2) (f^2 + l^2)) ),   l = 20.598997, h = 12194.217
    /// ```
    ///
    /// ```
    /// use timbral_dsp::Weighting;
    ///
    /// assert!(Weighting::A.decibels(1000.0).abs() < 1e-3);
    /// assert!((Weighting::A.decibels(100.0) + 19.142).abs() < 1e-3);
    /// ```
    pub fn decibels(self, hertz: f64) -> f64 {
        let log = libm::log10;
        let f = hertz * hertz;
        let square = |v: f64| v * v;
        let ends = log(square(HIGH)) - log(f + square(HIGH)) - log(f + square(LOW));
        match self {
            Self::A => {
                let inner = log(f + square(107.652_65)) + log(f + square(737.862_23));
                2.0 + 20.0 * (ends + 2.0 * log(f) - 0.5 * inner)
            }
            Self::B => {
                let inner = log(f + square(158.489_32));
                0.17 + 20.0 * (ends + 1.5 * log(f) - 0.5 * inner)
            }
            Self::C => 0.062 + 20.0 * (ends + log(f)),
            Self::D => {
                let zeros = log(square(square(1018.7) - f) + square(1039.6) * f);
                let poles = log(square(square(3136.5) - f) + square(3424.0) * f)
                    + log(square(282.7) + f)
                    + log(square(1160.0) + f);
                let scale = log(square(0.008_304_630_5));
                20.0 * (0.5 * log(f) - scale + 0.5 * (zeros - poles))
            }
            Self::Z => 0.0,
        }
    }
}

/// The weight of each frequency in decibels, not below `min_db`; equals `librosa.frequency_weighting`.
///
/// `min_db` is -80 by default in librosa (and `None` for Z).
///
/// # Errors
///
/// A `min_db` that is NaN.
///
/// ```
/// use timbral_dsp::{Weighting, frequency_weighting};
///
/// let weights = frequency_weighting(&[0.0, 1000.0], Weighting::C, Some(-80.0))?;
/// assert_eq!(weights[0], -80.0);
/// assert!(weights[1].abs() < 1e-3);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn frequency_weighting(
    frequencies: &[f64],
    weighting: Weighting,
    min_db: Option<f64>,
) -> Result<Vec<f64>> {
    let least = min_db.unwrap_or(f64::NEG_INFINITY);
    check(!least.is_nan(), "min_db", least, "must be a number")?;
    let weight = |f: &f64| {
        let db = weighting.decibels(*f);
        if db < least { least } else { db }
    };
    Ok(frequencies.iter().map(weight).collect())
}

/// A power spectrogram in decibels, weighted by the perceived loudness of its frequencies; equals
/// `librosa.perceptual_weighting`.
///
/// ```text
/// out[k, t] = max(-80, weight(f[k])) + 10 log10(S[k, t] / reference)
/// ```
///
/// - `power`: shape `(n_bins, n_frames)`; `frequencies`: those of its rows, in hertz;
/// - result: the same shape. The decibels are those of [`power_to_db`] with `params`.
///
/// # Errors
///
/// Those of [`power_to_db`], and a number of frequencies that differs from the number of rows.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DbParams, Weighting, perceptual_weighting};
///
/// let power = array![[1.0f32], [1.0]];
/// let db = perceptual_weighting(power.view(), &[100.0, 1000.0], Weighting::A, &DbParams::default())?;
/// assert!((db[[0, 0]] + 19.142).abs() < 1e-3 && db[[1, 0]].abs() < 1e-3);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn perceptual_weighting(
    power: ArrayView2<'_, f32>,
    frequencies: &[f64],
    weighting: Weighting,
    params: &DbParams,
) -> Result<Array2<f32>> {
    check_length("frequencies", power.nrows(), frequencies.len())?;
    let least = match weighting {
        Weighting::Z => None,
        _ => Some(-80.0),
    };
    let weights = frequency_weighting(frequencies, weighting, least)?;
    let mut db = power_to_db(power, params)?;
    for (mut row, weight) in db.outer_iter_mut().zip(weights) {
        row.mapv_inplace(|v| (f64::from(v) + weight) as f32);
    }
    Ok(db)
}
