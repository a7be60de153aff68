use std::borrow::Cow;

use ndarray::Array2;
use timbral_data::{FeatureTable, Split, SplitMethod};
use timbral_metrics::{TrainTestParams, train_test_split};

use crate::error::{Error, Result};

/// Which validation rows a [`Recipe`](crate::Recipe) needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Validation {
    /// None: validation rows of the split are trained on.
    #[default]
    None,
    /// Those of the split or, where it has none, the rows of a fifth of the training groups
    /// (recordings), drawn at random.
    Grouped,
    /// Those of the split or, where it has none, this fraction of the training rows, drawn at random.
    Random(f64),
}

/// A labelled table, split into training, validation and test rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Experiment {
    /// Training rows.
    pub train: FeatureTable,
    /// Validation rows, which choose settings such as the number of rounds.
    pub valid: Option<FeatureTable>,
    /// Test rows.
    pub test: FeatureTable,
    /// How many of the last training rows are validation rows of the split.
    n_own_valid: usize,
}

impl Experiment {
    /// Without validation rows: those of the split are added to the end of the training rows.
    ///
    /// ```
    /// use timbral::Experiment;
    /// use timbral::data::{FeatureTable, SplitMethod};
    ///
    /// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "b.1.wav"].map(str::to_owned).to_vec();
    /// let table = FeatureTable::new(vec!["x".into()], ndarray::Array2::zeros((4, 1)), ids)?
    ///     .with_groups(["a", "a", "b", "b"])?
    ///     .with_labels(["jazz", "jazz", "rock", "rock"])?;
    /// let experiment = Experiment::new(&table, &SplitMethod::Grouped.split(&table, 0)?)?;
    /// assert_eq!((experiment.train.n_rows(), experiment.test.n_rows()), (2, 2));
    /// assert!(experiment.is_by_recording());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The table has no labels or the same label in every row; the split has no training or no test rows, or is of
    /// another table.
    pub fn new(table: &FeatureTable, split: &Split) -> Result<Self> {
        if table.labels().is_none() {
            return Err(Error::NoLabels);
        }
        if let [label] = table.classes() {
            return Err(Error::OneClass {
                label: label.clone(),
            });
        }
        let train = [&split.train[..], &split.valid].concat();
        for (part, rows) in [("training", &train), ("test", &split.test)] {
            if rows.is_empty() {
                return Err(Error::EmptyPart { part });
            }
        }
        Ok(Self {
            train: table.select(&train)?,
            valid: None,
            test: table.select(&split.test)?,
            n_own_valid: split.valid.len(),
        })
    }

    /// The same with validation rows: those of the split, else rows drawn from the training rows by
    /// `seed`. Validation rows that are there already stay.
    ///
    /// ```
    /// use timbral::data::{FeatureTable, Split};
    /// use timbral::{Experiment, Validation};
    ///
    /// let ids = (0..12).map(|row| row.to_string()).collect();
    /// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((12, 0)), ids)?
    ///     .with_labels((0..12).map(|row| ["jazz", "rock"][row % 2]))?;
    /// let split = Split { train: (0..10).collect(), valid: vec![], test: vec![10, 11] };
    /// let experiment = Experiment::new(&table, &split)?;
    /// let experiment = experiment.with_validation(Validation::Random(0.1), 0)?;
    /// assert_eq!(experiment.train.n_rows(), 9);
    /// assert_eq!(experiment.valid.as_ref().map(FeatureTable::n_rows), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The training rows are of a single group, or too few.
    pub fn with_validation(&self, validation: Validation, seed: u64) -> Result<Cow<'_, Self>> {
        if self.valid.is_some() || validation == Validation::None {
            return Ok(Cow::Borrowed(self));
        }
        let split = match (self.inner_split(), validation) {
            (Some(own), _) => own,
            (None, Validation::Random(test_size)) => {
                let params = TrainTestParams {
                    test_size,
                    seed,
                    ..TrainTestParams::default()
                };
                train_test_split(self.train.n_rows(), &params)?.into()
            }
            (None, _) => SplitMethod::Grouped.split(&self.train, seed)?,
        };
        Ok(Cow::Owned(Self {
            train: self.train.select(&split.train)?,
            valid: Some(self.train.select(&split.test)?),
            test: self.test.clone(),
            n_own_valid: 0,
        }))
    }

    /// The split of the training rows into those of the split and its validation rows (as test rows);
    /// `None` if it has none.
    pub(crate) fn inner_split(&self) -> Option<Split> {
        let n = self.train.n_rows();
        let first = n - self.n_own_valid;
        (first < n).then(|| Split {
            train: (0..first).collect(),
            valid: Vec::new(),
            test: (first..n).collect(),
        })
    }

    /// Whether no recording (group) of the test rows is among the training or validation rows. Only
    /// then does a score estimate how good the model is on recordings it has not seen.
    pub fn is_by_recording(&self) -> bool {
        let mut seen = vec![false; self.test.n_groups()];
        let known = [Some(&self.train), self.valid.as_ref()];
        for group in known.into_iter().flatten().flat_map(FeatureTable::groups) {
            seen[*group] = true;
        }
        !self.test.groups().iter().any(|group| seen[*group])
    }
}

