use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// A product of fewer multiplications runs on one thread: more would be slower.
const SHARED: usize = 1 << 18;

/// Numbers that a thread packs at least.
const PACKED: usize = 1 << 16;

/// Rows of a panel that are packed at a time.
const PACKED_ROWS: usize = 16;

/// A borrowed matrix `[rows, columns]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows lie one after the other.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        debug_assert_eq!(data.len(), rows * columns);
        Self {
            data,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transposed matrix, without copying.
    pub(crate) fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// Copies columns `start..start + width` to `panel`, row by row, each row filled up with zeros.
    ///
    /// Where this is inlined the width is a constant, so that the copies become plain moves.
    #[inline(always)]
    fn pack(self, start: usize, width: usize, panel: &mut [f32]) {
        let used = width.min(self.columns - start);
        let full = used == width;
        if !full {
            panel.fill(0.0);
        }
        if self.transposed {
            let columns = &self.data[start * self.rows..][..used * self.rows];
            // A few rows at a time, so that they stay in the cache from column to column.
            for (i, rows) in panel.chunks_mut(width * PACKED_ROWS).enumerate() {
                for (column, values) in columns.chunks_exact(self.rows).enumerate() {
                    let values = &values[i * PACKED_ROWS..];
                    for (row, &value) in rows.chunks_exact_mut(width).zip(values) {
                        row[column] = value;
                    }
                }
            }
        } else {
            let rows = panel.chunks_exact_mut(width);
            let all = self.data.chunks_exact(self.columns);
            if full {
                for (row, values) in rows.zip(all) {
                    row.copy_from_slice(&values[start..start + width]);
                }
            } else {
                for (row, values) in rows.zip(all) {
                    row[..used].copy_from_slice(&values[start..]);
                }
            }
        }
    }
}

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
        debug_assert_eq!(a.columns, b.rows);
        self.pack(b);
        self.multiply(a, b.columns, out);
    }

    /// Packs the right factor `b` for [`multiply`](Self::multiply).
    pub(crate) fn pack(&mut self, b: Matrix<'_>) {
        pulp::Arch::new().dispatch(Pack {
            b,
            packed: &mut self.packed,
        });
    }

    /// The product with the right factor that was packed, which has `n` columns.
    pub(crate) fn multiply(&self, a: Matrix<'_>, n: usize, out: &mut [f32]) {
        debug_assert_eq!(out.len(), a.rows * n);
        if a.columns == 0 {
            out.fill(0.0);
        } else if !out.is_empty() {
            let packed = &self.packed;
            pulp::Arch::new().dispatch(Multiply { a, n, out, packed });
        }
    }
}

/// Columns of a panel of the right factor: two registers.
const fn width<S: Simd>() -> usize {
    2 * S::F32_LANES
}

struct Pack<'a> {
    b: Matrix<'a>,
    packed: &'a mut Vec<f32>,
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { b, packed } = self;
        let panel = width::<S>() * b.rows;
        let len = b.columns.div_ceil(width::<S>()) * panel;
        if len == 0 {
            return;
        }
        if packed.len() < len {
            packed.resize(len, 0.0);
        }
        packed[..len]
            .par_chunks_exact_mut(panel)
            .enumerate()
            .with_min_len((PACKED / panel).max(1))
            .for_each(|(i, panel)| b.pack(i * width::<S>(), width::<S>(), panel));
    }
}

struct Multiply<'a> {
    a: Matrix<'a>,
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
            multiply::<S, 12>(simd, self);
        } else {
            multiply::<S, 6>(simd, self);
        }
    }
}

#[inline(always)]
fn multiply<S: Simd, const R: usize>(simd: S, product: Multiply<'_>) {
    let Multiply { a, n, out, packed } = product;
    let n_threads = match a.rows * n * a.columns {
        work if work < SHARED => 1,
        _ => rayon::current_num_threads(),
    };
    if n_threads == 1 {
        return rows::<S, R>(simd, a, packed, n, 0, out);
    }
    let rows_per_thread = a.rows.div_ceil(R).div_ceil(n_threads) * R;
    out.par_chunks_mut(rows_per_thread * n)
        .enumerate()
        .for_each(|(i, out)| {
            let first = i * rows_per_thread;
            pulp::Simd::vectorize(
                simd,
                Rows::<S, R> {
                    simd,
                    a,
                    packed,
                    n,
                    first,
                    out,
                },
            );
        });
}

struct Rows<'a, S, const R: usize> {
    simd: S,
    a: Matrix<'a>,
    packed: &'a [f32],
    n: usize,
    first: usize,
    out: &'a mut [f32],
}

impl<S: Simd, const R: usize> pulp::NullaryFnOnce for Rows<'_, S, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        rows::<S, R>(self.simd, self.a, self.packed, self.n, self.first, self.out);
    }
}

/// Rows `first..` of the product, as many as `out` holds.
#[inline(always)]
fn rows<S: Simd, const R: usize>(
    simd: S,
    a: Matrix<'_>,
    packed: &[f32],
    n: usize,
    first: usize,
    out: &mut [f32],
) {
    let (k, width) = (a.columns, width::<S>());
    let packed = &packed[..n.div_ceil(width) * width * k];
    let mut panel = vec![0.0; k * R];
    for (i, out) in out.chunks_mut(R * n).enumerate() {
        a.t().pack(first + i * R, R, &mut panel);
        for (j, b) in packed.chunks_exact(width * k).enumerate() {
            let sums = tile::<S, R>(simd, &panel, b);
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
