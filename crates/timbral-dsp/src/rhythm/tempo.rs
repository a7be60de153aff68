use super::mean_tempogram::MeanTempogram;
use super::tempogram::MAX_WIN_LENGTH;
use crate::error::{Error, Result, check, check_finite, check_sample_rate};

/// Parameters of [`Tempo`], named as in `librosa.feature.tempo`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TempoParams {
    /// Samples per second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512.
    pub hop_length: usize,
    /// Centre of the prior, in beats per minute, above 0; default 120.
    pub start_bpm: f64,
    /// Width of the prior, in octaves, above 0; default 1.
    pub std_bpm: f64,
    /// Length in seconds of the autocorrelation window, 2 to 65 536 frames; default 8.
    pub ac_size: f64,
    /// Upper bound (exclusive) of the tempo in beats per minute, above 0; default 320. `None`: no
    /// bound.
    pub max_tempo: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for TempoParams {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            hop_length: 512,
            start_bpm: 120.0,
            std_bpm: 1.0,
            ac_size: 8.0,
            max_tempo: Some(320.0),
            _non_exhaustive: (),
        }
    }
}

impl TempoParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// - `sample_rate` or `hop_length` is 0;
    /// - `start_bpm`, `std_bpm` or `max_tempo` is not a positive number;
    /// - `ac_size` is less than 2 or more than 65 536 frames.
    pub fn validate(&self) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let rule = "must be a positive number";
        check_sample_rate(self.sample_rate)?;
        let hop = self.hop_length;
        check(hop >= 1, "hop_length", hop, "must be at least 1")?;
        check(positive(self.start_bpm), "start_bpm", self.start_bpm, rule)?;
        check(positive(self.std_bpm), "std_bpm", self.std_bpm, rule)?;
        let max_tempo = self.max_tempo.unwrap_or(1.0);
        check(positive(max_tempo), "max_tempo", max_tempo, rule)?;
        let fits = positive(self.ac_size) && (2..=MAX_WIN_LENGTH).contains(&self.win_length());
        check(fits, "ac_size", self.ac_size, "must last 2 to 65536 frames")?;
        Ok(())
    }

    /// Frames in `ac_size` seconds, rounded down twice as `librosa.time_to_frames` does.
    fn win_length(&self) -> usize {
        (self.ac_size * f64::from(self.sample_rate)) as usize / self.hop_length
    }
}

/// The tempo of each lag of a tempogram, in beats per minute; infinite for lag 0.
///
/// ```text
/// out[l] = 60 sample_rate / (hop_length l)
/// ```
///
/// Equals `librosa.tempo_frequencies`.
///
/// ```
/// use timbral_dsp::tempo_frequencies;
///
/// assert_eq!(tempo_frequencies(3, 512, 22_050), [f64::INFINITY, 2583.984375, 1291.9921875]);
/// ```
pub fn tempo_frequencies(n_bins: usize, hop_length: usize, sample_rate: u32) -> Vec<f64> {
    let numerator = 60.0 * f64::from(sample_rate);
    (0..n_bins)
        .map(|lag| numerator / (hop_length as f64 * lag as f64))
        .collect()
}

/// A planned tempo estimate: the lag at which an onset envelope repeats itself most, weighted by a
/// log-normal prior.
///
/// ```text
/// bpm[l] = 60 sample_rate / (hop_length l)
/// r[l]   = mean over t of the tempogram's out[l, t], for a Hann window of ac_size seconds
/// tempo  = bpm[l] with the largest  log(1 + 10^6 r[l]) - ((log2 bpm[l] - log2 start_bpm) / std_bpm)^2 / 2
/// ```
///
/// Equals `librosa.feature.tempo` (one tempo for the whole envelope). As there, the first lag with
/// `r[l] < -10^-6` wins, which can only happen for an envelope with negative values.
///
/// ```
/// use timbral_dsp::{Tempo, TempoParams};
///
/// let clicks: Vec<f32> = (0..1000).map(|t| f32::from(u8::from(t % 21 == 0))).collect();
/// let tempo = Tempo::new(TempoParams::default())?;
/// assert_eq!(tempo.process(&clicks)?, 123.046875); // 60 * 22050 / (512 * 21)
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tempo {
    params: TempoParams,
    bpm: Vec<f64>,
    log_prior: Vec<f64>,
    mean_tempogram: MeanTempogram,
}

