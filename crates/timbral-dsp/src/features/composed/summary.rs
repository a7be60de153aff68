//! Statistics of series.

use ndarray::ArrayView2;

use crate::error::Result;
use crate::features::columns::Statistic;
use crate::features::delta::{DeltaParams, delta};
use crate::features::stats::{mean_var, striped_sum};

/// The series of a feature.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<f64>>,
    /// Whether librosa computes them in f32.
    pub(super) single: bool,
}

impl Rows {
    pub(super) fn one(row: Vec<f64>) -> Self {
        Self {
            rows: vec![row],
            single: false,
        }
    }

    pub(super) fn of_f32(row: &[f32]) -> Self {
        Self {
            rows: vec![row.iter().copied().map(f64::from).collect()],
            single: true,
        }
    }

    pub(super) fn of_array<T: Copy + Into<f64>>(array: ArrayView2<'_, T>, single: bool) -> Self {
        let row = |row: ndarray::ArrayView1<'_, T>| row.iter().map(|v| (*v).into()).collect();
        Self {
            rows: array.outer_iter().map(row).collect(),
            single,
        }
    }

    /// All rows as one.
    pub(super) fn pooled(self) -> Self {
        Self {
            rows: vec![self.rows.concat()],
            ..self
        }
    }

    /// The statistics of each row: `out[row][statistic]`.
    pub(super) fn summarise(&self, statistics: &[Statistic]) -> Result<Vec<Vec<f64>>> {
        let mut work = Vec::new();
        let rows = self.rows.iter();
        rows.map(|row| summary(row, self.single, statistics, &mut work))
            .collect()
    }
}

fn summary(
    row: &[f64],
    single: bool,
    statistics: &[Statistic],
    work: &mut Vec<f64>,
) -> Result<Vec<f64>> {
    let (mean, var) = mean_var(row);
    work.clear();
    work.extend_from_slice(row);
    let mut derivative: Option<(f64, f64)> = None;
    let mut of_derivative = || -> Result<(f64, f64)> {
        if derivative.is_none() {
            let values: Vec<f32> = row.iter().map(|v| *v as f32).collect();
            let array = ndarray::Array2::from_shape_vec((1, values.len()), values);
            // One row of as many values as there are.
            let array = array.unwrap_or_default();
            let values: Vec<f32> = delta(array.view(), &DeltaParams::default())?
                .into_iter()
                .collect();
            derivative = Some(mean_var(&values));
        }
        Ok(derivative.unwrap_or_default())
    };
    let values = statistics.iter().map(|statistic| {
        Ok(match statistic {
            Statistic::Mean => mean,
            Statistic::Var => var,
            Statistic::Std => var.sqrt(),
            Statistic::Median => quantile(work, 0.5),
            Statistic::Quantile(q) => quantile(work, *q),
            Statistic::Min => row.iter().copied().fold(f64::INFINITY, f64::min),
            Statistic::Max => row.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Statistic::Skew => skew(row, mean, var, single),
            Statistic::Kurtosis => kurtosis(row, mean, var, single),
            Statistic::DeltaMean => of_derivative()?.0,
            Statistic::DeltaVar => of_derivative()?.1,
        })
    });
    values.collect()
}

/// [`timbral_core::quantile`] of numbers that are not sorted; reorders them.
fn quantile(values: &mut [f64], q: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = last as f64 * q.clamp(0.0, 1.0);
    let at = position as usize;
    let (_, below, rest) = values.select_nth_unstable_by(at, f64::total_cmp);
    let above = rest.iter().copied().fold(f64::INFINITY, f64::min);
    let above = if rest.is_empty() { *below } else { above };
    // The two neighbours, at the distance that is left.
    timbral_core::quantile(&[*below, above], position - at as f64)
}

/// Whether a variance is no more than rounding, by SciPy's rule.
fn is_constant(mean: f64, var: f64, single: bool) -> bool {
    let resolution = if single { 1e-6 } else { 1e-15 };
    var <= (resolution * mean) * (resolution * mean)
}

fn skew(row: &[f64], mean: f64, var: f64, single: bool) -> f64 {
    if is_constant(mean, var, single) {
        return 0.0;
    }
    let cubes = striped_sum(row, |v| {
        let d = v - mean;
        d * d * d
    });
    cubes / row.len() as f64 / (var * var.sqrt())
}

fn kurtosis(row: &[f64], mean: f64, var: f64, single: bool) -> f64 {
    if is_constant(mean, var, single) {
        return -3.0;
    }
    let fourth = striped_sum(row, |v| {
        let d = v - mean;
        (d * d) * (d * d)
    });
    fourth / row.len() as f64 / (var * var) - 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(row: &[f64], statistics: &[Statistic]) -> Vec<f64> {
        Rows::one(row.to_vec())
            .summarise(statistics)
            .unwrap()
            .remove(0)
    }

    #[test]
    fn statistics_are_those_of_the_textbook() {
        let all = [
            Statistic::Mean,
            Statistic::Var,
            Statistic::Std,
            Statistic::Median,
            Statistic::Min,
            Statistic::Max,
            Statistic::Skew,
            Statistic::Kurtosis,
            Statistic::Quantile(0.25),
        ];
        // Deviations -3, -2, -1, 6: squares 50, cubes 180, fourth powers 1394.
        let got = of(&[1.0, 2.0, 3.0, 10.0], &all);
        let expected = [
            4.0,
            12.5,
            12.5f64.sqrt(),
            2.5,
            1.0,
            10.0,
            45.0 / 12.5f64.powf(1.5),
            348.5 / 156.25 - 3.0,
            1.75,
        ];
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-14, "{got} for {expected}");
        }
    }

    #[test]
    fn a_constant_has_no_skew_and_a_line_has_its_slope() {
        let shape = [Statistic::Skew, Statistic::Kurtosis];
        assert_eq!(of(&[0.1; 7], &shape), [0.0, -3.0]);
        assert_eq!(of(&[0.0; 7], &shape), [0.0, -3.0]);
        let line: Vec<f64> = (0..20).map(|i| 0.5 * f64::from(i)).collect();
        let got = of(&line, &[Statistic::DeltaMean, Statistic::DeltaVar]);
        // The filter is computed in f32.
        assert!((got[0] - 0.5).abs() < 1e-6 && got[1] < 1e-12, "{got:?}");
        let short = Rows::one(line[..5].to_vec());
        assert!(short.summarise(&[Statistic::DeltaMean]).is_err());
    }
}