/// The feature columns with the given names, in that order, shape `(n_rows, names.len())`; see
/// [`FeatureTable::select_features`].
///
/// ```
/// use timbral::data::FeatureTable;
/// use timbral::select_features;
///
/// let names = ["tempo", "rms"].map(str::to_owned).to_vec();
/// let table = FeatureTable::new(names, ndarray::array![[120.0, 0.5]], vec!["a.wav".into()])?;
/// assert_eq!(select_features(&table, &["rms".into()])?, ndarray::array![[0.5]]);
/// let error = select_features(&table, &["mfcc1".into()]).unwrap_err();
/// assert_eq!(error.to_string(), "the table has no feature mfcc1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The table has no feature of that name.
pub fn select_features(table: &FeatureTable, names: &[String]) -> Result<Array2<f32>> {
    Ok(table.select_features(names)?.features().to_owned())
}

/// Refuses a table with a missing cell, which is named by its place.
pub(crate) fn complete(table: &FeatureTable) -> Result<()> {
    match table.first_missing() {
        None => Ok(()),
        Some((row, feature)) => {
            let reason = "is missing, and only boosted trees can do without; fill it in, or leave out \
                          the row or the column";
            Err(table.cell_error(row, feature, reason).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Ten recordings of three rows.
    fn table() -> FeatureTable {
        let ids = (0..30).map(|row| row.to_string()).collect();
        FeatureTable::new(vec![], Array2::zeros((30, 0)), ids)
            .and_then(|table| table.with_groups((0..30).map(|row| (row / 3).to_string())))
            .and_then(|table| table.with_labels((0..30).map(|row| (row / 15).to_string())))
            .unwrap()
    }

    fn groups(table: &FeatureTable) -> BTreeSet<usize> {
        table.groups().iter().copied().collect()
    }

    #[test]
    fn validation_rows_share_no_recording_with_training_or_test_rows() {
        let table = table();
        for seed in 0..10 {
            let split = SplitMethod::Grouped.split(&table, seed).unwrap();
            let experiment = Experiment::new(&table, &split).unwrap();
            let experiment = experiment.with_validation(Validation::Grouped, seed);
            let experiment = experiment.unwrap().into_owned();
            let valid = experiment.valid.as_ref().unwrap();
            let parts = [&experiment.train, valid, &experiment.test].map(groups);
            assert_eq!(parts.each_ref().map(BTreeSet::len), [6, 2, 2]);
            assert_eq!(parts.iter().flatten().collect::<BTreeSet<_>>().len(), 10);
            assert!(experiment.is_by_recording());
        }
    }

    #[test]
    fn validation_rows_of_the_split_are_kept_or_trained_on() {
        let split = Split {
            train: (0..12).collect(),
            valid: (12..18).collect(),
            test: (18..30).collect(),
        };
        let merged = Experiment::new(&table(), &split).unwrap();
        for validation in [Validation::Grouped, Validation::Random(0.1)] {
            let kept = merged.with_validation(validation, 0).unwrap().into_owned();
            assert_eq!(groups(&kept.valid.unwrap()), BTreeSet::from([4, 5]));
            assert_eq!(kept.train.n_rows(), 12);
        }
        assert_eq!((merged.train.n_rows(), merged.valid), (18, None));
    }

    #[test]
    fn a_recording_on_both_sides_is_detected() {
        let split = Split {
            train: (0..29).collect(),
            valid: vec![],
            test: vec![29],
        };
        assert!(!Experiment::new(&table(), &split).unwrap().is_by_recording());
    }

    #[test]
    fn what_cannot_be_trained_on_is_an_error() {
        let all = Split {
            test: (0..30).collect(),
            ..Split::default()
        };
        let error = Experiment::new(&table(), &all).unwrap_err();
        assert_eq!(error.to_string(), "there are no training rows");
        let same = table().with_labels(vec!["jazz"; 30]).unwrap();
        let error = Experiment::new(&same, &all).unwrap_err();
        assert_eq!(
            error.to_string(),
            "all rows have the label jazz: at least two different labels are needed"
        );
        let other = Split {
            train: vec![30],
            test: vec![0],
            ..Split::default()
        };
        assert!(Experiment::new(&table(), &other).is_err());
        let single = Split {
            train: vec![0, 1, 2],
            test: vec![3],
            ..Split::default()
        };
        let one_group = Experiment::new(&table(), &single).unwrap();
        assert!(one_group.with_validation(Validation::Grouped, 0).is_err());
        let bare = FeatureTable::new(vec![], Array2::zeros((1, 0)), vec!["a".into()]).unwrap();
        assert!(matches!(
            Experiment::new(&bare, &single),
            Err(Error::NoLabels)
        ));
    }
}
