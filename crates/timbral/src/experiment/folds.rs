use timbral_data::FeatureTable;
use timbral_metrics::{Fold, FoldParams, stratified_group_k_fold};

use crate::error::{Error, Result};

/// Folds of the rows of a labelled table, shuffled by `seed`, that keep the proportions of the classes as far as
/// possible and never divide what splits keep together ([`FeatureTable::split_groups`]).
pub(crate) fn folds_by_split_group(
    table: &FeatureTable,
    n_splits: usize,
    seed: u64,
) -> Result<Vec<Fold>> {
    // By name, so that an error names the class.
    let names = table.labels().ok_or(Error::NoLabels)?.iter();
    let names: Vec<&String> = names.map(|label| &table.classes()[*label]).collect();
    let params = FoldParams {
        n_splits,
        shuffle: Some(seed),
        ..FoldParams::default()
    };
    let groups = table.split_groups();
    Ok(stratified_group_k_fold(&names, groups, &params)?)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use timbral_data::GroupBy;

    use super::*;

    #[test]
    fn folds_share_no_artist_and_errors_name_the_class() {
        let ids = (0..12).map(|row| row.to_string()).collect();
        let artists = (0..12).map(|row| format!("artist {}", row / 2));
        let table = FeatureTable::new(vec![], Array2::zeros((12, 0)), ids)
            .and_then(|table| table.with_labels((0..12).map(|row| ["jazz", "rock"][row / 6])))
            .and_then(|table| table.with_artists(artists))
            .unwrap()
            .grouped_by(GroupBy::Artist);
        let folds = folds_by_split_group(&table, 3, 0).unwrap();
        for fold in &folds {
            assert_eq!((fold.train.len(), fold.test.len()), (8, 4));
            let groups = table.split_groups();
            let is_known = |row: &usize| {
                fold.train
                    .iter()
                    .any(|other| groups[*other] == groups[*row])
            };
            assert!(!fold.test.iter().any(is_known), "{fold:?}");
        }
        assert_eq!(folds, folds_by_split_group(&table, 3, 0).unwrap());
        let error = folds_by_split_group(&table.select(&[0, 2, 4, 6]).unwrap(), 4, 0);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("jazz"), "{error}");
    }
}
