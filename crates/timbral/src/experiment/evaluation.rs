use std::fmt;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize, Serializer};
use timbral_data::FeatureTable;
use timbral_metrics::{
    BootstrapParams, ClassificationReport, ConfusionMatrix, ReportParams, Scores, accuracy_score,
    bootstrap_by_group, log_loss,
};

use crate::error::{Error, Result};

/// An accuracy with its 95 % interval.
///
/// The interval holds the middle 95 % of the accuracies of resamples in which whole recordings are drawn
/// with replacement ([`bootstrap_by_group`]): segments of one recording are not independent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Accuracy {
    /// Fraction of the predictions that are correct.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Number of predictions.
    pub n: usize,
}

impl Accuracy {
    /// The accuracy of the predictions `y_pred`, shape `(n_rows,)`, for the rows of a labelled table: each
    /// is an index into the table's classes. The interval draws the table's groups.
    ///
    /// ```
    /// use timbral::Accuracy;
    /// use timbral::data::FeatureTable;
    ///
    /// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "b.1.wav"].map(str::to_owned).to_vec();
    /// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((4, 0)), ids)?
    ///     .with_groups(["a", "a", "b", "b"])?
    ///     .with_labels(["jazz", "jazz", "rock", "rock"])?;
    /// let accuracy = Accuracy::new(&table, &[0, 0, 0, 1])?;
    /// // A resample has both rows of `a` twice, those of `b` twice, or those of each once.
    /// assert_eq!((accuracy.value, accuracy.low, accuracy.high), (0.75, 0.5, 1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The table has no labels or no rows, or another number of rows than there are predictions.
    pub fn new(table: &FeatureTable, y_pred: &[usize]) -> Result<Self> {
        let y_true = table.labels().ok_or(Error::NoLabels)?;
        Self::of_groups(table.groups(), y_true, y_pred)
    }

    fn of_groups(groups: &[usize], y_true: &[usize], y_pred: &[usize]) -> Result<Self> {
        let value = accuracy_score(y_true, y_pred, None)?;
        let hits: Vec<bool> = y_pred.iter().zip(y_true).map(|(p, t)| p == t).collect();
        let interval = bootstrap_by_group(groups, &BootstrapParams::default(), |rows| {
            Ok(rows.iter().filter(|row| hits[**row]).count() as f64 / rows.len() as f64)
        })?;
        Ok(Self {
            value,
            low: interval.low,
            high: interval.high,
            n: hits.len(),
        })
    }
}

/// The evaluation of the probabilities that a model predicts for the rows of a table.
///
/// | field | over |
/// |---|---|
/// | [`by_row`](Self::by_row) | the most probable class of each row |
/// | [`by_recording`](Self::by_recording) | the class with the greatest mean probability over a recording's rows |
/// | [`log_loss`](Self::log_loss), [`confusion`](Self::confusion), [`report`](Self::report) | the rows |
///
/// `Display` prints report, confusion matrix and accuracies; `Serialize` gives the same as data.
///
/// ```
/// use timbral::Evaluation;
/// use timbral::data::FeatureTable;
///
/// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "b.1.wav"].map(str::to_owned).to_vec();
/// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((4, 0)), ids)?
///     .with_groups(["a", "a", "b", "b"])?
///     .with_labels(["jazz", "jazz", "rock", "rock"])?;
/// let probabilities = ndarray::array![[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]];
/// let evaluation = Evaluation::new(&table, table.classes(), probabilities.view())?;
/// assert_eq!((evaluation.by_row.value, evaluation.by_row.n), (0.75, 4));
/// assert_eq!(evaluation.by_recording.map(|a| (a.value, a.n)), Some((1.0, 2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// Accuracy over the rows.
    pub by_row: Accuracy,
    /// Accuracy over the recordings; `None` if rows of one group have different labels, because
    /// the groups are not recordings then.
    pub by_recording: Option<Accuracy>,
    /// Mean of `-ln p(true class)` over the rows, in nats, at least 0.
    pub log_loss: f64,
    /// True classes by predicted classes.
    #[serde(serialize_with = "cells")]
    pub confusion: ConfusionMatrix,
    /// Precision, recall and F1 of each class.
    #[serde(serialize_with = "scores")]
    pub report: ClassificationReport,
}

