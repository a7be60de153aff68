use crate::error::{Result, check, check_finite};
use crate::tempo::{Tempo, TempoParams};

/// Parameters of [`BeatTracker`], named as in `librosa.beat.beat_track`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeatParams {
    /// Samples a second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512.
    pub hop_length: usize,
    /// First guess of the tempo, in beats a minute, above 0; default 120. See [`TempoParams`].
    pub start_bpm: f64,
    /// How closely beats keep to the tempo, above 0; default 100.
    pub tightness: f64,
    /// Whether to drop weak beats at both ends; default true.
    pub trim: bool,
    /// The tempo in beats a minute, if known; above 0 and at most that of a beat a frame. Default:
    /// estimated.
    pub bpm: Option<f64>,
}

impl Default for BeatParams {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            hop_length: 512,
            start_bpm: 120.0,
            tightness: 100.0,
            trim: true,
            bpm: None,
        }
    }
}

impl BeatParams {
    fn validate(&self) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let tightness = positive(self.tightness) && (self.tightness as f32).is_finite();
        check(
            tightness,
            "tightness",
            self.tightness,
            "must be a positive f32",
        )?;
        if let Some(bpm) = self.bpm {
            check(
                self.sample_rate >= 1,
                "sample_rate",
                self.sample_rate,
                "must be at least 1",
            )?;
            check(
                self.hop_length >= 1,
                "hop_length",
                self.hop_length,
                "must be at least 1",
            )?;
            let fits = positive(bpm) && self.frames_per_beat(bpm) >= 1.0;
            check(
                fits,
                "bpm",
                bpm,
                "must be positive and at most a beat a frame",
            )?;
        }
        Ok(())
    }

    fn frames_per_beat(&self, bpm: f64) -> f64 {
        let frame_rate = f64::from(self.sample_rate) / self.hop_length as f64;
        (frame_rate * 60.0 / bpm).round_ties_even()
    }
}

/// A tempo and the frames of its beats.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats {
    /// Beats a minute; 0 for an envelope without onsets.
    pub tempo: f64,
    /// Frames of the beats, ascending.
    pub frames: Vec<usize>,
}

/// A planned beat tracker: the sequence of frames that is best at once in onset strength and in
/// keeping to the tempo, by dynamic programming (Ellis 2007).
///
/// With `p` the frames of a beat at the tempo, rounded:
///
/// ```text
/// local[t] = sum over |d| <= p of exp(-(32 d / p)^2 / 2) x[t + d] / std(x)
/// score[t] = local[t] + max over d in p/2..=2p of ( score[t - d] - tightness log(d / p)^2 )
/// ```
///
/// Beats are read back from the last peak of `score` that reaches half the median of its peaks.
/// With `trim`, those before the first and behind the last frame whose `local` exceeds half the
/// root mean square of the smoothed `local` of the beats are dropped.
///
/// Equals `librosa.beat.beat_track(units="frames")`, including that the very first value of the
/// envelope adds nothing to `local`. Where librosa reads beyond its arrays, the result is: no
/// beats if no frame exceeds the threshold of `trim`, and none in an envelope of one frame.
///
/// ```
/// use timbral_dsp::{BeatParams, BeatTracker};
///
/// let clicks: Vec<f32> = (0..200).map(|t| f32::from(u8::from(t % 21 == 5))).collect();
/// let beats = BeatTracker::new(BeatParams::default())?.process(&clicks)?;
/// assert_eq!(beats.tempo, 123.046875);
/// assert_eq!(beats.frames, [5, 26, 47, 68, 89, 110, 131, 152, 173, 194]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BeatTracker {
    params: BeatParams,
    /// Absent if the tempo is given.
    tempo: Option<Tempo>,
}

impl BeatTracker {
    /// Plans the tempo estimate.
    ///
    /// # Errors
    /// - `sample_rate` or `hop_length` is 0
    /// - `tightness`, `start_bpm` or `bpm` is not a positive number
    /// - `bpm` is more than a beat a frame
    /// - the tempo is to be estimated, and 8 s are less than 2 or more than 65 536 frames
    pub fn new(params: BeatParams) -> Result<Self> {
        params.validate()?;
        let tempo = match params.bpm {
            Some(_) => None,
            None => Some(Tempo::new(TempoParams {
                sample_rate: params.sample_rate,
                hop_length: params.hop_length,
                start_bpm: params.start_bpm,
                ..TempoParams::default()
            })?),
        };
        Ok(Self { params, tempo })
    }

