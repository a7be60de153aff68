use crate::check;
use crate::encode::{counts, encode, rows_of};
use crate::error::Result;
use crate::rng::Rng;
use crate::split::{Split, check_n_samples};

/// Parameters of [`train_test_split`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainTestParams {
    /// Share of the rows that goes to the test set, rounded up to whole rows; between 0 and 1,
    /// default 0.25.
    pub test_size: f64,
    /// Seed of the draw; default 0. A seed gives the same split on every machine, though not that
    /// of scikit-learn's `random_state`.
    pub seed: u64,
}

impl Default for TrainTestParams {
    fn default() -> Self {
        Self {
            test_size: 0.25,
            seed: 0,
        }
    }
}

impl TrainTestParams {
    /// The rows of the test set; both sets have at least one.
    fn n_test(&self, n_samples: usize) -> Result<usize> {
        let share = self.test_size;
        let inside = share > 0.0 && share < 1.0;
        check::parameter(inside, "test_size", share, "must be between 0 and 1")?;
        let n_test = (share * n_samples as f64).ceil() as usize;
        let enough = n_test < n_samples;
        check::parameter(enough, "test_size", share, "leaves no rows to train on")?;
        Ok(n_test)
    }
}

/// Draws a test set of rows, the others being the training set; both are shuffled.
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
pub fn train_test_split(n_samples: usize, params: &TrainTestParams) -> Result<Split> {
    check_n_samples(n_samples)?;
    let n_test = params.n_test(n_samples)?;
    let mut rows: Vec<usize> = (0..n_samples).collect();
    Rng::new(params.seed).shuffle(&mut rows);
    let train = rows.split_off(n_test);
    Ok(Split { train, test: rows })
}

/// Draws a test set with the class shares of the whole; both sets are shuffled.
///
/// ```text
/// rows of class c in the training set = n_train n_c / n_samples, rounded down or up
/// ```
///
/// `y` has shape `(n_samples,)`. The rows that rounding down leaves go to the classes with the
/// largest remainders, equal ones by lot, as in `sklearn.model_selection.train_test_split(...,
/// stratify=y)`.
///
/// # Errors
///
/// - a `test_size` that is not between 0 and 1;
/// - a class with fewer than 2 rows;
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
pub fn stratified_train_test_split<T: Ord>(y: &[T], params: &TrainTestParams) -> Result<Split> {
    let n_test = params.n_test(y.len())?;
    let n_train = y.len() - n_test;
    let (codes, n_classes) = encode(y);
    let class_counts = counts(&codes, n_classes);
    let least = class_counts.iter().min().copied().unwrap_or(0);
    check::parameter(
        least >= 2,
        "rows of the smallest class",
        least,
        "must be at least 2",
    )?;
    let enough = n_test.min(n_train) >= n_classes;
    let reason = "leaves a set with fewer rows than there are classes";
    check::parameter(enough, "test_size", params.test_size, reason)?;

    let mut rng = Rng::new(params.seed);
    let train_counts = allocate(&class_counts, n_train, &mut rng);
    let mut split = Split::default();
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
            let params = TrainTestParams { test_size, seed: 0 };
            assert!(train_test_split(10, &params).is_err(), "{test_size}");
        }
        let params = TrainTestParams::default();
        assert!(train_test_split(0, &params).is_err());
        assert!(stratified_train_test_split(&[0, 0, 0, 1], &params).is_err());
        assert!(stratified_train_test_split(&[0, 0, 1, 1], &params).is_err());
    }
}
