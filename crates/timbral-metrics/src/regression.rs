use crate::arguments;
use crate::error::Result;
use crate::mean::{mean, sum};
use crate::weighted_median::weighted_median;

/// Checks the arguments of a regression metric: finite numbers, as many predictions, usable weights.
fn check_targets(y_true: &[f64], y_pred: &[f64], sample_weight: Option<&[f64]>) -> Result<()> {
    arguments::rows("y_pred", y_true.len(), y_pred.len(), sample_weight)?;
    arguments::finite("y_true", y_true)?;
    arguments::finite("y_pred", y_pred)
}

fn residuals(y_true: &[f64], y_pred: &[f64], map: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    y_true
        .iter()
        .zip(y_pred)
        .map(|(t, p)| map(*t, *p))
        .collect()
}

fn absolute_errors(y_true: &[f64], y_pred: &[f64]) -> Vec<f64> {
    residuals(y_true, y_pred, |t, p| (t - p).abs())
}

/// Mean absolute difference.
///
/// ```text
/// mae = sum_i w_i |y_true_i - y_pred_i| / sum_i w_i
/// ```
///
/// Arguments have shape `(n_samples,)`. Equals `sklearn.metrics.mean_absolute_error`.
///
/// # Errors
///
/// Lengths that differ, no rows, a number that is not finite, or unusable weights.
///
/// ```
/// use timbral_metrics::mean_absolute_error;
///
/// assert_eq!(mean_absolute_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 0.5);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn mean_absolute_error(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    Ok(mean(&absolute_errors(y_true, y_pred), sample_weight))
}

/// Mean squared difference.
///
/// ```text
/// mse = sum_i w_i (y_true_i - y_pred_i)^2 / sum_i w_i
/// ```
///
/// Equals `sklearn.metrics.mean_squared_error`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::mean_squared_error;
///
/// assert_eq!(mean_squared_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 0.375);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn mean_squared_error(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    let squares = residuals(y_true, y_pred, |t, p| (t - p) * (t - p));
    Ok(mean(&squares, sample_weight))
}

/// Square root of the mean squared difference.
///
/// ```text
/// rmse = sqrt(sum_i w_i (y_true_i - y_pred_i)^2 / sum_i w_i)
/// ```
///
/// Equals `sklearn.metrics.root_mean_squared_error`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::root_mean_squared_error;
///
/// assert_eq!(root_mean_squared_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 0.375f64.sqrt());
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn root_mean_squared_error(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    Ok(mean_squared_error(y_true, y_pred, sample_weight)?.sqrt())
}

/// Median absolute difference.
///
/// ```text
/// medae = median_i |y_true_i - y_pred_i|
/// ```
///
/// With weights, the result is the difference at which half of the total weight is reached, or the mean of two
/// differences if the half is exactly between them. Equals `sklearn.metrics.median_absolute_error`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::median_absolute_error;
///
/// assert_eq!(median_absolute_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 0.5);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn median_absolute_error(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    let errors = absolute_errors(y_true, y_pred);
    let ones = vec![1.0; errors.len()];
    Ok(weighted_median(&errors, sample_weight.unwrap_or(&ones)))
}

/// Mean absolute difference relative to the truth.
///
/// ```text
/// mape = sum_i w_i |y_true_i - y_pred_i| / max(|y_true_i|, 2^-52) / sum_i w_i
/// ```
///
/// The result is a fraction, not a percentage; it is very large if a true value is 0.
/// Equals `sklearn.metrics.mean_absolute_percentage_error`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::mean_absolute_percentage_error;
///
/// assert_eq!(mean_absolute_percentage_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, (0.5 / 3.0 + 1.0 + 1.0 / 7.0) / 4.0);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn mean_absolute_percentage_error(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    let ratios = residuals(y_true, y_pred, |t, p| {
        (p - t).abs() / t.abs().max(f64::EPSILON)
    });
    Ok(mean(&ratios, sample_weight))
}

