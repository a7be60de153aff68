use serde::{Deserialize, Serialize};
use timbral_core::{InvalidParameter, check};

use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// An affine map for each feature, fitted to training rows.
///
/// Only tables with the same features in the same order can be transformed. Missing cells stay missing.
/// Numbers are computed in `f64`.
///
/// ```
/// use timbral_data::{FeatureTable, ScalerParams};
/// let ids = vec!["a".into(), "b".into(), "c".into()];
/// let table = FeatureTable::new(vec!["x".into()], ndarray::array![[1.0], [3.0], [7.0]], ids)?;
/// let scaler = ScalerParams::default().fit(&table, &[0, 1])?;
/// // The training rows have mean 2 and standard deviation 1.
/// assert_eq!(scaler.transform(&table)?.features(), ndarray::array![[-1.0], [1.0], [5.0]]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Scaler {
    feature_names: Vec<String>,
    log_variances: Option<f64>,
    offset: Vec<f64>,
    scale: Vec<f64>,
}

/// A [`Scaler`] as read from a file.
#[derive(Deserialize)]
struct Unchecked {
    feature_names: Vec<String>,
    log_variances: Option<f64>,
    offset: Vec<f64>,
    scale: Vec<f64>,
}

impl TryFrom<Unchecked> for Scaler {
    type Error = Error;

    fn try_from(from: Unchecked) -> Result<Self> {
        check_log(from.log_variances)?;
        let expected = from.feature_names.len();
        for (name, values) in [("offset", &from.offset), ("scale", &from.scale)] {
            let got = values.len();
            if got != expected {
                return Err(Error::Length {
                    name,
                    expected,
                    got,
                });
            }
        }
        for offset in &from.offset {
            check(offset.is_finite(), "offset", *offset, "must be finite")?;
        }
        for scale in &from.scale {
            let ok = scale.is_finite() && *scale > 0.0;
            check(ok, "scale", *scale, "must be finite and above 0")?;
        }
        let Unchecked {
            feature_names,
            log_variances,
            offset,
            scale,
        } = from;
        Ok(Self {
            feature_names,
            log_variances,
            offset,
            scale,
        })
    }
}

impl Scaler {
    /// Changes nothing, until offsets and scales are set.
    pub(super) fn identity(feature_names: Vec<String>, log_variances: Option<f64>) -> Self {
        let n = feature_names.len();
        Self {
            feature_names,
            log_variances,
            offset: vec![0.0; n],
            scale: vec![1.0; n],
        }
    }

    pub(super) fn set(&mut self, j: usize, offset: f64, scale: f64) {
        (self.offset[j], self.scale[j]) = (offset, scale);
    }

    /// Names of the features that the scaler was fitted to.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The table with every number transformed: `(x - offset) / scale`, or
    /// `(ln(x + e) - offset) / scale` for variances if `log_variances` is set.
    ///
    /// # Errors
    /// [`Error::OtherColumns`]; [`Error::Value`], or [`Error::Cell`] with file, line and column for a table
    /// that was read from a file, for an infinite number, the logarithm of a
    /// negative variance, or a result beyond the range of `f32`.
    pub fn transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        self.map(table, |j, row, x| {
            Ok((self.stage(table, j, row, x)? - self.offset[j]) / self.scale[j])
        })
    }

    /// The inverse of [`transform`](Self::transform), up to rounding.
    ///
    /// # Errors
    /// [`Error::OtherColumns`]; [`Error::Value`] for an infinite number or result.
    pub fn inverse_transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        self.map(table, |j, _, y| {
            let x = f64::from(y) * self.scale[j] + self.offset[j];
            Ok(self.log_of(j).map_or(x, |e| libm::exp(x) - e))
        })
    }

    fn map(
        &self,
        table: &FeatureTable,
        f: impl Fn(usize, usize, f32) -> Result<f64>,
    ) -> Result<FeatureTable> {
        self.check_columns(table)?;
        let mut scaled = table.clone();
        for (row, mut numbers) in scaled.features_mut().rows_mut().into_iter().enumerate() {
            for (j, x) in numbers.iter_mut().enumerate() {
                if !x.is_nan() {
                    let y = f(j, row, *x)? as f32;
                    if !y.is_finite() {
                        return Err(table.cell_error(row, j, "the result is beyond the range"));
                    }
                    *x = y;
                }
            }
        }
        Ok(scaled)
    }

    /// The number that is scaled: `x`, or the logarithm of a variance.
    pub(super) fn stage(&self, table: &FeatureTable, j: usize, row: usize, x: f32) -> Result<f64> {
        if x.is_infinite() {
            return Err(table.cell_error(row, j, "is not finite"));
        }
        match self.log_of(j) {
            None => Ok(x.into()),
            Some(_) if x < 0.0 => Err(table.cell_error(row, j, "a variance is not negative")),
            Some(e) => Ok(libm::log(f64::from(x) + e)),
        }
    }

    fn log_of(&self, j: usize) -> Option<f64> {
        self.log_variances
            .filter(|_| self.feature_names[j].ends_with("_var"))
    }

    fn check_columns(&self, table: &FeatureTable) -> Result<()> {
        let (expected, got) = (&self.feature_names, table.feature_names());
        let n = expected.len().max(got.len());
        match (0..n).find(|i| expected.get(*i) != got.get(*i)) {
            None => Ok(()),
            Some(index) => Err(Error::OtherColumns {
                index,
                expected: expected.get(index).cloned().unwrap_or_default(),
                got: got.get(index).cloned().unwrap_or_default(),
            }),
        }
    }
}

