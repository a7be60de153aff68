use pulp::{Simd, WithSimd};
use timbral_core::parallel;

use crate::kernels::matrix::Matrix;

/// A product of fewer multiplications runs on one thread: more would be slower.
const SHARED: usize = 1 << 18;

/// Rows of a thread are a multiple of this: those of the smallest tile where there are 32 registers.
const ROWS: usize = 4;

/// Fewer numbers are packed on one thread.
const PACKED: usize = 1 << 14;

/// Products of matrices: `out = a b` with `a` `[m, k]`, `b` `[k, n]` and `out` `[m, n]`, row by row.
///
/// Every sum is a chain of fused multiply-adds in the order of `k`, so that the bits depend neither
/// on the number of threads nor on the width of the machine's registers.
#[derive(Debug, Default)]
pub(crate) struct Product {
    packed: Vec<f32>,
}

impl Product {
    pub(crate) fn matmul(&mut self, a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) {
        debug_assert_eq!(a.columns(), b.rows());
        self.pack(b);
        self.multiply(a, b.columns(), out);
    }

    /// Packs the right factor `b` for [`multiply`](Self::multiply).
    pub(crate) fn pack(&mut self, b: Matrix<'_>) {
        Self::pack_all([(self, b)]);
    }

    /// Packs the right factors of several products, at once on all threads.
    pub(crate) fn pack_all<'p>(factors: impl IntoIterator<Item = (&'p mut Self, Matrix<'p>)>) {
        let width = pulp::Arch::new().dispatch(Width);
        let mut panels = Vec::new();
        let mut n_numbers = 0;
        for (product, b) in factors {
            let panel = width * b.rows();
            let len = b.columns().div_ceil(width) * panel;
            if len == 0 {
                continue;
            }
            if product.packed.len() < len {
                product.packed.resize(len, 0.0);
            }
            n_numbers += len;
            let all = product.packed[..len].chunks_exact_mut(panel).enumerate();
            panels.extend(all.map(|(i, panel)| Panel { b, i, panel }));
        }
        let min_len = if n_numbers < PACKED { panels.len() } else { 1 };
        parallel::for_each(panels, min_len, &|_, panel| {
            pulp::Arch::new().dispatch(panel)
        });
    }

    /// The product with the right factor that was packed, which has `n` columns.
    pub(crate) fn multiply(&self, a: Matrix<'_>, n: usize, out: &mut [f32]) {
        debug_assert_eq!(out.len(), a.rows() * n);
        let rows = rows_per_thread(a.rows(), n * a.columns());
        if out.is_empty() {
            return;
        }
        if rows >= a.rows() {
            return self.multiply_rows(a, 0, n, out);
        }
        parallel::for_each(out.chunks_mut(rows * n), 1, &|i, out| {
            self.multiply_rows(a, i * rows, n, out);
        });
    }

    /// The rows of the product from `first` on, as many as `out` holds, on this thread.
    pub(crate) fn multiply_rows(&self, a: Matrix<'_>, first: usize, n: usize, out: &mut [f32]) {
        if a.columns() == 0 {
            out.fill(0.0);
        } else {
            pulp::Arch::new().dispatch(Multiply {
                a,
                first,
                n,
                out,
                packed: &self.packed,
            });
        }
    }
}

/// The rows that a thread takes, of `n` rows of `work` multiplications each.
pub(crate) fn rows_per_thread(n: usize, work: usize) -> usize {
    let n_threads = match n.saturating_mul(work) < SHARED {
        true => 1,
        false => rayon::current_num_threads(),
    };
    n.div_ceil(n_threads).max(1).next_multiple_of(ROWS)
}

/// Columns of a panel of the right factor: two registers.
const fn width<S: Simd>() -> usize {
    2 * S::F32_LANES
}

struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        width::<S>()
    }
}

/// A panel to be packed.
struct Panel<'a> {
    b: Matrix<'a>,
    i: usize,
    panel: &'a mut [f32],
}

impl WithSimd for Panel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = width::<S>();
        self.b.pack(self.i * width, width, self.panel);
    }
}

struct Multiply<'a> {
    a: Matrix<'a>,
    first: usize,
    n: usize,
    out: &'a mut [f32],
    packed: &'a [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Two registers per row: 12 rows fill 24 of 32 registers, 6 rows 12 of 16.
        if S::REGISTER_COUNT >= 32 {
            multiply::<S, 12, 8, 4>(simd, self);
        } else {
            multiply::<S, 6, 4, 2>(simd, self);
        }
    }
}

