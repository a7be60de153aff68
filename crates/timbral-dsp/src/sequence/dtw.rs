use ndarray::{Array2, ArrayView2};

use crate::error::{Error, InvalidParameter, Result, check, check_length};
use crate::simd::dispatch;

/// A step of a warping path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DtwStep {
    /// Rows and columns of the step, not both 0, at most 1024 (`step_sizes_sigma`).
    pub size: (usize, usize),
    /// The number that the step adds to the cost, at least 0 (`weights_add`).
    pub add: f64,
    /// The factor of the cost of the cell to which the step leads, at least 0 (`weights_mul`).
    pub multiply: f64,
}

/// Parameters of [`dtw`], named as in `librosa.sequence.dtw`.
#[derive(Debug, Clone, PartialEq)]
pub struct DtwParams {
    /// The steps, from 1 to 255. Default: one row and one column, one column, one row, all without weights. Of
    /// equally good steps the first is taken.
    pub steps: Vec<DtwStep>,
    /// Whether the path may start and end at any column (`subseq`); default false.
    pub subseq: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for DtwParams {
    fn default() -> Self {
        let step = |size| DtwStep {
            size,
            add: 0.0,
            multiply: 1.0,
        };
        Self {
            steps: [(1, 1), (0, 1), (1, 0)].map(step).to_vec(),
            subseq: false,
            _non_exhaustive: (),
        }
    }
}

impl DtwParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// No steps or more than 255, or one outside the ranges in the description of [`DtwStep`].
    pub fn validate(&self) -> Result<()> {
        let n = self.steps.len();
        let rule = "must be 1 to 255 steps";
        check((1..=255).contains(&n), "steps", n, rule)?;
        for step in &self.steps {
            let (rows, columns) = step.size;
            let holds = (1..=1024).contains(&rows.max(columns));
            let rule = "must go on by 1 to 1024 rows or columns";
            check(holds, "steps", rows.max(columns), rule)?;
            for weight in [step.add, step.multiply] {
                let holds = weight >= 0.0 && weight.is_finite();
                check(holds, "steps", weight, "must have finite weights from 0")?;
            }
        }
        Ok(())
    }
}

/// The path of the smallest cost that warps one series to another, see [`dtw`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Warping {
    /// The smallest cost of a path to each cell; infinite for cells that no path reaches.
    pub cost: Array2<f64>,
    /// The rows and columns of the path, from its end to its start as in librosa.
    pub path: Vec<(usize, usize)>,
}

/// Dynamic time warping of two series of frames (Müller 2015): the path with the smallest sum through the
/// matrix of their Euclidean distances. Equals `librosa.sequence.dtw(X, Y)`.
///
/// - `x`, `y`: shapes `(n_features, n)` and `(n_features, m)`;
/// - result: costs of shape `(n, m)` and the path, see [`dtw_of_costs`].
///
/// # Errors
///
/// Those of [`dtw_of_costs`], and two series with different numbers of features.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DtwParams, dtw};
///
/// let (x, y) = (array![[1.0f32, 2.0, 3.0]], array![[1.0, 1.0, 2.0, 3.0]]);
/// let warping = dtw(x.view(), y.view(), &DtwParams::default())?;
/// assert_eq!(warping.cost[[2, 3]], 0.0);
/// assert_eq!(warping.path, [(2, 3), (1, 2), (0, 1), (0, 0)]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn dtw(x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>, params: &DtwParams) -> Result<Warping> {
    check_length("y rows", x.nrows(), y.nrows())?;
    let wide =
        |values: ArrayView2<'_, f32>| values.mapv(f64::from).as_standard_layout().into_owned();
    let (x, y) = (wide(x), wide(y));
    let mut costs = Array2::<f64>::zeros((x.ncols(), y.ncols()));
    for (i, mut row) in costs.outer_iter_mut().enumerate() {
        let Some(row) = row.as_slice_mut() else {
            continue;
        };
        dispatch(
            #[inline(always)]
            || {
                for (x, y) in x.outer_iter().zip(y.outer_iter()) {
                    let a = x[i];
                    for (to, b) in row.iter_mut().zip(y.to_slice().unwrap_or_default()) {
                        *to += (a - b) * (a - b);
                    }
                }
                row.iter_mut().for_each(|v| *v = v.sqrt());
            },
        );
    }
    warp(costs, params)
}

