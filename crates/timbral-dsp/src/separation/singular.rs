//! The largest singular values and vectors of a matrix.

use ndarray::{Array2, ArrayView2, Axis, s};
use timbral_core::Rng;

use super::product::product;

/// Additional directions, which make the wanted ones converge faster.
const MORE: usize = 10;

/// Iterations at most, and the change of the wanted singular values at which they end, relative to the largest.
const MAX_ITERATIONS: usize = 60;
const TOLERANCE: f64 = 1e-12;

/// `x = left diag(sizes) right^T` up to smaller singular values.
pub(super) struct Triplets {
    pub(super) left: Array2<f64>,
    pub(super) sizes: Vec<f64>,
    pub(super) right: Array2<f64>,
}

/// The `n` largest triplets of a matrix with at least as many rows and columns. They are found by subspace
/// iteration from random directions (Halko, Martinsson and Tropp 2011).
pub(super) fn singular_triplets(x: ArrayView2<'_, f64>, n: usize, rng: &mut Rng) -> Triplets {
    let (rows, columns) = x.dim();
    let width = (n + MORE).min(rows).min(columns);
    let directions = Array2::from_shape_simple_fn((columns, width), || rng.unit_f64() - 0.5);
    let mut basis = orthonormal(product(x, directions.view()));
    let mut before = vec![0.0; n];
    let mut triplets = project(x, &basis, n);
    for _ in 0..MAX_ITERATIONS {
        let largest = triplets.sizes[0];
        let mut changes = triplets.sizes.iter().zip(&before);
        if width == rows.min(columns) || changes.all(|(a, b)| (a - b).abs() <= TOLERANCE * largest)
        {
            break;
        }
        before.copy_from_slice(&triplets.sizes);
        let other = orthonormal(product(x.t(), basis.view()));
        basis = orthonormal(product(x, other.view()));
        triplets = project(x, &basis, n);
    }
    triplets
}

/// The triplets of `x` in the space of the basis.
fn project(x: ArrayView2<'_, f64>, basis: &Array2<f64>, n: usize) -> Triplets {
    let small = product(basis.t(), x);
    let (values, vectors) = symmetric_eigen(product(small.view(), small.t()));
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order.truncate(n);
    let chosen = vectors.select(Axis(1), &order);
    let sizes: Vec<f64> = order.iter().map(|i| values[*i].max(0.0).sqrt()).collect();
    let mut right = product(small.t(), chosen.view());
    for (mut column, size) in right.columns_mut().into_iter().zip(&sizes) {
        if *size > 0.0 {
            column.mapv_inplace(|v| v / size);
        }
    }
    Triplets {
        left: product(basis.view(), chosen.view()),
        sizes,
        right,
    }
}

/// Columns made orthogonal and of length 1, by Gram and Schmidt, twice against rounding; 0 where nothing is left.
fn orthonormal(columns: Array2<f64>) -> Array2<f64> {
    // As rows, which lie together in memory.
    let mut rows = columns.t().as_standard_layout().into_owned();
    for j in 0..rows.nrows() {
        let (earlier, mut rest) = rows.view_mut().split_at(Axis(0), j);
        let mut row = rest.row_mut(0);
        let size = row.dot(&row).sqrt();
        for _ in 0..2 {
            for earlier in earlier.outer_iter() {
                let part = earlier.dot(&row);
                row.scaled_add(-part, &earlier);
            }
        }
        let left = row.dot(&row).sqrt();
        let scale = if left > 1e-12 * size { 1.0 / left } else { 0.0 };
        row.mapv_inplace(|v| v * scale);
    }
    rows.reversed_axes()
}

/// Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
fn symmetric_eigen(mut a: Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = a.nrows();
    // Rows are vectors here, which lie together in memory.
    let mut vectors = Array2::eye(n);
    let size: f64 = a.iter().map(|v| v * v).sum();
    for _ in 0..40 {
        let mut off = 0.0;
        for i in 0..n {
            for j in i + 1..n {
                off += 2.0 * a[[i, j]] * a[[i, j]];
            }
        }
        if off <= 1e-30 * size {
            break;
        }
        for i in 0..n {
            for j in i + 1..n {
                rotate(&mut a, &mut vectors, i, j);
            }
        }
    }
    (a.diag().to_vec(), vectors.reversed_axes())
}

/// The rotation of the rows and columns `i < j` that makes `a[i, j]` zero.
fn rotate(a: &mut Array2<f64>, vectors: &mut Array2<f64>, i: usize, j: usize) {
    let off = a[[i, j]];
    if off == 0.0 {
        return;
    }
    let theta = (a[[j, j]] - a[[i, i]]) / (2.0 * off);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..a.nrows() {
        let (x, y) = (a[[k, i]], a[[k, j]]);
        (a[[k, i]], a[[k, j]]) = (c * x - s * y, s * x + c * y);
    }
    for m in [a, vectors] {
        let (mut rows_i, mut rows_j) = m.multi_slice_mut((s![i, ..], s![j, ..]));
        for (x, y) in rows_i.iter_mut().zip(rows_j.iter_mut()) {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;

    #[test]
    fn the_product_of_all_triplets_is_the_matrix() {
        for (rows, columns) in [(1, 1), (5, 3), (4, 9), (12, 12)] {
            let x =
                Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7 + j * j * 3) % 11) as f64);
            let n = rows.min(columns);
            let t = singular_triplets(x.view(), n, &mut Rng::new(1));
            let sizes = Array2::from_diag(&Array1::from(t.sizes.clone()));
            let again = t.left.dot(&sizes).dot(&t.right.t());
            let off = (&again - &x).iter().fold(0.0, |a: f64, v| a.max(v.abs()));
            assert!(off < 1e-11, "{rows} {columns} {off:e}");
            assert!(t.sizes.windows(2).all(|w| w[0] >= w[1]));
        }
    }

    #[test]
    fn the_largest_triplets_of_a_large_matrix_are_found() {
        // Sums of products of cosines, which are orthogonal: the singular values are known.
        let (rows, columns) = (80, 60);
        let wave = |k: usize, i: usize, n: usize| {
            libm::cos(std::f64::consts::PI * k as f64 * (i as f64 + 0.5) / n as f64)
                * (2.0 / n as f64).sqrt()
        };
        let x = Array2::from_shape_fn((rows, columns), |(i, j)| {
            (1..40)
                .map(|k| wave(k, i, rows) * wave(k, j, columns) / k as f64)
                .sum()
        });
        let t = singular_triplets(x.view(), 5, &mut Rng::new(1));
        for (k, size) in t.sizes.iter().enumerate() {
            assert!((size - 1.0 / (k + 1) as f64).abs() < 1e-11, "{k} {size}");
            let u = wave(k + 1, 3, rows).abs();
            // Vectors converge as the root of the values.
            assert!((t.left[[3, k]].abs() - u).abs() < 1e-5, "{k}");
        }
    }
}
