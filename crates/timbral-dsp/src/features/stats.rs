//! Mean and population variance, summed in f64.

const STRIPES: usize = 16;

/// Mean and variance (`ddof=0`), NaN for no values. The variance is the mean squared distance from
/// the mean, so that a large mean does not cost precision.
pub(crate) fn mean_var<T: Copy + Into<f64>>(values: &[T]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = striped_sum(values, |v| v) / n;
    let var = striped_sum(values, |v| (v - mean) * (v - mean)) / n;
    (mean, var)
}

/// A sum over 16 interleaved stripes: it vectorises, and has the same order on every machine.
fn striped_sum<T: Copy + Into<f64>>(values: &[T], term: impl Fn(f64) -> f64) -> f64 {
    let chunks = values.chunks_exact(STRIPES);
    let rest: f64 = chunks.remainder().iter().map(|v| term((*v).into())).sum();
    let mut sums = [0.0; STRIPES];
    for chunk in chunks {
        for (sum, v) in sums.iter_mut().zip(chunk) {
            *sum += term((*v).into());
        }
    }
    sums.iter().sum::<f64>() + rest
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
