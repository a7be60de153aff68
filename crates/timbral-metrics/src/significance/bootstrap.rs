use timbral_core::{InvalidParameter, Rng, check, quantile};

use crate::arguments;
use crate::encode::{encode, rows_of};
use crate::error::Result;
use crate::mean::standard_deviation;

/// How the interval is computed from the resampled statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BootstrapMethod {
    /// The quantiles of the resampled statistics.
    #[default]
    Percentile,
    /// The quantiles mirrored at the estimate: `2 estimate - quantile`.
    Basic,
}

/// Parameters of [`bootstrap`], named as in `scipy.stats.bootstrap`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapParams {
    /// Resamples drawn, at least 1; default 9999. 1000 are enough for a slow statistic.
    pub n_resamples: usize,
    /// Probability that the interval contains the true value, between 0 and 1; default 0.95.
    pub confidence_level: f64,
    /// How the interval is computed; default percentile.
    pub method: BootstrapMethod,
    /// Random seed; default 0. A seed gives the same resamples on every machine.
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for BootstrapParams {
    fn default() -> Self {
        Self {
            n_resamples: 9999,
            confidence_level: 0.95,
            method: BootstrapMethod::default(),
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl BootstrapParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let (n, level) = (self.n_resamples, self.confidence_level);
        check(n >= 1, "n_resamples", n, "must be at least 1")?;
        let inside = level > 0.0 && level < 1.0;
        check(inside, "confidence_level", level, "must be between 0 and 1")
    }
}

/// A statistic with its confidence interval.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BootstrapResult {
    /// The statistic of the data.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Standard deviation of the resampled statistics, `n - 1` in the denominator.
    pub standard_error: f64,
    /// The resampled statistics that are numbers, ascending.
    pub distribution: Vec<f64>,
    /// Resamples whose statistic was NaN or infinite (for example because a class was
    /// not drawn). They are left out; if there are many, the interval is not reliable.
    pub n_undefined: usize,
}

/// Confidence interval of any statistic by drawing rows with replacement (Efron 1979).
///
/// ```text
/// low, high = quantiles (1 - level) / 2 and (1 + level) / 2 of statistic(rows of resample b)
/// ```
///
/// Each resample has `n_samples` row indices, all rows equally likely; `statistic` is called with the
/// indices. For given resamples the interval and the standard error equal
/// `scipy.stats.bootstrap(..., method="percentile" | "basic")`; the resamples are drawn by this
/// crate, as scipy's differ by version.
///
/// # Errors
///
/// - no rows, or 2^32 or more, `n_resamples` of 0, `confidence_level` not between 0 and 1;
/// - an error that the statistic returns;
/// - a statistic that is undefined for the data or for every resample.
///
/// ```
/// use timbral_metrics::{BootstrapParams, accuracy_score, bootstrap};
///
/// let (y_true, y_pred) = ([0, 1, 1, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 1, 1, 1]);
/// let params = BootstrapParams { n_resamples: 999, ..BootstrapParams::default() };
/// let result = bootstrap(y_true.len(), &params, |rows| {
///     let pick = |y: &[i32]| rows.iter().map(|i| y[*i]).collect::<Vec<_>>();
///     accuracy_score(&pick(&y_true), &pick(&y_pred), None)
/// })?;
/// assert_eq!((result.low, result.estimate, result.high), (0.5, 0.75, 1.0));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn bootstrap(
    n_samples: usize,
    params: &BootstrapParams,
    mut statistic: impl FnMut(&[usize]) -> Result<f64>,
) -> Result<BootstrapResult> {
    arguments::not_empty("rows", n_samples)?;
    arguments::n_samples(n_samples)?;
    let rows: Vec<Vec<usize>> = (0..n_samples).map(|i| vec![i]).collect();
    resample(&rows, params, &mut statistic)
}

