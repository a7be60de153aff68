use ndarray::ArrayView2;

use super::peaks::{Peak, PiptrackParams, piptrack};
use crate::error::{Result, check};

/// The tuning of a spectrogram: its deviation from A4 = 440 Hz in steps of `1 / bins_per_octave`
/// octave, from -0.5 to 0.5; equals `librosa.estimate_tuning(S=spectrogram)`.
///
/// It is the [`pitch_tuning`] of the peaks that are at least as strong as the median peak.
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
/// // The tone lies between two bins; the parabola is a few cents off.
/// assert!((tuning - 0.15).abs() < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn estimate_tuning(
    spectrogram: ArrayView2<'_, f32>,
    params: &PiptrackParams,
    resolution: f64,
    bins_per_octave: usize,
) -> Result<f64> {
    let peaks = piptrack(spectrogram, params)?;
    let mut peaks: Vec<Pitch> = peaks.into_iter().map(Pitch::from).collect();
    tuning_of_peaks(&mut peaks, resolution, bins_per_octave)
}

/// What the tuning needs of a [`Peak`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pitch {
    frequency: f32,
    magnitude: f32,
}

impl From<Peak> for Pitch {
    fn from(peak: Peak) -> Self {
        Self {
            frequency: peak.frequency,
            magnitude: peak.magnitude,
        }
    }
}

/// [`estimate_tuning`] from the peaks, which are reordered.
pub(crate) fn tuning_of_peaks(
    peaks: &mut [Pitch],
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

/// The most frequent deviation of frequencies in hertz from the equal-tempered scale of A4 = 440 Hz
/// with `bins_per_octave` steps, in steps, rounded down to `resolution`; equals
/// `librosa.pitch_tuning`.
///
/// Frequencies that are not positive are ignored; without any others the result is 0.
///
/// # Errors
///
/// `resolution` outside `1e-6..1`, or `bins_per_octave` of 0.
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
    // 1e-6 keeps the histogram below 8 MB, and is finer than the precision of f32 anyway.
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
    // f32 throughout, as in librosa, so that a frequency near an edge is counted on the same side.
    for frequency in frequencies.filter(|f| *f > 0.0) {
        let octaves = libm::log2f(frequency / 27.5);
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

/// NumPy's median: for an even count the mean of the two middle values. Reorders the peaks.
fn median_magnitude(peaks: &mut [Pitch]) -> f32 {
    if peaks.is_empty() {
        return 0.0;
    }
    let middle = peaks.len() / 2;
    let odd = peaks.len() % 2 == 1;
    let by = |a: &Pitch, b: &Pitch| a.magnitude.total_cmp(&b.magnitude);
    let (lower, upper, _) = peaks.select_nth_unstable_by(middle, by);
    match lower.iter().map(|p| p.magnitude).max_by(f32::total_cmp) {
        Some(below) if !odd => (below + upper.magnitude) / 2.0,
        _ => upper.magnitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_frequencies_the_tuning_is_zero() {
        assert_eq!(pitch_tuning(&[], 0.01, 12), Ok(0.0));
        assert_eq!(pitch_tuning(&[0.0, -3.0, f32::NAN], 0.01, 12), Ok(0.0));
        assert!(pitch_tuning(&[1.0], 0.0, 12).is_err());
        assert!(pitch_tuning(&[1.0], 0.01, 0).is_err());
    }

    #[test]
    fn the_median_equals_numpys() {
        let peaks = |m: &[f32]| -> Vec<Pitch> {
            let peak = |&magnitude| Pitch {
                frequency: 1.0,
                magnitude,
            };
            m.iter().map(peak).collect()
        };
        assert_eq!(median_magnitude(&mut peaks(&[])), 0.0);
        assert_eq!(median_magnitude(&mut peaks(&[3.0, 1.0, 2.0])), 2.0);
        assert_eq!(median_magnitude(&mut peaks(&[4.0, 1.0, 2.0, 8.0])), 3.0);
    }
}
