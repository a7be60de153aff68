use std::fmt::Debug;

use timbral_core::Rng;

use super::fold::{Fold, FoldParams, full_folds};
use crate::arguments;
use crate::encode::{encode, rows_of};
use crate::error::Result;

/// Folds of consecutive or shuffled rows whose sizes differ by at most one.
///
/// ```text
/// rows of fold f = floor(n_samples / n_splits), plus 1 for the first n_samples mod n_splits
/// ```
///
/// Every row is in one test fold. Without a shuffle equals `sklearn.model_selection.KFold`.
///
/// # Errors
///
/// `n_splits` below 2 or above the number of rows, or 2^32 rows or more.
///
/// ```
/// use timbral_metrics::{FoldParams, k_fold};
///
/// let folds = k_fold(5, &FoldParams { n_splits: 2, shuffle: None, ..FoldParams::default() })?;
/// assert_eq!(folds[0].test, [0, 1, 2]);
/// assert_eq!(folds[1].test, [3, 4]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn k_fold(n_samples: usize, params: &FoldParams) -> Result<Vec<Fold>> {
    arguments::n_samples(n_samples)?;
    params.validate_for(n_samples, "rows")?;
    let mut rows: Vec<usize> = (0..n_samples).collect();
    if let Some(seed) = params.shuffle {
        Rng::new(seed).shuffle(&mut rows);
    }
    let mut fold_of_row = vec![0; n_samples];
    let mut rows = rows.into_iter();
    for (fold, size) in sizes(n_samples, params.n_splits).enumerate() {
        rows.by_ref().take(size).for_each(|i| fold_of_row[i] = fold);
    }
    Ok(full_folds(&fold_of_row, params.n_splits))
}

/// Sizes of `n_splits` parts of `n` items; the first ones are larger by one if `n` is not divisible.
pub(crate) fn sizes(n: usize, n_splits: usize) -> impl Iterator<Item = usize> {
    (0..n_splits).map(move |fold| n / n_splits + usize::from(fold < n % n_splits))
}

/// Folds with the class proportions of the data: class counts per fold, and fold sizes, differ by at most
/// one row.
///
/// ```text
/// rows of class c in fold f = n_c / n_splits, rounded down or up
/// ```
///
/// `y` has shape `(n_samples,)`; every row is in one test fold. Without a shuffle equals
/// `sklearn.model_selection.StratifiedKFold`. A class with fewer rows than folds is missing from
/// some.
///
/// # Errors
///
/// `n_splits` below 2, or above the number of rows of the largest class
/// ([`Error::FoldsExceedClass`](crate::Error::FoldsExceedClass)).
///
/// ```
/// use timbral_metrics::{FoldParams, stratified_k_fold};
///
/// let y = ["rock", "rock", "jazz", "rock", "jazz", "rock"];
/// let folds = stratified_k_fold(&y, &FoldParams { n_splits: 2, shuffle: None, ..FoldParams::default() })?;
/// assert_eq!(folds[0].test, [0, 1, 2]);
/// assert_eq!(folds[1].test, [3, 4, 5]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn stratified_k_fold<T: Ord + Debug>(y: &[T], params: &FoldParams) -> Result<Vec<Fold>> {
    arguments::not_empty("y", y.len())?;
    by_codes(encode(y), params, &|row| format!("{:?}", y[row]))
}

/// As [`stratified_k_fold`], for the numbers of classes; `class_of` names the class of a row.
fn by_codes(
    (codes, n_classes): (Vec<usize>, usize),
    params: &FoldParams,
    class_of: &dyn Fn(usize) -> String,
) -> Result<Vec<Fold>> {
    let mut classes = rows_of(&codes, n_classes);
    params.validate_for_classes(&codes, class_of)?;

    // Classes in order of their first row are dealt to the folds in turn, without a gap from one class
    // to the next: so the sizes of the folds differ by at most one row, too.
    classes.sort_unstable();
    let n_splits = params.n_splits;
    let mut rng = params.shuffle.map(Rng::new);
    let mut fold_of_row = vec![0; codes.len()];
    let mut dealt = 0;
    for rows in classes {
        let turns = dealt..dealt + rows.len();
        dealt = turns.end;
        let mut folds: Vec<usize> = turns.map(|turn| turn % n_splits).collect();
        folds.sort_unstable();
        if let Some(rng) = &mut rng {
            rng.shuffle(&mut folds);
        }
        rows.into_iter()
            .zip(folds)
            .for_each(|(i, fold)| fold_of_row[i] = fold);
    }
    Ok(full_folds(&fold_of_row, n_splits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_folds_are_an_error() {
        let params = |n_splits| FoldParams {
            n_splits,
            shuffle: None,
            ..FoldParams::default()
        };
        assert!(k_fold(4, &params(1)).is_err());
        assert!(k_fold(4, &params(5)).is_err());
        assert!(stratified_k_fold(&[0, 0, 1], &params(2)).is_ok());
        assert!(stratified_k_fold(&[0, 0, 1], &params(3)).is_err());
        assert!(stratified_k_fold::<u8>(&[], &params(2)).is_err());
    }
}