/// As [`bootstrap`], but draws whole groups: for rows that are not independent, such as the
/// segments of one recording or the songs of one artist.
///
/// `groups` has shape `(n_samples,)`. Each resample draws as many groups as there are, with
/// replacement, and has all rows of each, so that its length varies.
///
/// # Errors
///
/// As [`bootstrap`].
///
/// ```
/// use timbral_metrics::{BootstrapParams, bootstrap_by_group};
///
/// let values = [1.0, 1.0, 1.0, 5.0];
/// let params = BootstrapParams { n_resamples: 999, ..BootstrapParams::default() };
/// let result = bootstrap_by_group(&["a", "a", "a", "b"], &params, |rows| {
///     Ok(rows.iter().map(|i| values[*i]).sum::<f64>() / rows.len() as f64)
/// })?;
/// assert_eq!((result.low, result.estimate, result.high), (1.0, 2.0, 5.0));
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn bootstrap_by_group<G: Ord>(
    groups: &[G],
    params: &BootstrapParams,
    mut statistic: impl FnMut(&[usize]) -> Result<f64>,
) -> Result<BootstrapResult> {
    arguments::not_empty("groups", groups.len())?;
    let (codes, n_groups) = encode(groups);
    resample(&rows_of(&codes, n_groups), params, &mut statistic)
}

fn resample(
    units: &[Vec<usize>],
    params: &BootstrapParams,
    statistic: &mut dyn FnMut(&[usize]) -> Result<f64>,
) -> Result<BootstrapResult> {
    params.validate()?;
    let mut rows: Vec<usize> = units.concat();
    rows.sort_unstable();
    let estimate = statistic(&rows)?;
    arguments::finite("statistic of the data", &[estimate])?;
    let mut distribution = Vec::new();
    for b in 0..params.n_resamples {
        let mut rng = Rng::stream(params.seed, b as u64);
        rows.clear();
        for _ in 0..units.len() {
            rows.extend(&units[rng.below(units.len())]);
        }
        let value = statistic(&rows)?;
        if value.is_finite() {
            distribution.push(value);
        }
    }
    arguments::not_empty("resamples with a defined statistic", distribution.len())?;
    distribution.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - params.confidence_level) / 2.0;
    let [lower, upper] = [tail, 1.0 - tail].map(|q| quantile(&distribution, q));
    let (low, high) = match params.method {
        BootstrapMethod::Percentile => (lower, upper),
        BootstrapMethod::Basic => (2.0 * estimate - upper, 2.0 * estimate - lower),
    };
    Ok(BootstrapResult {
        estimate,
        low,
        high,
        standard_error: standard_deviation(&distribution, 1),
        n_undefined: params.n_resamples - distribution.len(),
        distribution,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_result() {
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let run = |seed| {
            let params = BootstrapParams {
                n_resamples: 50,
                seed,
                ..BootstrapParams::default()
            };
            bootstrap(30, &params, |rows| {
                Ok(rows.iter().map(|i| values[*i]).sum::<f64>() / 30.0)
            })
            .unwrap()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3).distribution, run(4).distribution);
    }

    #[test]
    fn the_interval_covers_the_mean_as_often_as_its_level() {
        // 300 data sets of 40 uniform numbers; 90 % intervals. Standard deviation of the proportion:
        // sqrt(0.9 * 0.1 / 300) = 0.017, and percentile intervals are a little narrow.
        let params = BootstrapParams {
            n_resamples: 400,
            confidence_level: 0.9,
            ..BootstrapParams::default()
        };
        let mut rng = Rng::new(11);
        let mut held = 0;
        for _ in 0..300 {
            let values: Vec<f64> = (0..40).map(|_| rng.below(1001) as f64 / 1000.0).collect();
            let result = bootstrap(40, &params, |rows| {
                Ok(rows.iter().map(|i| values[*i]).sum::<f64>() / 40.0)
            })
            .unwrap();
            held += usize::from(result.low <= 0.5 && 0.5 <= result.high);
        }
        assert!((250..=288).contains(&held), "{held} of 300");
    }

    #[test]
    fn undefined_resamples_are_counted() {
        let params = BootstrapParams {
            n_resamples: 100,
            ..BootstrapParams::default()
        };
        let result = bootstrap(2, &params, |rows| {
            Ok(if rows[0] == rows[1] { f64::NAN } else { 1.0 })
        })
        .unwrap();
        assert_eq!(result.n_undefined + result.distribution.len(), 100);
        assert!(result.n_undefined > 0);
        assert!(bootstrap(2, &params, |_| Ok(f64::NAN)).is_err());
        assert!(bootstrap(0, &params, |_| Ok(1.0)).is_err());
    }
}
