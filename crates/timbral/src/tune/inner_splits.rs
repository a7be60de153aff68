use timbral_data::{FeatureTable, Split, SplitMethod, groups_without_copies};
use timbral_metrics::{FoldParams, group_k_fold};

use crate::error::Result;

/// A split of the training rows on which parameters are scored. Its test part has the validation rows of `split` or,
/// if there are none, a fifth of the training rows, drawn by `method` and `seed`. Test rows of `split` are in neither
/// part. Row numbers are those of `table`.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::tune::hold_out;
///
/// let ids = (0..100).map(|row| row.to_string()).collect();
/// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((100, 0)), ids)?;
/// let split = SplitMethod::Random.split(&table, 0)?;
/// let inner = hold_out(&table, &split, SplitMethod::Random, 0)?;
/// assert_eq!((split.train.len(), inner.train.len(), inner.test.len()), (80, 64, 16));
/// assert!(inner.test.iter().all(|row| split.train.contains(row)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As of [`SplitMethod::split`].
pub fn hold_out(
    table: &FeatureTable,
    split: &Split,
    method: SplitMethod,
    seed: u64,
) -> Result<Split> {
    if !split.valid.is_empty() {
        return Ok(Split {
            train: split.train.clone(),
            test: split.valid.clone(),
            ..Split::default()
        });
    }
    let drawn = method.split(&table.select(&split.train)?, seed)?;
    let drawn = Split {
        valid: Vec::new(),
        ..drawn
    };
    Ok(drawn.of_rows(&split.train)?)
}

/// Folds of the training and validation rows of a split that never divide a group, to score parameters
/// on; see [`group_k_fold`]. Row numbers are those of `table`.
///
/// # Errors
///
/// `n_splits` below 2 or above the number of groups.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::tune::group_folds;
///
/// let ids = (0..100).map(|row| row.to_string()).collect();
/// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((100, 0)), ids)?
///     .with_groups((0..100).map(|row| (row / 5).to_string()))?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let folds = group_folds(&table, &split, 4, 0)?;
/// assert!(folds.iter().all(|fold| (fold.train.len(), fold.test.len()) == (60, 20)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn group_folds(
    table: &FeatureTable,
    split: &Split,
    n_splits: usize,
    seed: u64,
) -> Result<Vec<Split>> {
    let rows = [&split.train[..], &split.valid].concat();
    let of_rows = groups_without_copies(table);
    let groups: Vec<usize> = rows.iter().map(|row| of_rows[*row]).collect();
    let shuffle = Some(seed);
    let folds = group_k_fold(
        &groups,
        &FoldParams {
            n_splits,
            shuffle,
            ..FoldParams::default()
        },
    )?;
    let folds = folds.into_iter().map(Split::from);
    folds.map(|fold| Ok(fold.of_rows(&rows)?)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Forty recordings of three rows.
    fn table() -> FeatureTable {
        let ids = (0..120).map(|row| row.to_string()).collect();
        FeatureTable::new(vec![], ndarray::Array2::zeros((120, 0)), ids)
            .and_then(|table| table.with_groups((0..120).map(|row| (row / 3).to_string())))
            .unwrap()
    }

    #[test]
    fn inner_splits_have_no_test_rows_nor_rows_of_their_recordings() {
        let table = table();
        for seed in 0..5 {
            let split = SplitMethod::Grouped.split(&table, seed).unwrap();
            let mut inner = group_folds(&table, &split, 3, seed).unwrap();
            let tested: Vec<usize> = inner.iter().flat_map(|fold| fold.test.clone()).collect();
            assert_eq!(tested.len(), split.train.len());
            let one = hold_out(&table, &split, SplitMethod::Grouped, seed).unwrap();
            assert_eq!((one.train.len(), one.test.len()), (75, 21));
            inner.push(one);
            let groups = |rows: &[usize]| -> HashSet<usize> {
                rows.iter().map(|row| table.groups()[*row]).collect()
            };
            let test_groups = groups(&split.test);
            for fold in &inner {
                let [train, test] = [&fold.train, &fold.test].map(|rows| groups(rows));
                assert!(train.is_disjoint(&test));
                assert!(test_groups.is_disjoint(&train) && test_groups.is_disjoint(&test));
            }
        }
    }

    #[test]
    fn validation_rows_of_a_split_are_held_out_or_part_of_the_folds() {
        let split = Split {
            train: (0..60).collect(),
            valid: (60..90).collect(),
            test: (90..120).collect(),
        };
        let inner = hold_out(&table(), &split, SplitMethod::Random, 0).unwrap();
        assert_eq!(
            (inner.train, inner.test),
            (split.train.clone(), split.valid.clone())
        );
        let folds = group_folds(&table(), &split, 2, 0).unwrap();
        assert_eq!(folds[0].train.len() + folds[0].test.len(), 90);
        assert!(group_folds(&table(), &split, 31, 0).is_err());
    }
}
