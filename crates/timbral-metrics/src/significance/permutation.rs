use timbral_core::{InvalidParameter, Rng, check};

use crate::arguments;
use crate::error::Result;
use crate::mean::mean;

/// Which differences count as at least as extreme as the observed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Alternative {
    /// Twice the smaller of the two one-sided p-values.
    #[default]
    TwoSided,
    /// Differences at or below it.
    Less,
    /// Differences at or above it.
    Greater,
}

/// Parameters of [`permutation_test`], named as in `scipy.stats.permutation_test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermutationParams {
    /// Number of random swaps, at least 1; default 9999. If all possible swaps (`2^n_samples`) are not more than this
    /// number, every one is tried and the test is exact.
    pub n_resamples: usize,
    /// Which differences count; default two-sided.
    pub alternative: Alternative,
    /// Random seed; default 0. A seed gives the same draws on every machine.
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PermutationParams {
    fn default() -> Self {
        Self {
            n_resamples: 9999,
            alternative: Alternative::default(),
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl PermutationParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let n = self.n_resamples;
        check(n >= 1, "n_resamples", n, "must be at least 1")
    }
}

/// The result of [`permutation_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PermutationResult {
    /// The statistic of the data.
    pub statistic: f64,
    /// Probability of a statistic at least as extreme if the two models are exchangeable.
    pub p_value: f64,
    /// Whether all swaps were tried.
    pub exact: bool,
}

/// Paired permutation test of two models: the probability that a statistic is at least as extreme if, in each row,
/// the two predictions are swapped at random.
///
/// ```text
/// exact:   p = #{b : T_b >= T} / 2^n         over all 2^n ways to swap rows
/// random:  p = (#{b : T_b >= T} + 1) / (n_resamples + 1)
/// ```
///
/// `first` and `second` have shape `(n_samples,)`: predictions, losses or hits of the two models
/// for the same rows. Statistics within 100 roundings of the observed one count as equal to it.
/// Equals `scipy.stats.permutation_test((first, second), statistic, permutation_type="samples")`
/// if exact; the random draws differ from scipy's.
///
/// # Errors
///
/// - lengths that differ, no rows, `n_resamples` of 0;
/// - an error that the statistic returns, or a statistic that is NaN or infinite.
///
/// ```
/// use timbral_metrics::{PermutationParams, permutation_test};
///
/// let (first, second) = ([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.5]);
/// let result = permutation_test(&first, &second, &PermutationParams::default(), |a, b| {
///     Ok(a.iter().zip(b).map(|(a, b)| a - b).sum())
/// })?;
/// assert_eq!((result.statistic, result.p_value, result.exact), (3.5, 0.125, true));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn permutation_test<T: Clone>(
    first: &[T],
    second: &[T],
    params: &PermutationParams,
    mut statistic: impl FnMut(&[T], &[T]) -> Result<f64>,
) -> Result<PermutationResult> {
    let n = first.len();
    arguments::not_empty("first", n)?;
    arguments::length("second", n, second.len())?;
    params.validate()?;
    let n_resamples = params.n_resamples;
    let observed = statistic(first, second)?;
    arguments::finite("statistic", &[observed])?;
    let all = u32::try_from(n).ok().and_then(|n| 1usize.checked_shl(n));
    let exact = all.filter(|all| *all <= n_resamples);
    let n_swaps = exact.unwrap_or(n_resamples);

    let margin = 100.0 * f64::EPSILON * observed.abs();
    let (mut at_most, mut at_least) = (0usize, 0usize);
    let (mut a, mut b) = (first.to_vec(), second.to_vec());
    for swap in 0..n_swaps {
        a.clone_from_slice(first);
        b.clone_from_slice(second);
        let mut rng = Rng::stream(params.seed, swap as u64);
        for i in 0..n {
            let swapped = match exact {
                Some(_) => swap >> i & 1 == 1,
                None => rng.below(2) == 1,
            };
            if swapped {
                std::mem::swap(&mut a[i], &mut b[i]);
            }
        }
        let value = statistic(&a, &b)?;
        arguments::finite("statistic", &[value])?;
        at_most += usize::from(value <= observed + margin);
        at_least += usize::from(value >= observed - margin);
    }
    // The data count as one of the random draws, so that no p-value is 0.
    let own = usize::from(exact.is_none());
    let rate = |count: usize| (count + own) as f64 / (n_swaps + own) as f64;
    let p_value = match params.alternative {
        Alternative::Less => rate(at_most),
        Alternative::Greater => rate(at_least),
        Alternative::TwoSided => (2.0 * rate(at_most.min(at_least))).min(1.0),
    };
    Ok(PermutationResult {
        statistic: observed,
        p_value,
        exact: exact.is_some(),
    })
}

/// The mean of `first` minus the mean of `second`, a statistic of [`permutation_test`] for scores.
///
/// ```
/// use timbral_metrics::{PermutationParams, mean_difference, permutation_test};
///
/// let (first, second) = ([0.5, 0.75, 1.0], [0.25, 0.25, 0.25]);
/// let result = permutation_test(&first, &second, &PermutationParams::default(), mean_difference)?;
/// assert_eq!((result.statistic, result.p_value), (0.5, 0.25));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
///
/// # Errors
///
/// One of them is empty.
pub fn mean_difference(first: &[f64], second: &[f64]) -> Result<f64> {
    arguments::not_empty("first", first.len())?;
    arguments::not_empty("second", second.len())?;
    Ok(mean(first, None) - mean(second, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(a: &[f64], b: &[f64]) -> Result<f64> {
        Ok(a.iter().zip(b).map(|(a, b)| a - b).sum())
    }

    #[test]
    fn random_draws_come_near_the_exact_test() {
        let a: Vec<f64> = (0..12).map(|i| f64::from(i * 7 % 12)).collect();
        let b: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 11) + 0.5).collect();
        let p = |n_resamples| {
            let params = PermutationParams {
                n_resamples,
                ..PermutationParams::default()
            };
            permutation_test(&a, &b, &params, difference).unwrap()
        };
        let (exact, random) = (p(4096), p(4095));
        assert!(exact.exact && !random.exact);
        // Twice a proportion of 4095 draws: standard deviation at most 2 sqrt(0.25 / 4095) = 0.016.
        let distance = (exact.p_value - random.p_value).abs();
        assert!(distance < 0.05, "{exact:?} {random:?}");
    }

    #[test]
    fn bad_statistics_are_errors() {
        let params = PermutationParams::default();
        assert!(permutation_test(&[1.0], &[2.0], &params, |_, _| Ok(f64::NAN)).is_err());
        assert!(permutation_test(&[1.0], &[2.0, 3.0], &params, difference).is_err());
        assert!(permutation_test::<f64>(&[], &[], &params, |_, _| Ok(0.0)).is_err());
        assert!(mean_difference(&[], &[1.0]).is_err() && mean_difference(&[1.0], &[]).is_err());
    }
}
