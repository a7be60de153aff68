use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::check;
use crate::error::Result;

/// Maximum number of sweeps; matrices with hundreds of columns need about ten.
const MAX_SWEEPS: usize = 60;

/// Principal component analysis.
///
/// ```text
/// x - mean = sum_k score_k component_k,   components the eigenvectors of the covariance
/// ```
///
/// Eigenvectors are computed by Jacobi rotations. The entry of a component with the largest magnitude is
/// positive, which fixes the sign. If the columns have different units, use [`Pca::fit_scaled`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Pca {
    /// Directions of unit length, shape `(n_components, n_features)`, in order of decreasing variance.
    pub components: Array2<f64>,
    /// Fraction of the total variance of each component, decreasing; 0 for constant data.
    pub explained_variance_ratio: Vec<f64>,
    /// Means of the columns.
    pub mean: Array1<f64>,
    /// Divisors of the columns after the means are subtracted; ones without scaling.
    pub scale: Array1<f64>,
}

impl Pca {
    /// Computes the first `n_components` components of `data`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    ///
    /// An empty matrix, numbers that are not finite, or `n_components` not in `1..=n_features`.
    ///
    /// ```
    /// use ndarray::array;
    /// use timbral_plot::Pca;
    ///
    /// let data = array![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]];
    /// let pca = Pca::fit(data.view(), 1)?;
    /// assert!((pca.components[[0, 0]] - 0.6).abs() < 1e-12);
    /// assert!((pca.transform(data.view())?[[2, 0]] - 5.0).abs() < 1e-12);
    /// # Ok::<(), timbral_plot::Error>(())
    /// ```
    pub fn fit<T: Copy + Into<f64>>(data: ArrayView2<'_, T>, n_components: usize) -> Result<Self> {
        Self::find(check::matrix("data", data)?, n_components, false)
    }

    /// As [`Pca::fit`], with each column divided by its standard deviation; constant columns are not divided.
    ///
    /// # Errors
    ///
    /// Those of [`Pca::fit`].
    pub fn fit_scaled<T: Copy + Into<f64>>(
        data: ArrayView2<'_, T>,
        n_components: usize,
    ) -> Result<Self> {
        Self::find(check::matrix("data", data)?, n_components, true)
    }

    fn find(mut data: Array2<f64>, n_components: usize, scaled: bool) -> Result<Self> {
        let p = data.ncols();
        let holds = (1..=p).contains(&n_components);
        timbral_core::check(
            holds,
            "n_components",
            n_components,
            "must be in 1..=n_features",
        )?;
        let n = data.nrows() as f64;
        // Divide before summing, so that no sum overflows.
        let mean = (&data / n).sum_axis(Axis(0));
        data -= &mean;
        let mut scale = Array1::ones(p);
        if scaled {
            for (j, column) in data.axis_iter(Axis(1)).enumerate() {
                let deviation = (column.mapv(|v| v * v / n)).sum().sqrt();
                if deviation > mean[j].abs() * 1e-12 && deviation.is_finite() {
                    scale[j] = deviation;
                }
            }
            data /= &scale;
        }
        // This scale cancels in the directions and the fractions.
        let largest = data.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        if largest > 0.0 {
            data /= largest;
        }
        let (values, vectors) = eigen(data.t().dot(&data) / n);
        let mut order: Vec<usize> = (0..p).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let total: f64 = values.iter().map(|v| v.max(0.0)).sum();
        let mut components = Array2::zeros((n_components, p));
        let mut explained_variance_ratio = Vec::new();
        for (row, column) in order.into_iter().take(n_components).enumerate() {
            let vector = vectors.column(column);
            let largest =
                vector.iter().fold(
                    0.0f64,
                    |m, v| if v.abs() > m.abs() + 1e-12 { *v } else { m },
                );
            components
                .row_mut(row)
                .assign(&(&vector * largest.signum()));
            let fraction = if total > 0.0 {
                values[column].max(0.0) / total
            } else {
                0.0
            };
            explained_variance_ratio.push(fraction);
        }
        Ok(Self {
            components,
            explained_variance_ratio,
            mean,
            scale,
        })
    }

