use ndarray::{Array2, ArrayView2};

use crate::simd::dispatch;

/// `a b`, with sums in the order of the columns of `a`. (`dot` takes other instructions, with other rounding, where the
/// processor has them.)
pub(super) fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let b = b.as_standard_layout();
    let mut out = Array2::zeros((a.nrows(), b.ncols()));
    for (a, mut out) in a.outer_iter().zip(out.outer_iter_mut()) {
        let Some(out) = out.as_slice_mut() else {
            continue;
        };
        dispatch(
            #[inline(always)]
            || {
                for (a, row) in a.iter().zip(b.outer_iter()) {
                    let row = row.to_slice().unwrap_or_default();
                    for (out, b) in out.iter_mut().zip(row) {
                        *out += a * b;
                    }
                }
            },
        );
    }
    out
}
