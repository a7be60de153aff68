use std::f64::consts::TAU;

use pulp::{Simd, WithSimd};

use crate::error::{Error, Result, check, check_finite};
use crate::tempogram::{MAX_WIN_LENGTH, ramp_padded};
use crate::window::Window;

/// Parameters of [`Tempo`], named as in `librosa.feature.tempo`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TempoParams {
    /// Samples a second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between values of the envelope, at least 1; default 512.
    pub hop_length: usize,
    /// Centre of the prior, in beats a minute, above 0; default 120.
    pub start_bpm: f64,
    /// Width of the prior, in octaves, above 0; default 1.
    pub std_bpm: f64,
    /// Length of the window that repetitions are sought in, in seconds; default 8. It must hold
    /// 2 to 65 536 frames.
    pub ac_size: f64,
    /// Estimates are below this, in beats a minute; above 0; default 320.
    pub max_tempo: Option<f64>,
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
        }
    }
}

impl TempoParams {
    fn validate(&self) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let rule = "must be a positive number";
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
        check(positive(self.start_bpm), "start_bpm", self.start_bpm, rule)?;
        check(positive(self.std_bpm), "std_bpm", self.std_bpm, rule)?;
        let max_tempo = self.max_tempo.unwrap_or(1.0);
        check(positive(max_tempo), "max_tempo", max_tempo, rule)?;
        let fits = positive(self.ac_size) && (2..=MAX_WIN_LENGTH).contains(&self.win_length());
        check(fits, "ac_size", self.ac_size, "must last 2 to 65536 frames")
    }

    /// Frames in `ac_size` seconds, rounded down twice as `librosa.time_to_frames` does.
    fn win_length(&self) -> usize {
        (self.ac_size * f64::from(self.sample_rate)) as usize / self.hop_length
    }
}

/// The tempo of every lag of a tempogram, in beats a minute; that of lag 0 is infinite.
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

/// A planned tempo estimate: the lag at which an onset envelope repeats itself most, weighed by
/// a log-normal prior.
///
/// ```text
/// bpm[l] = 60 sample_rate / (hop_length l)
/// r[l]   = mean over t of the tempogram's out[l, t], for a Hann window of ac_size seconds
/// tempo  = bpm[l] with the largest  log(1 + 10^6 r[l]) - ((log2 bpm[l] - log2 start_bpm) / std_bpm)^2 / 2
/// ```
///
/// Equals `librosa.feature.tempo` (one tempo for the envelope), also in that the first lag with
/// `r[l] < -10^-6` wins, which only an envelope with negative values can have.
///
/// The tempogram is never made. Exchanging the sums over frames and lags gives, with the frame
/// energies `e[t]` and `n = t + m`,
///
/// ```text
/// r[l] n_frames = sum_n  x[n] x[n + l]  sum_m  w[m] w[m + l] / e[n - m]
/// w[m + l] = 1/2 - cos(a l) cos(a m) / 2 + sin(a l) sin(a m) / 2,   a = 2 pi / win_length
/// ```
///
/// so the inner sum is made of three running sums over `m < win_length - l` that grow by a term
/// from lag to lag: a few operations a frame and lag, and nothing is ever subtracted from them.
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
    bpm: Vec<f64>,
    log_prior: Vec<f64>,
    window_squared: Vec<f64>,
    lags: Vec<Lag>,
}

/// What one lag adds to the running sums, and how they make its weight.
#[derive(Debug, Clone, Copy)]
struct Lag {
    /// `w[m] / 2` times 1, `cos a m` and `sin a m`, for the term `m = win_length - 1 - l`.
    term: [f64; 3],
    /// `-cos a l`
    cos: f64,
    /// `sin a l`
    sin: f64,
}