/// The path with the smallest sum through a matrix of costs; equals `librosa.sequence.dtw(C=costs)`.
///
/// ```text
/// D[i, j] = min over steps s of  D[i - s_rows, j - s_columns] + s_multiply C[i, j] + s_add,   D[0, 0] = C[0, 0]
/// ```
///
/// With `subseq` also `D[0, j] = C[0, j]`, and the path ends at the smallest value of the last row. The rows
/// must then be those of the shorter series. If there are more rows than columns librosa exchanges the numbers
/// of a path, which this function does not do.
///
/// # Errors
///
/// - those of [`DtwParams::validate`];
/// - no rows or no columns, or a cost that is NaN;
/// - steps that do not lead to the end (`steps`).
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{DtwParams, dtw_of_costs};
///
/// let costs = array![[5.0, 0.0, 9.0, 9.0], [9.0, 9.0, 1.0, 9.0]];
/// let params = DtwParams { subseq: true, ..DtwParams::default() };
/// assert_eq!(dtw_of_costs(costs.view(), &params)?.path, [(1, 2), (0, 1)]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn dtw_of_costs(costs: ArrayView2<'_, f64>, params: &DtwParams) -> Result<Warping> {
    warp(costs.as_standard_layout().into_owned(), params)
}

/// As [`dtw_of_costs`], in place of the costs, which lie row by row.
fn warp(mut sums: Array2<f64>, params: &DtwParams) -> Result<Warping> {
    params.validate()?;
    let (n, m) = sums.dim();
    for (name, got) in [("cost rows", n), ("cost columns", m)] {
        if got == 0 {
            let needed = 1;
            return Err(Error::TooShort { name, needed, got });
        }
    }
    if let Some((index, value)) = sums.iter().enumerate().find(|(_, v)| v.is_nan()) {
        return Err(Error::NotFinite {
            name: "costs",
            index,
            value: *value as f32,
        });
    }
    let mut steps = vec![u8::MAX; n * m];
    if let Some(sums) = sums.as_slice_mut() {
        // Sums with minus infinity can be NaN, for which the order of comparisons counts.
        let plain = params.steps == DtwParams::default().steps
            && sums.iter().all(|v| *v > f64::NEG_INFINITY);
        for i in 0..n {
            let general = if plain && i > 0 { 1 } else { m };
            for j in 0..general {
                let start = (i, j) == (0, 0) || (params.subseq && i == 0);
                step_to(sums, &mut steps, (i, j), m, start, &params.steps);
            }
            if general < m {
                let (before, row) = sums[(i - 1) * m..][..2 * m].split_at_mut(m);
                plain_row(before, row, &mut steps[i * m..][..m]);
            }
        }
    }
    let mut column = m - 1;
    if params.subseq {
        let last = sums.row(n - 1);
        column = (0..m).fold(0, |best, j| if last[j] < last[best] { j } else { best });
    }
    let no_path =
        || InvalidParameter::new("steps", params.steps.len(), "must lead to the last cell");
    if sums[[n - 1, column]].is_infinite() {
        return Err(no_path().into());
    }
    let mut path = vec![(n - 1, column)];
    let (mut i, mut j) = (n - 1, column);
    while (params.subseq && i > 0) || (!params.subseq && (i, j) != (0, 0)) {
        let step = params
            .steps
            .get(usize::from(steps[i * m + j]))
            .ok_or_else(no_path)?;
        (i, j) = (i - step.size.0, j - step.size.1);
        path.push((i, j));
    }
    Ok(Warping { cost: sums, path })
}

/// Replaces the cost of a cell by the smallest sum of a path to it.
fn step_to(
    sums: &mut [f64],
    steps: &mut [u8],
    (i, j): (usize, usize),
    m: usize,
    is_start: bool,
    all: &[DtwStep],
) {
    let at = i * m + j;
    let cost = sums[at];
    let mut best = if is_start { cost } else { f64::INFINITY };
    for (s, step) in all.iter().enumerate() {
        let (rows, columns) = step.size;
        if rows > i || columns > j {
            continue;
        }
        let sum = sums[at - rows * m - columns] + (step.multiply * cost + step.add);
        if sum < best {
            best = sum;
            steps[at] = s as u8;
        }
    }
    sums[at] = best;
}

/// The cells of a row from the second on, with the default steps: one row and column, one column, one row.
fn plain_row(before: &[f64], row: &mut [f64], steps: &mut [u8]) {
    let mut left = row[0];
    let cells = row[1..].iter_mut().zip(&mut steps[1..]);
    for ((cell, step), above) in cells.zip(before.windows(2)) {
        let cost = *cell;
        let (diagonal, up, across) = (above[0] + cost, above[1] + cost, left + cost);
        // The first of equal sums counts, in the order of the steps.
        let by_row = across < diagonal;
        let two = if by_row { across } else { diagonal };
        let code = if by_row { 1 } else { 0 };
        let code = if up < two { 2 } else { code };
        // The sum from the left comes last, since the next cell waits for it.
        let without = if up < diagonal { up } else { diagonal };
        left = if across < without { across } else { without };
        *cell = left;
        *step = if left < f64::INFINITY { code } else { u8::MAX };
    }
}