impl Evaluation {
    /// Evaluates `probabilities`, shape `(n_rows, n_classes)`, of the rows of a labelled table;
    /// `classes` names the columns.
    ///
    /// # Errors
    ///
    /// The table has no labels, or one that is not among `classes`; the shape is another; a row does not
    /// consist of probabilities.
    pub fn new(
        table: &FeatureTable,
        classes: &[String],
        probabilities: ArrayView2<'_, f32>,
    ) -> Result<Self> {
        let shape = (table.n_rows(), classes.len());
        if probabilities.dim() != shape {
            let (expected, got) = (shape, probabilities.dim());
            return Err(Error::Probabilities { expected, got });
        }
        let y_true = labels_among(table, classes)?;
        let values = probabilities.mapv(f64::from);
        let scores = Scores::try_from(values.view())?;
        let y_pred = scores.argmax();
        let confusion = ConfusionMatrix::new(&y_true, &y_pred, classes.len(), None)?
            .with_labels(classes.iter().cloned())?;
        let digits = ReportParams {
            digits: 4,
            ..ReportParams::default()
        };
        Ok(Self {
            by_row: Accuracy::of_groups(table.groups(), &y_true, &y_pred)?,
            by_recording: by_recording(table, &y_true, &scores)?,
            log_loss: log_loss(&y_true, &scores, None)?,
            report: ClassificationReport::new(&confusion, &digits)?,
            confusion,
        })
    }
}

impl Evaluation {
    /// Accuracy and log loss over the rows.
    pub(crate) fn without_intervals(
        table: &FeatureTable,
        classes: &[String],
        probabilities: ArrayView2<'_, f32>,
    ) -> Result<(f64, f64)> {
        let y_true = labels_among(table, classes)?;
        let values = probabilities.mapv(f64::from);
        let scores = Scores::try_from(values.view())?;
        let accuracy = accuracy_score(&y_true, &scores.argmax(), None)?;
        Ok((accuracy, log_loss(&y_true, &scores, None)?))
    }
}

/// The label of each row as an index into `classes`.
pub(crate) fn labels_among(table: &FeatureTable, classes: &[String]) -> Result<Vec<usize>> {
    let labels = table.labels().ok_or(Error::NoLabels)?;
    let index = |label: &usize| {
        let label = &table.classes()[*label];
        let found = classes.iter().position(|class| class == label);
        found.ok_or_else(|| Error::UnknownLabel {
            label: label.clone(),
            classes: classes.to_vec(),
        })
    };
    labels.iter().map(index).collect()
}

fn by_recording(
    table: &FeatureTable,
    y_true: &[usize],
    scores: &Scores<'_>,
) -> Result<Option<Accuracy>> {
    let n_classes = scores.n_classes();
    let mut sums = vec![0.0; table.n_groups() * n_classes];
    let mut labels = vec![None; table.n_groups()];
    let rows = table.groups().iter().zip(y_true);
    for ((&group, &label), row) in rows.zip(scores.values().chunks_exact(n_classes)) {
        if *labels[group].get_or_insert(label) != label {
            return Ok(None);
        }
        let sum = &mut sums[group * n_classes..][..n_classes];
        sum.iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
    }
    // The sums have the same greatest class as the means. Groups of other rows have no label.
    let present: Vec<usize> = (0..labels.len()).filter(|g| labels[*g].is_some()).collect();
    let sums: Vec<f64> = present
        .iter()
        .flat_map(|g| &sums[g * n_classes..][..n_classes])
        .copied()
        .collect();
    let labels: Vec<usize> = labels.into_iter().flatten().collect();
    let y_pred = Scores::new(&sums, n_classes)?.argmax();
    Accuracy::of_groups(&present, &labels, &y_pred).map(Some)
}

/// Class names, and counts row by row.
fn cells<S: Serializer>(
    matrix: &ConfusionMatrix,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Cells<'a> {
        classes: &'a [String],
        counts: Vec<&'a [f64]>,
    }
    Cells {
        classes: matrix.labels(),
        counts: matrix.cells().chunks(matrix.n_classes()).collect(),
    }
    .serialize(serializer)
}

/// Name, precision, recall, F1 and support of each class.
fn scores<S: Serializer>(
    report: &ClassificationReport,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Class<'a> {
        class: &'a str,
        precision: f64,
        recall: f64,
        f1: f64,
        support: f64,
    }
    let averages = [("macro avg", report.macro_avg)];
    let classes = report.classes.iter().map(|(name, s)| (name.as_str(), *s));
    serializer.collect_seq(classes.chain(averages).map(|(class, scores)| Class {
        class,
        precision: scores.precision,
        recall: scores.recall,
        f1: scores.fscore,
        support: scores.support,
    }))
}

impl fmt::Display for Accuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            value,
            low,
            high,
            n,
        } = self;
        write!(f, "{value:.4} (95 % {low:.4} to {high:.4}, n = {n})")
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.report, self.confusion)?;
        writeln!(f, "log loss: {:.4}", self.log_loss)?;
        write!(f, "accuracy by segment: {}", self.by_row)?;
        match &self.by_recording {
            Some(accuracy) => write!(f, "\naccuracy by recording: {accuracy}"),
            None => Ok(()),
        }
    }
}

