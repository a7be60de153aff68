use ndarray::{Array2, ArrayView2};

use super::tempo::tempo_frequencies;
use crate::elementary::ln_1p;
use crate::error::{Error, Result, check, check_length, check_sample_rate};
use crate::interpolation::interpolate;
use crate::simd::dispatch;

/// Parameters of [`tempogram_ratio`], named as in librosa.
#[derive(Debug, Clone, PartialEq)]
pub struct TempogramRatioParams {
    /// Samples per second, at least 1; default 22 050.
    pub sample_rate: u32,
    /// Samples between frames, at least 1; default 512.
    pub hop_length: usize,
    /// The tempo of every frame in beats per minute; default: estimated from each frame.
    pub bpm: Option<Vec<f64>>,
    /// Centre of the prior of the estimated tempo, in beats per minute, above 0; default 120.
    pub start_bpm: f64,
    /// Width of the prior, in octaves, above 0; default 1.
    pub std_bpm: f64,
    /// Upper bound (exclusive) of the estimated tempo in beats per minute, above 0; default 320. `None`: no
    /// bound.
    pub max_tempo: Option<f64>,
    /// The multiples of the tempo, above 0; default 4, 8/3, 3, 2, 4/3, 3/2, 1, 2/3, 3/4, 1/2, 1/3, 3/8 and 1/4:
    /// from a sixteenth note to a dotted whole note.
    pub factors: Vec<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for TempogramRatioParams {
    fn default() -> Self {
        let factors = [
            (4, 1),
            (8, 3),
            (3, 1),
            (2, 1),
            (4, 3),
            (3, 2),
            (1, 1),
            (2, 3),
            (3, 4),
            (1, 2),
            (1, 3),
            (3, 8),
            (1, 4),
        ];
        Self {
            sample_rate: 22_050,
            hop_length: 512,
            bpm: None,
            start_bpm: 120.0,
            std_bpm: 1.0,
            max_tempo: Some(320.0),
            factors: factors.map(|(a, b)| f64::from(a) / f64::from(b)).to_vec(),
            _non_exhaustive: (),
        }
    }
}

impl TempogramRatioParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description, or a number that is not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let hop = self.hop_length;
        check(hop >= 1, "hop_length", hop, "must be at least 1")?;
        let rule = "must be a positive number";
        let positive = |value: f64| value > 0.0 && value.is_finite();
        check(positive(self.start_bpm), "start_bpm", self.start_bpm, rule)?;
        check(positive(self.std_bpm), "std_bpm", self.std_bpm, rule)?;
        let max_tempo = self.max_tempo.unwrap_or(1.0);
        check(positive(max_tempo), "max_tempo", max_tempo, rule)?;
        for factor in &self.factors {
            check(positive(*factor), "factors", factor, rule)?;
        }
        for bpm in self.bpm.iter().flatten() {
            check(positive(*bpm), "bpm", bpm, rule)?;
        }
        Ok(())
    }

    /// The lag with the largest product of tempogram and prior in every frame, as a tempo.
    fn estimate(&self, tempogram: ArrayView2<'_, f64>, bpm: &[f64]) -> Vec<f64> {
        let octaves = |bpm: &f64| (libm::log2(*bpm) - libm::log2(self.start_bpm)) / self.std_bpm;
        let first = match self.max_tempo {
            Some(max_tempo) => bpm.iter().position(|b| *b < max_tempo).unwrap_or(0),
            None => 0,
        };
        let prior: Vec<f64> = bpm.iter().map(|b| -0.5 * octaves(b).powi(2)).collect();
        // Below it the logarithm is NaN, which NumPy takes for the largest.
        if tempogram.iter().all(|v| *v > -5e-7) {
            return most_likely(tempogram, &prior, bpm, first);
        }
        let best_of = |column: ndarray::ArrayView1<'_, f64>| {
            // Where all of them are excluded NumPy takes the first one.
            let mut best = (f64::NEG_INFINITY, bpm[0]);
            for l in first..bpm.len() {
                let score = libm::log1p(1e6 * column[l]) + prior[l];
                if score.is_nan() {
                    return bpm[l];
                }
                if score > best.0 {
                    best = (score, bpm[l]);
                }
            }
            best.1
        };
        tempogram.columns().into_iter().map(best_of).collect()
    }
}

