use std::fmt;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use timbral_core::quantile;
use timbral_metrics::{
    BinParams, Fold, Scores, calibration_curve, expected_calibration_error, roc_auc_score,
};

use crate::error::Result;
use crate::experiment::evaluation::mean_log_loss;
use crate::experiment::fit::hits;

/// Logarithms of the lowest and the highest temperature.
const LOG_RANGE: [f64; 2] = [-1.6, 1.6];
/// Steps of the search for a temperature, each of which leaves 0.62 of the range.
const STEPS: usize = 60;
/// The least probability whose logarithm is taken.
const LEAST: f64 = 1e-12;
/// By how much a temperature must lower the log loss.
const LEAST_GAIN: f64 = 1e-6;
/// The fraction of recordings of known genres that are rejected.
const REJECTED: f64 = 0.05;
/// Points of the curve: fractions of recordings of known genres that are rejected.
const POINTS: [f64; 4] = [0.01, 0.05, 0.1, 0.2];

/// Temperature scaling, which makes the probabilities of a classifier agree with how often it is right (Guo et al.
/// 2017, "On calibration of modern neural networks"):
///
/// ```text
/// p_k = q_k^(1/T) / sum_j q_j^(1/T)
/// ```
///
/// `q` are the probabilities of the models. The temperature `T`, above 0, is the one with the lowest log loss on the
/// held-out recordings. To measure its effect without bias, the predictions for each fold are calibrated with the
/// temperature of the other folds. If that does not lower the log loss, `T` is 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Calibration {
    /// The temperature `T`, above 0; 1 changes nothing.
    pub temperature: f64,
    /// Log loss on held-out recordings, before and after.
    pub log_loss: [f64; 2],
    /// Expected calibration error ([`expected_calibration_error`]) on them, before and after.
    pub error: [f64; 2],
    /// The reliability diagram after calibration.
    pub reliability: Vec<ReliabilityPoint>,
    /// How recordings of no known genre are recognised; `None` if that was not measured.
    pub rejection: Option<Rejection>,
}

/// Recordings whose most probable genre has about the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReliabilityPoint {
    /// Number of recordings.
    pub n: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Fraction of them whose most probable genre is the right one.
    pub right: f64,
}

/// "None of these": a recording is rejected if the probability of its most probable genre is below a threshold
/// (Hendrycks and Gimpel 2017).
///
/// It is measured on held-out genres: each genre in turn is left out of the training, and its recordings are the unknown
/// ones; a fold of the others are the known ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rejection {
    /// The threshold: 5 % of the held-out recordings of known genres are below it.
    pub threshold: f64,
    /// Area under the receiver operating characteristic: the probability that a recording of a known genre has a higher
    /// probability than one of an unknown genre; 0.5 is chance.
    pub auc: f64,
    /// Points of that curve: the fraction of known and of unknown recordings that are rejected.
    pub curve: Vec<[f64; 2]>,
}

impl Calibration {
    /// The calibration by probabilities of held-out recordings, with the fold in which each was held out. Also returns
    /// these probabilities after calibration by the other folds.
    pub(super) fn new(
        before: &Array2<f64>,
        labels: &[usize],
        folds: &[Fold],
    ) -> Result<(Self, Array2<f64>)> {
        let all: Vec<usize> = (0..labels.len()).collect();
        let mut after = before.clone();
        for fold in folds {
            let temperature = fit(before, labels, &fold.train);
            for row in &fold.test {
                let calibrated = calibrated(&before.row(*row).to_vec(), temperature);
                after.row_mut(*row).assign(&ndarray::arr1(&calibrated));
            }
        }
        let [loss_before, loss_after] =
            [before, &after].map(|probabilities| log_loss(probabilities, labels, &all, 1.0));
        let mut temperature = fit(before, labels, &all);
        let log_loss = match loss_after < loss_before - LEAST_GAIN {
            true => [loss_before, loss_after],
            false => {
                // The probabilities are good enough, or there are too few recordings to improve them.
                (temperature, after) = (1.0, before.clone());
                [loss_before; 2]
            }
        };
        let bins = BinParams::default();
        let error = |probabilities: &Array2<f64>| -> Result<f64> {
            let scores = Scores::try_from(probabilities.view())?;
            Ok(expected_calibration_error(labels, &scores, &bins)?)
        };
        let (hits, confidences) = hits(after.view(), labels)?;
        let reliability = calibration_curve(&hits, &confidences, &bins)?;
        let point = |bin: &timbral_metrics::ReliabilityBin| ReliabilityPoint {
            n: bin.count,
            probability: bin.prob_pred,
            right: bin.prob_true,
        };
        let calibration = Self {
            temperature,
            log_loss,
            error: [error(before)?, error(&after)?],
            reliability: reliability.iter().map(point).collect(),
            rejection: None,
        };
        Ok((calibration, after))
    }

