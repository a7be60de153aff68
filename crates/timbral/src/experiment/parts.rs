use ndarray::{Array2, Axis};
use timbral_data::{FeatureTable, Split, SplitMethod};

use crate::error::{Error, Result};

/// A labelled table, split into rows to learn from, to stop by and to judge by.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Experiment {
    /// Rows to learn from.
    pub train: FeatureTable,
    /// Rows to choose settings by, such as when to stop.
    pub valid: Option<FeatureTable>,
    /// Rows to judge by, looked at once.
    pub test: FeatureTable,
}

impl Experiment {
    /// Without a part to choose by: validation rows of the split are learnt from, too.
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
    /// The table has no labels; the split leaves nothing to learn from or to judge by, or is of
    /// another table.
    pub fn new(table: &FeatureTable, split: &Split) -> Result<Self> {
        let train = [&split.train[..], &split.valid].concat();
        Self::of_parts(table, &train, &[], &split.test)
    }

    /// With a part to choose by: the split's own, or else a fifth of the groups of its training
    /// rows, drawn by `seed`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and where the training rows are of a single group.
    pub fn with_validation(table: &FeatureTable, split: &Split, seed: u64) -> Result<Self> {
        if !split.valid.is_empty() {
            return Self::of_parts(table, &split.train, &split.valid, &split.test);
        }
        let drawn = SplitMethod::Grouped.split(&table.select(&split.train)?, seed)?;
        let rows = |part: &[usize]| part.iter().map(|i| split.train[*i]).collect::<Vec<_>>();
        Self::of_parts(table, &rows(&drawn.train), &rows(&drawn.test), &split.test)
    }

    fn of_parts(
        table: &FeatureTable,
        train: &[usize],
        valid: &[usize],
        test: &[usize],
    ) -> Result<Self> {
        if table.labels().is_none() {
            return Err(Error::NoLabels);
        }
        for (part, rows) in [("training", train), ("test", test)] {
            if rows.is_empty() {
                return Err(Error::EmptyPart { part });
            }
        }
        let valid = (!valid.is_empty()).then(|| table.select(valid));
        Ok(Self {
            train: table.select(train)?,
            valid: valid.transpose()?,
            test: table.select(test)?,
        })
    }

    /// Whether no recording (group) of the test rows is among those learnt from or chosen by.
    /// Only then does a score say how good the model is on music that it has not heard.
    pub fn is_by_recording(&self) -> bool {
        let mut seen = vec![false; self.test.n_groups()];
        let learnt = [Some(&self.train), self.valid.as_ref()];
        for group in learnt.into_iter().flatten().flat_map(FeatureTable::groups) {
            seen[*group] = true;
        }
        !self.test.groups().iter().any(|group| seen[*group])
    }
}

/// The feature columns with the given names, in that order, shape `(n_rows, names.len())`.
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
    let column = |name: &String| {
        let found = table.feature_names().iter().position(|n| n == name);
        found.ok_or_else(|| Error::NoFeature { name: name.clone() })
    };
    let columns = names.iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(table.features().select(Axis(1), &columns))
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
    fn validation_rows_are_of_recordings_learnt_from_by_no_other_row() {
        let table = table();
        for seed in 0..10 {
            let split = SplitMethod::Grouped.split(&table, seed).unwrap();
            let experiment = Experiment::with_validation(&table, &split, seed).unwrap();
            let valid = experiment.valid.as_ref().unwrap();
            let parts = [&experiment.train, valid, &experiment.test].map(groups);
            assert_eq!(parts.each_ref().map(BTreeSet::len), [6, 2, 2]);
            assert_eq!(parts.iter().flatten().collect::<BTreeSet<_>>().len(), 10);
            assert!(experiment.is_by_recording());
        }
    }

    #[test]
    fn a_split_s_own_validation_rows_are_kept_or_learnt_from() {
        let split = Split {
            train: (0..12).collect(),
            valid: (12..18).collect(),
            test: (18..30).collect(),
        };
        let kept = Experiment::with_validation(&table(), &split, 0).unwrap();
        assert_eq!(groups(&kept.valid.unwrap()), BTreeSet::from([4, 5]));
        let learnt = Experiment::new(&table(), &split).unwrap();
        assert_eq!((learnt.train.n_rows(), learnt.valid), (18, None));
    }

    #[test]
    fn a_recording_on_both_sides_is_noticed() {
        let split = Split {
            train: (0..29).collect(),
            valid: vec![],
            test: vec![29],
        };
        assert!(!Experiment::new(&table(), &split).unwrap().is_by_recording());
    }

    #[test]
    fn what_cannot_be_learnt_from_is_an_error() {
        let all = Split {
            test: (0..30).collect(),
            ..Split::default()
        };
        let error = Experiment::new(&table(), &all).unwrap_err();
        assert_eq!(error.to_string(), "there are no training rows");
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
        assert!(Experiment::with_validation(&table(), &single, 0).is_err());
        let bare = FeatureTable::new(vec![], Array2::zeros((1, 0)), vec!["a".into()]).unwrap();
        assert!(matches!(
            Experiment::new(&bare, &single),
            Err(Error::NoLabels)
        ));
    }
}
