use ndarray::{Array2, ArrayView2};

use crate::error::{Error, InvalidParameter, Result, check, check_length};

/// The value of a link between two similar frames, named as `mode` in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SimilarityMode {
    /// The value 1; the default.
    #[default]
    Connectivity,
    /// The distance. Links between equal frames have the distance 0 and vanish, as in librosa.
    Distance,
    /// `exp(-distance / bandwidth)`. Links between equal frames vanish, as in librosa.
    Affinity,
}

/// Parameters of [`recurrence_matrix`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrenceParams {
    /// Links per frame, at least 1; default `2 ceil(sqrt(n_frames - 2 width + 1))`.
    pub k: Option<usize>,
    /// Frames that are fewer than this number apart in time are not linked, at least 1 and below
    /// `(n_frames - 1) / 2`; default 1.
    pub width: usize,
    /// Whether only links in both directions count; default false.
    pub sym: bool,
    /// Whether a frame is linked to itself (`self`), except for distances; default false.
    pub include_self: bool,
    /// The value of a link; default 1.
    pub mode: SimilarityMode,
    /// The scale of affinities, above 0; default: the median of the distances to the farthest link.
    pub bandwidth: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for RecurrenceParams {
    fn default() -> Self {
        Self {
            k: None,
            width: 1,
            sym: false,
            include_self: false,
            mode: SimilarityMode::Connectivity,
            bandwidth: None,
            _non_exhaustive: (),
        }
    }
}

impl RecurrenceParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `k` or `width` of 0, or a `bandwidth` that is not finite and above 0.
    pub fn validate(&self) -> Result<()> {
        check(self.width >= 1, "width", self.width, "must be at least 1")?;
        check_links(self.k, self.bandwidth)
    }
}

/// Parameters of [`cross_similarity`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CrossSimilarityParams {
    /// Links per frame, at least 1; default `2 ceil(sqrt(n_ref))`, or the number of frames if that is smaller.
    pub k: Option<usize>,
    /// The value of a link; default 1.
    pub mode: SimilarityMode,
    /// The scale of affinities, above 0; default: the median of the distances to the farthest link.
    pub bandwidth: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl CrossSimilarityParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `k` of 0, or a `bandwidth` that is not finite and above 0.
    pub fn validate(&self) -> Result<()> {
        check_links(self.k, self.bandwidth)
    }
}

fn check_links(k: Option<usize>, bandwidth: Option<f64>) -> Result<()> {
    let k = k.unwrap_or(1);
    check(k >= 1, "k", k, "must be at least 1")?;
    let bandwidth = bandwidth.unwrap_or(1.0);
    let holds = bandwidth > 0.0 && bandwidth.is_finite();
    let rule = "must be finite and above 0";
    check(holds, "bandwidth", bandwidth, rule)?;
    Ok(())
}

/// Links of a frame: the other frame and the distance.
type Links = Vec<(usize, f64)>;

/// Which frames of a series are similar: links from every frame to its nearest frames, by Euclidean distance.
/// Equals `librosa.segment.recurrence_matrix`.
///
/// - `data`: shape `(n_features, n_frames)`;
/// - result: shape `(n_frames, n_frames)`; column `t` has the links of frame `t`.
///
/// The `k + 2 width` nearest frames are candidates. Of those that are not too near in time, the `k` nearest are
/// linked. In the default mode, where links have the value 1, librosa keeps an arbitrary `k`; here the nearest
/// ones are kept.
///
/// # Errors
///
/// - those of [`RecurrenceParams::validate`];
/// - a `width` of at least `(n_frames - 1) / 2`, which is always the case for fewer than five frames;
/// - a value that is not finite; affinities without any link.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{RecurrenceParams, recurrence_matrix};
///
/// let data = array![[0.0f32, 5.0, 9.0, 0.1, 5.2, 9.4]];
/// let params = RecurrenceParams { k: Some(1), ..RecurrenceParams::default() };
/// let rec = recurrence_matrix(data.view(), &params)?;
/// assert_eq!(rec.column(0).to_vec(), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn recurrence_matrix(
    data: ArrayView2<'_, f32>,
    params: &RecurrenceParams,
) -> Result<Array2<f64>> {
    params.validate()?;
    let frames = frames_of("data", data)?;
    let (n, width) = (frames.len(), params.width);
    let holds = width < n.saturating_sub(1) / 2;
    let rule = "must be below (n_frames - 1) / 2";
    check(holds, "width", width, rule)?;
    let k = params
        .k
        .unwrap_or_else(|| 2 * ((n - 2 * width + 1) as f64).sqrt().ceil() as usize);
    let candidates = k.saturating_add(2 * width).min(n - 1);
    let mut links: Vec<Links> = (0..n)
        .map(|i| {
            let mut near = nearest(&frames[i], &frames, Some(i), candidates);
            near.retain(|(j, d)| i.abs_diff(*j) >= width && keeps(params.mode, *d));
            near.truncate(k);
            if params.include_self && params.mode != SimilarityMode::Distance {
                near.push((i, 0.0));
            }
            near
        })
        .collect();
    if params.sym {
        let mut linked = vec![false; n * n];
        for (i, near) in links.iter().enumerate() {
            near.iter().for_each(|(j, _)| linked[i * n + j] = true);
        }
        for (i, near) in links.iter_mut().enumerate() {
            near.retain(|(j, _)| linked[j * n + i]);
        }
    }
    weigh(&links, n, k, params.mode, params.bandwidth)
}

