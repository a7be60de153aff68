use ndarray::{Array2, ArrayView2};

use crate::error::{Error, InvalidParameter, Result, check_length};

/// Converts a recurrence matrix to one whose rows are lags, the distances in time; equals
/// `librosa.segment.recurrence_to_lag`.
///
/// ```text
/// lag[(i - j) mod h, j] = rec[i, j],   h = 2 t with pad, else t
/// ```
///
/// - `rec`: shape `(t, t)`;
/// - `pad`: whether positive and negative lags have separate rows; librosa's default is true;
/// - result: shape `(h, t)`.
///
/// # Errors
///
/// A matrix that is not square.
///
/// ```
/// use ndarray::array;
///
/// let lag = timbral_dsp::recurrence_to_lag(array![[1.0, 0.0], [2.0, 3.0]].view(), false)?;
/// assert_eq!(lag, array![[1.0, 3.0], [2.0, 0.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn recurrence_to_lag(rec: ArrayView2<'_, f64>, pad: bool) -> Result<Array2<f64>> {
    let t = rec.ncols();
    check_length("rec rows", t, rec.nrows())?;
    let height = if pad { 2 * t } else { t };
    let mut lag = Array2::zeros((height, t));
    for ((i, j), value) in rec.indexed_iter() {
        lag[[(i + height - j) % height, j]] = *value;
    }
    Ok(lag)
}

/// Converts a lag matrix back to a recurrence matrix, and so undoes [`recurrence_to_lag`]; equals
/// `librosa.segment.lag_to_recurrence`.
///
/// ```text
/// rec[(l + j) mod h, j] = lag[l, j],   of which the first t rows
/// ```
///
/// # Errors
///
/// A matrix whose height is neither its width nor twice that.
///
/// ```
/// use ndarray::array;
///
/// let rec = array![[1.0, 0.0], [2.0, 3.0]];
/// let lag = timbral_dsp::recurrence_to_lag(rec.view(), true)?;
/// assert_eq!(timbral_dsp::lag_to_recurrence(lag.view())?, rec);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn lag_to_recurrence(lag: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let (height, t) = lag.dim();
    if height != t && height != 2 * t {
        let rule = "must be the number of columns or twice that";
        return Err(InvalidParameter::new("lag rows", height, rule).into());
    }
    let mut rec = Array2::zeros((t, t));
    for ((l, j), value) in lag.indexed_iter() {
        let row = (l + j) % height;
        if row < t {
            rec[[row, j]] = *value;
        }
    }
    Ok(rec)
}

/// Filters a recurrence matrix along its diagonals: it is converted to a lag matrix, filtered, and converted
/// back. Equals `librosa.segment.timelag_filter(function)(rec)`.
///
/// - `rec`: shape `(t, t)`; `pad`: that of [`recurrence_to_lag`]; librosa's default is true;
/// - `filter`: gets the lag matrix and returns another of the same shape. Its errors are returned as errors of
///   this function.
///
/// # Errors
///
/// Those of [`recurrence_to_lag`], `filter` and [`lag_to_recurrence`].
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{Error, timelag_filter};
///
/// let rec = array![[1.0, 0.0], [2.0, 3.0]];
/// let twice = timelag_filter(rec.view(), true, |lag| Ok::<_, Error>(lag * 2.0))?;
/// assert_eq!(twice, array![[2.0, 0.0], [4.0, 6.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn timelag_filter<E: From<Error>>(
    rec: ArrayView2<'_, f64>,
    pad: bool,
    filter: impl FnOnce(Array2<f64>) -> std::result::Result<Array2<f64>, E>,
) -> std::result::Result<Array2<f64>, E> {
    let filtered = filter(recurrence_to_lag(rec, pad)?)?;
    Ok(lag_to_recurrence(filtered.view())?)
}
