//! Spectral peaks and the tuning they imply.

use ndarray::ArrayView2;

use crate::convert::fft_frequencies;
use crate::error::{Result, check};
use crate::simd::{LANES, Lane, dispatch, for_each_tile};

/// Parameters of [`piptrack`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PiptrackParams {
    /// Samples a second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Lowest frequency of a peak's bin in hertz; default 150.
    pub fmin: f64,
    /// Upper bound (exclusive) of the frequency of a peak's bin in hertz; default 4000.
    pub fmax: f64,
    /// A peak is above this share of the largest value of its frame, at least 0; default 0.1.
    pub threshold: f32,
}

impl Default for PiptrackParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            fmin: 150.0,
            fmax: 4000.0,
            threshold: 0.1,
        }
    }
}

/// One local maximum of a spectrum, refined by a parabola through it and its neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// The frame.
    pub frame: usize,
    /// The bin of the maximum.
    pub bin: usize,
    /// Where the parabola has its top, in hertz.
    pub frequency: f32,
    /// The spectrogram's value there.
    pub magnitude: f32,
}

/// The peaks of every spectrum, by frame within groups of 16 frames and by bin; equals the cells
/// that `librosa.piptrack(S=spectrogram)` leaves non-zero.
///
/// With `a = S[k+1] + S[k-1] - 2 S[k]` and `b = (S[k+1] - S[k-1]) / 2` the top lies `-b / a` bins
/// beside `k` and is `b (-b / a) / 2` higher. The order of the peaks is by blocks of 16 frames,
/// then by bin, then by frame.
///
/// # Errors
///
/// A `sample_rate` of 0 or a negative threshold.
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
    check(
        params.sample_rate >= 1,
        "sample_rate",
        params.sample_rate,
        "must be at least 1",
    )?;
    check(
        params.threshold >= 0.0,
        "threshold",
        params.threshold,
        "must not be negative",
    )?;
    let mut peaks = Vec::new();
    for_each_tile(spectrogram, |first, used, tile| {
        find_peaks(tile, first, used, params, &mut peaks);
    });
    Ok(peaks)
}

/// The tuning deviation of a spectrogram in bins of `1 / bins_per_octave` octave, -0.5..0.5;
/// equals `librosa.estimate_tuning(S=spectrogram)`: [`pitch_tuning`] of the peaks that are at
/// least as strong as the median peak.
///
/// # Errors
///
/// Those of [`piptrack`] and [`pitch_tuning`].
///
/// ```
/// use timbral_dsp::{PiptrackParams, Stft, StftParams, estimate_tuning};
///
/// // A tone 20 cents above A4.
/// let hertz = 440.0 * 2f64.powf(0.2 / 12.0);
/// let y: Vec<f32> =
///     (0..22050).map(|n| (std::f64::consts::TAU * hertz * n as f64 / 22050.0).sin() as f32).collect();
/// let power = Stft::new(StftParams::default())?.power(&y)?;
/// let tuning = estimate_tuning(power.view(), &PiptrackParams::default(), 0.01, 12)?;
/// // One tone falls between two bins; the parabola leaves a few cents.
/// assert!((tuning - 0.15).abs() < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn estimate_tuning(
    spectrogram: ArrayView2<'_, f32>,
    params: &PiptrackParams,
    resolution: f64,
    bins_per_octave: usize,
) -> Result<f64> {
    let mut peaks = piptrack(spectrogram, params)?;
    tuning_of_peaks(&mut peaks, resolution, bins_per_octave)
}

/// [`estimate_tuning`] from the peaks; their order is lost.
pub(crate) fn tuning_of_peaks(
    peaks: &mut [Peak],
    resolution: f64,
    bins_per_octave: usize,
) -> Result<f64> {
    let threshold = median_magnitude(peaks);
    let strong = peaks
        .iter()
        .filter(|p| p.magnitude >= threshold)
        .map(|p| p.frequency);
    tuning_of(strong, resolution, bins_per_octave)
}

/// The most frequent deviation of some frequencies (hertz; others than positive ones are passed
/// over) from the tempered scale of A4 = 440 Hz with `bins_per_octave` steps, in steps, rounded
/// down to `resolution`; 0 for none. Equals `librosa.pitch_tuning`.
///
/// # Errors
///
/// A resolution outside 0..1 (exclusive of 0) or no bins.
///
/// ```
/// let tuning = timbral_dsp::pitch_tuning(&[445.0, 222.5, 890.0], 0.01, 12)?;
/// assert!((tuning - 0.19).abs() < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn pitch_tuning(frequencies: &[f32], resolution: f64, bins_per_octave: usize) -> Result<f64> {
    tuning_of(frequencies.iter().copied(), resolution, bins_per_octave)
}

