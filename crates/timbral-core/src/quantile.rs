/// The quantile `q` of sorted numbers, interpolated between neighbours as `numpy.quantile` does by
/// default (Hyndman and Fan's type 7).
///
/// ```text
/// position = q (n - 1),  i = floor(position),  t = position - i
/// quantile = x[i] + t (x[i + 1] - x[i])
/// ```
///
/// `q` is clamped to 0..=1. If `sorted` is empty, the result is NaN.
///
/// ```
/// assert_eq!(timbral_core::quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
/// ```
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = last as f64 * q.clamp(0.0, 1.0);
    let below = position as usize;
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    let t = position - below as f64;
    // From the nearer neighbour, as numpy does, so that t = 1 gives exactly b.
    match t < 0.5 {
        true => a + (b - a) * t,
        false => b - (b - a) * (1.0 - t),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_as_numpy_does() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let quartiles = [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q));
        assert_eq!(quartiles, [1.75, 3.0, 5.0]);
        assert_eq!([0.0, 1.0].map(|q| quantile(&sorted, q)), [1.0, 8.0]);
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
