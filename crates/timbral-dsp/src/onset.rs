use ndarray::ArrayView2;
use pulp::{Simd, WithSimd};

use crate::error::{Error, Result, check, check_finite};
use crate::simd::{LANES, Lane, ZERO};

/// How the rises of all bands in a frame become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Aggregate {
    /// Arithmetic mean; the default of `librosa.onset.onset_strength`.
    #[default]
    Mean,
    /// Median, the mean of the two middle values for an even number of bands; the choice of
    /// `librosa.beat.beat_track`.
    Median,
}

/// Parameters of [`onset_strength`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OnsetParams {
    /// Frames between the spectra that are compared, at least 1; default 1.
    pub lag: usize,
    /// Bands in the local maximum that the earlier spectrum is replaced by, at least 1; default 1,
    /// no filter. 3 suppresses vibrato.
    pub max_size: usize,
    /// Whether to take out the mean with the filter `(1 - z^-1) / (1 - 0.99 z^-1)`; default false.
    pub detrend: bool,
    /// Whether to move onsets later by `n_fft / (2 hop_length)` frames, against the early
    /// response of centred frames; default true.
    pub center: bool,
    /// Samples in a frame of the spectrogram; default 2048. Matters only if `center` holds.
    pub n_fft: usize,
    /// Samples between frames, at least 1; default 512. Matters only if `center` holds.
    pub hop_length: usize,
    /// How bands are pooled; default mean.
    pub aggregate: Aggregate,
}

impl Default for OnsetParams {
    fn default() -> Self {
        Self {
            lag: 1,
            max_size: 1,
            detrend: false,
            center: true,
            n_fft: 2048,
            hop_length: 512,
            aggregate: Aggregate::Mean,
        }
    }
}

impl OnsetParams {
    fn validate(&self) -> Result<()> {
        check(self.lag >= 1, "lag", self.lag, "must be at least 1")?;
        check(
            self.max_size >= 1,
            "max_size",
            self.max_size,
            "must be at least 1",
        )?;
        let hop = self.hop_length;
        check(
            (1..=usize::MAX / 2).contains(&hop),
            "hop_length",
            hop,
            "must be at least 1",
        )
    }

    /// Frames of zeros before the first rise.
    fn delay(&self) -> usize {
        let shift = if self.center {
            self.n_fft / (2 * self.hop_length)
        } else {
            0
        };
        self.lag.saturating_add(shift)
    }
}

/// The strength of onsets over time: how much the bands of a spectrogram rise from frame to frame.
///
/// ```text
/// ref[f, t]  = max of s_db[g, t] over the max_size bands g around f
/// out[t + d] = aggregate over f of max(0, s_db[f, t + lag] - ref[f, t]),   d = lag + n_fft / (2 hop_length)
/// ```
///
/// The first `d` values are zero (`d = lag` if not `center`), and values that would fall behind
/// the last frame are dropped.
///
/// - `s_db`: shape `(n_mels, n_frames)`, in decibel, in any memory order; C order is the fastest.
/// - result: `n_frames` values in decibel, none negative unless `detrend` holds.
///
/// Equals `librosa.onset.onset_strength(S=s_db)`.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{OnsetParams, onset_strength};
///
/// let s_db = array![[0.0, 6.0, 6.0, 0.0], [0.0, 2.0, 1.0, 1.0]];
/// let params = OnsetParams { center: false, ..OnsetParams::default() };
/// assert_eq!(onset_strength(s_db.view(), &params)?, [0.0, 4.0, 0.0, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
///
/// # Errors
/// - `lag`, `max_size` or `hop_length` is 0
/// - `s_db` has no bands, or a value that is not finite
pub fn onset_strength(s_db: ArrayView2<'_, f32>, params: &OnsetParams) -> Result<Vec<f32>> {
    params.validate()?;
    let (n_mels, n_frames) = s_db.dim();
    if n_mels == 0 {
        return Err(Error::TooShort {
            name: "s_db",
            needed: 1,
            got: 0,
        });
    }
    let s_db = s_db.as_standard_layout();
    let s = s_db.as_slice().unwrap_or_default();
    check_finite("s_db", s)?;

    let n_rises = n_frames.saturating_sub(params.lag);
    let mut envelope = vec![0.0; n_frames];
    if n_rises > 0 {
        let local_max;
        let reference = if params.max_size == 1 {
            s
        } else {
            local_max = maximum_filter(s, n_frames, params.max_size);
            &local_max
        };
        let bands = Bands {
            s,
            reference,
            n_frames,
            lag: params.lag,
        };
        let rises = match params.aggregate {
            Aggregate::Mean => bands.mean(n_rises),
            Aggregate::Median => bands.median(n_rises),
        };
        for (to, rise) in envelope.iter_mut().skip(params.delay()).zip(rises) {
            *to = rise;
        }
    }
    if params.detrend {
        detrend(&mut envelope);
    }
    Ok(envelope)
}

