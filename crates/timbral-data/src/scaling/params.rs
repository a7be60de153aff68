use timbral_core::{InvalidParameter, check, quantile};

use super::scaler::{Scaler, check_log};
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// How the offset and scale of a feature are computed; a feature becomes `(x - offset) / scale`.
///
/// The definitions are those of scikit-learn's `StandardScaler`, `MinMaxScaler` and
/// `RobustScaler`: missing cells are ignored, and the scale of a constant feature is 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Scaling {
    /// The feature is not changed.
    None,
    /// Mean 0 and population variance 1; the default.
    #[default]
    Standard,
    /// The minimum becomes `low`, the maximum `high`.
    MinMax {
        /// Less than `high`; scikit-learn's default is 0.
        low: f64,
        /// Scikit-learn's default is 1.
        high: f64,
    },
    /// The median becomes 0, the difference of two quantiles 1.
    Robust {
        /// At least 0 and less than `upper`; scikit-learn's default is 0.25.
        lower: f64,
        /// At most 1; scikit-learn's default is 0.75.
        upper: f64,
    },
}

/// Parameters of a [`Scaler`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScalerParams {
    /// How each feature is scaled; default [`Scaling::Standard`].
    pub scaling: Scaling,
    /// The `e` of `ln(x + e)`, which replaces `x` in features whose name ends in `_var` before they are
    /// scaled; above 0. Default none: variances are scaled as they are.
    pub log_variances: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl ScalerParams {
    /// Fits a scaler to the training rows of a table; other rows have no influence.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::Row`], [`Error::NoValues`] for a feature that is
    /// missing in all training rows, [`Error::Value`] for an infinite number or the logarithm of a
    /// negative variance.
    pub fn fit(&self, table: &FeatureTable, train_rows: &[usize]) -> Result<Scaler> {
        self.validate()?;
        let train = table.select(train_rows)?;
        let mut scaler = Scaler::identity(train.feature_names().to_vec(), self.log_variances);
        for (j, column) in train.features().columns().into_iter().enumerate() {
            let mut values = Vec::with_capacity(train_rows.len());
            for (x, &row) in column.iter().zip(train_rows) {
                if !x.is_nan() {
                    values.push(scaler.stage(table, j, row, *x)?);
                }
            }
            if values.is_empty() {
                let name = scaler.feature_names()[j].clone();
                return Err(Error::NoValues { name });
            }
            values.sort_unstable_by(f64::total_cmp);
            let (offset, scale) = self.scaling.of(&values);
            scaler.set(j, offset, scale);
        }
        Ok(scaler)
    }

    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    /// [`InvalidParameter`] with the name of the first parameter that is out of its range.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        check_log(self.log_variances)?;
        match self.scaling {
            Scaling::None | Scaling::Standard => Ok(()),
            Scaling::MinMax { low, high } => {
                let ok = low < high && (high - low).is_finite();
                check(
                    ok,
                    "low",
                    low,
                    "must be below high, and both must be finite",
                )
            }
            Scaling::Robust { lower, upper } => {
                let ok = 0.0 <= lower && lower < upper && upper <= 1.0;
                let reason = "must be at least 0 and below upper, which must be at most 1";
                check(ok, "lower", lower, reason)
            }
        }
    }
}

impl Scaling {
    /// Offset and scale of ascending numbers.
    fn of(self, sorted: &[f64]) -> (f64, f64) {
        // As in scikit-learn: a feature with a smaller range is constant.
        let not_constant = |range: f64| {
            if range < 10.0 * f64::EPSILON {
                1.0
            } else {
                range
            }
        };
        let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
        match self {
            Self::None => (0.0, 1.0),
            Self::Standard => {
                let n = sorted.len() as f64;
                let mean = sorted.iter().sum::<f64>() / n;
                let variance = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                // The largest variance that rounding can give a constant.
                let rounding = n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
                let constant = variance <= rounding;
                (mean, if constant { 1.0 } else { variance.sqrt() })
            }
            Self::MinMax { low, high } => {
                let scale = not_constant(max - min) / (high - low);
                (min - low * scale, scale)
            }
            Self::Robust { lower, upper } => {
                let range = quantile(sorted, upper) - quantile(sorted, lower);
                (quantile(sorted, 0.5), not_constant(range))
            }
        }
    }
}
