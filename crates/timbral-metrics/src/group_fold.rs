use crate::check;
use crate::encode::{counts, encode};
use crate::error::Result;
use crate::k_fold::sizes;
use crate::rng::Rng;
use crate::split::{FoldParams, Split, full_splits, splits};

/// Folds that never divide a group: all rows of an artist, say, are tested together.
///
/// Without a shuffle the largest group left goes to the fold with the fewest rows, so that folds
/// are about even; equals `sklearn.model_selection.GroupKFold`. With a shuffle the groups are dealt
/// out by lot, their numbers even to one. `groups` has shape `(n_samples,)`; every row is in one
/// test fold.
///
/// # Errors
///
/// `n_splits` below 2 or above the number of groups.
///
/// ```
/// use timbral_metrics::{FoldParams, group_k_fold};
///
/// let folds = group_k_fold(&["a", "b", "b", "c"], &FoldParams { n_splits: 2, shuffle: None })?;
/// assert_eq!(folds[0].test, [1, 2]);
/// assert_eq!(folds[1].test, [0, 3]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn group_k_fold<G: Ord>(groups: &[G], params: &FoldParams) -> Result<Vec<Split>> {
    let (codes, n_groups) = encode(groups);
    params.validate(n_groups, "must be at most the number of groups")?;
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
        let group_counts = counts(&codes, n_groups);
        // Of equal groups the last first, as scikit-learn, which reverses a rising order.
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
    Ok(full_splits(&fold_of_row, params.n_splits))
}

/// As many splits as groups, each group being the test set once, in rising order.
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
pub fn leave_one_group_out<G: Ord>(groups: &[G]) -> Result<Vec<Split>> {
    let (codes, n_groups) = encode(groups);
    check::parameter(
        n_groups >= 2,
        "number of groups",
        n_groups,
        "must be at least 2",
    )?;
    Ok(full_splits(&codes, n_groups))
}

/// Splits by a column that names each row's test fold; rows of `None` are always trained on.
///
/// `test_fold` has shape `(n_samples,)`; the splits come in rising order of its values. Equals
/// `sklearn.model_selection.PredefinedSplit`, where -1 stands for `None`.
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
pub fn predefined_split<T: Ord>(test_fold: &[Option<T>]) -> Result<Vec<Split>> {
    let named: Vec<&T> = test_fold.iter().flatten().collect();
    check::not_empty("test_fold", named.len())?;
    let (codes, n_splits) = encode(&named);
    let mut codes = codes.into_iter();
    let fold_of_row: Vec<Option<usize>> = test_fold
        .iter()
        .map(|fold| fold.as_ref().and_then(|_| codes.next()))
        .collect();
    Ok(splits(&fold_of_row, n_splits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_groups_are_an_error() {
        let params = FoldParams {
            n_splits: 3,
            shuffle: None,
        };
        assert!(group_k_fold(&[0, 1, 1], &params).is_err());
        assert!(group_k_fold::<u8>(&[], &params).is_err());
        assert!(leave_one_group_out(&[1, 1]).is_err());
        assert!(predefined_split::<u8>(&[None, None]).is_err());
        assert!(predefined_split::<u8>(&[]).is_err());
    }
}
