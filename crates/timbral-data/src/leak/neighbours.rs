use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use timbral_core::{check, parallel};

use crate::error::{Error, Result};

/// Training rows that are compared at once, so that they stay in the cache.
const BLOCK: usize = 64;

/// Queries per task.
const TASK: usize = 16;

/// Parameters of a k-nearest-neighbours classifier.
///
/// ```
/// use ndarray::array;
/// use timbral_data::KNearestParams;
///
/// let model = KNearestParams { k: 1, ..KNearestParams::default() }.fit(array![[0.0, 0.0], [3.0, 4.0]].view(), &[7, 8])?;
/// assert_eq!(model.predict(array![[3.0, 3.0], [1.0, 1.0]].view())?, [8, 7]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KNearestParams {
    /// Number of nearest rows that vote, at least 1; default 5.
    pub k: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for KNearestParams {
    fn default() -> Self {
        Self {
            k: 5,
            _non_exhaustive: (),
        }
    }
}

impl KNearestParams {
    /// Stores the training rows: `x` has shape `(n_rows, n_features)`, `y` the class of each row.
    ///
    /// Distances are meaningful only if the features have one scale: fit a scaler to the same rows first.
    ///
    /// # Errors
    ///
    /// The lengths differ, `k` is 0 or above the number of rows, or a number is not finite.
    pub fn fit(&self, x: ArrayView2<'_, f32>, y: &[usize]) -> Result<KNearestModel> {
        length("y", x.nrows(), y.len())?;
        let in_range = (1..=x.nrows()).contains(&self.k);
        let reason = "must be at least 1 and at most the number of training rows";
        check(in_range, "k", self.k, reason)?;
        check_finite(x)?;
        let n_features = x.ncols();
        let mut blocks = Vec::with_capacity(x.len());
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            blocks.extend(block.t().iter());
        }
        Ok(KNearestModel {
            k: self.k,
            n_features,
            blocks,
            y: y.to_vec(),
        })
    }
}

/// A fitted k-nearest-neighbours classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct KNearestModel {
    k: usize,
    n_features: usize,
    /// Blocks of [`BLOCK`] rows (the last may have fewer), each by feature, then row.
    blocks: Vec<f32>,
    y: Vec<usize>,
}

impl KNearestModel {
    /// The most frequent class of the `k` nearest rows; in a tie, that of the nearest row.
    ///
    /// `x` has shape `(n_queries, n_features)`. scikit-learn's `KNeighborsClassifier` (uniform
    /// weights) takes the lowest class in a tie instead, so the two agree for `k = 1` and wherever
    /// there is no tie.
    ///
    /// # Errors
    ///
    /// As [`nearest`](Self::nearest).
    pub fn predict(&self, x: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
        let nearest = self.nearest(x)?;
        let vote = |rows: ArrayView1<'_, usize>| {
            let votes = |row: &usize| {
                let class = self.y[*row];
                rows.iter().filter(|other| self.y[**other] == class).count()
            };
            // `max_by_key` takes the last of equal ones, hence from the farthest to the nearest.
            let winner = rows.iter().rev().max_by_key(|row| votes(row));
            winner.map_or(0, |row| self.y[*row])
        };
        Ok(nearest.rows().into_iter().map(vote).collect())
    }

    /// Numbers of the `k` nearest rows, nearest first, `(n_queries, k)`.
    ///
    /// ```text
    /// d(a, b)^2 = sum_f (a_f - b_f)^2
    /// ```
    ///
    /// Every pair is compared, in `f64`; of equally near rows the lower number comes first. The
    /// result does not depend on the number of threads.
    ///
    /// # Errors
    ///
    /// Another number of features than the training rows have, or a number that is not finite.
    pub fn nearest(&self, x: ArrayView2<'_, f32>) -> Result<Array2<usize>> {
        length("features", self.n_features, x.ncols())?;
        check_finite(x)?;
        let tasks = x.axis_chunks_iter(Axis(0), TASK);
        let rows = parallel::map_each(tasks, 1, &|_, x| self.nearest_of(x, self.k));
        let rows: Vec<usize> = rows.into_iter().flatten().map(|(_, row)| row).collect();
        let row = |(query, rank)| rows[query * self.k + rank];
        Ok(Array2::from_shape_fn((x.nrows(), self.k), row))
    }

    /// The `k` rows nearest to one query (all rows if there are fewer), each with its distance, in the
    /// order of [`nearest`](Self::nearest). The argument `k` replaces that of [`KNearestParams`].
    ///
    /// ```
    /// use ndarray::array;
    /// use timbral_data::KNearestParams;
    ///
    /// let model = KNearestParams { k: 1, ..KNearestParams::default() }.fit(array![[0.0, 0.0], [3.0, 4.0]].view(), &[0, 0])?;
    /// assert_eq!(model.neighbours(array![0.0, 0.0].view(), 5)?, [(0, 0.0), (1, 5.0)]);
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`nearest`](Self::nearest).
    pub fn neighbours(&self, x: ArrayView1<'_, f32>, k: usize) -> Result<Vec<(usize, f64)>> {
        length("features", self.n_features, x.len())?;
        let x = x.insert_axis(Axis(0));
        check_finite(x)?;
        let found = self.nearest_of(x, k.min(self.y.len()));
        Ok(found.map(|(d, row)| (row, d.sqrt())).collect())
    }

    /// The nearest rows of a few queries, one after the other, with their squared distances.
    fn nearest_of(&self, x: ArrayView2<'_, f32>, k: usize) -> impl Iterator<Item = (f64, usize)> {
        let mut best = vec![Vec::with_capacity(k + 1); x.nrows()];
        for start in (0..self.y.len()).step_by(BLOCK) {
            let n = BLOCK.min(self.y.len() - start);
            let block = &self.blocks[start * self.n_features..][..n * self.n_features];
            for (query, best) in x.rows().into_iter().zip(&mut best) {
                let mut distances = [0.0; BLOCK];
                for (a, column) in query.iter().zip(block.chunks_exact(n)) {
                    for (distance, b) in distances.iter_mut().zip(column) {
                        let difference = f64::from(*a) - f64::from(*b);
                        *distance += difference * difference;
                    }
                }
                for (i, distance) in distances[..n].iter().enumerate() {
                    insert(best, k, *distance, start + i);
                }
            }
        }
        best.into_iter().flatten()
    }
}

