use timbral_core::{Rng, check};

use super::fold::{Fold, FoldParams, folds_of, full_folds};
use super::k_fold::sizes;
use crate::arguments;
use crate::encode::{counts, encode};
use crate::error::Result;

/// Folds that never divide a group: for example, all rows of an artist are tested together.
///
/// Without a shuffle, the groups go one after the other, the largest first, to the fold with the fewest rows, so that
/// folds have about the same size; this equals `sklearn.model_selection.GroupKFold`. With a shuffle the groups are
/// distributed at random; their numbers per fold differ by at most one. `groups` has shape `(n_samples,)`; every row
/// is in one test fold.
///
/// # Errors
///
/// `n_splits` below 2 or above the number of groups.
///
/// ```
/// use timbral_metrics::{FoldParams, group_k_fold};
///
/// let folds = group_k_fold(&["a", "b", "b", "c"], &FoldParams { n_splits: 2, shuffle: None, ..FoldParams::default() })?;
/// assert_eq!(folds[0].test, [1, 2]);
/// assert_eq!(folds[1].test, [0, 3]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn group_k_fold<G: Ord>(groups: &[G], params: &FoldParams) -> Result<Vec<Fold>> {
    let (codes, n_groups) = encode(groups);
    by_codes(&codes, n_groups, params)
}

/// As [`group_k_fold`], for the numbers of groups.
fn by_codes(codes: &[usize], n_groups: usize, params: &FoldParams) -> Result<Vec<Fold>> {
    params.validate_for(n_groups, "groups")?;
    let mut fold_of_group = vec![0; n_groups];
    let mut order: Vec<usize> = (0..n_groups).collect();
    if let Some(seed) = params.shuffle {
        Rng::new(seed).shuffle(&mut order);
        let mut order = order.into_iter();
        for (fold, size) in sizes(n_groups, params.n_splits).enumerate() {
            order
                .by_ref()
                .take(size)
                .for_each(|g| fold_of_group[g] = fold);
        }
    } else {
        let group_counts = counts(codes, n_groups);
        // Among groups of equal size the last is first, as in scikit-learn, which reverses an ascending order.
        order.sort_by_key(|g| group_counts[*g]);
        let mut fold_counts = vec![0; params.n_splits];
        for group in order.into_iter().rev() {
            let emptiest = (0..params.n_splits).min_by_key(|f| fold_counts[*f]);
            let fold = emptiest.unwrap_or(0);
            fold_counts[fold] += group_counts[group];
            fold_of_group[group] = fold;
        }
    }
    let fold_of_row: Vec<usize> = codes.iter().map(|g| fold_of_group[*g]).collect();
    Ok(full_folds(&fold_of_row, params.n_splits))
}

/// One fold per group, in ascending order, with that group as the test set.
///
/// `groups` has shape `(n_samples,)`. Equals `sklearn.model_selection.LeaveOneGroupOut`.
///
/// # Errors
///
/// Fewer than 2 groups.
///
/// ```
/// use timbral_metrics::leave_one_group_out;
///
/// let folds = leave_one_group_out(&["b", "a", "b"])?;
/// assert_eq!(folds[0].test, [1]);
/// assert_eq!(folds[1].test, [0, 2]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn leave_one_group_out<G: Ord>(groups: &[G]) -> Result<Vec<Fold>> {
    let (codes, n_groups) = encode(groups);
    check(
        n_groups >= 2,
        "number of groups",
        n_groups,
        "must be at least 2",
    )?;
    Ok(full_folds(&codes, n_groups))
}

/// Folds given by a column with the test fold of each row; rows of `None` are always training rows.
///
/// `test_fold` has shape `(n_samples,)`; the folds are in ascending order of its values. Equals
/// `sklearn.model_selection.PredefinedSplit`, where -1 means `None`.
///
/// # Errors
///
/// No row has a fold.
///
/// ```
/// use timbral_metrics::predefined_split;
///
/// let folds = predefined_split(&[Some(1), Some(0), None])?;
/// assert_eq!((folds[0].test.as_slice(), folds[0].train.as_slice()), (&[1][..], &[0, 2][..]));
/// assert_eq!((folds[1].test.as_slice(), folds[1].train.as_slice()), (&[0][..], &[1, 2][..]));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn predefined_split<T: Ord>(test_fold: &[Option<T>]) -> Result<Vec<Fold>> {
    let named: Vec<&T> = test_fold.iter().flatten().collect();
    arguments::not_empty("test_fold", named.len())?;
    let (codes, n_splits) = encode(&named);
    let mut codes = codes.into_iter();
    let fold_of_row: Vec<Option<usize>> = test_fold
        .iter()
        .map(|fold| fold.as_ref().and_then(|_| codes.next()))
        .collect();
    Ok(folds_of(&fold_of_row, n_splits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_groups_are_an_error() {
        let params = FoldParams {
            n_splits: 3,
            shuffle: None,
            ..FoldParams::default()
        };
        assert!(group_k_fold(&[0, 1, 1], &params).is_err());
        assert!(group_k_fold::<u8>(&[], &params).is_err());
        assert!(leave_one_group_out(&[1, 1]).is_err());
        assert!(predefined_split::<u8>(&[None, None]).is_err());
        assert!(predefined_split::<u8>(&[]).is_err());
    }
}
