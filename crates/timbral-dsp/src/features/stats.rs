//! Mean and population variance, summed in f64.

use crate::simd::dispatch;

pub(super) const STRIPES: usize = 16;

/// Mean and variance (`ddof=0`), NaN for no values. The variance is the mean squared distance from
/// the mean, so that a large mean does not cost precision.
pub(crate) fn mean_var<T: Copy + Into<f64>>(values: &[T]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = striped_sum(values, |v| v) / n;
    (mean, squares_about(values, mean) / n)
}

/// The sum of the squared distances from `mean`.
pub(super) fn squares_about<T: Copy + Into<f64>>(values: &[T], mean: f64) -> f64 {
    striped_sum(values, |v| (v - mean) * (v - mean))
}

/// A sum over 16 interleaved stripes: it vectorises, and has the same order on every machine.
pub(super) fn striped_sum<T: Copy + Into<f64>>(values: &[T], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; STRIPES];
    let rest = add_stripes(&mut sums, values, term);
    sums.iter().sum::<f64>() + rest
}

/// Adds the terms to the stripes; returns the sum of those that fill no row of 16.
pub(super) fn add_stripes<T: Copy + Into<f64>>(
    sums: &mut [f64; STRIPES],
    values: &[T],
    term: impl Fn(f64) -> f64,
) -> f64 {
    let (rows, rest) = values.as_chunks::<STRIPES>();
    *sums = dispatch(
        #[inline(always)]
        || {
            // Kept in registers, which would not be possible with borrowed memory.
            let mut local = *sums;
            for row in rows {
                for (sum, v) in local.iter_mut().zip(row) {
                    *sum += term((*v).into());
                }
            }
            local
        },
    );
    rest.iter().map(|v| term((*v).into())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_mean_does_not_cost_precision() {
        let values: Vec<f64> = (0..1000).map(|i| 1e8 + f64::from(i % 2)).collect();
        assert_eq!(mean_var(&values), (1e8 + 0.5, 0.25));
        assert_eq!(mean_var(&[3.0f32]), (3.0, 0.0));
        assert!(mean_var::<f32>(&[]).0.is_nan());
    }
}