    /// Whether its numbers can be used.
    pub(super) fn is_valid(&self) -> bool {
        let threshold = self.rejection.as_ref().map_or(0.0, |r| r.threshold);
        (0.01..=100.0).contains(&self.temperature) && (0.0..=1.0).contains(&threshold)
    }

    /// Changes probabilities.
    pub(super) fn apply(&self, probabilities: &[f64]) -> Vec<f64> {
        match self.temperature == 1.0 {
            true => probabilities.to_vec(),
            false => calibrated(probabilities, self.temperature),
        }
    }
}

impl Rejection {
    /// From the calibrated probabilities of the most probable genre: of held-out recordings of known genres in the
    /// cross-validation, then, in the measurement, of known and of unknown ones.
    pub(super) fn new(held_out: &[f64], known: &[f64], unknown: &[f64]) -> Result<Self> {
        let mut sorted = [held_out, known].map(<[f64]>::to_vec);
        sorted
            .iter_mut()
            .for_each(|s| s.sort_unstable_by(f64::total_cmp));
        let [held_out, sorted_known] = sorted;
        let is_known: Vec<bool> = known
            .iter()
            .map(|_| true)
            .chain(unknown.iter().map(|_| false))
            .collect();
        let scores = [known, unknown].concat();
        let point = |rejected: f64| {
            let threshold = quantile(&sorted_known, rejected);
            let below = unknown.iter().filter(|p| **p < threshold).count();
            [rejected, below as f64 / unknown.len().max(1) as f64]
        };
        Ok(Self {
            threshold: quantile(&held_out, REJECTED),
            auc: roc_auc_score(&is_known, &scores, None)?,
            curve: POINTS.map(point).to_vec(),
        })
    }
}

fn calibrated(probabilities: &[f64], temperature: f64) -> Vec<f64> {
    let logs = probabilities
        .iter()
        .map(|p| libm::log(p.max(LEAST)) / temperature);
    let logs: Vec<f64> = logs.collect();
    let greatest = logs.iter().copied().fold(f64::MIN, f64::max);
    let powers: Vec<f64> = logs.iter().map(|log| libm::exp(log - greatest)).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

fn log_loss(
    probabilities: &Array2<f64>,
    labels: &[usize],
    rows: &[usize],
    temperature: f64,
) -> f64 {
    let of_row = |row: &usize| {
        let row_of = probabilities.row(*row).to_vec();
        calibrated(&row_of, temperature)[labels[*row]]
    };
    mean_log_loss(rows.iter().map(of_row))
}

/// The temperature with the lowest log loss, by golden-section search: the loss has one minimum in `1/T`.
fn fit(probabilities: &Array2<f64>, labels: &[usize], rows: &[usize]) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let loss = |log: f64| log_loss(probabilities, labels, rows, libm::exp(log));
    let [mut low, mut high] = LOG_RANGE;
    let (mut a, mut b) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_a, mut at_b) = (loss(a), loss(b));
    for _ in 0..STEPS {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - RATIO * (high - low);
            at_a = loss(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + RATIO * (high - low);
            at_b = loss(b);
        }
    }
    libm::exp((low + high) / 2.0)
}

