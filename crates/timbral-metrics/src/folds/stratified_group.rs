use std::fmt::Debug;

use timbral_core::Rng;

use super::fold::{Fold, FoldParams, full_folds};
use crate::arguments;
use crate::encode::{counts, encode};
use crate::error::Result;
use crate::mean::{mean, standard_deviation};

/// Two values of the objective closer than this count as equal: `numpy.isclose`, whose defaults
/// scikit-learn uses here.
fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 + 1e-5 * b.abs()
}

/// Folds that never divide a group and keep the class proportions of the data as far as possible.
///
/// Groups are taken by falling standard deviation of their class counts (the most uneven
/// first); each goes to the fold for which the class proportions of the folds are most similar:
///
/// ```text
/// fold = argmin_f mean_c std_g (rows of class c in fold g / rows of class c),   group in f
/// ```
///
/// and among equal ones to that with the fewest rows. `y` and `groups` have shape `(n_samples,)`;
/// every row is in one test fold. Without a shuffle equals
/// `sklearn.model_selection.StratifiedGroupKFold`; a shuffle changes the order of groups that are
/// equally uneven.
///
/// # Errors
///
/// Lengths that differ, or `n_splits` below 2, above the number of groups, or above the number of
/// rows of the largest class.
///
/// ```
/// use timbral_metrics::{FoldParams, stratified_group_k_fold};
///
/// let y = ["rock", "rock", "jazz", "jazz", "rock", "jazz"];
/// let groups = ["a", "a", "b", "b", "c", "d"];
/// let params = FoldParams { n_splits: 2, shuffle: None, ..FoldParams::default() };
/// let folds = stratified_group_k_fold(&y, &groups, &params)?;
/// assert_eq!(folds[0].test, [0, 1, 5]);
/// assert_eq!(folds[1].test, [2, 3, 4]);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn stratified_group_k_fold<T: Ord + Debug, G: Ord>(
    y: &[T],
    groups: &[G],
    params: &FoldParams,
) -> Result<Vec<Fold>> {
    arguments::not_empty("y", y.len())?;
    arguments::length("groups", y.len(), groups.len())?;
    by_codes(encode(y), encode(groups), params, &|row| {
        format!("{:?}", y[row])
    })
}

/// As [`stratified_group_k_fold`], for the numbers of classes and groups; `class_of` names the class of a row.
fn by_codes(
    (classes, n_classes): (Vec<usize>, usize),
    (codes, n_groups): (Vec<usize>, usize),
    params: &FoldParams,
    class_of: &dyn Fn(usize) -> String,
) -> Result<Vec<Fold>> {
    params.validate_for(n_groups, "groups")?;
    let class_counts = counts(&classes, n_classes);
    params.validate_for_classes(&classes, class_of)?;

    let mut group_counts = vec![vec![0.0; n_classes]; n_groups];
    for (group, class) in codes.iter().zip(&classes) {
        group_counts[*group][*class] += 1.0;
    }
    let mut order: Vec<usize> = (0..n_groups).collect();
    if let Some(seed) = params.shuffle {
        Rng::new(seed).shuffle(&mut order);
    }
    let unevenness: Vec<f64> = group_counts
        .iter()
        .map(|counts| standard_deviation(counts, 0))
        .collect();
    order.sort_by(|a, b| unevenness[*b].total_cmp(&unevenness[*a]));

    let mut folds = Folds::new(&class_counts, params.n_splits);
    let mut fold_of_group = vec![0; n_groups];
    for group in order {
        fold_of_group[group] = folds.place(&group_counts[group]);
    }
    let fold_of_row: Vec<usize> = codes.iter().map(|g| fold_of_group[*g]).collect();
    Ok(full_folds(&fold_of_row, params.n_splits))
}

/// The class counts of the folds so far.
struct Folds<'a> {
    class_counts: &'a [usize],
    counts: Vec<Vec<f64>>,
}

impl<'a> Folds<'a> {
    fn new(class_counts: &'a [usize], n_splits: usize) -> Self {
        Self {
            class_counts,
            counts: vec![vec![0.0; class_counts.len()]; n_splits],
        }
    }

    /// Adds a group to the best fold and returns the index of that fold.
    fn place(&mut self, group: &[f64]) -> usize {
        let (mut best, mut least_spread, mut fewest_rows) = (0, f64::INFINITY, f64::INFINITY);
        for fold in 0..self.counts.len() {
            let spread = self.spread_with(fold, group);
            let rows: f64 = self.counts[fold].iter().sum();
            let better =
                spread < least_spread || (is_close(spread, least_spread) && rows < fewest_rows);
            if better {
                (best, least_spread, fewest_rows) = (fold, spread, rows);
            }
        }
        let counts = self.counts[best].iter_mut();
        counts.zip(group).for_each(|(count, n)| *count += n);
        best
    }

    /// How much the class proportions of the folds differ if the group goes to `fold`.
    fn spread_with(&self, fold: usize, group: &[f64]) -> f64 {
        let n_splits = self.counts.len() as f64;
        let spreads: Vec<f64> = (0..group.len())
            .map(|c| {
                let proportion = |f: usize| {
                    let added = if f == fold { group[c] } else { 0.0 };
                    (self.counts[f][c] + added) / self.class_counts[c] as f64
                };
                // One fold after the other, as numpy adds along the first axis.
                let folds = 0..self.counts.len();
                let centre = folds.clone().map(proportion).sum::<f64>() / n_splits;
                let squares = folds.map(|f| (proportion(f) - centre) * (proportion(f) - centre));
                (squares.sum::<f64>() / n_splits).sqrt()
            })
            .collect();
        mean(&spreads, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_arguments_are_errors() {
        let params = FoldParams {
            n_splits: 2,
            shuffle: None,
            ..FoldParams::default()
        };
        assert!(stratified_group_k_fold(&[0, 1], &[0], &params).is_err());
        assert!(stratified_group_k_fold(&[0, 1], &[0, 0], &params).is_err());
        assert!(stratified_group_k_fold(&[0, 1], &[0, 1], &params).is_err());
        assert!(stratified_group_k_fold(&[0, 0], &[0, 1], &params).is_ok());
    }
}
