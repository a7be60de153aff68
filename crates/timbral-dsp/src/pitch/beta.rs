//! The beta distribution.

/// The probability that a beta-distributed number is below `x`: the regularised incomplete beta function, by its
/// continued fraction (Lentz's method).
pub(super) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast below the mean; above it the mirror image does.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf(1.0 - x, b, a);
    }
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(a * libm::log(x) + b * libm::log1p(-x) - log_beta) / a;
    let away_from_zero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..400 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            change *= c * d;
        }
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_closed_forms() {
        for i in 0..=20 {
            let x = f64::from(i) / 20.0;
            // For whole numbers the distribution is a polynomial.
            let exact = 1.0 - (1.0 - x).powi(18) * (1.0 + 18.0 * x);
            assert!(
                (beta_cdf(x, 2.0, 18.0) - exact).abs() < 1e-13,
                "{x}: {exact}"
            );
            assert!((beta_cdf(x, 1.0, 1.0) - x).abs() < 1e-14);
            let arc = 2.0 / std::f64::consts::PI * x.sqrt().asin();
            assert!((beta_cdf(x, 0.5, 0.5) - arc).abs() < 1e-13, "{x}: {arc}");
        }
    }
}