    /// Tempo and beats of an onset envelope of any length.
    ///
    /// # Errors
    /// - the envelope has a value that is not finite
    pub fn process(&self, envelope: &[f32]) -> Result<Beats> {
        check_finite("envelope", envelope)?;
        if envelope.iter().all(|v| *v == 0.0) {
            return Ok(Beats {
                tempo: 0.0,
                frames: Vec::new(),
            });
        }
        let tempo = match (self.params.bpm, &self.tempo) {
            (Some(bpm), _) => bpm,
            (None, Some(plan)) => plan.process(envelope)?,
            (None, None) => self.params.start_bpm,
        };
        if envelope.len() < 2 {
            return Ok(Beats {
                tempo,
                frames: Vec::new(),
            });
        }

        let period = self.params.frames_per_beat(tempo).max(1.0);
        let local = local_score(&normalized(envelope), period);
        let (backlinks, cumulative) = track(&local, period, self.params.tightness as f32);
        let mut frames = vec![last_beat(&cumulative)];
        while let Some(previous) = frames.last().and_then(|last| backlinks[*last]) {
            frames.push(previous);
        }
        frames.reverse();
        trim(&mut frames, &local, self.params.trim);
        Ok(Beats { tempo, frames })
    }
}

/// The envelope over its standard deviation (of a sample: `ddof=1`), in f32 as numpy computes it.
fn normalized(envelope: &[f32]) -> Vec<f64> {
    let n = envelope.len();
    let mean = pairwise_sum(envelope) / n as f32;
    let squares: Vec<f32> = envelope.iter().map(|v| (v - mean) * (v - mean)).collect();
    let std = (pairwise_sum(&squares) / (n - 1) as f32).sqrt();
    envelope
        .iter()
        .map(|v| f64::from(v / (std + f32::MIN_POSITIVE)))
        .collect()
}

/// The sum in the order of numpy: halves, down to runs of at most 128 with eight partial sums.
fn pairwise_sum(values: &[f32]) -> f32 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    let mut partial = [0.0f32; 8];
    for chunk in chunks {
        for (partial, value) in partial.iter_mut().zip(chunk) {
            *partial += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = partial;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, value| sum + value)
}

/// The envelope smoothed by a Gaussian of width `period / 32`, without its first value, added in
/// librosa's order: from the latest neighbour to the earliest.
fn local_score(onsets: &[f64], period: f64) -> Vec<f64> {
    let n = onsets.len();
    let reach = (period as usize).min(n - 1);
    let mut local = vec![0.0; n];
    let add = |to: &mut [f64], from: &[f64], distance: usize| {
        let weight = (-0.5 * (distance as f64 * 32.0 / period).powi(2)).exp();
        for (to, from) in to.iter_mut().zip(from) {
            *to += weight * from;
        }
    };
    for later in (0..=reach).rev() {
        let skip = usize::from(later == 0);
        add(&mut local[skip..], &onsets[later + skip..], later);
    }
    for earlier in 1..=reach {
        add(&mut local[(earlier + 1).min(n)..], &onsets[1..], earlier);
    }
    local
}

/// For every frame the beat before it on the best path that ends there, and that path's score.
fn track(local: &[f64], period: f64, tightness: f32) -> (Vec<Option<usize>>, Vec<f64>) {
    let nearest = ((period / 2.0).round_ties_even() as usize).max(1);
    let furthest = ((2.0 * period) as usize).min(local.len() - 1);
    let penalty = |d: usize| f64::from(tightness) * ((d as f64).ln() - period.ln()).powi(2);
    // In the order of the frames they belong to: the furthest first.
    let penalties: Vec<f64> = (nearest..=furthest).rev().map(penalty).collect();
    let threshold = 0.01 * local.iter().copied().fold(f64::NEG_INFINITY, f64::max);

    let mut backlinks = Vec::with_capacity(local.len());
    let mut cumulative: Vec<f64> = Vec::with_capacity(local.len());
    let mut first_beat = true;
    for (t, score) in local.iter().enumerate() {
        let reachable = &cumulative[t.saturating_sub(furthest)..(t + 1).saturating_sub(nearest)];
        let penalties = &penalties[penalties.len() - reachable.len()..];
        let mut best = f64::NEG_INFINITY;
        let mut previous = None;
        // Of equal predecessors the latest is taken.
        for (i, (before, penalty)) in reachable.iter().zip(penalties).enumerate().rev() {
            let score = before - penalty;
            if score > best {
                best = score;
                previous = Some(t.saturating_sub(furthest) + i);
            }
        }
        cumulative.push(if previous.is_some() {
            score + best
        } else {
            *score
        });
        if first_beat && *score < threshold {
            backlinks.push(None);
        } else {
            backlinks.push(previous);
            first_beat = false;
        }
    }
    (backlinks, cumulative)
}

