use std::fmt;

use crate::error::{Result, check, check_sample_rate};
use crate::frames::{PadMode, Window, check_hop_length};
use crate::scaling::Norm;

/// The frequencies within an octave, named as `intervals` in `librosa.vqt`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Intervals {
    /// Equal steps, `2^(k / bins_per_octave)`; the default.
    #[default]
    Equal,
    /// Powers of 3, reduced to one octave and sorted.
    Pythagorean,
    /// The frequency of each bin divided by that of the first one: `bins_per_octave` numbers, ascending, from 1
    /// on and below 2.
    Ratios(Vec<f64>),
}

impl Intervals {
    /// The ratios of an octave.
    pub(super) fn ratios(&self, bins_per_octave: usize) -> Vec<f64> {
        match self {
            Self::Equal => (0..bins_per_octave)
                .map(|k| libm::exp2(k as f64 / bins_per_octave as f64))
                .collect(),
            Self::Pythagorean => {
                let log = |k: usize| {
                    let octaves = k as f64 * libm::log2(3.0);
                    octaves - octaves.floor()
                };
                let mut logs: Vec<f64> = (0..bins_per_octave).map(log).collect();
                logs.sort_by(f64::total_cmp);
                logs.into_iter().map(libm::exp2).collect()
            }
            Self::Ratios(ratios) => ratios.clone(),
        }
    }
}

/// Parameters of constant-Q and variable-Q transforms, named as in `librosa.cqt` and `librosa.vqt`.
///
/// The default is that of `librosa.cqt`; [`CqtParams::vqt`] is that of `librosa.vqt`.
#[derive(Debug, Clone, PartialEq)]
pub struct CqtParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// The lowest frequency in hertz, above 0; default C1, 32.703 Hz.
    pub fmin: f64,
    /// Number of bins, `1..=8192`; default 84, seven octaves.
    pub n_bins: usize,
    /// Bins per octave, `1..=1200`; default 12.
    pub bins_per_octave: usize,
    /// The frequencies within an octave; default equal steps.
    pub intervals: Intervals,
    /// Deviation of all frequencies in bins; default 0. [`estimate_tuning`](crate::estimate_tuning) estimates it.
    pub tuning: f64,
    /// The bandwidth in hertz that is added to every filter, at least 0; default 0, a constant Q. `None`: in
    /// proportion to the equivalent rectangular bandwidths of human hearing.
    pub gamma: Option<f64>,
    /// The factor of the lengths of filters, above 0; default 1. Smaller values give a better resolution in
    /// time.
    pub filter_scale: f64,
    /// The norm to which the filters are scaled; default the sum of magnitudes.
    pub norm: Norm,
    /// The fraction of the magnitudes of a filter that is left out to save time, at least 0 and below 1;
    /// default 0.01.
    pub sparsity: f64,
    /// The window of the filters; default Hann.
    pub window: Window,
    /// Whether to divide by the root of the length of each filter; default true.
    pub scale: bool,
    /// The values that frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

/// A plan is shown as its parameters, because its filters are long.
pub(super) fn debug_plan(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    params: &dyn fmt::Debug,
) -> fmt::Result {
    let mut plan = f.debug_struct(name);
    plan.field("params", params).finish_non_exhaustive()
}

/// C1 on the scale of A4 = 440 Hz.
pub(super) const C1: f64 = 32.703_195_662_574_83;

impl Default for CqtParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            hop_length: 512,
            fmin: C1,
            n_bins: 84,
            bins_per_octave: 12,
            intervals: Intervals::Equal,
            tuning: 0.0,
            gamma: Some(0.0),
            filter_scale: 1.0,
            norm: Norm::L1,
            sparsity: 0.01,
            window: Window::Hann,
            scale: true,
            pad_mode: PadMode::Zero,
            _non_exhaustive: (),
        }
    }
}

impl CqtParams {
    /// The defaults of `librosa.vqt`: those of the constant-Q transform with `gamma: None`.
    ///
    /// ```
    /// assert_eq!(timbral_dsp::CqtParams::vqt().gamma, None);
    /// ```
    pub fn vqt() -> Self {
        Self {
            gamma: None,
            ..Self::default()
        }
    }

    /// Checks the ranges of all parameters.
    ///
    /// Plans also check conditions on several parameters together, see [`Cqt::new`](crate::Cqt::new).
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description, or a number that is not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        check_hop_length(self.hop_length)?;
        let above = |v: f64| v > 0.0 && v.is_finite();
        let rule = "must be finite and above 0";
        check(above(self.fmin), "fmin", self.fmin, rule)?;
        let scale = self.filter_scale;
        check(above(scale), "filter_scale", scale, rule)?;
        let holds = (1..=8192).contains(&self.n_bins);
        check(holds, "n_bins", self.n_bins, "must be in 1..=8192")?;
        let bins = self.bins_per_octave;
        let holds = (1..=1200).contains(&bins);
        check(holds, "bins_per_octave", bins, "must be in 1..=1200")?;
        let tuning = self.tuning;
        check(tuning.is_finite(), "tuning", tuning, "must be finite")?;
        let gamma = self.gamma.unwrap_or(0.0);
        let holds = gamma >= 0.0 && gamma.is_finite();
        check(holds, "gamma", gamma, "must be finite and not negative")?;
        let holds = (0.0..1.0).contains(&self.sparsity);
        let rule = "must be at least 0 and below 1";
        check(holds, "sparsity", self.sparsity, rule)?;
        if let Intervals::Ratios(ratios) = &self.intervals {
            let n = ratios.len();
            let rule = "must be the number of ratios";
            check(n == bins, "bins_per_octave", bins, rule)?;
            for pair in ratios.windows(2) {
                let rule = "must be followed by a larger one";
                check(pair[0] < pair[1], "intervals", pair[0], rule)?;
            }
            for ratio in ratios {
                let inside = (1.0..2.0).contains(ratio);
                check(inside, "intervals", ratio, "must be at least 1 and below 2")?;
            }
        }
        Ok(())
    }
}
