use std::borrow::Cow;
use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use super::band_rises::Bands;
use crate::error::{Error, Result, check, check_finite};

/// How the rises of all bands of a frame are combined into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Aggregate {
    /// Arithmetic mean; the default of `librosa.onset.onset_strength`.
    #[default]
    Mean,
    /// Median; for an even number of bands the mean of the two middle values. The default of
    /// `librosa.beat.beat_track`.
    Median,
}

/// Parameters of [`onset_strength`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OnsetParams {
    /// Frames between the two compared spectra, at least 1; default 1.
    pub lag: usize,
    /// Width in bands of the running maximum that is applied to the earlier spectrum, at least 1;
    /// default 1 (no filter). 3 suppresses vibrato.
    pub max_size: usize,
    /// Whether to remove the mean with the filter `(1 - z^-1) / (1 - 0.99 z^-1)`; default false.
    pub detrend: bool,
    /// Whether to shift onsets later by `n_fft / (2 hop_length)` frames, because centred frames
    /// respond early; default true.
    pub center: bool,
    /// Samples per frame of the spectrogram; default 2048. Used only with `center`.
    pub n_fft: usize,
    /// Samples between frames, at least 1; default 512. Used only with `center`.
    pub hop_length: usize,
    /// How the bands of a frame are combined; default mean.
    pub aggregate: Aggregate,
    #[doc(hidden)]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
        }
    }
}

impl OnsetParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `lag` or `max_size` is 0, or `hop_length` is 0 or above `usize::MAX / 2`.
    pub fn validate(&self) -> Result<()> {
        let rule = "must be at least 1";
        check(self.lag >= 1, "lag", self.lag, rule)?;
        check(self.max_size >= 1, "max_size", self.max_size, rule)?;
        let hop = self.hop_length;
        let holds = (1..=usize::MAX / 2).contains(&hop);
        check(holds, "hop_length", hop, rule)?;
        Ok(())
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

/// The onset envelope: how much the bands of a spectrogram rise from frame to frame.
///
/// ```text
/// ref[f, t]  = max of s_db[g, t] over the max_size bands g around f
/// out[t + d] = aggregate over f of max(0, s_db[f, t + lag] - ref[f, t]),   d = lag + n_fft / (2 hop_length)
/// ```
///
/// The first `d` values are zero (`d = lag` without `center`), and values beyond the last frame are
/// dropped.
///
/// - `s_db`: shape `(n_mels, n_frames)`, in decibels, in any memory order; C order is the fastest.
/// - result: `n_frames` values in decibels, not negative unless `detrend` is set.
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
///
/// Those of [`OnsetParams::validate`]; `s_db` has no bands, or a value that is not finite.
pub fn onset_strength(s_db: ArrayView2<'_, f32>, params: &OnsetParams) -> Result<Vec<f32>> {
    let (n_mels, _) = s_db.dim();
    let mut envelopes = envelopes(s_db, std::slice::from_ref(&(0..n_mels)), params)?;
    Ok(envelopes.pop().unwrap_or_default())
}

/// The onset envelopes of groups of bands: [`onset_strength`] of each group, with the running maximum over all
/// bands.
///
/// - `s_db`: as for [`onset_strength`];
/// - `channels`: the first band of each group and the end of the last one, ascending, up to the number of bands;
/// - result: shape `(channels.len() - 1, n_frames)`.
///
/// Equals `librosa.onset.onset_strength_multi(S=s_db, channels=channels)`.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{OnsetParams, onset_strength_multi};
///
/// let s_db = array![[0.0, 6.0, 6.0, 0.0], [0.0, 2.0, 1.0, 1.0]];
/// let params = OnsetParams { center: false, ..OnsetParams::default() };
/// let envelopes = onset_strength_multi(s_db.view(), &[0, 1, 2], &params)?;
/// assert_eq!(envelopes, array![[0.0, 6.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`onset_strength`]; `channels` that do not ascend, are fewer than two, or end beyond the bands.
pub fn onset_strength_multi(
    s_db: ArrayView2<'_, f32>,
    channels: &[usize],
    params: &OnsetParams,
) -> Result<Array2<f32>> {
    let (n_mels, n_frames) = s_db.dim();
    if channels.len() < 2 {
        return Err(Error::TooShort {
            name: "channels",
            needed: 2,
            got: channels.len(),
        });
    }
    for pair in channels.windows(2) {
        let rule = "must be below the next one, up to the number of bands";
        let holds = pair[0] < pair[1] && pair[1] <= n_mels;
        check(holds, "channels", pair[0], rule)?;
    }
    let groups: Vec<Range<usize>> = channels.windows(2).map(|c| c[0]..c[1]).collect();
    let rows = envelopes(s_db, &groups, params)?;
    Ok(Array2::from_shape_fn((rows.len(), n_frames), |(i, t)| {
        rows[i][t]
    }))
}

/// The envelope of each group of bands.
fn envelopes(
    s_db: ArrayView2<'_, f32>,
    groups: &[Range<usize>],
    params: &OnsetParams,
) -> Result<Vec<Vec<f32>>> {
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

    let reference = reference(s, n_frames, params);
    let of_group = |rows: &Range<usize>| {
        let cells = rows.start * n_frames..rows.end * n_frames;
        let (s, reference) = (&s[cells.clone()], &reference[cells]);
        envelope(&rises(s, reference, n_frames, params), n_frames, params)
    };
    Ok(groups.iter().map(of_group).collect())
}

/// What later frames are compared with: the spectrogram, or its maximum over neighbouring bands.
pub(super) fn reference<'a>(s: &'a [f32], n_frames: usize, params: &OnsetParams) -> Cow<'a, [f32]> {
    match params.max_size {
        size if size > 1 && n_frames > params.lag => maximum_filter(s, n_frames, size).into(),
        _ => s.into(),
    }
}

/// The rises of every frame from `lag` on, of a spectrogram whose rows have `n_frames` values.
pub(super) fn rises(
    s: &[f32],
    reference: &[f32],
    n_frames: usize,
    params: &OnsetParams,
) -> Vec<f32> {
    let n_rises = n_frames.saturating_sub(params.lag);
    if n_rises == 0 {
        return Vec::new();
    }
    let bands = Bands {
        s,
        reference,
        n_frames,
        lag: params.lag,
    };
    match params.aggregate {
        Aggregate::Mean => bands.mean(n_rises),
        Aggregate::Median => bands.median(n_rises),
    }
}

/// The envelope of `n_frames` frames with these rises.
pub(super) fn envelope(rises: &[f32], n_frames: usize, params: &OnsetParams) -> Vec<f32> {
    let mut envelope = vec![0.0; n_frames];
    for (to, rise) in envelope.iter_mut().skip(params.delay()).zip(rises) {
        *to = *rise;
    }
    if params.detrend {
        detrend(&mut envelope);
    }
    envelope
}

/// Running maximum over `size` rows: `scipy.ndimage.maximum_filter1d(axis=0)`. Its mirrored border
/// only repeats values that are inside the window anyway.
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
    use ndarray::ShapeBuilder;
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
    fn equals_the_definition_for_any_shape_and_memory_order() {
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
        fn a_gain_changes_nothing(
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
