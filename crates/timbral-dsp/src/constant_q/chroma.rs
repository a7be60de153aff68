use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array2, ArrayView2};

use super::cqt::{Cqt, CqtScratch};
use super::cqt_params::{C1, CqtParams, Intervals, debug_plan};
use super::hybrid::HybridCqt;
use crate::error::{Error, Result, check, check_length};
use crate::scaling::{Norm, normalize_columns};
use crate::spectral::{PiptrackParams, TUNING_RESOLUTION, estimate_tuning};
use crate::transform::{Stft, StftParams};

/// Parameters of [`ChromaCqt`], named as in `librosa.feature.chroma_cqt` and `librosa.feature.chroma_vqt`.
#[derive(Debug, Clone, PartialEq)]
pub struct ChromaCqtParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// The lowest frequency in hertz, above 0; default C1, 32.703 Hz.
    pub fmin: f64,
    /// Pitch classes, `1..=1200`; default 12.
    pub n_chroma: usize,
    /// Octaves of the transform, at least 1; default 7.
    pub n_octaves: usize,
    /// Bins per octave, a multiple of `n_chroma` up to 1200; default 36.
    pub bins_per_octave: usize,
    /// The frequencies within an octave; default equal steps.
    pub intervals: Intervals,
    /// Bandwidth offset in hertz, see [`CqtParams::gamma`]; default 0.
    pub gamma: Option<f64>,
    /// Deviation of all frequencies in bins; default: estimated from each signal.
    pub tuning: Option<f64>,
    /// Sums below this become 0; default 0.
    pub threshold: f32,
    /// The norm to which each frame is scaled; default the largest value.
    pub norm: Norm,
    /// Whether to use [`HybridCqt`] in place of [`Cqt`] (`cqt_mode`); default false.
    pub hybrid: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ChromaCqtParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            hop_length: 512,
            fmin: C1,
            n_chroma: 12,
            n_octaves: 7,
            bins_per_octave: 36,
            intervals: Intervals::Equal,
            gamma: Some(0.0),
            tuning: None,
            threshold: 0.0,
            norm: Norm::Max,
            hybrid: false,
            _non_exhaustive: (),
        }
    }
}

impl ChromaCqtParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// - those of [`CqtParams::validate`];
    /// - `n_chroma` or `n_octaves` of 0, `bins_per_octave` that is not a multiple of `n_chroma`, more than 8192
    ///   bins, or a `threshold` that is not finite.
    pub fn validate(&self) -> Result<()> {
        let (bins, n_chroma) = (self.bins_per_octave, self.n_chroma);
        check(n_chroma >= 1, "n_chroma", n_chroma, "must be at least 1")?;
        let holds = bins.is_multiple_of(n_chroma);
        let rule = "must be a multiple of n_chroma";
        check(holds, "bins_per_octave", bins, rule)?;
        let octaves = self.n_octaves;
        let rule = "must be at least 1, with at most 8192 bins in all";
        let holds = octaves >= 1 && octaves.saturating_mul(bins) <= 8192;
        check(holds, "n_octaves", octaves, rule)?;
        let threshold = self.threshold;
        check(
            threshold.is_finite(),
            "threshold",
            threshold,
            "must be finite",
        )?;
        self.transform(self.tuning.unwrap_or(0.0)).validate()
    }

    /// The parameters of the transform.
    fn transform(&self, tuning: f64) -> CqtParams {
        CqtParams {
            sample_rate: self.sample_rate,
            hop_length: self.hop_length,
            fmin: self.fmin,
            n_bins: self.n_octaves.saturating_mul(self.bins_per_octave),
            bins_per_octave: self.bins_per_octave,
            intervals: self.intervals.clone(),
            tuning,
            gamma: self.gamma,
            ..CqtParams::default()
        }
    }

    /// The pitch class of bin `k`; equals `librosa.filters.cq_to_chroma`.
    fn class(&self, k: usize) -> usize {
        let merged = self.bins_per_octave / self.n_chroma;
        let class = (k + merged / 2) % self.bins_per_octave / merged;
        let midi = (12.0 * libm::log2(self.fmin / 440.0) + 69.0).rem_euclid(12.0);
        let shift = (midi * (self.n_chroma as f64 / 12.0)).round_ties_even();
        (class + shift as usize) % self.n_chroma
    }
}

