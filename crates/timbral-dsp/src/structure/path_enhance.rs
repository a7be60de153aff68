use ndarray::{Array2, ArrayView2};

use super::diagonal_filter::diagonal_filter;
use crate::error::{Error, Result, check};
use crate::frames::Window;
use crate::simd::dispatch;

/// Parameters of [`path_enhance`], named as in `librosa.segment.path_enhance`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathEnhanceParams {
    /// Length of the filters in frames, `3..=1024`; default 51.
    pub n: usize,
    /// The taper along a filter; default Hann.
    pub window: Window,
    /// The largest ratio of tempi, above 0 and at most 1000; default 2.
    pub max_ratio: f64,
    /// The smallest one, above 0 and at most `max_ratio`; default `1 / max_ratio`.
    pub min_ratio: Option<f64>,
    /// Number of filters, `1..=1000`; default 7.
    pub n_filters: usize,
    /// Whether the weights of a filter add up to 0 instead of 1, which weakens blocks; default false.
    pub zero_mean: bool,
    /// Whether negative values become 0; default true.
    pub clip: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PathEnhanceParams {
    fn default() -> Self {
        Self {
            n: 51,
            window: Window::Hann,
            max_ratio: 2.0,
            min_ratio: None,
            n_filters: 7,
            zero_mean: false,
            clip: true,
            _non_exhaustive: (),
        }
    }
}

impl PathEnhanceParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        let n = self.n;
        check((3..=1024).contains(&n), "n", n, "must be in 3..=1024")?;
        let (min, max) = (self.min_ratio(), self.max_ratio);
        let holds = max > 0.0 && max <= 1000.0;
        let rule = "must be above 0 and at most 1000";
        check(holds, "max_ratio", max, rule)?;
        let holds = min > 0.0 && min <= max;
        let rule = "must be above 0 and at most max_ratio";
        check(holds, "min_ratio", min, rule)?;
        let n = self.n_filters;
        check(
            (1..=1000).contains(&n),
            "n_filters",
            n,
            "must be in 1..=1000",
        )?;
        Ok(())
    }

    fn min_ratio(&self) -> f64 {
        self.min_ratio.unwrap_or(1.0 / self.max_ratio)
    }

    /// Ratios with equal steps of their logarithms.
    fn ratios(&self) -> impl Iterator<Item = f64> {
        let (low, high) = (libm::log2(self.min_ratio()), libm::log2(self.max_ratio));
        let last = self.n_filters - 1;
        (0..self.n_filters).map(move |i| match i {
            0 => libm::exp2(low),
            i if i == last => libm::exp2(high),
            i => libm::exp2(low + (high - low) / last as f64 * i as f64),
        })
    }
}

/// A similarity matrix with smoothed paths: the largest of several averages along slanted lines, for parts that
/// are repeated at another tempo (Müller and Kurth 2006). Equals `librosa.segment.path_enhance`.
///
/// ```text
/// out[i, j] = max_f sum_kl w_f[k, l] rec[i - k, j - l],   the slopes of the filters w_f evenly from min_ratio to max_ratio
/// ```
///
/// - `rec`: any shape, such as that of [`recurrence_matrix`](crate::recurrence_matrix) with `include_self`.
///   Beyond its edges it is mirrored, with the edges repeated;
/// - result: the same shape.
///
/// Filters are windows on a diagonal, rotated by a spline of degree 5.
///
/// # Errors
///
/// Those of [`PathEnhanceParams::validate`], and a value that is NaN or infinite.
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{PathEnhanceParams, path_enhance};
///
/// // A path with a gap.
/// let mut rec = Array2::<f64>::eye(60);
/// rec[[30, 30]] = 0.0;
/// let params = PathEnhanceParams { n: 11, ..PathEnhanceParams::default() };
/// let smooth = path_enhance(rec.view(), &params)?;
/// assert!((smooth[[30, 30]] - 0.8).abs() < 1e-12);
/// assert!(smooth[[30, 45]] < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn path_enhance(rec: ArrayView2<'_, f64>, params: &PathEnhanceParams) -> Result<Array2<f64>> {
    params.validate()?;
    if let Some((index, value)) = rec.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "rec",
            index,
            value: *value as f32,
        });
    }
    let (rows, columns) = rec.dim();
    let mut out = Array2::from_elem(rec.dim(), f64::NEG_INFINITY);
    if rec.is_empty() {
        return Ok(out);
    }
    let mut sums = vec![0.0; columns];
    for ratio in params.ratios() {
        let filter = diagonal_filter(params.window, params.n, ratio, params.zero_mean);
        // Half of the filter on each side; of an even length the longer part is before.
        let (before, left) = (filter.nrows() / 2, filter.ncols() / 2);
        let padded = Array2::from_shape_fn(
            (rows + filter.nrows() - 1, columns + filter.ncols() - 1),
            |(i, j)| {
                let i = mirrored(i as isize - (filter.nrows() - 1 - before) as isize, rows);
                let j = mirrored(j as isize - (filter.ncols() - 1 - left) as isize, columns);
                rec[[i, j]]
            },
        );
        let weights: Vec<((usize, usize), f64)> = filter
            .indexed_iter()
            .filter(|(_, w)| w.abs() > f64::EPSILON)
            .map(|((k, l), w)| ((filter.nrows() - 1 - k, filter.ncols() - 1 - l), *w))
            .collect();
        for (i, mut to) in out.outer_iter_mut().enumerate() {
            dispatch(
                #[inline(always)]
                || {
                    sums.fill(0.0);
                    for ((k, l), w) in &weights {
                        let row = padded.row(i + k);
                        let from = row.as_slice().and_then(|row| row.get(*l..));
                        for (sum, from) in sums.iter_mut().zip(from.unwrap_or_default()) {
                            *sum += w * from;
                        }
                    }
                },
            );
            to.iter_mut()
                .zip(&sums)
                .for_each(|(to, sum)| *to = to.max(*sum));
        }
    }
    if params.clip {
        out.mapv_inplace(|v| v.max(0.0));
    }
    Ok(out)
}

/// The index of a matrix continued by its mirror image, edges repeated.
fn mirrored(i: isize, n: usize) -> usize {
    let folded = i.rem_euclid(2 * n as isize) as usize;
    folded.min(2 * n - 1 - folded)
}
