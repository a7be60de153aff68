use timbral_core::check;

use super::roc::roc_curve;
use super::scores::Scores;
use crate::arguments;
use crate::classification::Average;
use crate::error::Result;
use crate::mean::{mean, sum};

/// Area under a curve by the trapezoidal rule.
///
/// ```text
/// auc = |sum_i (x_{i+1} - x_i) (y_i + y_{i+1}) / 2|
/// ```
///
/// `x` and `y` have shape `(n,)` and `x` rises or falls throughout. Equals `sklearn.metrics.auc`.
///
/// # Errors
///
/// Lengths that differ, fewer than 2 points, a coordinate that is not finite, or an `x` that both
/// rises and falls.
///
/// ```
/// use timbral_metrics::auc;
///
/// assert_eq!(auc(&[0.0, 0.5, 1.0], &[0.0, 1.0, 1.0])?, 0.75);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn auc(x: &[f64], y: &[f64]) -> Result<f64> {
    arguments::length("y", x.len(), y.len())?;
    check(x.len() >= 2, "x.len()", x.len(), "must be at least 2")?;
    arguments::finite("x", x)?;
    arguments::finite("y", y)?;
    let rises = x.windows(2).any(|p| p[1] > p[0]);
    let falls = x.windows(2).any(|p| p[1] < p[0]);
    let both = rises && falls;
    check(!both, "x", "rising and falling", "must do only one of them")?;
    let area = trapezoids(x, y);
    Ok(if falls { -area } else { area })
}

fn trapezoids(x: &[f64], y: &[f64]) -> f64 {
    let strips: Vec<f64> = x
        .windows(2)
        .zip(y.windows(2))
        .map(|(x, y)| (x[1] - x[0]) * (y[1] + y[0]) / 2.0)
        .collect();
    sum(&strips)
}

/// Area under the ROC curve: the probability that a positive row has a higher score than a negative one; a tie counts
/// as half.
///
/// ```text
/// auc = sum_{i pos, j neg} w_i w_j ([s_i > s_j] + [s_i = s_j] / 2) / sum_{i pos, j neg} w_i w_j
/// ```
///
/// NaN when there is only one class, where it is not defined. Equals
/// `sklearn.metrics.roc_auc_score` for two classes.
///
/// # Errors
///
/// As [`roc_curve`].
///
/// ```
/// use timbral_metrics::roc_auc_score;
///
/// let y_true = [false, false, true, true];
/// assert_eq!(roc_auc_score(&y_true, &[0.1, 0.4, 0.35, 0.8], None)?, 0.75);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn roc_auc_score(
    y_true: &[bool],
    y_score: &[f64],
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    let curve = roc_curve(y_true, y_score, sample_weight, true)?;
    Ok(trapezoids(&curve.fpr, &curve.tpr))
}

/// Area under the ROC curve of each class against all others, one entry per class; NaN if a
/// class is absent or the only one.
///
/// Equals `sklearn.metrics.roc_auc_score(..., multi_class="ovr", average=None,
/// labels=range(n_classes))`; rows need not sum to 1 here.
///
/// # Errors
///
/// Lengths that differ, a class out of range, or unusable weights.
///
/// ```
/// use timbral_metrics::{Scores, roc_auc_score_per_class};
///
/// let scores = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.2, 0.5], 3)?;
/// assert_eq!(roc_auc_score_per_class(&[0, 1, 2], &scores, None)?, [1.0, 1.0, 1.0]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn roc_auc_score_per_class(
    y_true: &[usize],
    y_score: &Scores<'_>,
    sample_weight: Option<&[f64]>,
) -> Result<Vec<f64>> {
    y_score.check(y_true, sample_weight)?;
    (0..y_score.n_classes())
        .map(|c| {
            let positive: Vec<bool> = y_true.iter().map(|t| *t == c).collect();
            roc_auc_score(&positive, &y_score.column(c), sample_weight)
        })
        .collect()
}

/// Area under the ROC curves of one class against all others, averaged.
///
/// ```text
/// macro: mean_c auc_c,   weighted: sum_c n_c auc_c / sum_c n_c,   n_c the rows of class c
/// micro: auc of all cells of the matrix, cell (i, c) being positive if y_true_i = c
/// ```
///
/// `y_score` has shape `(n_samples, n_classes)`. An absent class makes the macro average NaN and
/// has no weight in the weighted one. Equals `sklearn.metrics.roc_auc_score(...,
/// multi_class="ovr", labels=range(n_classes))`; rows need not sum to 1 here.
///
/// # Errors
///
/// Lengths that differ, a class out of range, or unusable weights.
///
/// ```
/// use timbral_metrics::{Average, Scores, roc_auc_score_ovr};
///
/// let scores = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.4, 0.3], 3)?;
/// assert_eq!(roc_auc_score_ovr(&[0, 1, 2], &scores, Average::Macro, None)?, (1.0 + 1.0 + 0.75) / 3.0);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn roc_auc_score_ovr(
    y_true: &[usize],
    y_score: &Scores<'_>,
    average: Average,
    sample_weight: Option<&[f64]>,
) -> Result<f64> {
    y_score.check(y_true, sample_weight)?;
    let n_classes = y_score.n_classes();
    if average == Average::Micro {
        let positive = |t: &usize| (0..n_classes).map(|c| c == *t).collect::<Vec<_>>();
        let cells: Vec<bool> = y_true.iter().flat_map(positive).collect();
        let repeat = |w: &f64| vec![*w; n_classes];
        let weights = sample_weight.map(|w| w.iter().flat_map(repeat).collect::<Vec<f64>>());
        return roc_auc_score(&cells, y_score.values(), weights.as_deref());
    }
    let mut scores = roc_auc_score_per_class(y_true, y_score, sample_weight)?;
    if average == Average::Macro {
        return Ok(mean(&scores, None));
    }
    let mut support = vec![0.0; n_classes];
    for (i, t) in y_true.iter().enumerate() {
        support[*t] += sample_weight.map_or(1.0, |w| w[i]);
    }
    let absent = |(score, n): (&mut f64, &f64)| {
        if *n == 0.0 {
            *score = 0.0;
        }
    };
    scores.iter_mut().zip(&support).for_each(absent);
    Ok(mean(&scores, Some(&support)))
}

