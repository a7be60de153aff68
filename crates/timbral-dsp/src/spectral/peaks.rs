use ndarray::ArrayView2;

use super::scales::fft_frequencies;
use crate::error::{Result, check, check_sample_rate};
use crate::simd::{LANES, Lane, dispatch, for_each_tile};

/// Parameters of [`piptrack`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PiptrackParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Lowest frequency of a peak's bin in hertz; default 150.
    pub fmin: f64,
    /// Upper bound (exclusive) of the frequency of a peak's bin in hertz; default 4000.
    pub fmax: f64,
    /// Peaks must exceed this fraction of the largest value of their frame; at least 0, default 0.1.
    pub threshold: f32,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PiptrackParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            fmin: 150.0,
            fmax: 4000.0,
            threshold: 0.1,
            _non_exhaustive: (),
        }
    }
}

impl PiptrackParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A `sample_rate` of 0 or a negative `threshold`.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let threshold = self.threshold;
        check(
            threshold >= 0.0,
            "threshold",
            threshold,
            "must not be negative",
        )?;
        Ok(())
    }
}

/// A local maximum of a spectrum, refined by a parabola through it and its neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Peak {
    /// The frame.
    pub frame: usize,
    /// The bin of the maximum.
    pub bin: usize,
    /// Position of the vertex of the parabola, in hertz.
    pub frequency: f32,
    /// Height of the vertex.
    pub magnitude: f32,
}

/// The peaks of every spectrum; equals the non-zero cells of `librosa.piptrack(S=spectrogram)`.
///
/// With `a = S[k+1] + S[k-1] - 2 S[k]` and `b = (S[k+1] - S[k-1]) / 2`, the vertex lies `-b / a` bins
/// above `k` and is `b (-b / a) / 2` higher. The peaks are ordered by blocks of 16 frames, then by
/// bin, then by frame.
///
/// # Errors
///
/// Those of [`PiptrackParams::validate`].
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{PiptrackParams, piptrack};
///
/// let mut power = Array2::zeros((1025, 1));
/// power[[40, 0]] = 3.0f32;
/// power[[41, 0]] = 2.0;
/// let peaks = piptrack(power.view(), &PiptrackParams::default())?;
/// assert_eq!(peaks.len(), 1);
/// assert_eq!(peaks[0].bin, 40);
/// assert_eq!(peaks[0].frequency, ((40.0 + 0.25) * 22050.0 / 2048.0) as f32);
/// assert_eq!(peaks[0].magnitude, 3.125);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn piptrack(spectrogram: ArrayView2<'_, f32>, params: &PiptrackParams) -> Result<Vec<Peak>> {
    params.validate()?;
    let mut peaks = Vec::new();
    for_each_tile(spectrogram, |first, used, tile| {
        find_peaks(tile, first, used, params, |peak| peaks.push(peak));
    });
    Ok(peaks)
}

/// Calls `found` with the peaks of one tile, whose lane `l` is frame `first + l`.
pub(crate) fn find_peaks(
    tile: &[Lane],
    first: usize,
    used: usize,
    params: &PiptrackParams,
    mut found: impl FnMut(Peak),
) {
    let n_fft = 2 * tile.len().saturating_sub(1);
    let frequencies = fft_frequencies(params.sample_rate, n_fft);
    let fmax = params.fmax.min(f64::from(params.sample_rate) / 2.0);
    let from = frequencies
        .partition_point(|f| *f < params.fmin.max(0.0))
        .max(1);
    let to = frequencies
        .partition_point(|f| *f < fmax)
        .min(tile.len().saturating_sub(1));
    if from >= to {
        return;
    }
    let scale = f64::from(params.sample_rate);
    dispatch(
        #[inline(always)]
        || {
            let mut largest = [0.0f32; LANES];
            for bin in tile {
                for l in 0..LANES {
                    largest[l] = if bin[l] > largest[l] {
                        bin[l]
                    } else {
                        largest[l]
                    };
                }
            }
            let mut reference: Lane = std::array::from_fn(|l| params.threshold * largest[l]);
            reference[used..].fill(f32::INFINITY);
            for k in from..to {
                let (below, here, above) = (&tile[k - 1], &tile[k], &tile[k + 1]);
                let mut is_peak = [0u8; LANES];
                for l in 0..LANES {
                    let peak =
                        (here[l] > reference[l]) & (here[l] > below[l]) & (here[l] >= above[l]);
                    is_peak[l] = u8::from(peak);
                }
                // One bit of each byte: the lanes with a peak.
                let mut lanes = u128::from_le_bytes(is_peak);
                while lanes != 0 {
                    let l = (lanes.trailing_zeros() / 8) as usize;
                    lanes &= lanes - 1;
                    let (offset, rise) = parabola(below[l], here[l], above[l]);
                    found(Peak {
                        frame: first + l,
                        bin: k,
                        frequency: ((k as f64 + f64::from(offset)) * scale / n_fft as f64) as f32,
                        magnitude: here[l] + rise,
                    });
                }
            }
        },
    );
}

/// Offset in bins and height above the middle value of the vertex of a parabola, with the roundings
/// of librosa; 0 where the vertex would lie beyond a neighbour.
#[inline(always)]
fn parabola(below: f32, here: f32, above: f32) -> (f32, f32) {
    let slope = (above - below) / 2.0;
    let a = f64::from(above + below) - 2.0 * f64::from(here);
    let b = f64::from(slope);
    let offset = if b.abs() >= a.abs() {
        0.0
    } else {
        (-b / a) as f32
    };
    (offset, 0.5 * slope * offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_spectrograms_have_no_peaks() {
        for rows in 0..4 {
            let s = ndarray::Array2::from_elem((rows, 3), 1.0f32);
            assert_eq!(
                piptrack(s.view(), &PiptrackParams::default()),
                Ok(vec![]),
                "{rows} rows"
            );
        }
    }
}
