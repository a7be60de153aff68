use std::fmt;

use timbral_core::check;

use crate::arguments;
use crate::error::{Error, Result};

/// Most classes a matrix may have: its `n_classes^2` cells then fill 128 MiB, and a class index
/// mistaken for a number of classes cannot exhaust the memory.
const MAX_CLASSES: usize = 4096;

/// The total by which the cells of a [`ConfusionMatrix`] are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalize {
    /// The sum of their row, the true class. The diagonal is the recall.
    True,
    /// The sum of their column, the predicted class. The diagonal is the precision.
    Pred,
    /// The sum of all cells.
    All,
}

/// How often each true class was predicted as each class: rows are true, columns predicted.
///
/// ```text
/// C[t, p] = sum_i w_i [y_true_i = t and y_pred_i = p],   shape (n_classes, n_classes)
/// ```
///
/// Equals `sklearn.metrics.confusion_matrix(..., labels=range(n_classes))`. The metrics that
/// depend on the predictions alone are methods of the matrix, so that the data are counted only once.
/// `Display` prints it with its labels.
///
/// ```
/// use timbral_metrics::{ConfusionMatrix, Normalize};
///
/// let matrix = ConfusionMatrix::new(&[0, 0, 1, 2], &[0, 1, 1, 1], 3, None)?;
/// assert_eq!(matrix.cells(), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
/// assert_eq!(matrix.normalized(Normalize::True)[..3], [0.5, 0.5, 0.0]);
/// assert_eq!(matrix.accuracy_score(), 0.5);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConfusionMatrix {
    cells: Vec<f64>,
    labels: Vec<String>,
    weighted: bool,
}

impl ConfusionMatrix {
    /// Counts pairs of class indices below `n_classes`; the labels are the indices.
    ///
    /// # Errors
    ///
    /// - `n_classes` outside `1..=4096`;
    /// - lengths that differ, no rows, a class out of range;
    /// - weights that are negative, not finite or all zero.
    pub fn new(
        y_true: &[usize],
        y_pred: &[usize],
        n_classes: usize,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let in_range = (1..=MAX_CLASSES).contains(&n_classes);
        check(in_range, "n_classes", n_classes, "must be in 1..=4096")?;
        arguments::rows("y_pred", y_true.len(), y_pred.len(), sample_weight)?;
        arguments::classes("y_true", y_true, n_classes)?;
        arguments::classes("y_pred", y_pred, n_classes)?;
        let mut cells = vec![0.0; n_classes * n_classes];
        for (i, (t, p)) in y_true.iter().zip(y_pred).enumerate() {
            cells[t * n_classes + p] += sample_weight.map_or(1.0, |w| w[i]);
        }
        Ok(Self {
            cells,
            labels: (0..n_classes).map(|c| c.to_string()).collect(),
            weighted: sample_weight.is_some(),
        })
    }

