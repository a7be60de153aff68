//! Filters along a slanted line.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};

use crate::frames::Window;

/// A window of `n` values on the diagonal of a matrix, rotated to the slope `ratio`, without negative values
/// and with sum 1. With `zero_mean` its mean is then subtracted. Equals `librosa.filters.diagonal_filter`.
pub(super) fn diagonal_filter(
    window: Window,
    n: usize,
    ratio: f64,
    zero_mean: bool,
) -> Array2<f64> {
    let values = window.symmetric(n);
    let mut filter = Array2::zeros((n, n));
    for (i, value) in values.iter().enumerate() {
        filter[[i, i]] = *value;
    }
    let angle = libm::atan(ratio);
    // The tolerance of `numpy.isclose`.
    if (angle - PI / 4.0).abs() > 1e-8 + 1e-5 * PI / 4.0 {
        filter = rotate(filter.view(), PI / 4.0 - angle);
    }
    filter.mapv_inplace(|v: f64| v.max(0.0));
    let sum: f64 = filter.iter().sum();
    filter.mapv_inplace(|v| v / sum);
    if zero_mean {
        let mean = filter.iter().sum::<f64>() / filter.len() as f64;
        filter.mapv_inplace(|v| v - mean);
    }
    filter
}

/// A matrix turned about its centre into one that holds all of it:
/// `scipy.ndimage.rotate(order=5, prefilter=False)`, which adds up the values around each place with the weights of
/// a quintic spline. Places outside the matrix are 0; within, it is mirrored at its edges.
fn rotate(from: ArrayView2<'_, f64>, angle: f64) -> Array2<f64> {
    let (sin, cos) = libm::sincos(angle);
    let (rows, columns) = from.dim();
    let (h, w) = (rows as f64, columns as f64);
    let extent = |a: f64, b: f64| (a.abs() + b.abs() + 0.5) as usize;
    let shape = (extent(cos * h, sin * w), extent(sin * h, cos * w));
    let centre = |n: usize| (n as f64 - 1.0) / 2.0;
    let (y, x) = (centre(shape.0), centre(shape.1));
    let offset_y = centre(rows) - (cos * y + sin * x);
    let offset_x = centre(columns) - (cos * x - sin * y);
    Array2::from_shape_fn(shape, |(i, j)| {
        let (i, j) = (i as f64, j as f64);
        let y = cos * i + sin * j + offset_y;
        let x = cos * j - sin * i + offset_x;
        let inside = |v: f64, n: usize| (0.0..=n as f64 - 1.0).contains(&v);
        if !inside(y, rows) || !inside(x, columns) {
            return 0.0;
        }
        let mut sum = 0.0;
        for (row, a) in spline(y, rows) {
            for (column, b) in spline(x, columns) {
                sum += a * b * from[[row, column]];
            }
        }
        sum
    })
}

/// The six places around `at` and their weights.
fn spline(at: f64, n: usize) -> [(usize, f64); 6] {
    let first = at.floor() - 2.0;
    std::array::from_fn(|k| {
        let place = first + k as f64;
        let folded = match n {
            1 => 0,
            _ => {
                let period = 2 * (n as isize - 1);
                let folded = (place as isize).rem_euclid(period);
                folded.min(period - folded) as usize
            }
        };
        (folded, quintic((at - place).abs()))
    })
}

/// The centred B-spline of degree 5 at distance `t`.
fn quintic(t: f64) -> f64 {
    // Powers of the distances to the knots, times binomial coefficients.
    let knots = [(3.0, 1.0), (2.0, -6.0), (1.0, 15.0)];
    let power = |d: f64| if d > 0.0 { d * d * d * d * d } else { 0.0 };
    knots
        .iter()
        .map(|(knot, factor)| factor * power(knot - t))
        .sum::<f64>()
        / 120.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spline_is_a_partition_of_one() {
        assert!((quintic(0.0) - 66.0 / 120.0).abs() < 1e-15);
        assert!((quintic(1.0) - 26.0 / 120.0).abs() < 1e-15);
        assert!((quintic(2.0) - 1.0 / 120.0).abs() < 1e-15);
        assert_eq!(quintic(3.0), 0.0);
        for at in [0.0, 0.25, 7.9] {
            let sum: f64 = spline(at, 9).iter().map(|(_, w)| w).sum();
            assert!((sum - 1.0).abs() < 1e-14, "{at} {sum}");
        }
    }
}
