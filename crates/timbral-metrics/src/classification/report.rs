use std::fmt;

use timbral_core::{InvalidParameter, check};

use super::confusion::ConfusionMatrix;
use super::fscore::{Average, ClassScores, FscoreParams, ZeroDivision};
use crate::error::Result;

/// Most digits after the point; an f64 has no more than 17 that matter.
const MAX_DIGITS: usize = 17;

/// Parameters of [`ClassificationReport`], named as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportParams {
    /// Digits after the point, 0 to 17; default 2.
    pub digits: usize,
    /// The value of a score without a denominator; default 0.
    pub zero_division: ZeroDivision,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ReportParams {
    fn default() -> Self {
        Self {
            digits: 2,
            zero_division: ZeroDivision::default(),
            _non_exhaustive: (),
        }
    }
}

impl ReportParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let n = self.digits;
        check(n <= MAX_DIGITS, "digits", n, "must be in 0..=17")
    }
}

/// Precision, recall, F1 and support of each class and their averages; `Display` prints the table
/// of `sklearn.metrics.classification_report(..., labels=range(n_classes), target_names=labels)`,
/// character for character.
///
/// ```
/// use timbral_metrics::{ClassificationReport, ConfusionMatrix, ReportParams};
///
/// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?
///     .with_labels(["blues", "jazz"])?;
/// let report = ClassificationReport::new(&matrix, &ReportParams::default())?;
/// assert_eq!(report.accuracy, 2.0 / 3.0);
/// assert_eq!(
///     report.to_string(),
///     "              precision    recall  f1-score   support
///
///        blues       1.00      0.50      0.67         2
///         jazz       0.50      1.00      0.67         1
///
///     accuracy                           0.67         3
///    macro avg       0.75      0.75      0.67         3
/// weighted avg       0.83      0.67      0.67         3
/// "
/// );
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClassificationReport {
    /// The label and the scores of each class.
    pub classes: Vec<(String, ClassScores)>,
    /// Fraction of the rows whose prediction is right.
    pub accuracy: f64,
    /// Mean over the classes.
    pub macro_avg: ClassScores,
    /// Mean over the classes, weighted by their support.
    pub weighted_avg: ClassScores,
    digits: usize,
    float_support: bool,
}

impl ClassificationReport {
    /// The report of a confusion matrix, with its labels.
    ///
    /// # Errors
    ///
    /// `digits` above 17.
    pub fn new(matrix: &ConfusionMatrix, params: &ReportParams) -> Result<Self> {
        params.validate()?;
        let ReportParams {
            digits,
            zero_division,
            ..
        } = *params;
        let fscore = FscoreParams {
            zero_division,
            ..FscoreParams::default()
        };
        let labels = matrix.labels().iter().cloned();
        Ok(Self {
            classes: labels.zip(matrix.per_class(&fscore)).collect(),
            accuracy: matrix.average(Average::Micro, &fscore).fscore,
            macro_avg: matrix.average(Average::Macro, &fscore),
            weighted_avg: matrix.average(Average::Weighted, &fscore),
            digits,
            // Without a correct prediction scikit-learn prints counts as floats, too.
            float_support: matrix.is_weighted()
                || matrix.true_positives().iter().all(|hits| *hits == 0.0),
        })
    }

    fn score(&self, value: f64) -> String {
        if value.is_nan() {
            return "nan".to_string();
        }
        format!("{value:.*}", self.digits)
    }

    fn support(&self, value: f64) -> String {
        // Counts print as integers, weights as floats: "3" and "3.0".
        if self.float_support {
            format!("{value:?}")
        } else {
            value.to_string()
        }
    }
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.classes.iter().map(|(name, _)| name.chars().count());
        let width = names
            .chain(["weighted avg".len(), self.digits])
            .max()
            .unwrap_or(0);
        let line = |name: &str, [p, r, f1, support]: [&str; 4]| {
            format!("{name:>width$}  {p:>9} {r:>9} {f1:>9} {support:>9}\n")
        };
        let scores = |name: &str, s: &ClassScores| {
            let [p, r, f1] = [s.precision, s.recall, s.fscore].map(|x| self.score(x));
            line(name, [&p, &r, &f1, &self.support(s.support)])
        };
        let head = line("", ["precision", "recall", "f1-score", "support"]);
        writeln!(f, "{head}")?;
        for (name, class) in &self.classes {
            f.write_str(&scores(name, class))?;
        }
        let accuracy = self.score(self.accuracy);
        let support = self.support(self.macro_avg.support);
        write!(f, "\n{}", line("accuracy", ["", "", &accuracy, &support]))?;
        f.write_str(&scores("macro avg", &self.macro_avg))?;
        f.write_str(&scores("weighted avg", &self.weighted_avg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_print_as_floats_and_nan_in_small_letters() {
        let weights = Some(&[1.0, 1.5][..]);
        let matrix = ConfusionMatrix::new(&[0, 0], &[0, 0], 2, weights).unwrap();
        let params = ReportParams {
            digits: 3,
            zero_division: ZeroDivision::NaN,
            ..ReportParams::default()
        };
        let text = ClassificationReport::new(&matrix, &params)
            .unwrap()
            .to_string();
        assert!(text.contains("           0      1.000     1.000     1.000       2.5\n"));
        assert!(text.contains("           1        nan       nan       nan       0.0\n"));
    }

    #[test]
    fn too_many_digits_are_an_error() {
        let matrix = ConfusionMatrix::new(&[0], &[0], 1, None).unwrap();
        let params = ReportParams {
            digits: 18,
            ..ReportParams::default()
        };
        assert!(ClassificationReport::new(&matrix, &params).is_err());
    }
}
