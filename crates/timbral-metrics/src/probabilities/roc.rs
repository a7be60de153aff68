use super::thresholds::Thresholds;
use crate::error::Result;

/// The points of a receiver operating characteristic, thresholds falling.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RocCurve {
    /// False positive rates, rising from 0 to 1; NaN when there is no negative.
    pub fpr: Vec<f64>,
    /// True positive rates, rising from 0 to 1; NaN when there is no positive.
    pub tpr: Vec<f64>,
    /// Scores at or above which a row counts as positive; the first is infinity.
    pub thresholds: Vec<f64>,
}

/// False and true positive rates at every threshold.
///
/// ```text
/// fpr(s) = sum_i w_i [not y_true_i, y_score_i >= s] / sum_i w_i [not y_true_i]
/// tpr(s) = sum_i w_i [y_true_i, y_score_i >= s] / sum_i w_i [y_true_i]
/// ```
///
/// Arguments have shape `(n_samples,)`. With `drop_intermediate` points between collinear
/// neighbours are left out, which changes neither the shape nor the area. Equals
/// `sklearn.metrics.roc_curve(..., pos_label=True)`.
///
/// # Errors
///
/// Lengths that differ, no rows, a score that is not finite, or unusable weights.
///
/// ```
/// use timbral_metrics::roc_curve;
///
/// let curve = roc_curve(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8], None, true)?;
/// assert_eq!(curve.fpr, [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(curve.tpr, [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.thresholds, [f64::INFINITY, 0.8, 0.4, 0.35, 0.1]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn roc_curve(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
    drop_intermediate: bool,
) -> Result<RocCurve> {
    let mut steps = Thresholds::new(y_true, y_score, sample_weight)?;
    if drop_intermediate {
        let bent = |a: f64, b: f64, c: f64| (c - b) - (b - a) != 0.0;
        steps = steps.retain(|[a, b, c]| bent(a.0, b.0, c.0) || bent(a.1, b.1, c.1));
    }
    let mut thresholds = vec![f64::INFINITY];
    thresholds.extend(&steps.scores);
    Ok(RocCurve {
        fpr: rates(&steps.false_positives),
        tpr: rates(&steps.true_positives),
        thresholds,
    })
}

/// 0, then every number divided by the last; NaN if the last is 0.
fn rates(cumulated: &[f64]) -> Vec<f64> {
    let all = cumulated.last().copied().unwrap_or(0.0);
    let first = if all > 0.0 { 0.0 } else { f64::NAN };
    std::iter::once(first)
        .chain(cumulated.iter().map(|x| x / all))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_has_no_rate_for_the_other() {
        let curve = roc_curve(&[true, true], &[0.1, 0.2], None, false).unwrap();
        assert!(curve.fpr.iter().all(|x| x.is_nan()));
        assert_eq!(curve.tpr, [0.0, 0.5, 1.0]);
    }
}
