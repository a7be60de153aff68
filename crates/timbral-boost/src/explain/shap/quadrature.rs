use std::f64::consts::PI;

/// A point of the Gauss-Legendre rule on `0..1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) weight: f64,
}

/// The rule of `n` points: it integrates polynomials of degree up to `2 n - 1` exactly.
///
/// The points are the zeros of the Legendre polynomial, found by Newton's method.
pub(super) fn gauss_legendre(n: usize) -> Vec<Point> {
    /// Newton's method converges in this many steps from the start below.
    const STEPS: usize = 8;
    let point = |i: usize| {
        let mut x = libm::cos(PI * (i as f64 + 0.75) / (n as f64 + 0.5));
        let mut slope = 1.0;
        for _ in 0..STEPS {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (before, value) = (
                    value,
                    ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
                );
            }
            slope = n as f64 * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        Point {
            t: (1.0 - x) / 2.0,
            weight: 1.0 / ((1.0 - x * x) * slope * slope),
        }
    };
    (0..n).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of the points and of the sum.
    const TOLERANCE: f64 = 1e-14;

    #[test]
    fn the_textbook_points() {
        let third = (1.0_f64 / 3.0).sqrt() / 2.0;
        for (point, t) in gauss_legendre(2).iter().zip([0.5 - third, 0.5 + third]) {
            assert!((point.t - t).abs() < TOLERANCE && (point.weight - 0.5).abs() < TOLERANCE);
        }
    }

    #[test]
    fn polynomials_are_integrated_exactly() {
        for n in [1, 2, 3, 4, 7, 15, 40, 128] {
            let points = gauss_legendre(n);
            for degree in [0, 1, n, 2 * n - 1] {
                let sum: f64 = points
                    .iter()
                    .map(|p| p.weight * p.t.powi(degree as i32))
                    .sum();
                assert!(
                    (sum - 1.0 / (degree + 1) as f64).abs() < TOLERANCE,
                    "{n} {degree} {sum}"
                );
            }
        }
    }
}