/// A planned chromagram from a constant-Q or variable-Q transform: the energy per pitch class, from C upwards.
/// Equals `librosa.feature.chroma_cqt`, and `librosa.feature.chroma_vqt` with `intervals` and `gamma`.
///
/// ```text
/// chroma[c, t] = sum of |C[k, t]| over the bins k nearest to pitch class c, in all octaves
/// ```
///
/// Each frame is then scaled by `norm`. If `tuning` is `None`, it is estimated by [`estimate_tuning`] from a
/// spectrogram with frames of 2048 samples. The plan for this tuning is kept.
///
/// ```
/// use timbral_dsp::{ChromaCqt, ChromaCqtParams};
///
/// // A4 is the tenth semitone above C.
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let chroma = ChromaCqt::new(ChromaCqtParams::default())?.process_signal(&y)?;
/// assert_eq!(chroma.dim(), (12, 44));
/// assert_eq!(chroma[[9, 20]], 1.0);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub struct ChromaCqt {
    params: ChromaCqtParams,
    /// The transforms made so far and their tunings.
    transforms: Mutex<Vec<(f64, Arc<Transform>)>>,
}

enum Transform {
    Full(Box<Cqt>),
    Hybrid(Box<HybridCqt>),
}

/// Transforms that are kept. Estimated tunings take one of 100 values.
const MAX_KEPT: usize = 100;

impl fmt::Debug for ChromaCqt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_plan(f, "ChromaCqt", &self.params)
    }
}

impl Clone for ChromaCqt {
    fn clone(&self) -> Self {
        Self {
            params: self.params.clone(),
            transforms: Mutex::new(Vec::new()),
        }
    }
}

impl ChromaCqt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`ChromaCqtParams::validate`], and of [`Cqt::new`] with the `tuning`, or with 0 if it is
    /// `None`.
    pub fn new(params: ChromaCqtParams) -> Result<Self> {
        params.validate()?;
        let plan = Self {
            params,
            transforms: Mutex::new(Vec::new()),
        };
        plan.transform(plan.params.tuning.unwrap_or(0.0))?;
        Ok(plan)
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &ChromaCqtParams {
        &self.params
    }

    /// The chromagram, shape `(n_chroma, n_frames)`, of a transform's magnitudes of shape
    /// `(n_octaves bins_per_octave, n_frames)`.
    ///
    /// # Errors
    ///
    /// A transform with another number of rows, or a value that is NaN or infinite.
    pub fn process(&self, magnitude: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let p = &self.params;
        let n_bins = p.n_octaves * p.bins_per_octave;
        check_length("magnitude rows", n_bins, magnitude.nrows())?;
        if let Some((index, value)) = magnitude.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(Error::NotFinite {
                name: "magnitude",
                index,
                value: *value,
            });
        }
        let mut chroma = Array2::zeros((p.n_chroma, magnitude.ncols()));
        for (k, row) in magnitude.outer_iter().enumerate() {
            let mut class = chroma.row_mut(p.class(k));
            class += &row;
        }
        chroma.mapv_inplace(|v| if v < p.threshold { 0.0 } else { v });
        normalize_columns(&mut chroma, p.norm);
        Ok(chroma)
    }

    /// The chromagram of a signal, shape `(n_chroma, n_frames)`.
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::process`], and of [`Cqt::new`] if the estimated tuning moves a filter beyond half of the
    /// sample rate.
    pub fn process_signal(&self, y: &[f32]) -> Result<Array2<f32>> {
        let tuning = match self.params.tuning {
            Some(tuning) => tuning,
            None => self.tuning_of(y)?,
        };
        self.process_tuned(y, tuning, &mut CqtScratch::default())
    }

    /// The chromagram of a signal of known tuning.
    pub(crate) fn process_tuned(
        &self,
        y: &[f32],
        tuning: f64,
        scratch: &mut CqtScratch,
    ) -> Result<Array2<f32>> {
        let magnitude = match &*self.transform(tuning)? {
            Transform::Full(cqt) => cqt.magnitude_with_scratch(y, scratch)?,
            Transform::Hybrid(hybrid) => hybrid.process(y)?,
        };
        self.process(magnitude.view())
    }

    /// The tuning of a signal, in bins.
    pub(crate) fn tuning_of(&self, y: &[f32]) -> Result<f64> {
        let magnitude = Stft::new(StftParams::default())?.magnitude(y)?;
        let params = PiptrackParams {
            sample_rate: self.params.sample_rate,
            ..PiptrackParams::default()
        };
        let bins = self.params.bins_per_octave;
        estimate_tuning(magnitude.view(), &params, TUNING_RESOLUTION, bins)
    }

    /// The transform for a tuning, made once.
    fn transform(&self, tuning: f64) -> Result<Arc<Transform>> {
        let lock = || {
            self.transforms
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((_, transform)) = lock().iter().find(|(t, _)| *t == tuning) {
            return Ok(Arc::clone(transform));
        }
        let params = self.params.transform(tuning);
        let transform = Arc::new(match self.params.hybrid {
            false => Transform::Full(Box::new(Cqt::new(params)?)),
            true => Transform::Hybrid(Box::new(HybridCqt::new(params)?)),
        });
        let mut kept = lock();
        if kept.len() < MAX_KEPT {
            kept.push((tuning, Arc::clone(&transform)));
        }
        Ok(transform)
    }
}
