use ndarray::{Array2, ArrayView2, Axis};
use timbral_core::{check, parallel};

use crate::error::Error;
use crate::random::Key;

/// Parameters of [`permutation_importance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermutationImportanceParams {
    /// Number of times that each feature is shuffled, at least 1 (5).
    pub n_repeats: usize,
    /// Random seed (0).
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PermutationImportanceParams {
    fn default() -> Self {
        Self {
            n_repeats: 5,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

/// The result of [`permutation_importance`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PermutationImportance {
    /// The score of the unchanged rows.
    pub baseline: f64,
    /// `baseline` minus the score with the feature shuffled, `(n_features, n_repeats)`.
    pub importances: Array2<f64>,
    /// The mean over the repeats, one per feature.
    pub importances_mean: Vec<f64>,
    /// The standard deviation over the repeats (`ddof = 0`), one per feature.
    pub importances_std: Vec<f64>,
}

/// The decrease of a score when one feature is shuffled among the rows (Breiman 2001); scikit-learn's
/// `permutation_importance`.
///
/// `score` must return a larger number for better predictions. It gets the rows in their original order, with
/// one column shuffled, and compares the predictions with the labels that the caller has. The result does not
/// depend on the number of threads.
///
/// ```
/// use ndarray::array;
/// use timbral_boost::{Error, permutation_importance};
/// let rows = array![[0.0, 7.0], [1.0, 7.0], [2.0, 7.0]];
/// let labels = [0.0, 1.0, 2.0];
/// let found = permutation_importance(rows.view(), &Default::default(), |rows| {
///     let column = rows.column(0);
///     let errors = column.iter().zip(labels).map(|(x, y)| f64::from(x - y).powi(2));
///     Ok::<_, Error>(-errors.sum::<f64>())
/// })?;
/// assert!(found.importances_mean[0] > 0.0);
/// assert_eq!((found.importances_mean[1], found.importances_std[1]), (0.0, 0.0));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without rows, [`Error::InvalidParameter`] without repeats, and the errors of
/// `score`.
pub fn permutation_importance<E: From<Error> + Send>(
    rows: ArrayView2<'_, f32>,
    params: &PermutationImportanceParams,
    score: impl Fn(ArrayView2<'_, f32>) -> Result<f64, E> + Sync,
) -> Result<PermutationImportance, E> {
    if rows.nrows() == 0 {
        return Err(Error::Empty { name: "rows" }.into());
    }
    check(
        params.n_repeats >= 1,
        "n_repeats",
        params.n_repeats,
        "must be at least 1",
    )
    .map_err(Error::from)?;
    let baseline = score(rows)?;
    let of_feature = |feature: usize| -> Result<Vec<f64>, E> {
        let mut shuffled = rows.to_owned();
        let mut decrease = |repeat: usize| -> Result<f64, E> {
            let key = Key::new(params.seed)
                .with(feature as u64)
                .with(repeat as u64);
            let order = order(rows.nrows(), key);
            for (to, from) in shuffled.column_mut(feature).iter_mut().zip(order) {
                *to = rows[[from, feature]];
            }
            Ok(baseline - score(shuffled.view())?)
        };
        (0..params.n_repeats).map(&mut decrease).collect()
    };
    let decreases: Vec<Vec<f64>> = parallel::try_map(rows.ncols(), 1, &of_feature)?;
    let importances =
        Array2::from_shape_fn((rows.ncols(), params.n_repeats), |(i, j)| decreases[i][j]);
    let n = params.n_repeats as f64;
    let mean = importances.sum_axis(Axis(1)) / n;
    let std = decreases.iter().zip(&mean).map(|(decreases, mean)| {
        let squares = decreases.iter().map(|decrease| (decrease - mean).powi(2));
        (squares.sum::<f64>() / n).sqrt()
    });
    Ok(PermutationImportance {
        baseline,
        importances_std: std.collect(),
        importances_mean: mean.to_vec(),
        importances,
    })
}

/// A random order of `n` rows.
fn order(n: usize, key: Key) -> Vec<usize> {
    let mut order: Vec<(u64, usize)> = (0..n)
        .map(|row| (key.with(row as u64).uniform().to_bits(), row))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// The proportion of rows for which the first column predicts whether the row is odd.
    fn accuracy(rows: ArrayView2<'_, f32>) -> Result<f64, Error> {
        let right = |&i: &usize| (rows[[i, 0]] > 0.0) == (i % 2 == 1);
        let n = rows.nrows();
        Ok((0..n).filter(right).count() as f64 / n as f64)
    }

    fn rows() -> Array2<f32> {
        Array2::from_shape_fn(
            (1000, 2),
            |(i, j)| {
                if j == 0 { (i % 2) as f32 } else { i as f32 }
            },
        )
    }

    #[test]
    fn a_shuffled_feature_leaves_chance_and_an_unused_one_has_no_importance() {
        let params = PermutationImportanceParams {
            n_repeats: 20,
            seed: 3,
            ..Default::default()
        };
        let found = permutation_importance(rows().view(), &params, accuracy).unwrap();
        assert_eq!(found.baseline, 1.0);
        // The number of ones that meet ones is hypergeometric: the accuracy has a standard
        // deviation of 1 / (2 sqrt(999)) = 0.0158, the mean of 20 one of 0.0035.
        assert!(
            (found.importances_mean[0] - 0.5).abs() < 0.0177,
            "{found:?}"
        );
        assert!(
            (0.008..0.025).contains(&found.importances_std[0]),
            "{found:?}"
        );
        assert!(
            found
                .importances
                .row(1)
                .iter()
                .all(|decrease| *decrease == 0.0)
        );
    }

    #[test]
    fn mean_and_deviation_are_numpys() {
        let params = PermutationImportanceParams::default();
        let found = permutation_importance(rows().view(), &params, accuracy).unwrap();
        let row = found.importances.row(0);
        assert_eq!(row.len(), 5);
        assert!((row.mean().unwrap() - found.importances_mean[0]).abs() < 1e-15);
        assert!((row.std(0.0) - found.importances_std[0]).abs() < 1e-15);
    }

    #[test]
    fn the_seed_decides_and_the_number_of_threads_does_not() {
        let run = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let params = PermutationImportanceParams {
                seed,
                ..Default::default()
            };
            pool.unwrap()
                .install(|| permutation_importance(rows().view(), &params, accuracy).unwrap())
        };
        assert_eq!(run(1, 5), run(4, 5));
        assert_ne!(run(1, 5), run(1, 6));
    }

    #[test]
    fn an_order_holds_every_row() {
        let mut rows = order(100, Key::new(1));
        assert!(rows.iter().enumerate().any(|(i, row)| i != *row));
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..100));
    }

    #[test]
    fn errors_are_reported() {
        let none = PermutationImportanceParams {
            n_repeats: 0,
            ..Default::default()
        };
        let rows = array![[1.0]];
        assert!(permutation_importance(rows.view(), &none, accuracy).is_err());
        let params = PermutationImportanceParams::default();
        let empty = Array2::zeros((0, 3));
        let result = permutation_importance(empty.view(), &params, accuracy);
        assert!(matches!(result, Err(Error::Empty { .. })));
        let failed = permutation_importance(rows.view(), &params, |_| {
            Err(Error::Empty { name: "score" })
        });
        assert!(matches!(failed, Err(Error::Empty { name: "score" })));
    }
}
