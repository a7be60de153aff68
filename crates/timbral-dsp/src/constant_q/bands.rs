//! Frequencies, bandwidths and lengths of the filters; `librosa.filters.wavelet_lengths`.

use super::cqt_params::CqtParams;
use crate::error::{InvalidParameter, Result, check};
use crate::frames::Window;

/// Longest filter in samples, 47 s at 22 050 Hz: a limit for the memory of a plan.
const MAX_LENGTH: f64 = (1 << 20) as f64;

/// The bins of a transform, from low to high.
#[derive(Debug, Clone)]
pub(super) struct Bands {
    pub(super) frequencies: Vec<f64>,
    /// The reciprocals of the quality factors at `filter_scale` 1.
    pub(super) alpha: Vec<f64>,
    /// The upper edge of the highest filter, in hertz.
    pub(super) cutoff: f64,
}

impl Bands {
    /// The bands of a transform whose `gamma` counts as 0, and its parameters with that.
    pub(super) fn without_gamma(params: CqtParams) -> Result<(CqtParams, Self)> {
        params.validate()?;
        let params = CqtParams {
            gamma: Some(0.0),
            ..params
        };
        let bands = Self::new(&params)?;
        Ok((params, bands))
    }

    /// The bands of valid parameters.
    ///
    /// # Errors
    ///
    /// A band beyond the Nyquist frequency, or a filter that is too short or too long.
    pub(super) fn new(params: &CqtParams) -> Result<Self> {
        let bins = params.bins_per_octave;
        let ratios = params.intervals.ratios(bins);
        let fmin = params.fmin * libm::exp2(params.tuning / bins as f64);
        let frequency = |k: usize| {
            let octave = i32::try_from(k / bins).unwrap_or(i32::MAX);
            libm::ldexp(ratios[k % bins], octave) * fmin
        };
        let frequencies: Vec<f64> = (0..params.n_bins).map(frequency).collect();
        let alpha = relative_bandwidths(&frequencies, bins);
        let mut bands = Self {
            frequencies,
            alpha,
            cutoff: 0.0,
        };
        let bandwidth = equivalent_noise_bandwidth(params.window);
        for (f, a) in bands.frequencies.iter().zip(&bands.alpha) {
            let q = params.filter_scale / a;
            let edge = f * (1.0 + 0.5 * bandwidth / q) + 0.5 * gamma(params, *a);
            bands.cutoff = bands.cutoff.max(edge);
        }
        let nyquist = f64::from(params.sample_rate) / 2.0;
        let fits = bands.cutoff <= nyquist;
        let rule = "makes a filter that reaches beyond half of the sample rate";
        check(fits, "n_bins", params.n_bins, rule)?;
        for length in bands.lengths(params, f64::from(params.sample_rate)) {
            if !(2.0..=MAX_LENGTH).contains(&length) {
                let rule = "makes a filter shorter than 2 or longer than 2^20 samples";
                return Err(
                    InvalidParameter::new("filter_scale", params.filter_scale, rule).into(),
                );
            }
        }
        Ok(bands)
    }

    /// The lengths of the filters in samples at a sample rate; not whole numbers.
    pub(super) fn lengths(&self, params: &CqtParams, sample_rate: f64) -> Vec<f64> {
        let length = |(f, a): (&f64, &f64)| {
            params.filter_scale / a * sample_rate / (f + gamma(params, *a) / a)
        };
        self.frequencies
            .iter()
            .zip(&self.alpha)
            .map(length)
            .collect()
    }
}

/// The offset of the bandwidth, in hertz.
fn gamma(params: &CqtParams, alpha: f64) -> f64 {
    // The slope and the offset of the bandwidths of human hearing (Glasberg and Moore 1990).
    params.gamma.unwrap_or(alpha * 24.7 / 0.108)
}

/// Bandwidths relative to the frequency: from the distances to both neighbours.
fn relative_bandwidths(frequencies: &[f64], bins_per_octave: usize) -> Vec<f64> {
    let n = frequencies.len();
    if n == 1 {
        let r = libm::exp2(1.0 / bins_per_octave as f64);
        return vec![(r * r - 1.0) / (r * r + 1.0)];
    }
    let logs: Vec<f64> = frequencies.iter().map(|f| libm::log2(*f)).collect();
    let bandwidth = |k: usize| {
        let per_octave = match k {
            0 => 1.0 / (logs[1] - logs[0]),
            _ if k == n - 1 => 1.0 / (logs[k] - logs[k - 1]),
            _ => 2.0 / (logs[k + 1] - logs[k - 1]),
        };
        let square = libm::exp2(2.0 / per_octave);
        (square - 1.0) / (square + 1.0)
    };
    (0..n).map(bandwidth).collect()
}

/// The bandwidth of a window in bins: `n sum w^2 / (sum w)^2` of 1000 values, the numbers of librosa.
fn equivalent_noise_bandwidth(window: Window) -> f64 {
    match window {
        Window::Hann => 1.500_183_105_468_75,
        Window::Hamming => 1.362_945_532_035_034_8,
        Window::Blackman => 1.726_968_155_426_232_6,
        Window::Bartlett => 1.333_496_133_491_280_5,
        Window::Boxcar => 1.0,
    }
}