/// Tiles of `R` rows, and a smaller one for the last rows where that is enough.
#[inline(always)]
fn multiply<S: Simd, const R: usize, const FEWER: usize, const FEW: usize>(
    simd: S,
    product: Multiply<'_>,
) {
    let Multiply {
        a,
        first,
        n,
        out,
        packed,
    } = product;
    let k = a.columns();
    let packed = &packed[..n.div_ceil(width::<S>()) * width::<S>() * k];
    let mut panel = vec![0.0; k * R];
    for (i, out) in out.chunks_mut(R * n).enumerate() {
        let at = first + i * R;
        match out.len() / n {
            used if used <= FEW => {
                rows::<S, FEW>(simd, a, at, packed, n, &mut panel[..k * FEW], out);
            }
            used if used <= FEWER => {
                rows::<S, FEWER>(simd, a, at, packed, n, &mut panel[..k * FEWER], out);
            }
            _ => rows::<S, R>(simd, a, at, packed, n, &mut panel, out),
        }
    }
}

/// `R` rows of the product, or fewer.
#[inline(always)]
fn rows<S: Simd, const R: usize>(
    simd: S,
    a: Matrix<'_>,
    first: usize,
    packed: &[f32],
    n: usize,
    panel: &mut [f32],
    out: &mut [f32],
) {
    let width = width::<S>();
    a.t().pack(first, R, panel);
    for (j, b) in packed.chunks_exact(width * a.columns()).enumerate() {
        let sums = tile::<S, R>(simd, panel, b);
        for (row, sums) in out.chunks_exact_mut(n).zip(sums) {
            let rest = &mut row[j * width..];
            if let Some([low, high]) = S::as_mut_simd_f32s(rest).0.first_chunk_mut() {
                [*low, *high] = sums;
                continue;
            }
            let (low, high) = rest.split_at_mut(S::F32_LANES.min(rest.len()));
            let high_len = S::F32_LANES.min(high.len());
            simd.partial_store_f32s(low, sums[0]);
            simd.partial_store_f32s(&mut high[..high_len], sums[1]);
        }
    }
}

/// `R` rows times two registers of columns.
#[inline(always)]
fn tile<S: Simd, const R: usize>(simd: S, a: &[f32], b: &[f32]) -> [[S::f32s; 2]; R] {
    let (a, _) = a.as_chunks::<R>();
    let (b, _) = S::as_simd_f32s(b).0.as_chunks::<2>();
    let mut sums = [[simd.splat_f32s(0.0); 2]; R];
    for (a, b) in a.iter().zip(b) {
        for r in 0..R {
            let value = simd.splat_f32s(a[r]);
            sums[r][0] = simd.mul_add_f32s(value, b[0], sums[r][0]);
            sums[r][1] = simd.mul_add_f32s(value, b[1], sums[r][1]);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Key;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = Key::new(seed).rng();
        (0..n).map(|_| rng.unit_f32() * 2.0 - 1.0).collect()
    }

    fn transposed(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns)
            .map(|i| data[i % rows * columns + i / rows])
            .collect()
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition_to_the_bit(
            m in 1_usize..40, k in 0_usize..40, n in 1_usize..70, seed: u64,
        ) {
            let (a, b) = (numbers(m * k, seed), numbers(k * n, !seed));
            let expected: Vec<f32> = (0..m * n)
                .map(|i| {
                    (0..k).fold(0.0, |sum, l| a[i / n * k + l].mul_add(b[l * n + i % n], sum))
                })
                .collect();
            let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
            let mut product = Product::default();
            for left in [Matrix::new(&a, m, k), Matrix::new(&at, k, m).t()] {
                for right in [Matrix::new(&b, k, n), Matrix::new(&bt, n, k).t()] {
                    let mut out = vec![f32::NAN; m * n];
                    product.matmul(left, right, &mut out);
                    prop_assert_eq!(&out, &expected);
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (m, k, n) = (131, 203, 97);
        assert!(m * k * n > SHARED);
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| {
                let mut out = vec![0.0; m * n];
                Product::default().matmul(Matrix::new(&a, m, k), Matrix::new(&b, k, n), &mut out);
                out
            })
        };
        assert_eq!(run(1), run(2));
        assert_eq!(run(1), run(4));
    }
}
