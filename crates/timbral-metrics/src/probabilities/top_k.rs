use timbral_core::check;

use super::scores::Scores;
use crate::error::Result;
use crate::mean::mean;

/// Fraction of the rows whose true class is among the `k` with the largest scores.
///
/// ```text
/// top_k = sum_i w_i [rank_i(y_true_i) <= k] / sum_i w_i
/// ```
///
/// Of equal scores the class of the larger index ranks first, as in scikit-learn, so that
/// `k = 1` differs from the accuracy of [`Scores::argmax`] where the largest score is not unique.
/// With `k >= n_classes` the result is 1. Equals `sklearn.metrics.top_k_accuracy_score(...,
/// labels=range(n_classes))` for three classes and more; two classes follow the same rule here.
///
/// # Errors
///
/// `k` of 0, lengths that differ, a class out of range, or unusable weights.
///
/// ```
/// use timbral_metrics::{Scores, top_k_accuracy_score};
///
/// let scores = Scores::new(&[0.5, 0.3, 0.2, 0.1, 0.2, 0.7], 3)?;
/// assert_eq!(top_k_accuracy_score(&[1, 0], &scores, 2, None)?, 0.5);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn top_k_accuracy_score(
    y_true: &[usize],
    y_score: &Scores<'_>,
    k: usize,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    check(k >= 1, "k", k, "must be at least 1")?;
    y_score.check(y_true, sample_weight)?;
    let hits: Vec<f64> = y_true
        .iter()
        .zip(y_score.rows())
        .map(|(t, row)| {
            let ahead = |c: usize| row[c] > row[*t] || (row[c] == row[*t] && c > *t);
            let rank = (0..row.len()).filter(|c| ahead(*c)).count();
            f64::from(u8::from(rank < k))
        })
        .collect();
    Ok(mean(&hits, sample_weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_rank_the_larger_index_first() {
        let scores = Scores::new(&[0.5, 0.5, 0.0], 3).unwrap();
        assert_eq!(top_k_accuracy_score(&[1], &scores, 1, None), Ok(1.0));
        assert_eq!(top_k_accuracy_score(&[0], &scores, 1, None), Ok(0.0));
        assert_eq!(top_k_accuracy_score(&[2], &scores, 9, None), Ok(1.0));
    }
}
