use super::thresholds::Thresholds;
use crate::error::Result;
use crate::mean::sum;

/// The points of a precision-recall curve, thresholds rising.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PrecisionRecallCurve {
    /// Precision at each threshold, then 1.
    pub precision: Vec<f64>,
    /// Recall at each threshold, falling, then 0; 1 at every threshold when there is no positive.
    pub recall: Vec<f64>,
    /// Scores at or above which a row counts as positive; one fewer than the points.
    pub thresholds: Vec<f64>,
}

/// Precision and recall at every threshold.
///
/// ```text
/// precision(s) = sum_i w_i [y_true_i, y_score_i >= s] / sum_i w_i [y_score_i >= s]
/// recall(s) = sum_i w_i [y_true_i, y_score_i >= s] / sum_i w_i [y_true_i]
/// ```
///
/// Arguments have shape `(n_samples,)`. With `drop_intermediate` points between others of the
/// same recall are left out. Equals `sklearn.metrics.precision_recall_curve(...,
/// pos_label=True)`.
///
/// # Errors
///
/// Lengths that differ, no rows, a score that is not finite, or unusable weights.
///
/// ```
/// use timbral_metrics::precision_recall_curve;
///
/// let y_true = [false, false, true, true];
/// let curve = precision_recall_curve(&y_true, &[0.1, 0.4, 0.35, 0.8], None, false)?;
/// assert_eq!(curve.precision, [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.thresholds, [0.1, 0.35, 0.4, 0.8]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn precision_recall_curve(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
    drop_intermediate: bool,
) -> Result<PrecisionRecallCurve> {
    let mut steps = Thresholds::new(y_true, y_score, sample_weight)?;
    if drop_intermediate {
        steps = steps.retain(|[a, b, c]| a.1 != b.1 || b.1 != c.1);
    }
    let positives = steps.true_positives.last().copied().unwrap_or(0.0);
    let mut curve = PrecisionRecallCurve {
        precision: Vec::with_capacity(steps.scores.len() + 1),
        recall: Vec::with_capacity(steps.scores.len() + 1),
        thresholds: steps.scores,
    };
    let points = steps.true_positives.iter().zip(&steps.false_positives);
    for (tp, fp) in points.rev() {
        // Rows without weight were dropped, so there are rows at or above every threshold.
        curve.precision.push(tp / (tp + fp));
        curve.recall.push(if positives == 0.0 {
            1.0
        } else {
            tp / positives
        });
    }
    curve.precision.push(1.0);
    curve.recall.push(0.0);
    curve.thresholds.reverse();
    Ok(curve)
}

/// Average precision: the mean of the precision over the thresholds, each weighted by the recall that it adds.
///
/// ```text
/// ap = sum_n (recall_n - recall_{n-1}) precision_n,   thresholds falling
/// ```
///
/// 0 when there is no positive. Equals `sklearn.metrics.average_precision_score` for two classes.
///
/// # Errors
///
/// As [`precision_recall_curve`].
///
/// ```
/// use timbral_metrics::average_precision_score;
///
/// let y_true = [false, false, true, true];
/// let ap = average_precision_score(&y_true, &[0.1, 0.4, 0.35, 0.8], None)?;
/// assert!((ap - 5.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn average_precision_score(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    let curve = precision_recall_curve(y_true, y_score, sample_weight, false)?;
    let terms: Vec<f64> = curve
        .recall
        .windows(2)
        .zip(&curve.precision)
        .map(|(r, p)| (r[0] - r[1]) * p)
        .collect();
    Ok(sum(&terms).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_positives_recall_is_one() {
        let curve = precision_recall_curve(&[false, false], &[0.1, 0.2], None, false).unwrap();
        assert_eq!(curve.recall, [1.0, 1.0, 0.0]);
        assert_eq!(curve.precision, [0.0, 0.0, 1.0]);
        let ap = average_precision_score(&[false, false], &[0.1, 0.2], None);
        assert_eq!(ap, Ok(0.0));
    }
}