fn tuning_of(
    frequencies: impl Iterator<Item = f32>,
    resolution: f64,
    bins_per_octave: usize,
) -> Result<f64> {
    // 1e-6 keeps the histogram below 8 MB; finer than f32 can tell anyway.
    let inside = (1e-6..1.0).contains(&resolution);
    check(
        inside,
        "resolution",
        resolution,
        "must be at least 1e-6 and below 1",
    )?;
    check(
        bins_per_octave >= 1,
        "bins_per_octave",
        bins_per_octave,
        "must be at least 1",
    )?;
    let n = (1.0 / resolution).ceil() as usize;
    let edge = |i: usize| {
        if i == n {
            0.5
        } else {
            i as f64 * (1.0 / n as f64) - 0.5
        }
    };
    let mut counts = vec![0u32; n];
    // f32 throughout, as librosa's, so that a frequency near an edge falls on the same side.
    for frequency in frequencies.filter(|f| *f > 0.0) {
        let octaves = (frequency / 27.5).log2();
        let steps = bins_per_octave as f32 * octaves;
        let mut residual = steps - steps.floor();
        if residual >= 0.5 {
            residual -= 1.0;
        }
        let residual = f64::from(residual);
        let mut bin = (((residual + 0.5) * n as f64) as usize).min(n - 1);
        while bin > 0 && residual < edge(bin) {
            bin -= 1;
        }
        while bin + 1 < n && residual >= edge(bin + 1) {
            bin += 1;
        }
        counts[bin] += 1;
    }
    let best = counts
        .iter()
        .enumerate()
        .rev()
        .max_by_key(|(_, count)| **count);
    Ok(match best {
        Some((bin, count)) if *count > 0 => edge(bin),
        _ => 0.0,
    })
}

/// numpy's median: the mean of the two middle ones for an even count. Reorders.
fn median_magnitude(peaks: &mut [Peak]) -> f32 {
    if peaks.is_empty() {
        return 0.0;
    }
    let middle = peaks.len() / 2;
    let odd = peaks.len() % 2 == 1;
    let by = |a: &Peak, b: &Peak| a.magnitude.total_cmp(&b.magnitude);
    let (lower, upper, _) = peaks.select_nth_unstable_by(middle, by);
    match lower.iter().map(|p| p.magnitude).max_by(f32::total_cmp) {
        Some(below) if !odd => (below + upper.magnitude) / 2.0,
        _ => upper.magnitude,
    }
}

/// Appends the peaks of one tile, whose lane `l` is frame `first + l`.
pub(crate) fn find_peaks(
    tile: &[Lane],
    first: usize,
    used: usize,
    params: &PiptrackParams,
    peaks: &mut Vec<Peak>,
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
                let mut found = [0u8; LANES];
                for l in 0..LANES {
                    let peak =
                        (here[l] > reference[l]) & (here[l] > below[l]) & (here[l] >= above[l]);
                    found[l] = u8::from(peak);
                }
                // One bit of each byte: the lanes with a peak.
                let mut lanes = u128::from_le_bytes(found);
                while lanes != 0 {
                    let l = (lanes.trailing_zeros() / 8) as usize;
                    lanes &= lanes - 1;
                    let (offset, rise) = parabola(below[l], here[l], above[l]);
                    peaks.push(Peak {
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

/// Offset in bins and height above the middle value of the top of a parabola, with the roundings
/// of librosa; 0 where the top would lie beyond a neighbour.
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
    fn nothing_to_tune_is_zero() {
        assert_eq!(pitch_tuning(&[], 0.01, 12), Ok(0.0));
        assert_eq!(pitch_tuning(&[0.0, -3.0, f32::NAN], 0.01, 12), Ok(0.0));
        assert!(pitch_tuning(&[1.0], 0.0, 12).is_err());
        assert!(pitch_tuning(&[1.0], 0.01, 0).is_err());
    }

    #[test]
    fn the_median_is_numpys() {
        let peaks = |m: &[f32]| -> Vec<Peak> {
            let peak = |&magnitude| Peak {
                frame: 0,
                bin: 0,
                frequency: 1.0,
                magnitude,
            };
            m.iter().map(peak).collect()
        };
        assert_eq!(median_magnitude(&mut peaks(&[])), 0.0);
        assert_eq!(median_magnitude(&mut peaks(&[3.0, 1.0, 2.0])), 2.0);
        assert_eq!(median_magnitude(&mut peaks(&[4.0, 1.0, 2.0, 8.0])), 3.0);
    }

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
