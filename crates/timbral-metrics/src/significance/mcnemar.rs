use crate::arguments;
use crate::error::Result;

/// The result of [`mcnemar`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct McNemarResult {
    /// Number of rows that only the first model predicts correctly.
    pub only_first: usize,
    /// Number of rows that only the second model predicts correctly.
    pub only_second: usize,
    /// Probability of a difference at least as large if both models are equally good.
    pub p_value: f64,
}

/// McNemar's exact test of whether two models that predicted the same rows differ in accuracy.
///
/// ```text
/// b, c = rows that only one model predicts correctly,   n = b + c
/// p = min(1, 2 sum_{k <= min(b, c)} n! / (k! (n - k)!) 2^-n)
/// ```
///
/// All arguments have shape `(n_samples,)`. Equals `statsmodels.stats.contingency_tables.mcnemar(
/// ..., exact=True)`. The rows must be independent. If a recording has several segments, use
/// [`permutation_test`](crate::permutation_test) on the recordings instead.
///
/// # Errors
///
/// Lengths that differ, or no rows.
///
/// ```
/// use timbral_metrics::mcnemar;
///
/// let y_true = [1, 1, 1, 1, 1, 1];
/// let result = mcnemar(&y_true, &[1, 1, 1, 1, 1, 0], &[0, 0, 0, 0, 1, 1])?;
/// assert_eq!((result.only_first, result.only_second), (4, 1));
/// assert_eq!(result.p_value, 0.375);
/// # Ok::<(), timbral_metrics::Error>(())
/// ```
pub fn mcnemar<T: PartialEq>(y_true: &[T], y_first: &[T], y_second: &[T]) -> Result<McNemarResult> {
    arguments::rows("y_first", y_true.len(), y_first.len(), None)?;
    arguments::rows("y_second", y_true.len(), y_second.len(), None)?;
    let (mut only_first, mut only_second) = (0, 0);
    for ((t, a), b) in y_true.iter().zip(y_first).zip(y_second) {
        match (a == t, b == t) {
            (true, false) => only_first += 1,
            (false, true) => only_second += 1,
            _ => {}
        }
    }
    Ok(McNemarResult {
        only_first,
        only_second,
        p_value: two_sided_sign_test(only_first, only_second),
    })
}

fn two_sided_sign_test(b: usize, c: usize) -> f64 {
    let (n, low) = (b + c, b.min(c));
    // The largest term, (n choose low) 2^-n; halving in between avoids an overflow.
    let mut largest = 1.0f64;
    let mut halves = n;
    for i in 1..=low {
        largest *= (n - low + i) as f64 / i as f64;
        while largest > 1.0 && halves > 0 {
            largest *= 0.5;
            halves -= 1;
        }
    }
    while halves > 0 && largest > 0.0 {
        largest *= 0.5;
        halves -= 1;
    }
    // The smaller terms relative to it, until they no longer change the sum.
    let (mut term, mut sum) = (1.0f64, 1.0f64);
    for k in (1..=low).rev() {
        term *= k as f64 / (n - k + 1) as f64;
        sum += term;
        if term < sum * f64::EPSILON / 16.0 {
            break;
        }
    }
    (2.0 * largest * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_by_hand() {
        for (b, c, p) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (5, 0, 0.0625),
            (3, 3, 1.0),
            (2, 8, 112.0 / 1024.0),
        ] {
            assert_eq!(two_sided_sign_test(b, c), p, "{b} {c}");
        }
    }

    #[test]
    fn large_tables_stay_finite() {
        assert_eq!(two_sided_sign_test(50_000, 50_000), 1.0);
        assert_eq!(two_sided_sign_test(100_000, 0), 0.0);
    }
}