/// The two spectrograms that are compared, as rows of `n_frames`.
struct Bands<'a> {
    s: &'a [f32],
    reference: &'a [f32],
    n_frames: usize,
    lag: usize,
}

impl Bands<'_> {
    /// `(later, earlier)` values of every band, `n_rises` each.
    fn rows(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let s = self.s.chunks_exact(self.n_frames);
        let reference = self.reference.chunks_exact(self.n_frames);
        let n_rises = self.n_frames - self.lag;
        s.zip(reference)
            .map(move |(s, r)| (&s[self.lag..], &r[..n_rises]))
    }

    /// Adds band after band, as numpy does.
    fn mean(&self, n_rises: usize) -> Vec<f32> {
        let mut sum = vec![0.0; n_rises];
        for (later, earlier) in self.rows() {
            for ((sum, a), b) in sum.iter_mut().zip(later).zip(earlier) {
                *sum += rise(*a, *b);
            }
        }
        let n_mels = self.s.len() / self.n_frames;
        for sum in &mut sum {
            *sum /= n_mels as f32;
        }
        sum
    }

    /// Medians of 16 frames at a time.
    fn median(&self, n_rises: usize) -> Vec<f32> {
        let mut medians = vec![0.0; n_rises];
        let mut tile = vec![[0i32; LANES]; self.s.len() / self.n_frames];
        for (i, out) in medians.chunks_mut(LANES).enumerate() {
            for (lane, (later, earlier)) in tile.iter_mut().zip(self.rows()) {
                let (later, earlier) = (load(&later[i * LANES..]), load(&earlier[i * LANES..]));
                for i in 0..LANES {
                    lane[i] = rise(later[i], earlier[i]).to_bits() as i32;
                }
            }
            let [lower, upper] = pulp::Arch::new().dispatch(Middle { tile: &tile });
            for (out, (lower, upper)) in out.iter_mut().zip(lower.iter().zip(upper)) {
                *out = (f32::from_bits(*lower as u32) + f32::from_bits(upper as u32)) / 2.0;
            }
        }
        medians
    }
}

/// The first values of a row, zeros behind its end.
fn load(row: &[f32]) -> Lane {
    if let Some(lane) = row.first_chunk() {
        return *lane;
    }
    let mut lane = ZERO;
    lane[..row.len()].copy_from_slice(row);
    lane
}

fn rise(later: f32, earlier: f32) -> f32 {
    let difference = later - earlier;
    if difference > 0.0 { difference } else { 0.0 }
}

/// The lower and upper middle value of each lane over all rows (the same for an odd number of
/// rows), for the bits of floats that are not negative, which are ordered as integers are.
struct Middle<'a> {
    tile: &'a [[i32; LANES]],
}