impl Tempo {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`TempoParams::validate`].
    pub fn new(params: TempoParams) -> Result<Self> {
        params.validate()?;
        let win_length = params.win_length();
        let bpm = tempo_frequencies(win_length, params.hop_length, params.sample_rate);
        let octaves =
            |bpm: &f64| (libm::log2(*bpm) - libm::log2(params.start_bpm)) / params.std_bpm;
        let mut log_prior: Vec<f64> = bpm.iter().map(|bpm| -0.5 * octaves(bpm).powi(2)).collect();
        if let Some(max_tempo) = params.max_tempo {
            let first = bpm.iter().position(|bpm| *bpm < max_tempo).unwrap_or(0);
            log_prior[..first].fill(f64::NEG_INFINITY);
        }

        Ok(Self {
            params,
            bpm,
            log_prior,
            mean_tempogram: MeanTempogram::new(win_length),
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &TempoParams {
        &self.params
    }

    /// The tempo of an onset envelope of any positive length, in beats per minute.
    ///
    /// # Errors
    ///
    /// The envelope is empty, or has a value that is not finite.
    pub fn process(&self, envelope: &[f32]) -> Result<f64> {
        if envelope.is_empty() {
            return Err(Error::TooShort {
                name: "envelope",
                needed: 1,
                got: 0,
            });
        }
        check_finite("envelope", envelope)?;
        let mean = self.mean_tempogram.process(envelope);
        let mut best = (f64::NEG_INFINITY, f64::INFINITY);
        for ((r, log_prior), bpm) in mean.iter().zip(&self.log_prior).zip(&self.bpm) {
            let score = libm::log1p(1e6 * r) + log_prior;
            if score.is_nan() {
                return Ok(*bpm);
            }
            if score > best.0 {
                best = (score, *bpm);
            }
        }
        Ok(best.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn default_plan() -> Tempo {
        Tempo::new(TempoParams::default()).unwrap()
    }

    #[test]
    fn clicks_give_their_own_tempo_and_fast_ones_half_of_it() {
        // A train of clicks also repeats at twice its period: the prior decides between the two.
        for (lag, expected) in [(10, 20), (15, 15), (18, 18), (21, 21), (22, 22), (30, 30)] {
            let clicks: Vec<f32> = (0..2000)
                .map(|t| f32::from(u8::from(t % lag == 0)))
                .collect();
            let expected = 60.0 * 22_050.0 / (512.0 * f64::from(expected));
            assert_eq!(default_plan().process(&clicks), Ok(expected), "lag {lag}");
        }
    }

    #[test]
    fn bad_parameters_and_envelopes_are_errors() {
        let default = TempoParams::default();
        for params in [
            TempoParams {
                sample_rate: 0,
                ..default
            },
            TempoParams {
                hop_length: 0,
                ..default
            },
            TempoParams {
                hop_length: usize::MAX,
                ..default
            },
            TempoParams {
                start_bpm: 0.0,
                ..default
            },
            TempoParams {
                start_bpm: f64::NAN,
                ..default
            },
            TempoParams {
                std_bpm: -1.0,
                ..default
            },
            TempoParams {
                std_bpm: f64::INFINITY,
                ..default
            },
            TempoParams {
                ac_size: 0.0,
                ..default
            },
            TempoParams {
                ac_size: 0.04,
                ..default
            },
            TempoParams {
                ac_size: 1e300,
                ..default
            },
            TempoParams {
                ac_size: f64::NAN,
                ..default
            },
            TempoParams {
                max_tempo: Some(0.0),
                ..default
            },
            TempoParams {
                max_tempo: Some(f64::NAN),
                ..default
            },
        ] {
            assert!(Tempo::new(params).is_err(), "{params:?}");
        }
        for bad in [&[][..], &[f32::NAN], &[1.0, f32::INFINITY]] {
            assert!(default_plan().process(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn extreme_envelopes_have_a_finite_tempo() {
        for value in [0.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::MIN] {
            for n in [1, 2, 40, 700] {
                let tempo = default_plan().process(&vec![value; n]).unwrap();
                assert!(tempo.is_finite() && tempo > 0.0, "{n} x {value}: {tempo}");
            }
        }
    }

    proptest! {
        #[test]
        fn loudness_does_not_matter(
            envelope in prop::collection::vec(0.0f32..30.0, 1..300),
            exponent in -20i32..20,
        ) {
            // A power of two: no rounding at all.
            let scaled: Vec<f32> = envelope.iter().map(|v| v * 2f32.powi(exponent)).collect();
            let plan = default_plan();
            prop_assert_eq!(plan.process(&envelope), plan.process(&scaled));
        }
    }
}