    /// The coordinates of rows, shape `(n_samples, n_components)`.
    ///
    /// # Errors
    ///
    /// The number of columns differs from the fitted data, no rows, or numbers that are not finite.
    pub fn transform<T: Copy + Into<f64>>(&self, data: ArrayView2<'_, T>) -> Result<Array2<f64>> {
        let data = check::matrix("data", data)?;
        check::shape("data", self.mean.len(), data.ncols())?;
        Ok(((data - &self.mean) / &self.scale).dot(&self.components.t()))
    }
}

/// Eigenvalues and, in columns, eigenvectors of a symmetric matrix (cyclic Jacobi method, 1846).
fn eigen(mut a: Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = a.nrows();
    let mut vectors = Array2::eye(n);
    let total: f64 = a.iter().map(|v| v * v).sum();
    for _ in 0..MAX_SWEEPS {
        let off: f64 = a
            .indexed_iter()
            .filter(|((i, j), _)| i != j)
            .map(|(_, v)| v * v)
            .sum();
        if off <= total * 1e-28 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[[p, q]] == 0.0 {
                    continue;
                }
                let theta = (a[[q, q]] - a[[p, p]]) / (2.0 * a[[p, q]]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[[k, p]], a[[k, q]]);
                    a[[k, p]] = c * x - s * y;
                    a[[k, q]] = s * x + c * y;
                }
                for k in 0..n {
                    let (x, y) = (a[[p, k]], a[[q, k]]);
                    a[[p, k]] = c * x - s * y;
                    a[[q, k]] = s * x + c * y;
                    let (x, y) = (vectors[[k, p]], vectors[[k, q]]);
                    vectors[[k, p]] = c * x - s * y;
                    vectors[[k, q]] = s * x + c * y;
                }
            }
        }
    }
    (a.diag().to_vec(), vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Rounding error of a few dozen rotations.
    const TOLERANCE: f64 = 1e-12;

    #[test]
    fn eigenvalues_of_the_second_difference() {
        // 2 - 2 cos(k pi / 4), k = 1, 2, 3.
        let (mut values, vectors) = eigen(array![
            [2.0, -1.0, 0.0],
            [-1.0, 2.0, -1.0],
            [0.0, -1.0, 2.0]
        ]);
        values.sort_unstable_by(f64::total_cmp);
        let root = 2f64.sqrt();
        for (got, expected) in values.iter().zip([2.0 - root, 2.0, 2.0 + root]) {
            assert!((got - expected).abs() < TOLERANCE, "{got} {expected}");
        }
        let identity = vectors.t().dot(&vectors);
        assert!(
            (identity - Array2::<f64>::eye(3))
                .iter()
                .all(|v| v.abs() < TOLERANCE)
        );
    }

    #[test]
    fn components_of_the_example_of_smith() {
        // L. I. Smith, A tutorial on principal components analysis (2002): eigenvalues of the
        // covariance 1.28402771 and 0.0490833989, first vector (0.677873399, 0.735178656).
        let data = array![
            [2.5, 2.4],
            [0.5, 0.7],
            [2.2, 2.9],
            [1.9, 2.2],
            [3.1, 3.0],
            [2.3, 2.7],
            [2.0, 1.6],
            [1.0, 1.1],
            [1.5, 1.6],
            [1.1, 0.9]
        ];
        let pca = Pca::fit(data.view(), 2).unwrap();
        let digits = 1e-8;
        assert!((pca.components[[0, 0]] - 0.677873399).abs() < digits);
        assert!((pca.components[[0, 1]] - 0.735178656).abs() < digits);
        let share = 1.28402771 / (1.28402771 + 0.0490833989);
        assert!((pca.explained_variance_ratio[0] - share).abs() < digits);
    }

    #[test]
    fn constant_and_single_rows_have_no_variance() {
        for data in [array![[1.0, 2.0]], array![[1.0, 2.0], [1.0, 2.0]]] {
            let pca = Pca::fit_scaled(data.view(), 2).unwrap();
            assert_eq!(pca.explained_variance_ratio, [0.0, 0.0]);
            assert!(
                pca.transform(data.view())
                    .unwrap()
                    .iter()
                    .all(|v| *v == 0.0)
            );
        }
    }
}
