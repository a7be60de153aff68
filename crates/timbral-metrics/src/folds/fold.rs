use timbral_core::{InvalidParameter, check};

use crate::encode::counts;
use crate::error::{Error, Result};

/// Row indices of a training set and a test set, both ascending unless documented otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Training rows.
    pub train: Vec<usize>,
    /// Test rows.
    pub test: Vec<usize>,
}

/// Parameters of the cross-validation folds, named as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldParams {
    /// Number of folds, at least 2; default 5.
    pub n_splits: usize,
    /// Random seed of the shuffle; default none: rows, or groups, keep their order, as in scikit-learn
    /// with `shuffle=False`. A seed gives the same folds on every machine, but not those of
    /// scikit-learn's `random_state`.
    pub shuffle: Option<u64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for FoldParams {
    fn default() -> Self {
        Self {
            n_splits: 5,
            shuffle: None,
            _non_exhaustive: (),
        }
    }
}

impl FoldParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let n = self.n_splits;
        check(n >= 2, "n_splits", n, "must be at least 2")
    }

    /// Also checks that there are at least as many rows or groups as folds.
    pub(crate) fn validate_for(&self, n: usize, unit: &'static str) -> Result<()> {
        self.validate()?;
        match self.n_splits <= n {
            true => Ok(()),
            false => Err(Error::TooManyFolds {
                n_splits: self.n_splits,
                n,
                unit,
            }),
        }
    }

    /// Also checks that the largest class has at least as many rows as there are folds; `class_of` names the class of
    /// a row.
    pub(crate) fn validate_for_classes(
        &self,
        codes: &[usize],
        class_of: &dyn Fn(usize) -> String,
    ) -> Result<()> {
        self.validate()?;
        let n_classes = codes.iter().max().map_or(0, |code| code + 1);
        let counts = counts(codes, n_classes);
        // `max_by_key` takes the last of equal ones, hence from the last class to the first.
        let largest = (0..n_classes).rev().max_by_key(|code| counts[*code]);
        let (Some(class), n_rows) = (largest, counts.iter().max().copied().unwrap_or(0)) else {
            return Err(Error::Empty { name: "y" });
        };
        if self.n_splits <= n_rows {
            return Ok(());
        }
        let row = codes.iter().position(|code| *code == class).unwrap_or(0);
        Err(Error::FoldsExceedClass {
            n_splits: self.n_splits,
            class: class_of(row),
            n_rows,
        })
    }
}

/// The folds in which each of `n_splits` parts is the test set once; rows of `None` are never tested.
pub(crate) fn folds_of(fold_of_row: &[Option<usize>], n_splits: usize) -> Vec<Fold> {
    let part = |fold: usize| {
        let (test, train) = (0..fold_of_row.len()).partition(|i| fold_of_row[*i] == Some(fold));
        Fold { train, test }
    };
    (0..n_splits).map(part).collect()
}

/// [`folds_of`] for rows that all have a fold.
pub(crate) fn full_folds(fold_of_row: &[usize], n_splits: usize) -> Vec<Fold> {
    let folds: Vec<Option<usize>> = fold_of_row.iter().copied().map(Some).collect();
    folds_of(&folds, n_splits)
}
