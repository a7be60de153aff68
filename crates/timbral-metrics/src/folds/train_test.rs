use std::fmt::Debug;

use timbral_core::{Rng, check};

use super::fold::Fold;
use crate::arguments;
use crate::encode::{counts, encode, rows_of};
use crate::error::{Error, Result};

/// Parameters of [`train_test_split`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainTestParams {
    /// Fraction of the rows in the test set, rounded up to whole rows; between 0 and 1, default 0.25.
    pub test_size: f64,
    /// Random seed; default 0. A seed gives the same rows on every machine, but not those of
    /// scikit-learn's `random_state`.
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for TrainTestParams {
    fn default() -> Self {
        Self {
            test_size: 0.25,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl TrainTestParams {
    /// The number of test rows; both sets have at least one row.
    fn n_test(&self, n_samples: usize) -> Result<usize> {
        let fraction = self.test_size;
        let inside = fraction > 0.0 && fraction < 1.0;
        check(inside, "test_size", fraction, "must be between 0 and 1")?;
        let n_test = (fraction * n_samples as f64).ceil() as usize;
        let enough = n_test < n_samples;
        check(enough, "test_size", fraction, "leaves no training rows")?;
        Ok(n_test)
    }
}

/// Draws a random test set; the other rows are the training set. Both are shuffled.
///
/// ```text
/// n_test = ceil(test_size n_samples)
/// ```
///
/// Sizes equal those of `sklearn.model_selection.train_test_split`.
///
/// # Errors
///
/// A `test_size` that is not between 0 and 1 or that leaves no training rows, or 2^32 rows or more.
///
/// ```
/// use timbral_metrics::{TrainTestParams, train_test_split};
///
/// let split = train_test_split(10, &TrainTestParams::default())?;
/// assert_eq!((split.train.len(), split.test.len()), (7, 3));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn train_test_split(n_samples: usize, params: &TrainTestParams) -> Result<Fold> {
    arguments::n_samples(n_samples)?;
    let n_test = params.n_test(n_samples)?;
    let mut rows: Vec<usize> = (0..n_samples).collect();
    Rng::new(params.seed).shuffle(&mut rows);
    let train = rows.split_off(n_test);
    Ok(Fold { train, test: rows })
}

/// Draws a random test set with the class proportions of the data. Both sets are shuffled.
///
/// ```text
/// rows of class c in the training set = n_train n_c / n_samples, rounded down or up
/// ```
///
/// `y` has shape `(n_samples,)`. The rows that remain after rounding down go to the classes with
/// the largest remainders, ties at random, as in `sklearn.model_selection.train_test_split(...,
/// stratify=y)`.
///
/// # Errors
///
/// - a `test_size` that is not between 0 and 1;
/// - a class with fewer than 2 rows ([`Error::ClassTooSmall`](crate::Error::ClassTooSmall));
/// - a training or a test set with fewer rows than there are classes.
///
/// ```
/// use timbral_metrics::{TrainTestParams, stratified_train_test_split};
///
/// let y = ["jazz", "jazz", "jazz", "jazz", "rock", "rock", "rock", "rock"];
/// let split = stratified_train_test_split(&y, &TrainTestParams::default())?;
/// assert_eq!(split.test.len(), 2);
/// assert_eq!(split.test.iter().filter(|i| y[**i] == "jazz").count(), 1);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn stratified_train_test_split<T: Ord + Debug>(
    y: &[T],
    params: &TrainTestParams,
) -> Result<Fold> {
    by_codes(encode(y), params, &|row| format!("{:?}", y[row]))
}

/// As [`stratified_train_test_split`], for the numbers of classes; `class_of` names the class of a row.
fn by_codes(
    (codes, n_classes): (Vec<usize>, usize),
    params: &TrainTestParams,
    class_of: &dyn Fn(usize) -> String,
) -> Result<Fold> {
    let n_test = params.n_test(codes.len())?;
    let n_train = codes.len() - n_test;
    let class_counts = counts(&codes, n_classes);
    if let Some(class) = class_counts.iter().position(|n| *n < 2) {
        let row = codes.iter().position(|code| *code == class).unwrap_or(0);
        return Err(Error::ClassTooSmall {
            class: class_of(row),
            n_rows: class_counts[class],
        });
    }
    let enough = n_test.min(n_train) >= n_classes;
    let reason = "leaves a set with fewer rows than there are classes";
    check(enough, "test_size", params.test_size, reason)?;

    let mut rng = Rng::new(params.seed);
    let train_counts = allocate(&class_counts, n_train, &mut rng);
    let mut split = Fold::default();
    for (mut rows, n) in rows_of(&codes, n_classes).into_iter().zip(train_counts) {
        rng.shuffle(&mut rows);
        let (train, test) = rows.split_at(n);
        split.train.extend(train);
        split.test.extend(test);
    }
    rng.shuffle(&mut split.train);
    rng.shuffle(&mut split.test);
    Ok(split)
}

/// `n_draws` divided in proportion to `class_counts`, by largest remainders.
fn allocate(class_counts: &[usize], n_draws: usize, rng: &mut Rng) -> Vec<usize> {
    let n: usize = class_counts.iter().sum();
    // In integers: n_draws n_c / n and its remainder, as u128 so that no product overflows.
    let product = |c: usize| n_draws as u128 * c as u128;
    let mut taken: Vec<usize> = class_counts
        .iter()
        .map(|c| (product(*c) / n as u128) as usize)
        .collect();
    let left = n_draws - taken.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..class_counts.len()).collect();
    rng.shuffle(&mut order);
    order.sort_by_key(|c| std::cmp::Reverse(product(class_counts[*c]) % n as u128));
    order.iter().take(left).for_each(|c| taken[*c] += 1);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_decide() {
        let mut rng = Rng::new(0);
        assert_eq!(allocate(&[4, 2], 3, &mut rng), [2, 1]);
        assert_eq!(allocate(&[5, 2], 4, &mut rng), [3, 1]);
    }

    #[test]
    fn sizes_that_cannot_be_are_errors() {
        for test_size in [0.0, 1.0, -0.5, f64::NAN, 0.99] {
            let params = TrainTestParams {
                test_size,
                seed: 0,
                ..TrainTestParams::default()
            };
            assert!(train_test_split(10, &params).is_err(), "{test_size}");
        }
        let params = TrainTestParams::default();
        assert!(train_test_split(0, &params).is_err());
        assert!(stratified_train_test_split(&[0, 0, 0, 1], &params).is_err());
        assert!(stratified_train_test_split(&[0, 0, 1, 1], &params).is_err());
    }
}