/// Area under the ROC curves of all pairs of classes (Hand and Till 2001), averaged.
///
/// ```text
/// macro: mean over pairs a < b of m_ab,   m_ab = (auc(a | b) + auc(b | a)) / 2
/// weighted: mean of m_ab by the rows of a or b
/// ```
///
/// where `auc(a | b)` ranks the rows of `a` and `b` by their scores for `a`. Only classes that
/// occur in `y_true` make pairs; NaN when there is only one. Equals
/// `sklearn.metrics.roc_auc_score(..., multi_class="ovo", labels=range(n_classes))`, which has
/// no sample weights either; rows need not sum to 1 here.
///
/// # Errors
///
/// Lengths that differ, a class out of range, or the micro average, which is not defined.
///
/// ```
/// use timbral_metrics::{Average, Scores, roc_auc_score_ovo};
///
/// let scores = Scores::new(&[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.3, 0.4, 0.3], 3)?;
/// assert_eq!(roc_auc_score_ovo(&[0, 1, 2], &scores, Average::Macro)?, (1.0 + 1.0 + 0.75) / 3.0);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn roc_auc_score_ovo(y_true: &[usize], y_score: &Scores<'_>, average: Average) -> Result<f64> {
    y_score.check(y_true, None)?;
    let defined = average != Average::Micro;
    check(defined, "average", "Micro", "must be Macro or Weighted")?;
    let present: Vec<usize> = (0..y_score.n_classes())
        .filter(|c| y_true.contains(c))
        .collect();
    let (mut scores, mut rows) = (Vec::new(), Vec::new());
    for (at, &a) in present.iter().enumerate() {
        for &b in &present[at + 1..] {
            let of_pair = |t: usize| t == a || t == b;
            let pair = || {
                y_true
                    .iter()
                    .zip(y_score.rows())
                    .filter(|(t, _)| of_pair(**t))
            };
            let one_sided = |c: usize| {
                let truth: Vec<bool> = pair().map(|(t, _)| *t == c).collect();
                let scores: Vec<f64> = pair().map(|(_, row)| row[c]).collect();
                roc_auc_score(&truth, &scores, None)
            };
            scores.push((one_sided(a)? + one_sided(b)?) / 2.0);
            rows.push(pair().count() as f64);
        }
    }
    let weights = (average == Average::Weighted).then_some(rows.as_slice());
    Ok(mean(&scores, weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_is_the_probability_of_the_right_order() {
        let y_true = [true, false, true, false, false, true, true];
        let y_score = [0.9, 0.9, 0.3, 0.2, 0.5, 0.5, 0.1];
        let w = [1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 2.0];
        let (mut right, mut all) = (0.0, 0.0);
        for i in (0..7).filter(|i| y_true[*i]) {
            for j in (0..7).filter(|j| !y_true[*j]) {
                let above = f64::from(u8::from(y_score[i] > y_score[j]));
                let equal = f64::from(u8::from(y_score[i] == y_score[j]));
                right += w[i] * w[j] * (above + equal / 2.0);
                all += w[i] * w[j];
            }
        }
        let got = roc_auc_score(&y_true, &y_score, Some(&w)).unwrap();
        // Two summations of the same 12 terms.
        assert!((got - right / all).abs() < 1e-14, "{got} {}", right / all);
    }

    #[test]
    fn one_class_is_undefined() {
        assert!(roc_auc_score(&[true], &[1.0], None).unwrap().is_nan());
        let scores = Scores::new(&[0.5, 0.5], 2).unwrap();
        let ovo = roc_auc_score_ovo(&[1], &scores, Average::Weighted);
        assert!(ovo.unwrap().is_nan());
        assert!(roc_auc_score_ovo(&[1], &scores, Average::Micro).is_err());
    }

    #[test]
    fn a_curve_that_turns_back_is_an_error() {
        assert_eq!(auc(&[1.0, 0.0], &[1.0, 1.0]), Ok(1.0));
        assert!(auc(&[0.0, 1.0, 0.5], &[1.0; 3]).is_err());
        assert!(auc(&[0.0], &[1.0]).is_err());
    }
}
