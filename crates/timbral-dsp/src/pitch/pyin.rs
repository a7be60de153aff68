use super::difference::Difference;
use super::troughs::TroughPrior;
use super::yin_params::YinParams;
use crate::error::{Result, check};
use crate::sequence::{Decoder, local_weights};

/// Parameters of [`Pyin`], named as in `librosa.pyin`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PyinParams {
    /// Frames and the range of frequencies. The defaults are those of [`YinParams`].
    pub yin: YinParams,
    /// Number of thresholds, `1..=10000`; default 100.
    pub n_thresholds: usize,
    /// The two parameters of the beta distribution of the thresholds, above 0; default 2 and 18.
    pub beta_parameters: (f64, f64),
    /// The preference for the first trough below a threshold, above 0; default 2.
    pub boltzmann_parameter: f64,
    /// Distance of pitches in semitones, 0.001 to 1; default 0.1.
    pub resolution: f64,
    /// The fastest change of pitch in octaves per second, at least 0 and so small that a change between two
    /// frames is smaller than the range of pitches; default 35.92.
    pub max_transition_rate: f64,
    /// The probability of a change between voiced and unvoiced, `0..=1`; default 0.01.
    pub switch_prob: f64,
    /// The probability of the lowest trough if no trough is below the threshold, `0..=1`; default 0.01.
    pub no_trough_prob: f64,
    /// The frequency of unvoiced frames; default NaN. `None`: the most probable pitch.
    pub fill_na: Option<f64>,
    /// Transitions that are less probable than this are left out, at least 0; default 0.0001. `None`: none are
    /// left out.
    pub transition_min_prob: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PyinParams {
    fn default() -> Self {
        Self {
            yin: YinParams::default(),
            n_thresholds: 100,
            beta_parameters: (2.0, 18.0),
            boltzmann_parameter: 2.0,
            resolution: 0.1,
            max_transition_rate: 35.92,
            switch_prob: 0.01,
            no_trough_prob: 0.01,
            fill_na: Some(f64::NAN),
            transition_min_prob: Some(0.0001),
            _non_exhaustive: (),
        }
    }
}

impl PyinParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// - those of [`YinParams::validate`];
    /// - a parameter outside the range in its description;
    /// - more than 32 768 pitches (`resolution`), or a change between two frames that is as large as the range
    ///   of all pitches (`max_transition_rate`).
    pub fn validate(&self) -> Result<()> {
        self.yin.validate()?;
        let n = self.n_thresholds;
        let holds = (1..=10_000).contains(&n);
        check(holds, "n_thresholds", n, "must be in 1..=10000")?;
        let above = |v: f64| v > 0.0 && v.is_finite();
        let rule = "must be finite and above 0";
        let (a, b) = self.beta_parameters;
        check(above(a), "beta_parameters", a, rule)?;
        check(above(b), "beta_parameters", b, rule)?;
        let boltzmann = self.boltzmann_parameter;
        check(above(boltzmann), "boltzmann_parameter", boltzmann, rule)?;
        let resolution = self.resolution;
        let holds = (0.001..=1.0).contains(&resolution);
        check(holds, "resolution", resolution, "must be in 0.001..=1")?;
        let many = self.n_pitches() <= 1 << 15;
        let rule = "makes more than 32768 pitches";
        check(many, "resolution", resolution, rule)?;
        let rule = "must be in 0..=1";
        for (name, value) in [
            ("switch_prob", self.switch_prob),
            ("no_trough_prob", self.no_trough_prob),
            (
                "transition_min_prob",
                self.transition_min_prob.unwrap_or(0.0),
            ),
        ] {
            check((0.0..=1.0).contains(&value), name, value, rule)?;
        }
        let rate = self.max_transition_rate;
        let holds = (0.0..1e9).contains(&rate) && self.transition_width() <= self.n_pitches();
        let rule = "must not be negative, nor exceed the range of all pitches within one frame";
        check(holds, "max_transition_rate", rate, rule)?;
        Ok(())
    }

    fn bins_per_semitone(&self) -> usize {
        (1.0 / self.resolution).ceil() as usize
    }

    fn n_pitches(&self) -> usize {
        let octaves = libm::log2(self.yin.fmax / self.yin.fmin);
        (12.0 * self.bins_per_semitone() as f64 * octaves).floor() as usize + 1
    }

    /// Pitches that the next frame may have.
    fn transition_width(&self) -> usize {
        let seconds = self.yin.hop_length as f64 / f64::from(self.yin.sample_rate);
        let semitones = (self.max_transition_rate * 12.0 * seconds).round_ties_even();
        semitones as usize * self.bins_per_semitone() + 1
    }
}

/// The pitch of every frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Pitches {
    /// The fundamental frequency in hertz; `fill_na` where unvoiced.
    pub f0: Vec<f64>,
    /// Whether the frame has a pitch (is voiced).
    pub voiced: Vec<bool>,
    /// The probability that the frame is voiced, from this frame alone.
    pub voiced_probability: Vec<f64>,
}