/// Which frames of one series are similar to those of another: links from every frame to the nearest frames of
/// the reference, by Euclidean distance. Equals `librosa.segment.cross_similarity`.
///
/// - `data`: shape `(n_features, n)`; `data_ref`: shape `(n_features, n_ref)`;
/// - result: shape `(n_ref, n)`; column `t` has the links of frame `t` of `data`.
///
/// # Errors
///
/// - those of [`CrossSimilarityParams::validate`];
/// - different numbers of features, no frames, or a value that is not finite; affinities without any link.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{CrossSimilarityParams, cross_similarity};
///
/// let (data, data_ref) = (array![[0.0f32, 5.0]], array![[4.9f32, 0.2, 9.0]]);
/// let params = CrossSimilarityParams { k: Some(1), ..CrossSimilarityParams::default() };
/// let similar = cross_similarity(data.view(), data_ref.view(), &params)?;
/// assert_eq!(similar, array![[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn cross_similarity(
    data: ArrayView2<'_, f32>,
    data_ref: ArrayView2<'_, f32>,
    params: &CrossSimilarityParams,
) -> Result<Array2<f64>> {
    params.validate()?;
    check_length("data_ref rows", data.nrows(), data_ref.nrows())?;
    let frames = frames_of("data", data)?;
    let reference = frames_of("data_ref", data_ref)?;
    let n_ref = reference.len();
    let default = || n_ref.min(2 * (n_ref as f64).sqrt().ceil() as usize);
    let k = params.k.unwrap_or_else(default).min(n_ref);
    let links: Vec<Links> = frames
        .iter()
        .map(|frame| {
            let mut near = nearest(frame, &reference, None, k);
            near.retain(|(_, d)| keeps(params.mode, *d));
            near
        })
        .collect();
    weigh(&links, n_ref, k, params.mode, params.bandwidth)
}

/// The frames in f64, of which there must be one.
fn frames_of(name: &'static str, data: ArrayView2<'_, f32>) -> Result<Vec<Vec<f64>>> {
    if data.ncols() == 0 {
        return Err(Error::TooShort {
            name,
            needed: 1,
            got: 0,
        });
    }
    if let Some((index, value)) = data.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name,
            index,
            value: *value,
        });
    }
    let frame = |t: usize| data.column(t).iter().map(|v| f64::from(*v)).collect();
    Ok((0..data.ncols()).map(frame).collect())
}

/// Whether a link of that distance is kept.
fn keeps(mode: SimilarityMode, distance: f64) -> bool {
    mode == SimilarityMode::Connectivity || distance != 0.0
}

/// The `k` nearest frames, from near to far, without number `except`.
fn nearest(frame: &[f64], frames: &[Vec<f64>], except: Option<usize>, k: usize) -> Links {
    let square = |other: &Vec<f64>| -> f64 {
        frame
            .iter()
            .zip(other)
            .map(|(a, b)| (a - b) * (a - b))
            .sum()
    };
    let mut all: Links = frames
        .iter()
        .enumerate()
        .filter(|(j, _)| Some(*j) != except)
        .map(|(j, other)| (j, square(other)))
        .collect();
    let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
    if k < all.len() {
        all.select_nth_unstable_by(k, order);
        all.truncate(k);
    }
    all.sort_by(order);
    all.iter_mut().for_each(|(_, d)| *d = d.sqrt());
    all
}

/// The matrix of the links.
fn weigh(
    links: &[Links],
    n_rows: usize,
    k: usize,
    mode: SimilarityMode,
    bandwidth: Option<f64>,
) -> Result<Array2<f64>> {
    let bandwidth = match (mode, bandwidth) {
        (SimilarityMode::Affinity, None) => median_of_farthest(links, k)?,
        (_, bandwidth) => bandwidth.unwrap_or(1.0),
    };
    let mut out = Array2::zeros((n_rows, links.len()));
    for (i, near) in links.iter().enumerate() {
        for (j, distance) in near {
            out[[*j, i]] = match mode {
                SimilarityMode::Connectivity => 1.0,
                SimilarityMode::Distance => *distance,
                SimilarityMode::Affinity => libm::exp(-distance / bandwidth),
            };
        }
    }
    Ok(out)
}

/// The median over frames of the distance to the k-th link, or to the last one.
fn median_of_farthest(links: &[Links], k: usize) -> Result<f64> {
    let mut farthest: Vec<f64> = links
        .iter()
        .filter_map(|near| {
            let mut distances: Vec<f64> = near.iter().map(|(_, d)| *d).collect();
            distances.sort_by(f64::total_cmp);
            distances.truncate(k);
            distances.last().copied()
        })
        .collect();
    farthest.sort_by(f64::total_cmp);
    let middle = farthest.len() / 2;
    let median = match farthest.len() {
        0 => {
            let rule = "cannot be estimated, as no frames are linked; give a bandwidth";
            return Err(InvalidParameter::new("bandwidth", "None", rule).into());
        }
        n if n % 2 == 1 => farthest[middle],
        _ => (farthest[middle - 1] + farthest[middle]) / 2.0,
    };
    // Only links of a frame to itself are left.
    let rule = "cannot be estimated, as no different frames are linked; give a bandwidth";
    check(median > 0.0, "bandwidth", median, rule)?;
    Ok(median)
}
