use std::fmt;
use std::str::FromStr;

use crate::error::{Error, InvalidParameter, Result, check};

/// A number that summarises a series of numbers, computed as by NumPy and SciPy along time.
///
/// | name | value |
/// |---|---|
/// | `mean`, `var`, `std` | mean, mean squared distance from it (`ddof=0`), its root |
/// | `median`, `min`, `max` | |
/// | `skew` | `m3 / m2^1.5` with central moments `m2`, `m3`; `scipy.stats.skew` |
/// | `kurtosis` | `m4 / m2^2 - 3`; `scipy.stats.kurtosis` |
/// | `q0.25` | the quantile of a probability from 0 to 1, interpolated linearly between two values |
/// | `delta_mean`, `delta_var` | mean and variance of [`delta`](crate::delta) with its defaults; needs 9 values |
///
/// A constant series has skew 0 and kurtosis -3: the formulas with 0 for 0 / 0, as in SciPy when the published
/// tables were made. SciPy 1.9 and newer return NaN. As in SciPy, a series is constant if its variance is at
/// most the square of `1e-6 mean` (`1e-15 mean` for series that librosa computes in f64).
///
/// ```
/// use timbral_dsp::Statistic;
///
/// assert_eq!("q0.25".parse(), Ok(Statistic::Quantile(0.25)));
/// assert_eq!(Statistic::DeltaVar.to_string(), "delta_var");
/// assert!("q2".parse::<Statistic>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the table above has them")]
pub enum Statistic {
    Mean,
    Var,
    Std,
    Median,
    Min,
    Max,
    Skew,
    Kurtosis,
    Quantile(f64),
    DeltaMean,
    DeltaVar,
}

const NAMES: [(&str, Statistic); 10] = [
    ("mean", Statistic::Mean),
    ("var", Statistic::Var),
    ("std", Statistic::Std),
    ("median", Statistic::Median),
    ("min", Statistic::Min),
    ("max", Statistic::Max),
    ("skew", Statistic::Skew),
    ("kurtosis", Statistic::Kurtosis),
    ("delta_mean", Statistic::DeltaMean),
    ("delta_var", Statistic::DeltaVar),
];

impl Statistic {
    pub(super) fn validate(&self) -> Result<()> {
        if let Self::Quantile(q) = self {
            let rule = "is no probability: must be from 0 to 1";
            check((0.0..=1.0).contains(q), "quantile", q, rule)?;
        }
        Ok(())
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Quantile(q) = self {
            return write!(f, "q{q}");
        }
        let name = NAMES.iter().find(|(_, statistic)| statistic == self);
        f.write_str(name.map_or("", |(name, _)| *name))
    }
}

impl FromStr for Statistic {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        if let Some((_, statistic)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*statistic);
        }
        let rule = "must be mean, var, std, median, min, max, skew, kurtosis, q and a probability (q0.25), \
                    delta_mean or delta_var";
        let quantile = name.strip_prefix('q').and_then(|q| q.parse().ok());
        let quantile = quantile.filter(|q: &f64| (0.0..=1.0).contains(q));
        let statistic = quantile.map(Self::Quantile);
        Ok(statistic.ok_or_else(|| InvalidParameter::new("statistic", name, rule))?)
    }
}
