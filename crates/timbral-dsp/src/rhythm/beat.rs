use super::beat_path::{last_beat, local_score, normalized, track, trim};
use super::tempo::{Tempo, TempoParams};
use crate::error::{Result, check, check_finite, check_sample_rate};

/// Parameters of [`BeatTracker`], named as in `librosa.beat.beat_track`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeatParams {
    /// Samples per second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512.
    pub hop_length: usize,
    /// Centre of the prior of the tempo, in beats per minute, above 0; default 120. See
    /// [`TempoParams`]. Not used if `bpm` is given.
    pub start_bpm: f64,
    /// How strictly beats follow the tempo, above 0; default 100.
    pub tightness: f64,
    /// Whether to remove weak beats at both ends; default true.
    pub trim: bool,
    /// The tempo in beats per minute if it is known, above 0 and at most one beat per frame; default
    /// `None`: estimated.
    pub bpm: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
        }
    }
}

impl BeatParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// - `sample_rate` or `hop_length` is 0;
    /// - `tightness` or `bpm` is not a positive number;
    /// - `bpm` is more than one beat per frame;
    /// - `bpm` is `None`, and `start_bpm` is not a positive number or 8 s are less than 2 or more
    ///   than 65 536 frames.
    pub fn validate(&self) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let tightness = self.tightness;
        let holds = positive(tightness) && (tightness as f32).is_finite();
        check(holds, "tightness", tightness, "must be a positive f32")?;
        let Some(bpm) = self.bpm else {
            return self.tempo_params().validate();
        };
        check_sample_rate(self.sample_rate)?;
        let hop = self.hop_length;
        check(hop >= 1, "hop_length", hop, "must be at least 1")?;
        let holds = positive(bpm) && self.frames_per_beat(bpm) >= 1.0;
        let rule = "must be positive and at most one beat per frame";
        check(holds, "bpm", bpm, rule)?;
        Ok(())
    }

    fn tempo_params(&self) -> TempoParams {
        TempoParams {
            sample_rate: self.sample_rate,
            hop_length: self.hop_length,
            start_bpm: self.start_bpm,
            ..TempoParams::default()
        }
    }

    fn frames_per_beat(&self, bpm: f64) -> f64 {
        let frame_rate = f64::from(self.sample_rate) / self.hop_length as f64;
        (frame_rate * 60.0 / bpm).round_ties_even()
    }
}

/// A tempo and the frames of its beats.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Beats {
    /// Beats per minute; 0 for an envelope without onsets.
    pub tempo: f64,
    /// Frames of the beats, ascending.
    pub frames: Vec<usize>,
}

/// A planned beat tracker: the sequence of frames with the best sum of onset strength and regularity,
/// by dynamic programming (Ellis 2007).
///
/// With `p` the number of frames per beat at the tempo, rounded:
///
/// ```text
/// local[t] = sum over |d| <= p of exp(-(32 d / p)^2 / 2) x[t + d] / std(x)
/// score[t] = local[t] + max over d in p/2..=2p of ( score[t - d] - tightness log(d / p)^2 )
/// ```
///
/// Beats are traced back from the last peak of `score` that reaches half the median of its peaks.
/// `trim` drops beats before the first and after the last frame whose `local` exceeds half the root
/// mean square of the smoothed `local` of the beats.
///
/// Equals `librosa.beat.beat_track(units="frames")`, including that the first value of the envelope
/// does not count in `local`. In two cases librosa reads beyond its arrays; here there are no beats
/// if no frame exceeds the threshold of `trim`, and none in an envelope of one frame.
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
    /// `None` if the tempo is given.
    tempo: Option<Tempo>,
}

impl BeatTracker {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`BeatParams::validate`].
    pub fn new(params: BeatParams) -> Result<Self> {
        params.validate()?;
        let tempo = match params.bpm {
            Some(_) => None,
            None => Some(Tempo::new(params.tempo_params())?),
        };
        Ok(Self { params, tempo })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &BeatParams {
        &self.params
    }

    /// Tempo and beats of an onset envelope of any length.
    ///
    /// # Errors
    ///
    /// The envelope has a value that is not finite.
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
            // Powers of two need no rounding; the tiny f32 that is added to the deviation vanishes.
            let scaled: Vec<f32> = envelope.iter().map(|v| v * 2f32.powi(exponent)).collect();
            let params = BeatParams::default();
            prop_assert_eq!(beats(params, &envelope), beats(params, &scaled));
        }
    }
}
