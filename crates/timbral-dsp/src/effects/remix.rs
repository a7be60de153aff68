use std::ops::Range;

use crate::error::{Result, check, check_finite};
use crate::frames::is_negative;

/// Joins parts of a signal, one after the other; equals `librosa.effects.remix`.
///
/// - `intervals`: ranges of samples, in the order of the result, each within the signal;
/// - `align_zeros`: whether to move both ends of each range to the nearest change of sign, to avoid clicks;
///   librosa's default is true. Values within 1e-10 of zero count as positive, and both ends of the signal
///   count as changes of sign.
///
/// # Errors
///
/// A range that ends before it starts or beyond the signal, or a sample that is NaN or infinite.
///
/// ```
/// let y = [0.0, 1.0, 2.0, 3.0, 4.0];
/// assert_eq!(timbral_dsp::remix(&y, &[3..5, 0..1], false)?, [3.0, 4.0, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn remix(y: &[f32], intervals: &[Range<usize>], align_zeros: bool) -> Result<Vec<f32>> {
    check_finite("signal", y)?;
    for part in intervals {
        let holds = part.start <= part.end && part.end <= y.len();
        let rule = "must start before it ends, within the signal";
        check(holds, "intervals", format!("{part:?}"), rule)?;
    }
    let changes = |n: &usize| *n == 0 || is_negative(y[*n - 1]) != is_negative(y[*n]);
    let mut zeros: Vec<usize> = match align_zeros {
        true => (0..y.len()).filter(changes).collect(),
        false => Vec::new(),
    };
    zeros.push(y.len());
    let nearest = |n: usize| {
        if !align_zeros {
            return n;
        }
        let above = zeros.partition_point(|z| *z < n).min(zeros.len() - 1);
        let (high, low) = (zeros[above], zeros[above.saturating_sub(1)]);
        if low.abs_diff(n) < high.abs_diff(n) {
            low
        } else {
            high
        }
    };
    let mut out = Vec::new();
    for part in intervals {
        let (start, end) = (nearest(part.start), nearest(part.end));
        out.extend_from_slice(y.get(start..end).unwrap_or_default());
    }
    Ok(out)
}
