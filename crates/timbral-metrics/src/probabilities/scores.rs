use std::borrow::Cow;

use timbral_core::check;

use crate::arguments;
use crate::error::Result;

/// A matrix of scores or probabilities, one row per sample and one column per class, stored by rows.
///
/// Shape `(n_samples, n_classes)`; entry `(i, c)` is `values[i * n_classes + c]`. With the feature
/// `ndarray`, `Scores::try_from` takes an `ArrayView2<f64>`.
///
/// ```
/// use timbral_metrics::Scores;
///
/// let scores = Scores::new(&[0.9, 0.1, 0.2, 0.8], 2)?;
/// assert_eq!(scores.n_samples(), 2);
/// assert_eq!(scores.row(1), Some(&[0.2, 0.8][..]));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores<'a> {
    values: Cow<'a, [f64]>,
    n_classes: usize,
}

impl<'a> Scores<'a> {
    /// A matrix of `n_classes` columns over `values`, which it borrows.
    ///
    /// # Errors
    ///
    /// - no classes or no values;
    /// - a number of values that is not a multiple of `n_classes`;
    /// - a value that is not finite.
    pub fn new(values: &'a [f64], n_classes: usize) -> Result<Self> {
        Self::checked(Cow::Borrowed(values), n_classes)
    }

    fn checked(values: Cow<'a, [f64]>, n_classes: usize) -> Result<Self> {
        check(n_classes > 0, "n_classes", n_classes, "must be at least 1")?;
        arguments::not_empty("scores", values.len())?;
        let whole = values.len() / n_classes * n_classes;
        check(
            whole == values.len(),
            "n_classes",
            n_classes,
            "must divide the number of scores",
        )?;
        arguments::finite("scores", &values)?;
        Ok(Self { values, n_classes })
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.values.len() / self.n_classes
    }

    /// Number of columns.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The scores of one sample, `None` past the last.
    pub fn row(&self, index: usize) -> Option<&[f64]> {
        self.rows().nth(index)
    }

    /// For each sample the class with the largest score, the first of equal ones; as
    /// `numpy.argmax(axis=1)`.
    ///
    /// ```
    /// use timbral_metrics::Scores;
    ///
    /// assert_eq!(Scores::new(&[0.9, 0.1, 0.5, 0.5], 2)?.argmax(), [0, 0]);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn argmax(&self) -> Vec<usize> {
        self.rows()
            .map(|row| (1..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }))
            .collect()
    }

    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_classes)
    }

    pub(crate) fn column(&self, class: usize) -> Vec<f64> {
        self.rows().map(|row| row[class]).collect()
    }

    /// Checks the arguments of a metric that pairs class indices with rows.
    pub(crate) fn check(&self, y_true: &[usize], sample_weight: Option<&[f64]>) -> Result<()> {
        arguments::rows("scores", y_true.len(), self.n_samples(), sample_weight)?;
        arguments::classes("y_true", y_true, self.n_classes)
    }
}

#[cfg(feature = "ndarray")]
impl<'a> TryFrom<ndarray::ArrayView2<'a, f64>> for Scores<'a> {
    type Error = crate::Error;

    /// Borrows a view in standard layout, copies any other.
    fn try_from(view: ndarray::ArrayView2<'a, f64>) -> Result<Self> {
        let n_classes = view.ncols();
        let values = match view.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(view.iter().copied().collect()),
        };
        Self::checked(values, n_classes)
    }
}

/// The entries of a one-dimensional view as a slice: borrowed if they are contiguous, else
/// copied. Use it to pass columns of `ndarray` to the functions of this crate.
///
/// ```
/// use ndarray::array;
/// use timbral_metrics::{accuracy_score, column};
///
/// let table = array![[0usize, 0], [1, 2]];
/// let accuracy = accuracy_score(&column(table.column(0)), &column(table.column(1)), None)?;
/// assert_eq!(accuracy, 0.5);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
#[cfg(feature = "ndarray")]
pub fn column<T: Clone>(view: ndarray::ArrayView1<'_, T>) -> Cow<'_, [T]> {
    match view.to_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(view.iter().cloned().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_checked() {
        assert!(Scores::new(&[], 2).is_err());
        assert!(Scores::new(&[1.0], 0).is_err());
        assert!(Scores::new(&[1.0, 2.0, 3.0], 2).is_err());
        assert!(Scores::new(&[1.0, f64::NAN], 2).is_err());
        let scores = Scores::new(&[1.0, 2.0, 3.0, 4.0], 2).unwrap();
        assert_eq!(scores.column(1), [2.0, 4.0]);
        assert_eq!(scores.row(2), None);
        assert!(scores.check(&[0, 2], None).is_err());
        assert!(scores.check(&[0], None).is_err());
    }

    #[cfg(feature = "ndarray")]
    #[test]
    fn views_of_any_layout() {
        let table = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
        let by_rows = Scores::try_from(table.view()).unwrap();
        assert!(matches!(by_rows.values, Cow::Borrowed(_)));
        let by_columns = Scores::try_from(table.t()).unwrap();
        assert_eq!(by_columns.values(), [1.0, 3.0, 2.0, 4.0]);
    }
}
