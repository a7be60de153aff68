use ndarray::{Array2, ArrayView2};

use crate::error::{Result, check_length};
use crate::rhythm::Aggregate;

/// Replaces every frame by the mean or median of the frames that are similar to it (Buades, Coll and Morel
/// 2005); equals `librosa.decompose.nn_filter(S, rec=rec)`.
///
/// ```text
/// out[f, t] = aggregate of S[f, u] over all u with rec[u, t] != 0,   S[f, t] if there are none
/// ```
///
/// - `s`: shape `(n_bins, n_frames)`; `rec`: shape `(n_frames, n_frames)`, such as that of
///   [`recurrence_matrix`](crate::recurrence_matrix);
/// - result: the shape of `s`.
///
/// # Errors
///
/// A `rec` of another shape.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{Aggregate, nn_filter};
///
/// let rec = array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
/// let filtered = nn_filter(array![[1.0f32, 2.0, 4.0]].view(), rec.view(), Aggregate::Mean)?;
/// assert_eq!(filtered, array![[3.0, 1.0, 4.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn nn_filter(
    s: ArrayView2<'_, f32>,
    rec: ArrayView2<'_, f64>,
    aggregate: Aggregate,
) -> Result<Array2<f32>> {
    let n = s.ncols();
    check_length("rec rows", n, rec.nrows())?;
    check_length("rec columns", n, rec.ncols())?;
    // Frames as rows, so that a frame is read in one go.
    let frames = s.t().as_standard_layout().into_owned();
    let mut out = frames.clone();
    let mut values = Vec::new();
    for (t, mut to) in out.outer_iter_mut().enumerate() {
        let alike: Vec<usize> = (0..n).filter(|u| rec[[*u, t]] != 0.0).collect();
        if alike.is_empty() {
            continue;
        }
        match aggregate {
            Aggregate::Mean => {
                to.fill(0.0);
                for u in &alike {
                    to += &frames.row(*u);
                }
                to /= alike.len() as f32;
            }
            Aggregate::Median => {
                for (f, to) in to.iter_mut().enumerate() {
                    values.clear();
                    values.extend(alike.iter().map(|u| frames[[*u, f]]));
                    values.sort_by(f32::total_cmp);
                    let middle = values.len() / 2;
                    *to = match values.len() % 2 {
                        1 => values[middle],
                        _ => (values[middle - 1] + values[middle]) / 2.0,
                    };
                }
            }
        }
    }
    Ok(out.t().as_standard_layout().into_owned())
}