/// The temperature, what it changes, and the reliability diagram as lines.
impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([loss, then], [error, error_then]) = (self.log_loss, self.error);
        write!(
            f,
            "probabilities: temperature {:.3}; log loss {loss:.3}, calibrated {then:.3}; calibration error {error:.3}, \
             calibrated {error_then:.3}",
            self.temperature
        )?;
        for ReliabilityPoint {
            n,
            probability,
            right,
        } in &self.reliability
        {
            write!(
                f,
                "\n  {n:5} recordings with a probability of {probability:.2}: {right:.2} right"
            )?;
        }
        match &self.rejection {
            Some(rejection) => write!(f, "\n{rejection}"),
            None => Ok(()),
        }
    }
}

/// The area under the curve, its points, and the threshold.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "none of these: area under the curve {:.3} on held-out genres;",
            self.auc
        )?;
        for [known, unknown] in &self.curve {
            write!(
                f,
                " {unknown:.2} of unknown genres rejected with {known:.2} of known ones;"
            )?;
        }
        write!(f, " rejected below a probability of {:.3}", self.threshold)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two classes; the model says 0.99 and is right in 3 of 4 cases.
    pub(crate) fn overconfident() -> (Array2<f64>, Vec<usize>, Vec<Fold>) {
        let probabilities = Array2::from_shape_fn((80, 2), |(_, class)| [0.99, 0.01][class]);
        let labels: Vec<usize> = (0..80).map(|row| usize::from(row % 4 == 0)).collect();
        let fold = |test: std::ops::Range<usize>| Fold {
            train: (0..80).filter(|row| !test.contains(row)).collect(),
            test: test.collect(),
        };
        (probabilities, labels, vec![fold(0..40), fold(40..80)])
    }

    #[test]
    fn a_temperature_makes_probabilities_as_high_as_the_fraction_that_is_right() {
        let (probabilities, labels, folds) = overconfident();
        let (calibration, after) = Calibration::new(&probabilities, &labels, &folds).unwrap();
        // (0.99 / 0.01)^(1/T) = 3.
        let expected = 99f64.ln() / 3f64.ln();
        assert!(
            (calibration.temperature - expected).abs() < 1e-4,
            "{calibration}"
        );
        assert!((calibration.apply(&[0.99, 0.01])[0] - 0.75).abs() < 1e-5);
        assert!(calibration.log_loss[1] < calibration.log_loss[0]);
        assert!(
            calibration.error[0] > 0.2 && calibration.error[1] < 1e-4,
            "{calibration}"
        );
        assert_eq!(calibration.reliability.len(), 1);
        assert!((after[[79, 0]] - 0.75).abs() < 1e-5);
        assert!(calibration.is_valid());
        // Right in as many cases as it says: nothing is changed.
        let right = probabilities.mapv(|p| if p > 0.5 { 0.75 } else { 0.25 });
        let (good, as_before) = Calibration::new(&right, &labels, &folds).unwrap();
        assert_eq!(
            (good.temperature, good.apply(&[1.0, 0.0])),
            (1.0, vec![1.0, 0.0])
        );
        assert_eq!(good.log_loss[0], good.log_loss[1]);
        assert_eq!(as_before, right);
        // Zeros stay small, and rows stay probabilities.
        let row = calibration.apply(&[1.0, 0.0]);
        assert!(row[1] > 0.0 && (row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn unknown_recordings_are_those_below_the_threshold() {
        let known: Vec<f64> = (0..100).map(|i| 0.5 + f64::from(i) / 200.0).collect();
        let unknown: Vec<f64> = (0..100).map(|i| 0.3 + f64::from(i) / 300.0).collect();
        let rejection = Rejection::new(&known, &known, &unknown).unwrap();
        assert!((rejection.threshold - 0.524_75).abs() < 1e-9, "{rejection}");
        assert!(rejection.auc > 0.9);
        let fractions: Vec<f64> = rejection.curve.iter().map(|point| point[1]).collect();
        assert!(fractions.is_sorted(), "{rejection}");
        let same = Rejection::new(&known, &known, &known).unwrap();
        assert!((same.auc - 0.5).abs() < 1e-12);
    }
}
