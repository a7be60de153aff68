use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ndarray::{ArrayView2, s};

use crate::error::{Error, Result, check};

/// Where the `k` most uniform parts of a series begin. Neighbouring parts are merged, in each step those with
/// the smallest increase of the sum of squared distances to their means (Ward 1963; McFee and Ellis 2014).
/// Equals `librosa.segment.agglomerative`.
///
/// - `data`: shape `(n_features, n_frames)`;
/// - `k`: `1..=n_frames`;
/// - result: the first frame of each part, ascending, from 0 on.
///
/// # Errors
///
/// `k` outside `1..=n_frames`, or a value that is not finite.
///
/// ```
/// use ndarray::array;
///
/// let data = array![[1.0f32, 1.1, 5.0, 5.2, 5.1, 9.0]];
/// assert_eq!(timbral_dsp::agglomerative(data.view(), 3)?, [0, 2, 5]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn agglomerative(data: ArrayView2<'_, f32>, k: usize) -> Result<Vec<usize>> {
    let n = data.ncols();
    let holds = (1..=n).contains(&k);
    check(holds, "k", k, "must be in 1..=n_frames")?;
    if let Some((index, value)) = data.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "data",
            index,
            value: *value,
        });
    }
    let mut parts: Vec<Part> = (0..n)
        .map(|t| Part {
            first: t,
            size: 1.0,
            sums: data.column(t).iter().map(|v| f64::from(*v)).collect(),
            left: t.checked_sub(1),
            right: (t + 1 < n).then_some(t + 1),
            merged: false,
        })
        .collect();
    let mut heap = BinaryHeap::new();
    for t in 1..n {
        heap.push(Reverse(Merge::new(&parts, t - 1, t)));
    }
    let mut left_over = n;
    while left_over > k {
        let Some(Reverse(merge)) = heap.pop() else {
            break;
        };
        let (a, b) = (merge.smaller, merge.larger);
        if parts[a].merged || parts[b].merged {
            continue;
        }
        // Which of the two comes first in time.
        let (a, b) = if parts[a].first < parts[b].first {
            (a, b)
        } else {
            (b, a)
        };
        (parts[a].merged, parts[b].merged) = (true, true);
        let sums = parts[a].sums.iter().zip(&parts[b].sums);
        let new = Part {
            first: parts[a].first,
            size: parts[a].size + parts[b].size,
            sums: sums.map(|(a, b)| a + b).collect(),
            left: parts[a].left,
            right: parts[b].right,
            merged: false,
        };
        let id = parts.len();
        let (left, right) = (new.left, new.right);
        parts.push(new);
        if let Some(left) = left {
            parts[left].right = Some(id);
            heap.push(Reverse(Merge::new(&parts, left, id)));
        }
        if let Some(right) = right {
            parts[right].left = Some(id);
            heap.push(Reverse(Merge::new(&parts, right, id)));
        }
        left_over -= 1;
    }
    let mut firsts: Vec<usize> = parts
        .iter()
        .filter(|p| !p.merged)
        .map(|p| p.first)
        .collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Splits every segment by [`agglomerative`]; equals `librosa.segment.subsegment`.
///
/// - `data`: shape `(n_features, n_frames)`;
/// - `frames`: where segments begin, in any order; 0 and the end are added;
/// - `n_segments`: the largest number of parts of a segment, at least 1; librosa's default is 4;
/// - result: the first frame of each part, ascending.
///
/// # Errors
///
/// `n_segments` of 0, or a value that is not finite.
///
/// ```
/// use ndarray::array;
///
/// let data = array![[1.0f32, 1.1, 5.0, 5.2, 7.1, 9.0]];
/// assert_eq!(timbral_dsp::subsegment(data.view(), &[4], 2)?, [0, 2, 4, 5]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn subsegment(
    data: ArrayView2<'_, f32>,
    frames: &[usize],
    n_segments: usize,
) -> Result<Vec<usize>> {
    check(
        n_segments >= 1,
        "n_segments",
        n_segments,
        "must be at least 1",
    )?;
    let n = data.ncols();
    let mut edges: Vec<usize> = frames.iter().map(|t| (*t).min(n)).chain([0, n]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut out = Vec::new();
    for pair in edges.windows(2) {
        let part = data.slice(s![.., pair[0]..pair[1]]);
        let firsts = agglomerative(part, n_segments.min(pair[1] - pair[0]))?;
        out.extend(firsts.into_iter().map(|t| pair[0] + t));
    }
    Ok(out)
}

/// Neighbouring frames, as they are merged.
struct Part {
    first: usize,
    size: f64,
    sums: Vec<f64>,
    left: Option<usize>,
    right: Option<usize>,
    merged: bool,
}

/// Two neighbouring parts, and the increase of the sum of squares if they are merged. Of equal increases the
/// parts that were made first are merged first, as in scikit-learn.
#[derive(PartialEq)]
struct Merge {
    rise: f64,
    larger: usize,
    smaller: usize,
}

impl Merge {
    fn new(parts: &[Part], a: usize, b: usize) -> Self {
        let (p, q) = (&parts[a], &parts[b]);
        let square: f64 = p
            .sums
            .iter()
            .zip(&q.sums)
            .map(|(x, y)| (x / p.size - y / q.size).powi(2))
            .sum();
        Self {
            rise: square * (p.size * q.size / (p.size + q.size)),
            larger: a.max(b),
            smaller: a.min(b),
        }
    }
}

impl Eq for Merge {}

impl Ord for Merge {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_rise = self.rise.total_cmp(&other.rise);
        by_rise.then((self.larger, self.smaller).cmp(&(other.larger, other.smaller)))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
