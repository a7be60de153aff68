use crate::check;
use crate::error::Result;

/// Most rows of a split whose number is given as a number, so that a mistaken one is an error and
/// no attempt to fill the memory.
const MAX_SAMPLES: usize = u32::MAX as usize;

/// The number of rows is one that there can be.
pub(crate) fn check_n_samples(n_samples: usize) -> Result<()> {
    let few = n_samples <= MAX_SAMPLES;
    check::parameter(few, "n_samples", n_samples, "must be below 2^32")
}

/// Row indices of a training and a test set, each ascending unless the split was shuffled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to judge by.
    pub test: Vec<usize>,
}

/// Parameters of the functions that make folds, named as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldParams {
    /// Number of folds, at least 2; default 5.
    pub n_splits: usize,
    /// Seed of the shuffle; default none: rows, or groups, keep their order, as in scikit-learn
    /// with `shuffle=False`. A seed gives the same folds on every machine, though not those of
    /// scikit-learn's `random_state`.
    pub shuffle: Option<u64>,
}

impl Default for FoldParams {
    fn default() -> Self {
        Self {
            n_splits: 5,
            shuffle: None,
        }
    }
}

impl FoldParams {
    /// Checks the number of folds against the number of things that are dealt out.
    pub(crate) fn validate(&self, n: usize, reason: &'static str) -> Result<()> {
        let n_splits = self.n_splits;
        check::parameter(n_splits >= 2, "n_splits", n_splits, "must be at least 2")?;
        check::parameter(n_splits <= n, "n_splits", n_splits, reason)
    }
}

/// The splits in which each of `n_splits` folds is the test set once; `None` is never in a test.
pub(crate) fn splits(fold_of_row: &[Option<usize>], n_splits: usize) -> Vec<Split> {
    let part = |fold: usize| {
        let (test, train) = (0..fold_of_row.len()).partition(|i| fold_of_row[*i] == Some(fold));
        Split { train, test }
    };
    (0..n_splits).map(part).collect()
}

/// [`splits`] where every row has a fold.
pub(crate) fn full_splits(fold_of_row: &[usize], n_splits: usize) -> Vec<Split> {
    let folds: Vec<Option<usize>> = fold_of_row.iter().copied().map(Some).collect();
    splits(&folds, n_splits)
}
