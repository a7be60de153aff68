use ndarray::{Array2, ArrayView2};
use pulp::{Simd, WithSimd};

use super::decibel::{DbParams, power_to_db};
use super::shapes::Wide;
use crate::error::{Result, check, check_length};
use crate::simd::{LANES, Lane, ZERO, arch, for_each_tile};

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
    let bands = ContrastBands::new(frequencies, params)?;
    let mut valley = Array2::zeros((bands.n_bands(), magnitude.ncols()));
    let mut peak = valley.clone();
    for_each_tile(magnitude, |first, used, tile| {
        bands.tile(tile, |band, low, high| {
            for l in 0..used {
                valley[[band, first + l]] = low[l];
                peak[[band, first + l]] = high[l];
            }
        });
    });
    contrast_of(&peak, &valley, params.linear)
}

/// Contrast from the peaks and valleys of all frames.
pub(crate) fn contrast_of(
    peak: &Array2<f64>,
    valley: &Array2<f64>,
    linear: bool,
) -> Result<Array2<f64>> {
    if linear {
        return Ok(peak - valley);
    }
    let db =
        |power: &Array2<f64>| power_to_db(power.mapv(|v| v as f32).view(), &DbParams::default());
    Ok(db(peak)?.mapv(f64::from) - db(valley)?.mapv(f64::from))
}

/// The bins of each band.
#[derive(Debug, Clone)]
pub(crate) struct ContrastBands {
    bands: Vec<Band>,
}

#[derive(Debug, Clone, Copy)]
struct Band {
    /// The first bin, and the number of bins.
    from: usize,
    used: usize,
    /// Bins that the peak and the valley are averaged over.
    taken: usize,
}

/// Up to this number of largest and smallest values are found in one sweep over the bins of 16 frames.
const SWEPT: usize = 24;

const WITHOUT_BINS: &str = "gives a band without bins: raise it or n_fft, or lower n_bands";

impl ContrastBands {
    /// The bands of spectra with these frequencies.
    pub(crate) fn new(frequencies: &[f64], params: &ContrastParams) -> Result<Self> {
        params.validate()?;
        let ContrastParams {
            fmin,
            n_bands,
            quantile,
            ..
        } = *params;
        let band = |band: usize| {
            let octave = |i: usize| fmin * 2f64.powi(i as i32);
            let (low, high) = (if band == 0 { 0.0 } else { octave(band - 1) }, octave(band));
            let mut from = frequencies.partition_point(|f| *f < low);
            let mut to = frequencies.partition_point(|f| *f <= high);
            check(from < to, "fmin", fmin, WITHOUT_BINS)?;
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
            check(used >= 1, "fmin", fmin, WITHOUT_BINS)?;
            Ok(Band {
                from,
                used,
                taken: taken.min(used),
            })
        };
        let bands = (0..=n_bands).map(band).collect::<Result<_>>()?;
        Ok(Self { bands })
    }

    pub(crate) fn n_bands(&self) -> usize {
        self.bands.len()
    }

    /// Calls `found(band, valleys, peaks)` for 16 spectra.
    pub(crate) fn tile(&self, tile: &[Lane], mut found: impl FnMut(usize, &Wide, &Wide)) {
        for (i, band) in self.bands.iter().enumerate() {
            let bins = &tile[band.from..band.from + band.used];
            let (valley, peak) = match band.taken <= SWEPT {
                true => arch().dispatch(Swept {
                    bins,
                    taken: band.taken,
                }),
                false => selected(bins, band.taken),
            };
            found(i, &valley, &peak);
        }
    }
}

/// The means of the `taken` smallest and largest values of each lane: each value passes through two sorted lists.
struct Swept<'a> {
    bins: &'a [Lane],
    taken: usize,
}

impl WithSimd for Swept<'_> {
    type Output = (Wide, Wide);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (mut valley, mut peak) = ([0.0; LANES], [0.0; LANES]);
        let (bins, _) = S::as_simd_f32s(self.bins.as_flattened());
        let stride = LANES / S::F32_LANES;
        for column in 0..stride {
            let mut smallest = [simd.splat_f32s(f32::INFINITY); SWEPT];
            let mut largest = [simd.splat_f32s(f32::NEG_INFINITY); SWEPT];
            let (smallest, largest) = (&mut smallest[..self.taken], &mut largest[..self.taken]);
            for bin in bins.iter().skip(column).step_by(stride) {
                // `min` and `max` of the instruction set: a comparison would become a masked store, for which
                // the load of the next bin has to wait.
                let (mut low, mut high) = (*bin, *bin);
                for (small, large) in smallest.iter_mut().zip(&mut *largest) {
                    let (s, l) = (*small, *large);
                    *small = simd.min_f32s(s, low);
                    low = simd.max_f32s(s, low);
                    *large = simd.max_f32s(l, high);
                    high = simd.min_f32s(l, high);
                }
            }
            let lanes = column * S::F32_LANES..(column + 1) * S::F32_LANES;
            for (mean, list) in [(&mut valley, smallest), (&mut peak, largest)] {
                let mean = &mut mean[lanes.clone()];
                let mut lane = ZERO;
                for values in list.iter() {
                    simd.partial_store_f32s(&mut lane[..S::F32_LANES], *values);
                    for (sum, v) in mean.iter_mut().zip(&lane) {
                        *sum += f64::from(*v);
                    }
                }
                mean.iter_mut().for_each(|sum| *sum /= self.taken as f64);
            }
        }
        (valley, peak)
    }
}

/// The same for long lists: both ends of the sorted order, without sorting the values between them.
fn selected(bins: &[Lane], taken: usize) -> (Wide, Wide) {
    let (mut valley, mut peak) = ([0.0; LANES], [0.0; LANES]);
    let mut column: Vec<f32> = Vec::new();
    for l in 0..LANES {
        column.clear();
        column.extend(bins.iter().map(|bin| bin[l]));
        let mean =
            |part: &[f32]| part.iter().map(|v| f64::from(*v)).sum::<f64>() / part.len() as f64;
        column.select_nth_unstable_by(taken - 1, f32::total_cmp);
        valley[l] = mean(&column[..taken]);
        let rest = bins.len() - taken;
        column.select_nth_unstable_by(rest, f32::total_cmp);
        peak[l] = mean(&column[rest..]);
    }
    (valley, peak)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeping_and_selecting_agree() {
        let bins: Vec<Lane> = (0..100)
            .map(|k| std::array::from_fn(|l| ((k * 37 + l * 11) % 101) as f32))
            .collect();
        for taken in [1, 2, 9, SWEPT] {
            // Small whole numbers: sums are exact in any order.
            let bins = &bins[..];
            let swept = arch().dispatch(Swept { bins, taken });
            assert_eq!(swept, selected(bins, taken), "{taken}");
        }
    }
}