/// The mean of `-ln p`, `p` the probability of the right class, at least 1e-12. Unlike [`log_loss`] it takes such
/// probabilities only, of any rows.
pub(crate) fn mean_log_loss(probabilities: impl Iterator<Item = f64>) -> f64 {
    let losses: Vec<f64> = probabilities.map(|p| -libm::log(p.max(1e-12))).collect();
    losses.iter().sum::<f64>() / losses.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn table(labels: &[&str], groups: &[&str]) -> FeatureTable {
        let ids = (0..labels.len()).map(|row| row.to_string()).collect();
        FeatureTable::new(vec![], Array2::zeros((labels.len(), 0)), ids)
            .and_then(|table| table.with_labels(labels))
            .and_then(|table| table.with_groups(groups))
            .unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_recording_is_classified_by_its_mean_probabilities() {
        // Two of the three rows of `a` are wrong by a little, one is correct by a large margin.
        let table = table(&["x", "x", "x", "y"], &["a", "a", "a", "b"]);
        let p = array![[0.9, 0.1], [0.45, 0.55], [0.45, 0.55], [0.6, 0.4]];
        let evaluation = Evaluation::new(&table, table.classes(), p.view()).unwrap();
        assert_eq!(evaluation.by_row.value, 0.25);
        let by_recording = evaluation.by_recording.unwrap();
        assert_eq!((by_recording.value, by_recording.n), (0.5, 2));
        // Drawn by recording: both `a`, both `b`, or one of each.
        assert_eq!(
            (evaluation.by_row.low, evaluation.by_row.high),
            (0.0, 1.0 / 3.0)
        );
        assert_eq!((by_recording.low, by_recording.high), (0.0, 1.0));
    }

    #[test]
    fn classes_are_matched_by_name() {
        let table = table(&["y", "x"], &["a", "b"]);
        let p = array![[0.0, 0.1, 0.9], [0.8, 0.1, 0.1]];
        let evaluation = Evaluation::new(&table, &names(&["x", "w", "y"]), p.view()).unwrap();
        assert_eq!(evaluation.by_row.value, 1.0);
        let error = Evaluation::new(&table, &names(&["v", "w", "x"]), p.view()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the table's label y is not among the model's classes v, w, x"
        );
    }

    #[test]
    fn groups_of_several_labels_are_not_recordings() {
        let table = table(&["x", "y"], &["a", "a"]);
        let p = array![[0.9, 0.1], [0.2, 0.8]];
        let evaluation = Evaluation::new(&table, table.classes(), p.view()).unwrap();
        assert_eq!(evaluation.by_recording, None);
    }

    #[test]
    fn rows_of_only_some_groups_of_a_table_are_accepted() {
        let all = table(&["x", "x", "y"], &["a", "b", "c"]);
        let some = all.select(&[2, 0]).unwrap();
        let p = array![[0.1, 0.9], [0.2, 0.8]];
        let evaluation = Evaluation::new(&some, some.classes(), p.view()).unwrap();
        assert_eq!(
            evaluation.by_recording.map(|a| (a.value, a.n)),
            Some((0.5, 2))
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let table = table(&["x", "y"], &["a", "b"]);
        let classes = table.classes();
        let evaluate = |p: Array2<f32>| Evaluation::new(&table, classes, p.view());
        assert!(evaluate(array![[0.5, 0.5]]).is_err());
        assert!(evaluate(array![[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]).is_err());
        assert!(evaluate(array![[5.0, 3.0], [0.5, 0.5]]).is_err());
        assert!(evaluate(array![[f32::NAN, 1.0], [0.5, 0.5]]).is_err());
        let bare = FeatureTable::new(vec![], Array2::zeros((1, 0)), names(&["a"])).unwrap();
        let none = Evaluation::new(&bare, &names(&["x"]), array![[1.0]].view());
        assert!(matches!(none, Err(Error::NoLabels)), "{none:?}");
        assert!(matches!(Accuracy::new(&bare, &[0]), Err(Error::NoLabels)));
        assert!(Accuracy::new(&table, &[0]).is_err());
        assert!(Accuracy::new(&table, &[0, 1, 0]).is_err());
    }

    #[test]
    fn as_data_it_has_the_counts() {
        let table = table(&["x", "y"], &["a", "b"]);
        let p = array![[0.9, 0.1], [0.8, 0.2]];
        let evaluation = Evaluation::new(&table, table.classes(), p.view()).unwrap();
        let json = serde_json::to_value(&evaluation).unwrap();
        assert_eq!(json["by_row"]["value"], 0.5);
        assert_eq!(json["confusion"]["counts"][1][0], 1.0);
        assert_eq!(json["report"][0]["recall"], 1.0);
    }
}
