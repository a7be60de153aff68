use timbral_core::{InvalidParameter, check, quantile};

use super::losses::check_probabilities;
use super::scores::Scores;
use crate::arguments;
use crate::error::Result;
use crate::mean::sum;

/// Most bins, so that a mistaken number is an error and does not exhaust the memory.
const MAX_BINS: usize = 1 << 20;

/// How the edges of the bins are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BinStrategy {
    /// Equally spaced from 0 to 1.
    #[default]
    Uniform,
    /// At the quantiles of the probabilities, so that bins are about equally full.
    Quantile,
}

/// Parameters of [`calibration_curve`] and [`expected_calibration_error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinParams {
    /// Number of bins, 1 to 2^20; default 10 (scikit-learn's is 5).
    pub n_bins: usize,
    /// How their edges are chosen; default uniform.
    pub strategy: BinStrategy,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for BinParams {
    fn default() -> Self {
        Self {
            n_bins: 10,
            strategy: BinStrategy::default(),
            _non_exhaustive: (),
        }
    }
}

impl BinParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let n = self.n_bins;
        let in_range = (1..=MAX_BINS).contains(&n);
        check(in_range, "n_bins", n, "must be in 1..=2^20")
    }
}

/// A bin of a reliability diagram; perfect calibration has `prob_true` equal to `prob_pred`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityBin {
    /// Lower edge; probabilities of the bin are above it, in the first bin at or above.
    pub lower: f64,
    /// Upper edge; probabilities of the bin are at or below it.
    pub upper: f64,
    /// Number of probabilities in the bin, at least 1.
    pub count: usize,
    /// Fraction of them whose event occurred.
    pub prob_true: f64,
    /// Mean of these probabilities.
    pub prob_pred: f64,
}

/// Mean probability and observed frequency per bin: a reliability diagram.
///
/// ```text
/// prob_true_b = mean of y_true over bin b,   prob_pred_b = mean of y_prob over bin b
/// ```
///
/// Both arguments have shape `(n_samples,)`; bins without samples are left out. `prob_true` and
/// `prob_pred` equal `sklearn.calibration.calibration_curve`.
///
/// # Errors
///
/// Lengths that differ, no samples, a probability outside 0..=1, or `n_bins` outside its range.
///
/// ```
/// use timbral_metrics::{BinParams, calibration_curve};
///
/// let params = BinParams { n_bins: 2, ..BinParams::default() };
/// let bins = calibration_curve(&[false, true, true], &[0.25, 0.5, 0.75], &params)?;
/// assert_eq!((bins[0].count, bins[0].prob_true, bins[0].prob_pred), (2, 0.5, 0.375));
/// assert_eq!((bins[1].count, bins[1].prob_true, bins[1].prob_pred), (1, 1.0, 0.75));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn calibration_curve(
    y_true: &[bool],
    y_prob: &[f64],
    params: &BinParams,
) -> Result<Vec<ReliabilityBin>> {
    arguments::rows("y_prob", y_true.len(), y_prob.len(), None)?;
    arguments::probabilities("y_prob", y_prob)?;
    params.validate()?;
    let n_bins = params.n_bins;
    let edges = edges(y_prob, params);
    let mut totals = vec![(0usize, 0usize, 0.0f64); n_bins];
    for (hit, p) in y_true.iter().zip(y_prob) {
        let bin = edges[1..n_bins].partition_point(|edge| edge < p);
        let (count, hits, probabilities) = &mut totals[bin];
        *count += 1;
        *hits += usize::from(*hit);
        *probabilities += p;
    }
    let bins = totals.iter().zip(edges.windows(2));
    Ok(bins
        .filter(|((count, ..), _)| *count > 0)
        .map(|(&(count, hits, probabilities), edges)| ReliabilityBin {
            lower: edges[0],
            upper: edges[1],
            count,
            prob_true: hits as f64 / count as f64,
            prob_pred: probabilities / count as f64,
        })
        .collect())
}

fn edges(y_prob: &[f64], params: &BinParams) -> Vec<f64> {
    let n = params.n_bins;
    let step = 1.0 / n as f64;
    let grid = (0..=n).map(|i| if i == n { 1.0 } else { i as f64 * step });
    match params.strategy {
        BinStrategy::Uniform => grid.collect(),
        BinStrategy::Quantile => {
            let mut sorted = y_prob.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            // Via percent, as scikit-learn: the rounding decides where values at an edge go.
            grid.map(|q| quantile(&sorted, q * 100.0 / 100.0)).collect()
        }
    }
}

/// Expected calibration error: the mean distance between confidence and accuracy over the bins (Guo et al. 2017).
///
/// ```text
/// ece = sum_b (n_b / n) |accuracy_b - confidence_b|
/// ```
///
/// The confidence of a row is the largest of its probabilities; its accuracy is 1 if that class (the first of equal
/// ones) is the true one, else 0. `y_proba` has shape `(n_samples, n_classes)`. scikit-learn has no such metric; the
/// bins are those of [`calibration_curve`].
///
/// # Errors
///
/// - lengths that differ, no samples, a class out of range, or `n_bins` outside its range;
/// - a probability outside 0..=1, or a row whose sum is not within 1e-3 of 1.
///
/// ```
/// use timbral_metrics::{BinParams, Scores, expected_calibration_error};
///
/// let y_proba = Scores::new(&[0.75, 0.25, 0.25, 0.75], 2)?;
/// let ece = expected_calibration_error(&[0, 0], &y_proba, &BinParams::default())?;
/// assert_eq!(ece, 0.25);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn expected_calibration_error(
    y_true: &[usize],
    y_proba: &Scores<'_>,
    params: &BinParams,
) -> Result<f64> {
    y_proba.check(y_true, None)?;
    check_probabilities(y_proba)?;
    let top = y_proba.argmax();
    let hits: Vec<bool> = top.iter().zip(y_true).map(|(p, t)| p == t).collect();
    let confidence: Vec<f64> = y_proba.rows().zip(&top).map(|(row, c)| row[*c]).collect();
    let terms: Vec<f64> = calibration_curve(&hits, &confidence, params)?
        .iter()
        .map(|b| b.count as f64 / hits.len() as f64 * (b.prob_true - b.prob_pred).abs())
        .collect();
    Ok(sum(&terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_bin_below() {
        let params = BinParams {
            n_bins: 4,
            strategy: BinStrategy::Uniform,
            ..BinParams::default()
        };
        let p = [0.0, 0.25, 0.5, 0.75, 1.0];
        let bins = calibration_curve(&[true; 5], &p, &params).unwrap();
        let counts: Vec<usize> = bins.iter().map(|b| b.count).collect();
        assert_eq!(counts, [2, 1, 1, 1]);
        assert_eq!((bins[3].lower, bins[3].upper), (0.75, 1.0));
    }

    #[test]
    fn the_last_edge_is_one() {
        // 49 times the rounded 1/49 is below 1.
        let params = BinParams {
            n_bins: 49,
            strategy: BinStrategy::Uniform,
            ..BinParams::default()
        };
        let bins = calibration_curve(&[true], &[1.0], &params).unwrap();
        assert_eq!(bins[0].upper, 1.0);
    }

    #[test]
    fn bad_bins_are_errors() {
        for n_bins in [0, usize::MAX] {
            let params = BinParams {
                n_bins,
                ..BinParams::default()
            };
            assert!(calibration_curve(&[true], &[0.5], &params).is_err());
        }
    }
}