pub(super) fn check_log(e: Option<f64>) -> std::result::Result<(), InvalidParameter> {
    let e = e.unwrap_or(1.0);
    let ok = e.is_finite() && e > 0.0;
    check(ok, "log_variances", e, "must be finite and above 0")
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::scaling::{ScalerParams, Scaling};

    fn table(names: &[&str], features: Array2<f32>) -> FeatureTable {
        let ids = (0..features.nrows()).map(|i| i.to_string()).collect();
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        FeatureTable::new(names, features, ids).unwrap()
    }

    fn scaled(scaling: Scaling, column: [f32; 4], train: &[usize]) -> Vec<f32> {
        let params = ScalerParams {
            scaling,
            ..ScalerParams::default()
        };
        let column = Array2::from_shape_vec((4, 1), column.to_vec()).unwrap();
        let table = table(&["x"], column);
        let scaler = params.fit(&table, train).unwrap();
        scaler
            .transform(&table)
            .unwrap()
            .features()
            .iter()
            .copied()
            .collect()
    }

    #[test]
    fn small_examples() {
        let x = [1.0, 2.0, 5.0, 9.0];
        let train = [0, 1, 2];
        assert_eq!(scaled(Scaling::None, x, &train), x);
        let unit = Scaling::MinMax {
            low: 0.0,
            high: 1.0,
        };
        assert_eq!(scaled(unit, x, &train), [0.0, 0.25, 1.0, 2.0]);
        let signed = Scaling::MinMax {
            low: -1.0,
            high: 1.0,
        };
        assert_eq!(scaled(signed, x, &train), [-1.0, -0.5, 1.0, 3.0]);
        let robust = Scaling::Robust {
            lower: 0.0,
            upper: 1.0,
        };
        assert_eq!(scaled(robust, x, &train), [-0.25, 0.0, 0.75, 1.75]);
        // The mean of 1 and 5 is 3, the standard deviation 2.
        assert_eq!(
            scaled(Scaling::Standard, x, &[0, 2]),
            [-1.0, -0.5, 1.0, 3.0]
        );
    }

    #[test]
    fn a_constant_is_only_moved() {
        for scaling in [
            Scaling::Standard,
            Scaling::MinMax {
                low: 0.0,
                high: 1.0,
            },
            Scaling::Robust {
                lower: 0.25,
                upper: 0.75,
            },
        ] {
            let y = scaled(scaling, [0.1, 0.1, 0.1, 2.1], &[0, 1, 2]);
            let moved = (f64::from(2.1f32) - f64::from(0.1f32)) as f32;
            assert_eq!(y, [0.0, 0.0, 0.0, moved], "{scaling:?}");
        }
    }

    #[test]
    fn the_logarithm_of_variances_only() {
        let t = table(
            &["a_mean", "a_var"],
            array![[0.0, 0.0], [1.0, 3.0], [f32::NAN, f32::NAN]],
        );
        let params = ScalerParams {
            scaling: Scaling::None,
            log_variances: Some(1.0),
            ..ScalerParams::default()
        };
        let scaler = params.fit(&t, &[0, 1]).unwrap();
        let y = scaler.transform(&t).unwrap();
        assert_eq!(y.features().row(0), array![0.0, 0.0]);
        assert_eq!(y.features().row(1), array![1.0, 4f32.ln()]);
        assert!(y.features().row(2).iter().all(|x| x.is_nan()));
        let back = scaler.inverse_transform(&y).unwrap();
        assert_eq!(back.features().row(1), array![1.0, 3.0]);

        let negative = table(&["a_mean", "a_var"], array![[0.0, -1.0]]);
        let text = "row 0, feature \"a_var\": -1: a variance is not negative";
        assert_eq!(scaler.transform(&negative).unwrap_err().to_string(), text);
        assert_eq!(params.fit(&negative, &[0]).unwrap_err().to_string(), text);
    }

    #[test]
    fn other_columns_are_refused() {
        let numbers = array![[0.0, 1.0], [1.0, 3.0]];
        let scaler = ScalerParams::default()
            .fit(&table(&["a", "b"], numbers.clone()), &[0, 1])
            .unwrap();
        let swapped = scaler.transform(&table(&["b", "a"], numbers.clone()));
        let text = "feature column 0 is \"b\", the scaler was fitted to \"a\"";
        assert_eq!(swapped.unwrap_err().to_string(), text);
        let fewer = table(&["a"], numbers.slice_move(ndarray::s![.., ..1]));
        let text = "feature column 1 is \"\", the scaler was fitted to \"b\"";
        assert_eq!(
            scaler.inverse_transform(&fewer).unwrap_err().to_string(),
            text
        );
    }

    #[test]
    fn rows_that_cannot_be_fitted_are_errors() {
        let t = table(
            &["a"],
            array![[f32::NAN], [1.0], [f32::INFINITY], [f32::MAX]],
        );
        let fit = |scaling, log_variances, rows: &[usize]| {
            let params = ScalerParams {
                scaling,
                log_variances,
                ..ScalerParams::default()
            };
            params.fit(&t, rows).unwrap_err().to_string()
        };
        let standard = Scaling::Standard;
        let missing = "feature \"a\" has no value to fit a scaler to; leave the column out";
        assert_eq!(fit(standard, None, &[0]), missing);
        assert_eq!(fit(standard, None, &[]), missing);
        assert_eq!(fit(standard, None, &[4]), "row 4 of a table of 4 rows");
        let infinite = "row 2, feature \"a\": inf: is not finite";
        assert_eq!(fit(standard, None, &[1, 2]), infinite);
        for e in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(fit(standard, Some(e), &[1]).starts_with("log_variances = "));
        }
        for (low, high) in [(1.0, 1.0), (f64::NAN, 1.0), (f64::MIN, f64::MAX)] {
            assert!(fit(Scaling::MinMax { low, high }, None, &[1]).starts_with("low = "));
        }
        for (lower, upper) in [(0.5, 0.5), (-0.1, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            assert!(fit(Scaling::Robust { lower, upper }, None, &[1]).starts_with("lower = "));
        }
    }

    #[test]
    fn a_result_beyond_the_range_is_an_error() {
        let t = table(&["a"], array![[0.0], [1e-10], [f32::MAX]]);
        let scaler = ScalerParams::default().fit(&t, &[0, 1]).unwrap();
        assert!(matches!(
            scaler.transform(&t),
            Err(Error::Value { row: 2, .. })
        ));
    }

    #[test]
    fn json_keeps_every_bit_and_is_checked() {
        let numbers = array![[0.1, 7e-9], [0.3, 1e-7], [0.7, 3e6]];
        let params = ScalerParams {
            log_variances: Some(1e-10),
            ..ScalerParams::default()
        };
        let scaler = params
            .fit(&table(&["a", "a_var"], numbers), &[0, 1, 2])
            .unwrap();
        let json = serde_json::to_string(&scaler).unwrap();
        assert_eq!(serde_json::from_str::<Scaler>(&json).unwrap(), scaler);

        for (offset, scale, log, text) in [
            ("[0]", "[1, 1]", "null", "scale: expected length 1, got 2"),
            ("[]", "[1]", "null", "offset: expected length 1, got 0"),
            (
                "[0]",
                "[0]",
                "null",
                "scale = 0: must be finite and above 0",
            ),
            (
                "[0]",
                "[1]",
                "-1",
                "log_variances = -1: must be finite and above 0",
            ),
        ] {
            let json = format!(
                r#"{{"feature_names": ["a"], "log_variances": {log}, "offset": {offset}, "scale": {scale}}}"#
            );
            let error = serde_json::from_str::<Scaler>(&json).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