/// Keeps the `k` smallest distances in ascending order; `row` is above all earlier rows.
fn insert(best: &mut Vec<(f64, usize)>, k: usize, distance: f64, row: usize) {
    if best.len() == k && best.last().is_some_and(|(worst, _)| distance >= *worst) {
        return;
    }
    let place = best.partition_point(|(d, _)| *d <= distance);
    best.insert(place, (distance, row));
    best.truncate(k);
}

fn length(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Error::Length {
        name,
        expected,
        got,
    })
}

fn check_finite(x: ArrayView2<'_, f32>) -> Result<()> {
    match x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), value)) => Err(Error::Value {
            row,
            name: column.to_string(),
            value: *value,
            reason: "must be finite to have a distance",
        }),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_equally_near_rows_the_lower_number_comes_first() {
        let x = Array2::from_shape_fn((200, 1), |(row, _)| [1.0, -1.0, 1.0][row % 3]);
        let y: Vec<usize> = (0..200).collect();
        let model = KNearestParams {
            k: 3,
            ..KNearestParams::default()
        }
        .fit(x.view(), &y)
        .unwrap();
        let query = array![[0.0], [-1.0], [1.0]];
        let nearest = model.nearest(query.view()).unwrap();
        assert_eq!(nearest, array![[0, 1, 2], [1, 4, 7], [0, 2, 3]]);
    }

    #[test]
    fn in_a_tie_the_nearest_wins() {
        let x = array![[0.0], [1.0], [2.0], [3.0], [9.0]];
        let predict = |k, y: &[usize; 5]| {
            let model = KNearestParams {
                k,
                ..KNearestParams::default()
            }
            .fit(x.view(), y)
            .unwrap();
            model.predict(array![[0.1]].view()).unwrap()[0]
        };
        assert_eq!(predict(1, &[4, 0, 1, 0, 0]), 4);
        assert_eq!(predict(2, &[4, 0, 1, 0, 0]), 4);
        assert_eq!(predict(4, &[4, 1, 4, 1, 0]), 4);
        assert_eq!(predict(4, &[4, 1, 1, 0, 0]), 1);
        assert_eq!(predict(5, &[4, 1, 1, 0, 0]), 1);
    }

    #[test]
    fn bad_arguments_are_errors() {
        let x = array![[0.0, 1.0], [2.0, 3.0]];
        let fit = |k, y: &[usize]| {
            KNearestParams {
                k,
                ..KNearestParams::default()
            }
            .fit(x.view(), y)
        };
        assert!(matches!(fit(0, &[0, 1]), Err(Error::InvalidParameter(_))));
        assert!(matches!(fit(3, &[0, 1]), Err(Error::InvalidParameter(_))));
        assert!(matches!(fit(1, &[0]), Err(Error::Length { .. })));
        let none = KNearestParams::default().fit(Array2::zeros((0, 2)).view(), &[]);
        assert!(matches!(none, Err(Error::InvalidParameter(_))));
        let model = fit(1, &[0, 1]).unwrap();
        let other = model.predict(array![[0.0]].view());
        assert!(matches!(other, Err(Error::Length { .. })));
        let nan = model.predict(array![[0.0, 0.0], [0.0, f32::NAN]].view());
        assert!(matches!(nan, Err(Error::Value { row: 1, .. })));
        assert!(
            model
                .predict(Array2::zeros((0, 2)).view())
                .unwrap()
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn equal_to_sorting_all_distances(
            n in 1usize..150,
            n_features in 0usize..5,
            k in 1usize..8,
            numbers in prop::collection::vec(-3i8..3, 5 * 170),
        ) {
            let k = k.min(n);
            let at = |row: usize, f: usize| f32::from(numbers[row * 5 + f]);
            let x = Array2::from_shape_fn((n, n_features), |(row, f)| at(row, f));
            let queries = Array2::from_shape_fn((20, n_features), |(row, f)| at(n + row, f));
            let y = vec![0; n];
            let model = KNearestParams { k, ..KNearestParams::default() }.fit(x.view(), &y).unwrap();
            let nearest = model.nearest(queries.view()).unwrap();
            for (query, found) in queries.rows().into_iter().zip(nearest.rows()) {
                let distance = |row: &usize| {
                    let squares = (&x.row(*row) - &query).mapv(|d| d * d);
                    squares.sum() as i64
                };
                let mut rows: Vec<usize> = (0..n).collect();
                rows.sort_by_key(distance);
                rows.truncate(k);
                prop_assert_eq!(found.to_owned(), Array1::from(rows));
            }
        }
    }
}