    /// Counts pairs of labels; the classes are `labels` in that order.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); a label that is not in `labels`; labels that repeat.
    ///
    /// ```
    /// use timbral_metrics::ConfusionMatrix;
    ///
    /// let labels = ["jazz", "rock"];
    /// let matrix = ConfusionMatrix::from_labels(&["jazz", "rock"], &["jazz", "jazz"], &labels, None)?;
    /// assert_eq!(matrix.cells(), [1.0, 0.0, 1.0, 0.0]);
    /// assert_eq!(matrix.labels(), labels);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn from_labels<S: AsRef<str>>(
        y_true: &[S],
        y_pred: &[S],
        labels: &[S],
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let encode = |name: &'static str, y: &[S]| -> Result<Vec<usize>> {
            let class = |(index, label): (usize, &S)| {
                let found = labels.iter().position(|l| l.as_ref() == label.as_ref());
                found.ok_or_else(|| Error::UnknownLabel {
                    name,
                    index,
                    label: label.as_ref().to_string(),
                })
            };
            y.iter().enumerate().map(class).collect()
        };
        let (t, p) = (encode("y_true", y_true)?, encode("y_pred", y_pred)?);
        Self::new(&t, &p, labels.len(), sample_weight)?
            .with_labels(labels.iter().map(|l| l.as_ref().to_string()))
    }

    /// The same matrix with other labels for the classes.
    ///
    /// # Errors
    ///
    /// Another number of labels than classes, or labels that repeat.
    pub fn with_labels<S: Into<String>>(
        mut self,
        labels: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        arguments::length("labels", self.n_classes(), labels.len())?;
        let mut sorted: Vec<&String> = labels.iter().collect();
        sorted.sort_unstable();
        let repeated = sorted.windows(2).find(|pair| pair[0] == pair[1]);
        if let Some(pair) = repeated {
            check(false, "labels", pair[0], "appears twice")?;
        }
        self.labels = labels;
        Ok(self)
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.labels.len()
    }

    /// The classes' labels.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Counts, or sums of weights, row after row.
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// Whether the matrix was made with sample weights.
    pub fn is_weighted(&self) -> bool {
        self.weighted
    }

    /// The cells divided by a total, row after row; 0 where the total is 0.
    ///
    /// ```text
    /// C[t, p] / sum_p C[t, p]   for Normalize::True, likewise by column and by the whole
    /// ```
    ///
    /// Equals `sklearn.metrics.confusion_matrix(..., normalize="true" | "pred" | "all")`.
    pub fn normalized(&self, normalize: Normalize) -> Vec<f64> {
        let (rows, columns) = (self.true_sums(), self.pred_sums());
        let all = self.total();
        let n = self.n_classes();
        let fraction = |(i, cell): (usize, &f64)| {
            let whole = match normalize {
                Normalize::True => rows[i / n],
                Normalize::Pred => columns[i % n],
                Normalize::All => all,
            };
            if whole == 0.0 { 0.0 } else { cell / whole }
        };
        self.cells.iter().enumerate().map(fraction).collect()
    }

    /// Number of rows of each true class: the support.
    pub fn true_sums(&self) -> Vec<f64> {
        self.rows().map(|row| row.iter().sum()).collect()
    }

    /// Number of rows predicted as each class.
    pub fn pred_sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_classes()];
        for row in self.rows() {
            sums.iter_mut().zip(row).for_each(|(s, cell)| *s += cell);
        }
        sums
    }

    /// Number of rows of each class that were predicted as that class.
    pub fn true_positives(&self) -> Vec<f64> {
        self.rows().enumerate().map(|(c, row)| row[c]).collect()
    }

    /// Number of all rows.
    pub fn total(&self) -> f64 {
        self.cells.iter().sum()
    }

    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.cells.chunks_exact(self.n_classes())
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.cells.iter().map(f64::to_string).collect();
        let longest = |texts: &[String]| texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
        let margin = longest(&self.labels);
        let width = margin.max(longest(&texts));
        write!(f, "{:margin$}", "")?;
        for label in &self.labels {
            write!(f, "  {label:>width$}")?;
        }
        writeln!(f)?;
        for (label, row) in self.labels.iter().zip(texts.chunks(self.n_classes())) {
            write!(f, "{label:>margin$}")?;
            for text in row {
                write!(f, "  {text:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_with_labels() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)
            .unwrap()
            .with_labels(["jazz", "rock"])
            .unwrap();
        let expected = "      jazz  rock\njazz     1     1\nrock     0     1\n";
        assert_eq!(matrix.to_string(), expected);
    }

    #[test]
    fn bad_arguments_are_errors() {
        assert!(ConfusionMatrix::new(&[], &[], 2, None).is_err());
        assert!(ConfusionMatrix::new(&[0], &[0, 1], 2, None).is_err());
        assert!(ConfusionMatrix::new(&[0], &[2], 2, None).is_err());
        assert!(ConfusionMatrix::new(&[0], &[0], usize::MAX, None).is_err());
        let matrix = ConfusionMatrix::new(&[0], &[0], 2, None).unwrap();
        assert!(matrix.clone().with_labels(["a"]).is_err());
        assert!(matrix.with_labels(["a", "a"]).is_err());
        let error = ConfusionMatrix::from_labels(&["a"], &["c"], &["a", "b"], None);
        assert!(
            matches!(error, Err(Error::UnknownLabel { index: 0, .. })),
            "{error:?}"
        );
    }
}