impl WithSimd for Middle<'_> {
    type Output = [[i32; LANES]; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (rows, _) = S::as_simd_i32s(self.tile.as_flattened());
        let mut out = [[0; LANES]; 2];
        let [lower, upper] = &mut out;
        let lower = S::as_mut_simd_i32s(lower).0.iter_mut();
        let upper = S::as_mut_simd_i32s(upper).0.iter_mut();
        for (column, (lower, upper)) in lower.zip(upper).enumerate() {
            (*lower, *upper) = middle(simd, &rows[column..], self.tile.len());
        }
        out
    }
}

/// The lower middle value is found bit by bit from the top, by counting the values below a
/// candidate; the upper one is the same again, or the least value above.
#[inline(always)]
fn middle<S: Simd>(simd: S, column: &[S::i32s], n: usize) -> (S::i32s, S::i32s) {
    let rank = (n as i32 - 1) / 2;
    let mut lower = simd.splat_i32s(0);
    for bit in (0..31).rev() {
        let candidate = simd.or_i32s(lower, simd.splat_i32s(1 << bit));
        let below = count(simd, column, |v| simd.less_than_i32s(v, candidate));
        let reached = simd.less_than_or_equal_i32s(below, simd.splat_i32s(rank));
        lower = simd.select_i32s(reached, candidate, lower);
    }
    if n % 2 == 1 {
        return (lower, lower);
    }
    let up_to = count(simd, column, |v| simd.less_than_or_equal_i32s(v, lower));
    let most = simd.splat_i32s(i32::MAX);
    let mut above = most;
    for v in column.iter().step_by(LANES / S::I32_LANES) {
        let larger = simd.select_i32s(simd.greater_than_i32s(*v, lower), *v, most);
        above = simd.min_i32s(above, larger);
    }
    let again = simd.greater_than_i32s(up_to, simd.splat_i32s(rank + 1));
    (lower, simd.select_i32s(again, lower, above))
}

/// How many rows hold, lane by lane.
#[inline(always)]
fn count<S: Simd>(simd: S, column: &[S::i32s], holds: impl Fn(S::i32s) -> S::m32s) -> S::i32s {
    let (zero, one) = (simd.splat_i32s(0), simd.splat_i32s(1));
    column
        .iter()
        .step_by(LANES / S::I32_LANES)
        .fold(zero, |count, v| {
            simd.add_i32s(count, simd.select_i32s(holds(*v), one, zero))
        })
}

/// Running maximum over `size` rows: `scipy.ndimage.maximum_filter1d(axis=0)`, whose mirrored
/// border adds no value that the rows inside have not.
fn maximum_filter(s: &[f32], n_frames: usize, size: usize) -> Vec<f32> {
    let n_mels = s.len() / n_frames;
    let mut out = s.to_vec();
    for (row, out) in out.chunks_exact_mut(n_frames).enumerate() {
        let first = row.saturating_sub(size / 2);
        let last = row.saturating_add((size - 1) / 2).min(n_mels - 1);
        for near in s[first * n_frames..(last + 1) * n_frames].chunks_exact(n_frames) {
            for (out, near) in out.iter_mut().zip(near) {
                *out = out.max(*near);
            }
        }
    }
    out
}

