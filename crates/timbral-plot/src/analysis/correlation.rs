use kodama::{Method, linkage};
use ndarray::{Array2, ArrayView2, Axis};

use crate::check;
use crate::error::Result;

/// Pearson correlations of all pairs of columns.
///
/// ```text
/// r_ij = sum_n (x_ni - mean_i) (x_nj - mean_j) / sqrt(sum_n (x_ni - mean_i)^2 sum_n (x_nj - mean_j)^2)
/// ```
///
/// `data` has shape `(n_samples, n_features)`, the result `(n_features, n_features)`. The
/// formula is undefined for a constant column: its correlation is 0 with all others and 1 with itself.
///
/// # Errors
///
/// An empty matrix, or numbers that are not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::correlations;
///
/// let r = correlations(array![[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]].view())?;
/// assert!((r[[0, 1]] - 0.5).abs() < 1e-12);
/// assert_eq!(r[[1, 1]], 1.0);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn correlations<T: Copy + Into<f64>>(data: ArrayView2<'_, T>) -> Result<Array2<f64>> {
    let mut data = check::matrix("data", data)?;
    let p = data.ncols();
    for mut column in data.axis_iter_mut(Axis(1)) {
        let constant = column.iter().all(|v| *v == column[0]);
        // Divide by the largest magnitude first, so that no square overflows.
        let largest = column
            .iter()
            .fold(0.0f64, |m, v| m.max(v.abs()))
            .max(f64::MIN_POSITIVE);
        column.mapv_inplace(|v| v / largest);
        let mean = column.mean().unwrap_or(0.0);
        column.mapv_inplace(|v| if constant { 0.0 } else { v - mean });
    }
    let products = data.t().dot(&data);
    Ok(Array2::from_shape_fn((p, p), |(i, j)| {
        let norm = (products[[i, i]] * products[[j, j]]).sqrt();
        if i == j {
            1.0
        } else if norm > 0.0 {
            (products[[i, j]] / norm).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }))
}

/// An order of features that puts correlated ones next to each other.
///
/// These are the leaves of average-linkage clustering on the distances `1 - |r|`, the cluster formed
/// earlier first: the order of `scipy.cluster.hierarchy.leaves_list(linkage(d, "average"))`. The time is
/// quadratic in the number of features.
///
/// # Errors
///
/// A matrix that is empty or not square, or numbers that are not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::cluster_order;
///
/// let r = array![[1.0, 0.1, 0.9], [0.1, 1.0, 0.2], [0.9, 0.2, 1.0]];
/// assert_eq!(cluster_order(r.view())?, [1, 0, 2]);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn cluster_order(correlations: ArrayView2<'_, f64>) -> Result<Vec<usize>> {
    let r = check::matrix("correlations", correlations)?;
    let n = r.nrows();
    check::shape("correlations", n, r.ncols())?;
    if n == 1 {
        return Ok(vec![0]);
    }
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let mut distances: Vec<f64> = pairs.map(|pair| 1.0 - r[pair].abs()).collect();
    let tree = linkage(&mut distances, n, Method::Average);
    let mut order = Vec::with_capacity(n);
    let mut open = vec![2 * n - 2];
    while let Some(cluster) = open.pop() {
        if cluster < n {
            order.push(cluster);
        } else {
            let step = &tree.steps()[cluster - n];
            open.push(step.cluster2);
            open.push(step.cluster1);
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn correlated_features_are_neighbours() {
        // Two blocks, interleaved: {0, 2, 4} and {1, 3}.
        let block = |i: usize| i % 2;
        let r = Array2::from_shape_fn((5, 5), |(i, j)| {
            if i == j {
                1.0
            } else if block(i) == block(j) {
                -0.9 + 0.01 * (i + j) as f64
            } else {
                0.1
            }
        });
        let order = cluster_order(r.view()).unwrap();
        let blocks: Vec<usize> = order.iter().map(|i| block(*i)).collect();
        let changes = blocks.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(changes, 1, "{order:?}");
    }

    #[test]
    fn the_order_equals_scipy() {
        // scipy 1.17.1: leaves_list(linkage(squareform(1 - abs(r)), "average")); no two distances
        // are equal.
        let r = Array2::from_shape_fn((8, 8), |(i, j)| {
            let size = ((i * j * 37 + (i + j) * 11) % 97) as f64 / 100.0;
            match (i == j, (i + j) % 3 == 0) {
                (true, _) => 1.0,
                (false, true) => -size,
                (false, false) => size,
            }
        });
        assert_eq!(cluster_order(r.view()).unwrap(), [1, 2, 3, 6, 0, 5, 4, 7]);
    }

    #[test]
    fn a_constant_column_correlates_with_nothing() {
        let r = correlations(array![[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]].view()).unwrap();
        assert_eq!(r, array![[1.0, 0.0], [0.0, 1.0]]);
    }
}
