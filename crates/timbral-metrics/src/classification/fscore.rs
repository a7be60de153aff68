use timbral_core::{InvalidParameter, check};

use super::confusion::ConfusionMatrix;
use crate::error::Result;
use crate::mean::mean;

/// How the scores of the classes are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// Unweighted mean over the classes.
    Macro,
    /// The score of the sums over all classes; for single labels this is the accuracy.
    Micro,
    /// Mean over the classes, weighted by their support.
    Weighted,
}

/// The value of a score whose denominator is zero; scikit-learn's `zero_division`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ZeroDivision {
    /// The value is 0, scikit-learn's default.
    #[default]
    Zero,
    /// The value is 1.
    One,
    /// The value is NaN; averages leave such classes out.
    NaN,
}

impl ZeroDivision {
    fn divide(self, numerator: f64, denominator: f64) -> f64 {
        if denominator != 0.0 {
            return numerator / denominator;
        }
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
            Self::NaN => f64::NAN,
        }
    }
}

/// Parameters of [`ConfusionMatrix::precision_recall_fscore_support`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FscoreParams {
    /// Weight of recall against precision, 0 (precision alone) to infinity (recall alone);
    /// default 1.
    pub beta: f64,
    /// The value of a score without a denominator; default 0.
    pub zero_division: ZeroDivision,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for FscoreParams {
    fn default() -> Self {
        Self {
            beta: 1.0,
            zero_division: ZeroDivision::default(),
            _non_exhaustive: (),
        }
    }
}

impl FscoreParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        check(self.beta >= 0.0, "beta", self.beta, "must not be negative")
    }
}

/// Precision, recall and F score of a class, or their average over the classes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClassScores {
    /// Fraction of the rows predicted as the class that belong to it.
    pub precision: f64,
    /// Fraction of the rows of the class that are predicted as it.
    pub recall: f64,
    /// Harmonic mean of the two, recall weighted by `beta^2`.
    pub fscore: f64,
    /// Rows of the class, or their weights.
    pub support: f64,
}

impl ClassScores {
    fn new(tp: f64, predicted: f64, support: f64, params: &FscoreParams) -> Self {
        let zero = params.zero_division;
        let precision = zero.divide(tp, predicted);
        let recall = zero.divide(tp, support);
        let square = params.beta * params.beta;
        let fscore = if square == f64::INFINITY {
            recall
        } else if square == 0.0 {
            precision
        } else {
            zero.divide((1.0 + square) * tp, square * support + predicted)
        };
        Self {
            precision,
            recall,
            fscore,
            support,
        }
    }
}

/// Precision, recall and F scores.
impl ConfusionMatrix {
    /// The scores of each class.
    ///
    /// ```text
    /// precision_c = C[c, c] / sum_t C[t, c],   recall_c = C[c, c] / sum_p C[c, p]
    /// fscore_c = (1 + b^2) C[c, c] / (b^2 sum_p C[c, p] + sum_t C[t, c]),   b = beta
    /// ```
    ///
    /// One entry per class. Equals `sklearn.metrics.precision_recall_fscore_support(...,
    /// average=None, labels=range(n_classes))`.
    ///
    /// # Errors
    ///
    /// A `beta` that is negative or NaN.
    ///
    /// ```
    /// use timbral_metrics::{ConfusionMatrix, FscoreParams};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1, 2], &[0, 1, 1, 1], 3, None)?;
    /// let scores = matrix.precision_recall_fscore_support(&FscoreParams::default())?;
    /// assert_eq!(scores[1].precision, 1.0 / 3.0);
    /// assert_eq!(scores[1].recall, 1.0);
    /// assert_eq!(scores[1].fscore, 0.5);
    /// assert_eq!(scores[2].precision, 0.0); // never predicted
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn precision_recall_fscore_support(
        &self,
        params: &FscoreParams,
    ) -> Result<Vec<ClassScores>> {
        params.validate()?;
        Ok(self.per_class(params))
    }

