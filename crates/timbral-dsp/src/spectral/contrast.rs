use ndarray::{Array2, ArrayView2};

use super::decibel::{DbParams, power_to_db};
use crate::error::{Result, check, check_length};

/// Parameters of [`spectral_contrast`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContrastParams {
    /// Upper edge of the lowest band in hertz, above 0; default 200. Each further band is one octave.
    pub fmin: f64,
    /// Octave bands above the lowest one, `1..=64`; default 6.
    pub n_bands: usize,
    /// Fraction of the bins of a band that its peak and its valley are averaged over, between 0 and 1;
    /// default 0.02.
    pub quantile: f64,
    /// Whether to subtract the values themselves instead of their decibels; default false.
    pub linear: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ContrastParams {
    fn default() -> Self {
        Self {
            fmin: 200.0,
            n_bands: 6,
            quantile: 0.02,
            linear: false,
            _non_exhaustive: (),
        }
    }
}

impl ContrastParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `fmin` not above 0, `n_bands` outside `1..=64`, or `quantile` not between 0 and 1.
    pub fn validate(&self) -> Result<()> {
        let (fmin, n_bands, quantile) = (self.fmin, self.n_bands, self.quantile);
        let holds = fmin > 0.0 && fmin.is_finite();
        check(holds, "fmin", fmin, "must be above 0")?;
        let holds = (1..=64).contains(&n_bands);
        check(holds, "n_bands", n_bands, "must be in 1..=64")?;
        let holds = quantile > 0.0 && quantile < 1.0;
        check(holds, "quantile", quantile, "must be between 0 and 1")?;
        Ok(())
    }
}

/// Difference between the peaks and the valleys of each octave band, in decibels (Jiang et al.
/// 2002), shape `(n_bands + 1, n_frames)`; equals
/// `librosa.feature.spectral_contrast(S=magnitude, freq=frequencies)`.
///
/// Peak and valley are the means of the largest and of the smallest values of a band: `quantile` of
/// its bins, but at least one.
///
/// # Errors
///
/// - `frequencies` is not as long as the spectrogram has rows;
/// - `fmin`, `n_bands` or `quantile` outside its range;
/// - a band without bins.
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{ContrastParams, fft_frequencies, spectral_contrast};
///
/// let magnitude = Array2::from_shape_fn((1025, 1), |(k, _)| if k % 2 == 0 { 1.0 } else { 0.1 });
/// let frequencies = fft_frequencies(22050, 2048);
/// let contrast = spectral_contrast(magnitude.view(), &frequencies, &ContrastParams::default())?;
/// assert_eq!(contrast.dim(), (7, 1));
/// assert!((contrast[[3, 0]] - 10.0).abs() < 1e-6);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn spectral_contrast(
    magnitude: ArrayView2<'_, f32>,
    frequencies: &[f64],
    params: &ContrastParams,
) -> Result<Array2<f64>> {
    check_length("frequencies", magnitude.nrows(), frequencies.len())?;
    params.validate()?;
    let ContrastParams {
        fmin,
        n_bands,
        quantile,
        linear,
        _non_exhaustive: (),
    } = *params;
    let mut valley = Array2::zeros((n_bands + 1, magnitude.ncols()));
    let mut peak = valley.clone();
    let mut column = Vec::new();
    for band in 0..=n_bands {
        let octave = |i: usize| fmin * 2f64.powi(i as i32);
        let (low, high) = (if band == 0 { 0.0 } else { octave(band - 1) }, octave(band));
        let mut from = frequencies.partition_point(|f| *f < low);
        let mut to = frequencies.partition_point(|f| *f <= high);
        check(from < to, "fmin", fmin, "gives a band without bins")?;
        if band > 0 {
            from = from.saturating_sub(1);
        }
        if band == n_bands {
            to = frequencies.len();
        }
        let n_bins = to - from;
        let taken = ((quantile * n_bins as f64).round_ties_even() as usize).max(1);
        // The upper edge belongs to the next band, but counts for the quantile.
        let used = if band < n_bands { n_bins - 1 } else { n_bins };
        check(used >= 1, "fmin", fmin, "gives a band without bins")?;
        let taken = taken.min(used);
        for t in 0..magnitude.ncols() {
            column.clear();
            column.extend((from..from + used).map(|k| magnitude[[k, t]]));
            // Both ends of the sorted order, without sorting the values between them.
            let mean =
                |part: &[f32]| part.iter().map(|v| f64::from(*v)).sum::<f64>() / part.len() as f64;
            column.select_nth_unstable_by(taken - 1, f32::total_cmp);
            valley[[band, t]] = mean(&column[..taken]);
            column.select_nth_unstable_by(used - taken, f32::total_cmp);
            peak[[band, t]] = mean(&column[used - taken..]);
        }
    }
    if linear {
        return Ok(peak - valley);
    }
    let db =
        |power: Array2<f64>| power_to_db(power.mapv(|v| v as f32).view(), &DbParams::default());
    Ok(db(peak)?.mapv(f64::from) - db(valley)?.mapv(f64::from))
}