/// Largest absolute difference.
///
/// ```text
/// max = max_i |y_true_i - y_pred_i|
/// ```
///
/// Equals `sklearn.metrics.max_error`, which has no weights either.
///
/// # Errors
///
/// Lengths that differ, no rows, or a number that is not finite.
///
/// ```
/// use timbral_metrics::max_error;
///
/// assert_eq!(max_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0])?, 1.0);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn max_error(y_true: &[f64], y_pred: &[f64]) -> Result<f64> {
    check_targets(y_true, y_pred, None)?;
    Ok(absolute_errors(y_true, y_pred)
        .into_iter()
        .fold(0.0, f64::max))
}

/// Coefficient of determination: the proportion of the squared deviation that is explained.
///
/// ```text
/// r2 = 1 - sum_i w_i (y_true_i - y_pred_i)^2 / sum_i w_i (y_true_i - m)^2,   m = mean of y_true
/// ```
///
/// If all true values are equal, the result is 1 for a perfect prediction, else 0. It is NaN for a single row.
/// Equals `sklearn.metrics.r2_score`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::r2_score;
///
/// assert_eq!(r2_score(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 1.0 - 1.5 / 29.1875);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn r2_score(y_true: &[f64], y_pred: &[f64], sample_weight: Option<&[f64]>) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    if y_true.len() < 2 {
        return Ok(f64::NAN);
    }
    let centre = mean(y_true, sample_weight);
    let weighted = |i: usize, x: f64| sample_weight.map_or(1.0, |w| w[i]) * (x * x);
    let n = 0..y_true.len();
    let numerator: Vec<f64> = n
        .clone()
        .map(|i| weighted(i, y_true[i] - y_pred[i]))
        .collect();
    let denominator: Vec<f64> = n.map(|i| weighted(i, y_true[i] - centre)).collect();
    Ok(explained(sum(&numerator), sum(&denominator)))
}

/// Proportion of the variance that is explained: [`r2_score`] without the effect of a constant offset.
///
/// ```text
/// ev = 1 - var(y_true - y_pred) / var(y_true)
/// ```
///
/// Variances are weighted. If all true values are equal, the result is 1 if all differences are equal, too, else
/// 0. Equals `sklearn.metrics.explained_variance_score`.
///
/// # Errors
///
/// As [`mean_absolute_error`].
///
/// ```
/// use timbral_metrics::explained_variance_score;
///
/// assert_eq!(explained_variance_score(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0], None)?, 1.0 - 0.3125 / 7.296875);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn explained_variance_score(
    y_true: &[f64],
    y_pred: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check_targets(y_true, y_pred, sample_weight)?;
    let variance = |v: &[f64]| {
        let centre = mean(v, sample_weight);
        let squares: Vec<f64> = v.iter().map(|x| (x - centre) * (x - centre)).collect();
        mean(&squares, sample_weight)
    };
    let differences = residuals(y_true, y_pred, |t, p| t - p);
    Ok(explained(variance(&differences), variance(y_true)))
}

/// `1 - numerator / denominator` with scikit-learn's finite values where there is no denominator.
fn explained(numerator: f64, denominator: f64) -> f64 {
    if numerator == 0.0 {
        1.0
    } else if denominator == 0.0 {
        0.0
    } else {
        1.0 - numerator / denominator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_truth() {
        assert_eq!(r2_score(&[2.0, 2.0], &[2.0, 2.0], None), Ok(1.0));
        assert_eq!(r2_score(&[2.0, 2.0], &[2.0, 3.0], None), Ok(0.0));
        assert_eq!(
            explained_variance_score(&[2.0, 2.0], &[3.0, 3.0], None),
            Ok(1.0)
        );
        assert!(r2_score(&[2.0], &[2.0], None).unwrap().is_nan());
    }

    #[test]
    fn bad_numbers_are_errors() {
        assert!(mean_squared_error(&[], &[], None).is_err());
        assert!(max_error(&[1.0], &[f64::NAN]).is_err());
        assert!(mean_absolute_error(&[f64::INFINITY], &[1.0], None).is_err());
    }
}