/// For every frame the tempo with the largest `ln(1 + 1e6 t) + prior`, from lag `first` on.
fn most_likely(
    tempogram: ArrayView2<'_, f64>,
    prior: &[f64],
    bpm: &[f64],
    first: usize,
) -> Vec<f64> {
    let mut scores = vec![f64::NEG_INFINITY; tempogram.ncols()];
    let mut best = vec![bpm[0]; tempogram.ncols()];
    for (l, row) in tempogram.outer_iter().enumerate().skip(first) {
        let row = row.to_vec();
        let (prior, bpm) = (prior[l], bpm[l]);
        dispatch(
            #[inline(always)]
            || {
                for ((score, best), v) in scores.iter_mut().zip(&mut best).zip(&row) {
                    let now = ln_1p(1e6 * v) + prior;
                    let is_higher = now > *score;
                    *score = if is_higher { now } else { *score };
                    *best = if is_higher { bpm } else { *best };
                }
            },
        );
    }
    best
}

/// How strongly each frame repeats itself at simple multiples of its tempo (Peeters 2005; Prockup et al. 2015);
/// equals `librosa.feature.tempogram_ratio(tg=tempogram)`.
///
/// ```text
/// out[i, t] = tempogram at the lag of tempo factors[i] bpm[t], between two lags on a straight line over tempo
/// ```
///
/// - `tempogram`: that of [`Tempogram`](crate::Tempogram), shape `(win_length, n_frames)`, at least three lags;
/// - result: shape `(factors.len(), n_frames)`; 0 for tempi that are faster than lag 1 or slower than the
///   longest lag.
///
/// # Errors
///
/// - those of [`TempogramRatioParams::validate`];
/// - fewer than three lags, a value that is not finite, or a number of `bpm` that differs from the number of
///   frames.
///
/// ```
/// use timbral_dsp::{Tempogram, TempogramParams, TempogramRatioParams, tempogram_ratio};
///
/// let clicks: Vec<f32> = (0..400).map(|t| f32::from(u8::from(t % 20 == 0))).collect();
/// let tempogram = Tempogram::new(TempogramParams::default())?.process(&clicks)?;
/// let ratio = tempogram_ratio(tempogram.view(), &TempogramRatioParams::default())?;
/// assert_eq!(ratio.dim(), (13, 400));
/// // The tempo itself, and half of it.
/// assert!(ratio[[6, 200]] > 0.9 && ratio[[9, 200]] > 0.8 && ratio[[3, 200]] < 0.1);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn tempogram_ratio(
    tempogram: ArrayView2<'_, f64>,
    params: &TempogramRatioParams,
) -> Result<Array2<f64>> {
    params.validate()?;
    let (n_lags, n_frames) = tempogram.dim();
    if n_lags < 3 {
        return Err(Error::TooShort {
            name: "tempogram rows",
            needed: 3,
            got: n_lags,
        });
    }
    check_values("tempogram", tempogram)?;
    let lags = tempo_frequencies(n_lags, params.hop_length, params.sample_rate);
    let bpm = match &params.bpm {
        Some(bpm) => {
            check_length("bpm", n_frames, bpm.len())?;
            bpm.clone()
        }
        None => params.estimate(tempogram, &lags),
    };
    // Ascending, without the infinite one.
    let positions: Vec<f64> = lags[1..].iter().rev().copied().collect();
    let mut out = Array2::zeros((params.factors.len(), n_frames));
    for ((i, t), out) in out.indexed_iter_mut() {
        let value = |k: usize| tempogram[[n_lags - 1 - k, t]];
        let at = bpm[t] * params.factors[i];
        *out = interpolate(&positions, value, at).unwrap_or(0.0);
    }
    Ok(out)
}

/// The first NaN or infinity, as an error.
pub(super) fn check_values(name: &'static str, values: ArrayView2<'_, f64>) -> Result<()> {
    match values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some((index, value)) => Err(Error::NotFinite {
            name,
            index,
            value: *value as f32,
        }),
    }
}