/// `scipy.signal.lfilter([1, -1], [1, -0.99], envelope)`.
fn detrend(envelope: &mut [f32]) {
    let mut state = 0.0;
    for value in envelope {
        let x = f64::from(*value);
        let y = x + state;
        state = 0.99 * y - x;
        *value = y as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder};
    use proptest::prelude::*;

    fn noise(n_mels: usize, n_frames: usize) -> Array2<f32> {
        let value = |(i, j): (usize, usize)| (i * 7919 + j * 104_729) % 1009;
        Array2::from_shape_fn((n_mels, n_frames), |at| value(at) as f32 / 10.0 - 60.0)
    }

    fn naive(s: &Array2<f32>, params: &OnsetParams) -> Vec<f32> {
        let (n_mels, n_frames) = s.dim();
        let mut out = vec![0.0; n_frames];
        for t in 0..n_frames.saturating_sub(params.lag) {
            let mut rises: Vec<f32> = (0..n_mels)
                .map(|f| {
                    let low = f.saturating_sub(params.max_size / 2);
                    let high = (f + (params.max_size - 1) / 2).min(n_mels - 1);
                    let reference = (low..=high).map(|g| s[[g, t]]).fold(f32::MIN, f32::max);
                    (s[[f, t + params.lag]] - reference).max(0.0)
                })
                .collect();
            let pooled = match params.aggregate {
                Aggregate::Mean => rises.iter().sum::<f32>() / n_mels as f32,
                Aggregate::Median => {
                    rises.sort_by(f32::total_cmp);
                    (rises[(n_mels - 1) / 2] + rises[n_mels / 2]) / 2.0
                }
            };
            if let Some(to) = out.get_mut(t + params.delay()) {
                *to = pooled;
            }
        }
        out
    }

    #[test]
    fn equals_the_definition_for_every_parity_and_memory_order() {
        for (n_mels, n_frames) in [(1, 1), (1, 40), (2, 17), (5, 16), (8, 33), (128, 50)] {
            let c = noise(n_mels, n_frames);
            let mut fortran = Array2::zeros((n_mels, n_frames).f());
            fortran.assign(&c);
            for (lag, max_size) in [(1, 1), (1, 3), (2, 4), (3, 300), (60, 1)] {
                for aggregate in [Aggregate::Mean, Aggregate::Median] {
                    for center in [true, false] {
                        let params = OnsetParams {
                            lag,
                            max_size,
                            aggregate,
                            center,
                            ..Default::default()
                        };
                        let expected = naive(&c, &params);
                        for array in [c.view(), fortran.view()] {
                            let got = onset_strength(array, &params).unwrap();
                            assert_eq!(got, expected, "{n_mels} x {n_frames}, {params:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn bad_parameters_and_spectra_are_errors() {
        let s = noise(4, 5);
        let default = OnsetParams::default();
        for params in [
            OnsetParams { lag: 0, ..default },
            OnsetParams {
                max_size: 0,
                ..default
            },
            OnsetParams {
                hop_length: 0,
                ..default
            },
            OnsetParams {
                hop_length: usize::MAX,
                ..default
            },
        ] {
            assert!(onset_strength(s.view(), &params).is_err(), "{params:?}");
        }
        assert!(onset_strength(Array2::zeros((0, 5)).view(), &default).is_err());
        assert_eq!(
            onset_strength(Array2::zeros((5, 0)).view(), &default),
            Ok(vec![])
        );
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut s = s.clone();
            s[[2, 3]] = bad;
            let got = onset_strength(s.view(), &default);
            assert!(
                matches!(got, Err(Error::NotFinite { index: 13, .. })),
                "{bad}: {got:?}"
            );
        }
        let huge = OnsetParams {
            lag: usize::MAX,
            max_size: usize::MAX,
            n_fft: usize::MAX,
            ..default
        };
        assert_eq!(onset_strength(s.view(), &huge), Ok(vec![0.0; 5]));
    }

    proptest! {
        #[test]
        fn a_gain_in_decibel_changes_nothing(
            values in prop::collection::vec(-80i32..0, 60),
            gain in -1000i32..1000,
        ) {
            // Whole numbers: all sums are exact.
            let s = Array2::from_shape_fn((6, 10), |(i, j)| values[i * 10 + j] as f32);
            let louder = s.mapv(|v| v + gain as f32);
            for aggregate in [Aggregate::Mean, Aggregate::Median] {
                let params = OnsetParams { aggregate, ..Default::default() };
                prop_assert_eq!(
                    onset_strength(s.view(), &params),
                    onset_strength(louder.view(), &params)
                );
            }
        }
    }
}
