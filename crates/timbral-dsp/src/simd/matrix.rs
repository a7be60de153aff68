use pulp::{Simd, WithSimd};

use super::{LANES, Lane, arch};

/// Rows whose sums are kept in registers together.
const ROWS: usize = 4;

/// A dense matrix with four rows interleaved in memory: `out[r] = sum_k w[r, k] tile[k]`.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    groups: Vec<[f32; ROWS]>,
    n_rows: usize,
    n_columns: usize,
}

impl Dense {
    pub(crate) fn new(
        n_rows: usize,
        n_columns: usize,
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let row = |r: usize, k: usize| if r < n_rows { weight(r, k) } else { 0.0 };
        let groups = (0..n_rows.div_ceil(ROWS))
            .flat_map(|g| (0..n_columns).map(move |k| (g, k)))
            .map(|(g, k)| std::array::from_fn(|r| row(ROWS * g + r, k)))
            .collect();
        Self {
            groups,
            n_rows,
            n_columns,
        }
    }

    pub(crate) fn weight(&self, row: usize, column: usize) -> f32 {
        self.groups[row / ROWS * self.n_columns + column][row % ROWS]
    }

    /// Fills the first `n_rows` of `out`.
    pub(crate) fn apply(&self, tile: &[Lane], out: &mut [Lane]) {
        arch().dispatch(Apply {
            matrix: self,
            tile,
            out,
        });
    }
}

struct Apply<'a> {
    matrix: &'a Dense,
    tile: &'a [Lane],
    out: &'a mut [Lane],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stride = LANES / S::F32_LANES;
        let (tile, _) = S::as_simd_f32s(self.tile.as_flattened());
        let (out, _) = S::as_mut_simd_f32s(self.out.as_flattened_mut());
        for (g, weights) in self
            .matrix
            .groups
            .chunks_exact(self.matrix.n_columns)
            .enumerate()
        {
            for column in 0..stride {
                let mut sums = [simd.splat_f32s(0.0); ROWS];
                for (bin, w) in tile.chunks_exact(stride).zip(weights) {
                    for r in 0..ROWS {
                        let product = simd.mul_f32s(simd.splat_f32s(w[r]), bin[column]);
                        sums[r] = simd.add_f32s(sums[r], product);
                    }
                }
                for (r, sum) in sums
                    .into_iter()
                    .enumerate()
                    .take(self.matrix.n_rows - ROWS * g)
                {
                    out[(ROWS * g + r) * stride + column] = sum;
                }
            }
        }
    }
}

/// A matrix whose rows are zero outside one short range of columns.
#[derive(Debug, Clone)]
pub(crate) struct Banded {
    /// First column and the weights of each row.
    rows: Vec<(usize, Vec<f32>)>,
}

impl Banded {
    pub(crate) fn new(
        n_rows: usize,
        n_columns: usize,
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let row = |r: usize| {
            let full: Vec<f32> = (0..n_columns).map(|k| weight(r, k)).collect();
            let first = full.iter().position(|w| *w != 0.0).unwrap_or(0);
            let end = full
                .iter()
                .rposition(|w| *w != 0.0)
                .map_or(first, |last| last + 1);
            (first, full[first..end].to_vec())
        };
        Self {
            rows: (0..n_rows).map(row).collect(),
        }
    }

    pub(crate) fn weight(&self, row: usize, column: usize) -> f32 {
        let (first, weights) = &self.rows[row];
        column
            .checked_sub(*first)
            .and_then(|i| weights.get(i))
            .copied()
            .unwrap_or(0.0)
    }

    /// The first column and the weights of each row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.rows
            .iter()
            .map(|(first, weights)| (*first, &**weights))
    }

    /// Fills `out`, one entry per row.
    #[inline(always)]
    pub(crate) fn apply(&self, tile: &[Lane], out: &mut [Lane]) {
        for ((first, weights), out) in self.rows.iter().zip(out) {
            let mut sum = [0.0f32; LANES];
            for (bin, w) in tile[*first..].iter().zip(weights) {
                for l in 0..LANES {
                    sum[l] += w * bin[l];
                }
            }
            *out = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::ZERO;

    #[test]
    fn both_matrices_give_the_matrix_product() {
        let weight = |r: usize, k: usize| if k / 3 == r { (r * 7 + k) as f32 } else { 0.0 };
        let tile: Vec<Lane> = (0..23)
            .map(|k| std::array::from_fn(|l| ((k * 31 + l * 17) % 13) as f32))
            .collect();
        for n_rows in 1..8 {
            let (dense, banded) = (
                Dense::new(n_rows, 23, weight),
                Banded::new(n_rows, 23, weight),
            );
            let mut a = vec![ZERO; n_rows];
            let mut b = a.clone();
            let mut scalar = a.clone();
            dense.apply(&tile, &mut a);
            Apply {
                matrix: &dense,
                tile: &tile,
                out: &mut scalar,
            }
            .with_simd(pulp::Scalar);
            banded.apply(&tile, &mut b);
            for r in 0..n_rows {
                let exact: Lane =
                    std::array::from_fn(|l| (0..23).map(|k| weight(r, k) * tile[k][l]).sum());
                // Small whole numbers: every sum is exact.
                assert_eq!(
                    (a[r], b[r], scalar[r]),
                    (exact, exact, exact),
                    "row {r} of {n_rows}"
                );
                assert_eq!(
                    (dense.weight(r, 5), banded.weight(r, 5)),
                    (weight(r, 5), weight(r, 5))
                );
            }
        }
    }
}