    /// The averaged scores of all classes; the support is the total.
    ///
    /// ```text
    /// macro: sum_c x_c / n_classes,   weighted: sum_c s_c x_c / sum_c s_c,   s_c = sum_p C[c, p]
    /// micro: x of sum_c C[c, c], the sum of all predictions and the sum of all supports
    /// ```
    ///
    /// Classes whose score is NaN are left out. Equals
    /// `sklearn.metrics.precision_recall_fscore_support(..., average="macro" | "micro" |
    /// "weighted", labels=range(n_classes))`.
    ///
    /// # Errors
    ///
    /// A `beta` that is negative or NaN.
    ///
    /// ```
    /// use timbral_metrics::{Average, ConfusionMatrix, FscoreParams};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?;
    /// let scores = matrix.averaged_scores(Average::Weighted, &FscoreParams::default())?;
    /// assert!((scores.precision - 5.0 / 6.0).abs() < 1e-15);
    /// assert_eq!(scores.support, 3.0);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn averaged_scores(&self, average: Average, params: &FscoreParams) -> Result<ClassScores> {
        params.validate()?;
        Ok(self.average(average, params))
    }

    /// Averaged precision; see [`averaged_scores`](Self::averaged_scores). Equals
    /// `sklearn.metrics.precision_score`.
    ///
    /// ```
    /// use timbral_metrics::{Average, ConfusionMatrix, ZeroDivision};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?;
    /// assert_eq!(matrix.precision_score(Average::Macro, ZeroDivision::Zero), 0.75);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn precision_score(&self, average: Average, zero_division: ZeroDivision) -> f64 {
        self.average(average, &with(zero_division)).precision
    }

    /// Averaged recall; see [`averaged_scores`](Self::averaged_scores). Equals
    /// `sklearn.metrics.recall_score`.
    ///
    /// ```
    /// use timbral_metrics::{Average, ConfusionMatrix, ZeroDivision};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?;
    /// assert_eq!(matrix.recall_score(Average::Macro, ZeroDivision::Zero), 0.75);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn recall_score(&self, average: Average, zero_division: ZeroDivision) -> f64 {
        self.average(average, &with(zero_division)).recall
    }

    /// Averaged F1; see [`averaged_scores`](Self::averaged_scores). Equals
    /// `sklearn.metrics.f1_score`.
    ///
    /// ```
    /// use timbral_metrics::{Average, ConfusionMatrix, ZeroDivision};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?;
    /// assert_eq!(matrix.f1_score(Average::Macro, ZeroDivision::Zero), 2.0 / 3.0);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn f1_score(&self, average: Average, zero_division: ZeroDivision) -> f64 {
        self.average(average, &with(zero_division)).fscore
    }

    pub(crate) fn per_class(&self, params: &FscoreParams) -> Vec<ClassScores> {
        let (tp, predicted) = (self.true_positives(), self.pred_sums());
        self.true_sums()
            .iter()
            .enumerate()
            .map(|(c, support)| ClassScores::new(tp[c], predicted[c], *support, params))
            .collect()
    }

    pub(crate) fn average(&self, average: Average, params: &FscoreParams) -> ClassScores {
        let total = self.total();
        if average == Average::Micro {
            let tp: f64 = self.true_positives().iter().sum();
            return ClassScores::new(tp, total, total, params);
        }
        let classes = self.per_class(params);
        let of = |score: fn(&ClassScores) -> f64| {
            let kept = classes.iter().filter(|c| !score(c).is_nan());
            let (x, w): (Vec<f64>, Vec<f64>) = kept.map(|c| (score(c), c.support)).unzip();
            // If all supports are zero, scikit-learn weights all classes equally.
            let weighted = average == Average::Weighted && w.iter().any(|w| *w != 0.0);
            mean(&x, weighted.then_some(w.as_slice()))
        };
        ClassScores {
            precision: of(|c| c.precision),
            recall: of(|c| c.recall),
            fscore: of(|c| c.fscore),
            support: total,
        }
    }
}

fn with(zero_division: ZeroDivision) -> FscoreParams {
    FscoreParams {
        zero_division,
        ..FscoreParams::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_at_its_ends() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None).unwrap();
        let scores = |beta| {
            let params = FscoreParams {
                beta,
                ..FscoreParams::default()
            };
            matrix.precision_recall_fscore_support(&params)
        };
        assert_eq!(scores(0.0).unwrap()[1].fscore, 0.5);
        assert_eq!(scores(f64::INFINITY).unwrap()[1].fscore, 1.0);
        assert!(scores(-1.0).is_err());
        assert!(scores(f64::NAN).is_err());
    }

    #[test]
    fn zero_division_policies() {
        let matrix = ConfusionMatrix::new(&[0, 0], &[0, 0], 2, None).unwrap();
        let f1 = |zero| matrix.f1_score(Average::Macro, zero);
        assert_eq!(f1(ZeroDivision::Zero), 0.5);
        assert_eq!(f1(ZeroDivision::One), 1.0);
        assert_eq!(f1(ZeroDivision::NaN), 1.0);
    }
}