impl Tempo {
    /// Makes the window, the prior and the weights of every lag.
    ///
    /// # Errors
    /// - `sample_rate` or `hop_length` is 0
    /// - `start_bpm`, `std_bpm` or `max_tempo` is not a positive number
    /// - `ac_size` lasts less than 2 or more than 65 536 frames
    pub fn new(params: TempoParams) -> Result<Self> {
        params.validate()?;
        let win_length = params.win_length();
        let bpm = tempo_frequencies(win_length, params.hop_length, params.sample_rate);
        let octaves = |bpm: &f64| (bpm.log2() - params.start_bpm.log2()) / params.std_bpm;
        let mut log_prior: Vec<f64> = bpm.iter().map(|bpm| -0.5 * octaves(bpm).powi(2)).collect();
        if let Some(max_tempo) = params.max_tempo {
            let first = bpm.iter().position(|bpm| *bpm < max_tempo).unwrap_or(0);
            log_prior[..first].fill(f64::NEG_INFINITY);
        }

        let window = Window::Hann.periodic(win_length);
        let angle = |l: usize| TAU * l as f64 / win_length as f64;
        let lag = |l: usize| {
            let m = win_length - 1 - l;
            let half = 0.5 * window[m];
            Lag {
                term: [half, half * angle(m).cos(), half * angle(m).sin()],
                cos: -angle(l).cos(),
                sin: angle(l).sin(),
            }
        };
        Ok(Self {
            bpm,
            log_prior,
            window_squared: window.iter().map(|w| w * w).collect(),
            lags: (0..win_length).map(lag).collect(),
        })
    }

    /// The tempo of an onset envelope of any positive length, in beats a minute.
    ///
    /// # Errors
    /// - the envelope is empty
    /// - it has a value that is not finite
    pub fn process(&self, envelope: &[f32]) -> Result<f64> {
        if envelope.is_empty() {
            return Err(Error::TooShort {
                name: "envelope",
                needed: 1,
                got: 0,
            });
        }
        check_finite("envelope", envelope)?;
        let mean = self.mean_tempogram(envelope);
        let mut best = (f64::NEG_INFINITY, f64::INFINITY);
        for ((r, log_prior), bpm) in mean.iter().zip(&self.log_prior).zip(&self.bpm) {
            let score = (1e6 * r).ln_1p() + log_prior;
            if score.is_nan() {
                return Ok(*bpm);
            }
            if score > best.0 {
                best = (score, *bpm);
            }
        }
        Ok(best.1)
    }

    /// The mean over frames of the tempogram, for all lags.
    fn mean_tempogram(&self, envelope: &[f32]) -> Vec<f64> {
        let win_length = self.lags.len();
        let mut x = ramp_padded(envelope, win_length / 2);
        let n_padded = x.len();
        // Zeros to read behind the end.
        x.resize(n_padded + win_length + MAX_LANES, 0.0);
        let inverse = self.inverse_energies(&x, envelope.len());
        let (x, inverse) = (x.as_slice(), inverse.as_slice());
        let mut mean = pulp::Arch::new().dispatch(WeighLags {
            lags: &self.lags,
            x,
            inverse,
            n_padded,
        });
        for r in &mut mean {
            *r /= envelope.len() as f64;
        }
        mean
    }

    /// `1 / e[t]` at index `win_length + t`, 0 for a frame without energy, among as many zeros as
    /// `WeighLags` may read before the first and behind the last frame.
    fn inverse_energies(&self, x: &[f64], n_frames: usize) -> Vec<f64> {
        let win_length = self.lags.len();
        let squares: Vec<f64> = x.iter().map(|x| x * x).collect();
        let mut inverse = vec![0.0; x.len() + win_length];
        let energies = &mut inverse[win_length..win_length + n_frames];
        for (m, w) in self.window_squared.iter().enumerate() {
            for (energy, square) in energies.iter_mut().zip(&squares[m..]) {
                *energy += w * square;
            }
        }
        for energy in energies {
            *energy = if *energy < f64::MIN_POSITIVE {
                0.0
            } else {
                1.0 / *energy
            };
        }
        inverse
    }
}

/// Lanes of the widest registers.
const MAX_LANES: usize = 8;

/// `sum over n of x[n] x[n + l] sum over m of w[m] w[m + l] inverse[win_length + n - m]`.
struct WeighLags<'a> {
    lags: &'a [Lag],
    x: &'a [f64],
    inverse: &'a [f64],
    n_padded: usize,
}