/// The last peak that reaches half the median peak; the last frame if there is none.
fn last_beat(cumulative: &[f64]) -> usize {
    let last = cumulative.len() - 1;
    let is_peak = |t: &usize| {
        let t = *t;
        cumulative[t] > cumulative[t - 1] && (t == last || cumulative[t] >= cumulative[t + 1])
    };
    let peaks: Vec<usize> = (1..=last).filter(is_peak).collect();
    let mut heights: Vec<f64> = peaks.iter().map(|t| cumulative[*t]).collect();
    heights.sort_by(f64::total_cmp);
    let median = match heights.len() {
        0 => return last,
        n if n % 2 == 1 => heights[n / 2],
        n => (heights[n / 2 - 1] + heights[n / 2]) / 2.0,
    };
    let reaches = |t: &&usize| cumulative[**t] >= 0.5 * median;
    peaks.iter().rev().find(reaches).copied().unwrap_or(last)
}

/// Drops the beats in the weak frames at both ends; without `trim` weak means not above zero.
fn trim(frames: &mut Vec<usize>, local: &[f64], trim: bool) {
    let threshold = if trim {
        trim_threshold(frames, local)
    } else {
        0.0
    };
    let is_weak = |score: &f64| *score <= threshold;
    let first = local.iter().position(|score| !is_weak(score));
    let last = local.iter().rposition(|score| !is_weak(score));
    match (first, last) {
        (Some(first), Some(last)) => frames.retain(|t| (first..=last).contains(t)),
        _ => frames.clear(),
    }
}

