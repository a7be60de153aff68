use super::scores::Scores;
use crate::arguments;
use crate::error::Result;
use crate::mean::{mean, sum};

/// The largest difference between 1 and the sum of the probabilities of a row. It admits the rounding of a softmax in
/// half precision (11 bits, so up to 5e-4), but not a row of scores or of logits.
const SUM_TOLERANCE: f64 = 1e-3;

/// Checks probabilities: each in 0..=1, each row with the sum 1.
pub(crate) fn check_probabilities(y_proba: &Scores<'_>) -> Result<()> {
    arguments::probabilities("y_proba", y_proba.values())?;
    let sums: Vec<f64> = y_proba.rows().map(sum).collect();
    let near_one = |s: f64| (s - 1.0).abs() <= SUM_TOLERANCE;
    arguments::values(
        "y_proba row sums",
        &sums,
        near_one,
        "must be within 1e-3 of 1",
    )
}

/// Mean negative logarithm of the probability given to the true class.
///
/// ```text
/// loss = -sum_i w_i ln p_i / sum_i w_i,   p_i = y_proba[i, y_true_i] within eps..=1 - eps
/// ```
///
/// with `eps = 2^-52`. `y_proba` has shape `(n_samples, n_classes)`. Equals
/// `sklearn.metrics.log_loss(..., labels=range(n_classes))`.
///
/// # Errors
///
/// - lengths that differ, a class out of range, unusable weights;
/// - a probability outside 0..=1, or a row whose sum is not within 1e-3 of 1.
///
/// ```
/// use timbral_metrics::{Scores, log_loss};
///
/// let y_proba = Scores::new(&[0.5, 0.5, 0.25, 0.75], 2)?;
/// let loss = log_loss(&[0, 0], &y_proba, None)?;
/// assert!((loss - 1.5 * std::f64::consts::LN_2).abs() < 1e-15);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn log_loss(
    y_true: &[usize],
    y_proba: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    y_proba.check(y_true, sample_weight)?;
    check_probabilities(y_proba)?;
    let losses: Vec<f64> = y_true
        .iter()
        .zip(y_proba.rows())
        .map(|(t, row)| -libm::log(row[*t].clamp(f64::EPSILON, 1.0 - f64::EPSILON)))
        .collect();
    Ok(mean(&losses, sample_weight))
}

/// Brier score: the mean squared distance of the probabilities from the true classes (Brier 1950).
///
/// ```text
/// score = s sum_i w_i sum_c (y_proba[i, c] - [y_true_i = c])^2 / sum_i w_i
/// ```
///
/// with `s = 1/2` if `scale_by_half`, so that the result is in 0..=1, else 1, so that it is in
/// 0..=2. Equals `sklearn.metrics.brier_score_loss(..., labels=range(n_classes))`, whose default
/// halves two classes and does not halve more.
///
/// # Errors
///
/// As [`log_loss`].
///
/// ```
/// use timbral_metrics::{Scores, brier_score_loss};
///
/// let y_proba = Scores::new(&[0.5, 0.5, 0.0, 1.0], 2)?;
/// assert_eq!(brier_score_loss(&[0, 1], &y_proba, true, None)?, 0.125);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn brier_score_loss(
    y_true: &[usize],
    y_proba: &Scores<'_>,
    scale_by_half: bool,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    y_proba.check(y_true, sample_weight)?;
    check_probabilities(y_proba)?;
    let mut squares = Vec::with_capacity(y_proba.n_classes());
    let distances: Vec<f64> = y_true
        .iter()
        .zip(y_proba.rows())
        .map(|(t, row)| {
            squares.clear();
            squares.extend(row.iter().enumerate().map(|(c, p)| {
                let d = f64::from(u8::from(c == *t)) - p;
                d * d
            }));
            sum(&squares)
        })
        .collect();
    let scale = if scale_by_half { 0.5 } else { 1.0 };
    Ok(scale * mean(&distances, sample_weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_and_wrong_is_finite() {
        let y_proba = Scores::new(&[0.0, 1.0], 2).unwrap();
        let loss = log_loss(&[0], &y_proba, None).unwrap();
        assert_eq!(loss, -f64::EPSILON.ln());
        assert_eq!(brier_score_loss(&[0], &y_proba, false, None), Ok(2.0));
    }

    #[test]
    fn what_is_no_probability_is_an_error() {
        for bad in [[-0.5, 1.5], [0.2, 0.2], [3.0, 1.0]] {
            let y_proba = Scores::new(&bad, 2).unwrap();
            assert!(log_loss(&[0], &y_proba, None).is_err(), "{bad:?}");
        }
    }
}