/// A planned probabilistic estimate of the fundamental frequency (pYIN, Mauch and Dixon 2014); equals `librosa.pyin`.
///
/// Every trough of YIN's difference (see [`Yin`](crate::Yin)) is a candidate. Its probability is that of the
/// beta-distributed thresholds above it, weighted by `exp(-boltzmann_parameter k)` for the k-th trough below a
/// threshold. Candidates are rounded to pitches that are `resolution` semitones apart.
///
/// A hidden Markov model then gives the most probable sequence, by [`viterbi`](crate::viterbi). It has a voiced
/// and an unvoiced state per pitch, and triangular probabilities of changes.
///
/// ```text
/// f0 = fmin 2^(pitch / (12 ceil(1 / resolution)))
/// ```
///
/// Differences are computed in f64. librosa computes them in f32, which may put a trough on the other side of a
/// threshold.
///
/// ```
/// use timbral_dsp::{Pyin, PyinParams};
///
/// // A second of A4, then silence.
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let mut y: Vec<f32> = (0..22050).map(tone).collect();
/// y.resize(44100, 0.0);
/// let pitches = Pyin::new(PyinParams::default())?.process(&y)?;
/// assert!((pitches.f0[20] - 440.0).abs() < 2.0);
/// assert!(pitches.voiced[20] && !pitches.voiced[70] && pitches.f0[70].is_nan());
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct Pyin {
    params: PyinParams,
    difference: Difference,
    prior: TroughPrior,
    decoder: Decoder,
}

impl std::fmt::Debug for Pyin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pyin")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Pyin {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`PyinParams::validate`], and a `transition_min_prob` that leaves a pitch without a
    /// predecessor.
    pub fn new(params: PyinParams) -> Result<Self> {
        params.validate()?;
        let n = params.n_pitches();
        let weights = local_weights(n, params.transition_width());
        let stay = 1.0 - params.switch_prob;
        let switch = [stay, 1.0 - stay];
        let probability = |from: usize, to: usize| {
            let changed = usize::from((from < n) != (to < n));
            switch[changed] * weights.at(from % n, to % n)
        };
        Ok(Self {
            prior: TroughPrior::new(
                params.n_thresholds,
                params.beta_parameters,
                params.boltzmann_parameter,
                params.no_trough_prob,
            ),
            difference: Difference::new(&params.yin),
            decoder: Decoder::new(2 * n, n, probability, params.transition_min_prob)?,
            params,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &PyinParams {
        &self.params
    }

    /// The pitches of a signal.
    ///
    /// # Errors
    ///
    /// Those of [`Yin::process`](crate::Yin::process).
    pub fn process(&self, y: &[f32]) -> Result<Pitches> {
        let n = self.params.n_pitches();
        let per_octave = 12.0 * self.params.bins_per_semitone() as f64;
        let rate = f64::from(self.params.yin.sample_rate);
        let fmin = self.params.yin.fmin;
        let mut candidates: Vec<Vec<(usize, f64)>> = Vec::new();
        let mut troughs = Vec::new();
        self.difference.for_each_frame(y, |_, periods| {
            self.prior.process(periods, &mut troughs);
            let mut pitches: Vec<(usize, f64)> = Vec::with_capacity(troughs.len());
            for (i, probability) in &troughs {
                let period = (self.difference.shortest + i) as f64 + periods.shift(*i);
                let pitch = per_octave * libm::log2(rate / period / fmin);
                let pitch = pitch.round_ties_even().clamp(0.0, n as f64) as usize;
                // Of candidates with one pitch the last one counts; those above fmax do not.
                pitches.retain(|(other, _)| *other != pitch);
                if pitch < n {
                    pitches.push((pitch, *probability));
                }
            }
            pitches.sort_by_key(|(pitch, _)| *pitch);
            candidates.push(pitches);
        })?;
        let voiced_probability: Vec<f64> = candidates
            .iter()
            .map(|pitches| pitches.iter().map(|(_, p)| p).sum::<f64>().clamp(0.0, 1.0))
            .collect();
        let log = |p: f64| libm::log(p + f64::MIN_POSITIVE);
        let initial = vec![log(1.0 / (2 * n) as f64); 2 * n];
        let (states, _) = self
            .decoder
            .decode(candidates.len(), &initial, |t, row, sparse| {
                sparse.others = log(0.0);
                row[..n].fill(sparse.others);
                for (pitch, probability) in &candidates[t] {
                    row[*pitch] = log(*probability);
                    sparse.states.push(*pitch);
                }
                row[n..].fill(log((1.0 - voiced_probability[t]) / n as f64));
            });
        let voiced: Vec<bool> = states.iter().map(|s| *s < n).collect();
        let f0 = states.iter().zip(&voiced).map(|(state, voiced)| {
            let hertz = fmin * libm::exp2((state % n) as f64 / per_octave);
            match self.params.fill_na {
                Some(fill) if !voiced => fill,
                _ => hertz,
            }
        });
        Ok(Pitches {
            f0: f0.collect(),
            voiced,
            voiced_probability,
        })
    }
}