/// Half the root mean square of the beats' local scores smoothed by a Hann window of five, with
/// one value more at both ends, and at most as many values as frames.
fn trim_threshold(frames: &[usize], local: &[f64]) -> f64 {
    // The zeros matter: a constant envelope can have infinite scores, and 0 * inf, not a number,
    // then is a threshold that nothing is below.
    const HANN: [f64; 5] = [0.0, 0.5, 1.0, 0.5, 0.0];
    let n_smooth = (frames.len() + 2).min(local.len());
    let smooth = |i: usize| -> f64 {
        let term = |(k, w): (usize, &f64)| {
            let at = (i + 2).checked_sub(k).and_then(|at| frames.get(at));
            at.map_or(0.0, |t| w * local[*t])
        };
        HANN.iter().enumerate().map(term).sum()
    };
    let sum: f64 = (0..n_smooth).map(|i| smooth(i).powi(2)).sum();
    0.5 * (sum / n_smooth as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use proptest::prelude::*;

    fn noise(n: usize) -> Vec<f32> {
        (0..n)
            .map(|t| ((t * t * 31 + t * 7) % 101) as f32 / 9.0)
            .collect()
    }

    fn beats(params: BeatParams, envelope: &[f32]) -> Beats {
        BeatTracker::new(params).unwrap().process(envelope).unwrap()
    }

    /// The best score of every sequence of beats that ends at `t`, without memory.
    fn naive_score(local: &[f64], period: f64, t: usize) -> f64 {
        let from = (period / 2.0).round_ties_even().max(1.0) as usize;
        let to = (2.0 * period) as usize;
        let before = |d: usize| {
            let penalty = 100.0 * ((d as f64).ln() - period.ln()).powi(2);
            (d <= t).then(|| naive_score(local, period, t - d) - penalty)
        };
        local[t]
            + (from..=to)
                .filter_map(before)
                .reduce(f64::max)
                .unwrap_or(0.0)
    }

    #[test]
    fn the_score_is_that_of_the_best_of_all_sequences() {
        for period in [1.0, 2.0, 3.0, 5.0] {
            let n = if period < 3.0 { 14 } else { 22 };
            let local = local_score(&normalized(&noise(n)), period);
            let (_, cumulative) = track(&local, period, 100.0);
            for (t, got) in cumulative.iter().enumerate() {
                let expected = naive_score(&local, period, t);
                // The same additions in another order.
                let tolerance = 1e-12 * expected.abs().max(1.0);
                assert!(
                    (got - expected).abs() < tolerance,
                    "{period} [{t}]: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn local_score_is_a_convolution_without_the_first_value() {
        for (n, period) in [(2usize, 1.0), (5, 9.0), (40, 6.0), (40, 39.0), (40, 1e9)] {
            let onsets: Vec<f64> = noise(n).iter().map(|v| f64::from(*v)).collect();
            let got = local_score(&onsets, period);
            for (t, got) in got.iter().enumerate() {
                let term = |i: usize| {
                    let d = i.abs_diff(t) as f64;
                    if d > period {
                        0.0
                    } else {
                        onsets[i] * (-0.5 * (32.0 * d / period).powi(2)).exp()
                    }
                };
                let expected: f64 = (1..n).map(term).sum();
                // The same sum in another order.
                assert!(
                    (got - expected).abs() < 1e-12 * (1.0 + expected),
                    "{n} {period} [{t}]"
                );
            }
        }
    }

    #[test]
    fn bad_parameters_are_errors() {
        let default = BeatParams::default();
        let known = BeatParams {
            bpm: Some(100.0),
            ..default
        };
        for params in [
            BeatParams {
                sample_rate: 0,
                ..default
            },
            BeatParams {
                sample_rate: 0,
                ..known
            },
            BeatParams {
                hop_length: 0,
                ..default
            },
            BeatParams {
                hop_length: 0,
                ..known
            },
            BeatParams {
                start_bpm: 0.0,
                ..default
            },
            BeatParams {
                tightness: 0.0,
                ..default
            },
            BeatParams {
                tightness: f64::NAN,
                ..default
            },
            BeatParams {
                tightness: 1e39,
                ..known
            },
            BeatParams {
                bpm: Some(0.0),
                ..default
            },
            BeatParams {
                bpm: Some(f64::INFINITY),
                ..default
            },
            BeatParams {
                bpm: Some(1e6),
                ..default
            },
        ] {
            assert!(BeatTracker::new(params).is_err(), "{params:?}");
        }
    }

    #[test]
    fn every_finite_envelope_has_beats_in_order() {
        let mut only_first = vec![0.0; 50];
        only_first[0] = 1.0;
        let negative: Vec<f32> = noise(300).iter().map(|v| -v - 1.0).collect();
        let mut envelopes = vec![vec![], only_first, negative];
        for n in [1, 2, 3, 50, 400] {
            envelopes.push(noise(n));
            for value in [0.0, 1e-45, 1.0, 5.0, f32::MAX, f32::MIN] {
                envelopes.push(vec![value; n]);
            }
        }
        for envelope in envelopes {
            for bpm in [None, Some(120.0), Some(1e-300), Some(2000.0)] {
                for trim in [true, false] {
                    let got = beats(
                        BeatParams {
                            bpm,
                            trim,
                            ..Default::default()
                        },
                        &envelope,
                    );
                    let start = &envelope[..envelope.len().min(4)];
                    let ascending = got.frames.windows(2).all(|pair| pair[0] < pair[1]);
                    let inside = got.frames.last().is_none_or(|t| *t < envelope.len());
                    assert!(
                        ascending && inside,
                        "{start:?} x {} {bpm:?} {got:?}",
                        envelope.len()
                    );
                }
            }
        }
    }

    #[test]
    fn silence_has_no_tempo_and_nan_is_an_error() {
        let tracker = BeatTracker::new(BeatParams::default()).unwrap();
        let silent = Beats {
            tempo: 0.0,
            frames: vec![],
        };
        assert_eq!(tracker.process(&[]), Ok(silent.clone()));
        assert_eq!(tracker.process(&[0.0; 100]), Ok(silent));
        let got = tracker.process(&[1.0, f32::NAN]);
        assert!(
            matches!(got, Err(Error::NotFinite { index: 1, .. })),
            "{got:?}"
        );
    }

    proptest! {
        #[test]
        fn loudness_does_not_matter(
            envelope in prop::collection::vec(0.0f32..30.0, 2..400),
            exponent in -20i32..20,
        ) {
            // A power of two rounds nothing; the f32 tiny beside the deviation is absorbed.
            let scaled: Vec<f32> = envelope.iter().map(|v| v * 2f32.powi(exponent)).collect();
            let params = BeatParams::default();
            prop_assert_eq!(beats(params, &envelope), beats(params, &scaled));
        }
    }
}
