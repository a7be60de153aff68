use crate::arguments;
use crate::error::Result;
use crate::mean::mean;

/// Fraction of the rows whose prediction is right.
///
/// ```text
/// accuracy = sum_i w_i [y_true_i = y_pred_i] / sum_i w_i
/// ```
///
/// Equals `sklearn.metrics.accuracy_score`. All arguments have shape `(n_samples,)`; no weights
/// means that all are 1.
///
/// # Errors
///
/// Lengths that differ, no rows, or weights that are negative, not finite or all zero.
///
/// ```
/// use timbral_metrics::accuracy_score;
///
/// let accuracy = accuracy_score(&["jazz", "rock", "rock"], &["jazz", "rock", "jazz"], None)?;
/// assert_eq!(accuracy, 2.0 / 3.0);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn accuracy_score<T: PartialEq>(
    y_true: &[T],
    y_pred: &[T],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    arguments::rows("y_pred", y_true.len(), y_pred.len(), sample_weight)?;
    let hits: Vec<f64> = y_true
        .iter()
        .zip(y_pred)
        .map(|(t, p)| f64::from(u8::from(t == p)))
        .collect();
    Ok(mean(&hits, sample_weight))
}
