use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::scaling::{Norm, normalize_columns};

/// Tonal centroids: pitch classes on the circles of fifths, of minor and of major thirds (Harte, Sandler and Gasser
/// 2006); equals `librosa.feature.tonnetz(chroma=chroma)`.
///
/// With `x` the chromagram divided by the sum of each frame, `p = 12 c / n_chroma` and
/// `a = 7 pi / 6, 3 pi / 2, 2 pi / 3` for the three circles of radius `r = 1, 1, 1 / 2`:
///
/// ```text
/// out[2 i, t]     = r sum_c sin(a p) x[c, t]
/// out[2 i + 1, t] = r sum_c cos(a p) x[c, t]
/// ```
///
/// - `chroma`: shape `(n_chroma, n_frames)`; librosa's default is that of [`ChromaCqt`](crate::ChromaCqt);
/// - result: shape `(6, n_frames)`, in `-1..=1`.
///
/// # Errors
///
/// No pitch classes, or a value that is not finite.
///
/// ```
/// use ndarray::Array2;
///
/// // Only C.
/// let mut chroma = Array2::zeros((12, 1));
/// chroma[[0, 0]] = 1.0f32;
/// let tonnetz = timbral_dsp::tonnetz(chroma.view())?;
/// assert_eq!(tonnetz.column(0).to_vec(), [0.0, 1.0, 0.0, 1.0, 0.0, 0.5]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn tonnetz(chroma: ArrayView2<'_, f32>) -> Result<Array2<f64>> {
    let (n_chroma, n_frames) = chroma.dim();
    if n_chroma == 0 {
        return Err(Error::TooShort {
            name: "chroma rows",
            needed: 1,
            got: 0,
        });
    }
    if let Some((index, value)) = chroma.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "chroma",
            index,
            value: *value,
        });
    }
    let mut fractions = chroma.to_owned();
    normalize_columns(&mut fractions, Norm::L1);
    let mut out = Array2::zeros((6, n_frames));
    let circles = [(7.0 / 6.0, 1.0), (1.5, 1.0), (2.0 / 3.0, 0.5)];
    for (c, row) in fractions.outer_iter().enumerate() {
        let position = 12.0 * c as f64 / n_chroma as f64;
        for (i, (step, radius)) in circles.iter().enumerate() {
            let (sin, cos) = libm::sincos(PI * step * position);
            for (t, x) in row.iter().enumerate() {
                out[[2 * i, t]] += radius * sin * f64::from(*x);
                out[[2 * i + 1, t]] += radius * cos * f64::from(*x);
            }
        }
    }
    Ok(out)
}