impl WithSimd for WeighLags<'_> {
    type Output = Vec<f64>;

    /// A register of neighbouring `n` at a time, through all lags from the longest: the window
    /// of the running sums is empty there and grows by one term a lag.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let zero = simd.splat_f64s(0.0);
        let mut sums = vec![zero; self.lags.len()];
        for n in (0..self.n_padded).step_by(S::F64_LANES) {
            let here = load::<S>(&self.x[n..]);
            let mut running = [zero; 3];
            for (l, (lag, sum)) in self.lags.iter().zip(&mut sums).enumerate().rev() {
                let later = load::<S>(&self.x[n + l..]);
                let inverse = load::<S>(&self.inverse[n + l + 1..]);
                for (running, term) in running.iter_mut().zip(lag.term) {
                    let term = simd.mul_f64s(simd.splat_f64s(term), inverse);
                    *running = simd.add_f64s(*running, term);
                }
                let [one, cos, sin] = running;
                let cos = simd.mul_f64s(simd.splat_f64s(lag.cos), cos);
                let sin = simd.mul_f64s(simd.splat_f64s(lag.sin), sin);
                let weight = simd.add_f64s(one, simd.add_f64s(cos, sin));
                let product = simd.mul_f64s(here, later);
                *sum = simd.add_f64s(*sum, simd.mul_f64s(product, weight));
            }
        }
        sums.into_iter()
            .map(|sum| simd.reduce_sum_f64s(sum))
            .collect()
    }
}

#[inline(always)]
fn load<S: Simd>(values: &[f64]) -> S::f64s {
    S::as_simd_f64s(&values[..S::F64_LANES]).0[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tempogram::{Tempogram, TempogramParams};
    use proptest::prelude::*;

    fn default_plan() -> Tempo {
        Tempo::new(TempoParams::default()).unwrap()
    }

    /// Mean of the tempogram made frame by frame: the definition.
    fn naive_mean(envelope: &[f32], win_length: usize) -> Vec<f64> {
        let params = TempogramParams {
            win_length,
            ..Default::default()
        };
        let tempogram = Tempogram::new(params).unwrap().process(envelope).unwrap();
        tempogram
            .outer_iter()
            .map(|row| row.sum() / row.len() as f64)
            .collect()
    }

    fn assert_mean_equals_the_definition(name: &str, envelope: &[f32]) {
        for ac_size in [8.0, 3.0, 0.1] {
            let params = TempoParams {
                ac_size,
                ..Default::default()
            };
            let plan = Tempo::new(params).unwrap();
            let expected = naive_mean(envelope, params.win_length());
            let got = plan.mean_tempogram(envelope);
            for (l, (got, expected)) in got.iter().zip(&expected).enumerate() {
                // The values are means of numbers up to 1. Each is a sum of a few hundred terms
                // here and the FFT's there: 1e-13 is 500 eps, and log1p(1e6 r) sees it as 1e-7.
                let error = (got - expected).abs();
                assert!(
                    error < 1e-13,
                    "{name}, {ac_size} s, lag {l}: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn mean_tempogram_equals_the_definition() {
        let noise = |t: usize| (t * t * 31 + t * 7) % 101;
        for n in [1usize, 2, 15, 16, 17, 130, 1293] {
            let envelope: Vec<f32> = (0..n).map(|t| noise(t) as f32 / 9.0).collect();
            assert_mean_equals_the_definition("noise", &envelope);
            assert_mean_equals_the_definition("constant", &vec![3.0; n]);
            assert_mean_equals_the_definition("silence", &vec![0.0; n]);
        }
    }

    #[test]
    fn quiet_frames_beside_loud_ones_lose_nothing() {
        // Energies that differ by 1e40: a sliding sum with subtraction would fail here.
        let step = |t: usize| if t < 600 { 1e-20 } else { 1e20 };
        let steps: Vec<f32> = (0..1293).map(|t| step(t) * (1 + t % 7) as f32).collect();
        assert_mean_equals_the_definition("step up", &steps);
        let down: Vec<f32> = steps.iter().rev().copied().collect();
        assert_mean_equals_the_definition("step down", &down);
        let mut lone = vec![0.0; 1293];
        lone[500] = 1.0;
        lone[1100] = 1e-9;
        assert_mean_equals_the_definition("two clicks", &lone);
    }

    #[test]
    fn clicks_give_their_own_tempo_or_half_of_a_fast_one() {
        // A train of clicks repeats at twice its period too: the prior decides between them.
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
