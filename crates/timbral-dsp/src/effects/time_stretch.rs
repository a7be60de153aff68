use ndarray::{Array2, ArrayView2};
use num_complex::Complex;

use crate::error::{Error, Result, check};
use crate::transform::Stft;

/// A spectrogram made slower or faster: magnitudes between frames on a straight line, phases that go on as from frame to
/// frame (Ellis 2002); equals `librosa.phase_vocoder(D, rate=rate)`.
///
/// ```text
/// u = i rate, t = floor(u):   |out[k, i]| = |D| at u,   arg out[k, i] = arg D[k, 0] + sum_{j < i} (arg D[k, t_j + 1] - arg D[k, t_j])
/// ```
///
/// - `spectrogram`: shape `(n_bins, n_frames)`;
/// - `rate`: above 0: 2 is twice as fast;
/// - result: shape `(n_bins, ceil(n_frames / rate))`. After the last frame magnitudes go on in a straight line, as in
///   librosa.
///
/// Phases are multiplied as numbers of magnitude 1 in f64; librosa adds angles in f32, whose error grows to some 1e-4 over
/// a hundred frames. An empty bin counts as angle 0.
///
/// # Errors
///
/// A `rate` that is not finite or not above 0, or makes a result that does not fit into memory; no frames.
///
/// ```
/// use ndarray::Array2;
/// use num_complex::Complex;
///
/// let spectrogram = Array2::from_elem((3, 8), Complex::new(0.0f32, 2.0));
/// let slower = timbral_dsp::phase_vocoder(spectrogram.view(), 0.5)?;
/// assert_eq!(slower.dim(), (3, 16));
/// assert!((slower[[1, 5]] - Complex::new(0.0, 2.0)).norm() < 1e-6);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn phase_vocoder(
    spectrogram: ArrayView2<'_, Complex<f32>>,
    rate: f64,
) -> Result<Array2<Complex<f32>>> {
    let holds = rate > 0.0 && rate.is_finite();
    check(holds, "rate", rate, "must be finite and above 0")?;
    let (n_bins, n_frames) = spectrogram.dim();
    if n_frames == 0 {
        return Err(Error::TooShort {
            name: "spectrogram columns",
            needed: 1,
            got: 0,
        });
    }
    let n_out = (n_frames as f64 / rate).ceil();
    let mut cells: Vec<Complex<f32>> = Vec::new();
    let fits =
        n_out * (n_bins as f64) < 1e15 && cells.try_reserve_exact(n_out as usize * n_bins).is_ok();
    let rule = "makes a result that does not fit into memory";
    check(fits, "rate", rate, rule)?;
    let n_out = n_out as usize;
    // The frame, the one after it, and the place between the two of which the magnitude is taken.
    let steps: Vec<(usize, usize, f64)> = (0..n_out)
        .map(|i| {
            let u = i as f64 * rate;
            let t = (u.floor() as usize).min(n_frames - 1);
            (t, (t + 1).min(n_frames - 1), u)
        })
        .collect();
    let (mut units, mut magnitudes) = (Vec::new(), Vec::new());
    for row in spectrogram.outer_iter() {
        units.clear();
        magnitudes.clear();
        for z in row {
            let z = Complex::new(f64::from(z.re), f64::from(z.im));
            let m = (z.re * z.re + z.im * z.im).sqrt();
            magnitudes.push(m);
            units.push(if m > 0.0 {
                z / m
            } else {
                Complex::new(1.0, 0.0)
            });
        }
        let mut phase = units[0];
        for (t, next, u) in &steps {
            let low = (*t).min(n_frames.saturating_sub(2));
            let high = (low + 1).min(n_frames - 1);
            let slope = magnitudes[high] - magnitudes[low];
            let magnitude = slope * (u - low as f64) + magnitudes[low];
            let z = phase * magnitude;
            cells.push(Complex::new(z.re as f32, z.im as f32));
            phase *= units[*next] * units[*t].conj();
            // Products of magnitude 1 drift by a rounding each.
            phase *= 1.5 - 0.5 * phase.norm_sqr();
        }
    }
    Ok(Array2::from_shape_vec((n_bins, n_out), cells)
        .unwrap_or_else(|_| Array2::zeros((n_bins, n_out))))
}

/// A signal made slower or faster without changing its pitch, by [`phase_vocoder`]; equals
/// `librosa.effects.time_stretch`.
///
/// - `y`: samples; `rate`: above 0: 2 is twice as fast;
/// - `stft`: the transform in both directions; librosa's default is that of [`StftParams`](crate::StftParams);
/// - result: `n / rate` samples, rounded.
///
/// For another pitch at the same speed (`librosa.effects.pitch_shift`) stretch by `rate = 2^(-steps / 12)` and resample
/// from `sample_rate / rate` to `sample_rate`, with the crate `timbral-audio`.
///
/// # Errors
///
/// Those of [`Stft::process`] and [`phase_vocoder`].
///
/// ```
/// use timbral_dsp::{Stft, StftParams, time_stretch};
///
/// let y: Vec<f32> = (0..22050).map(|n| (n as f32 * 0.1).sin()).collect();
/// let fast = time_stretch(&y, 2.0, &Stft::new(StftParams::default())?)?;
/// assert_eq!(fast.len(), 11_025);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn time_stretch(y: &[f32], rate: f64, stft: &Stft) -> Result<Vec<f32>> {
    let spectrogram = stft.process(y)?;
    let stretched = phase_vocoder(spectrogram.view(), rate)?;
    let length = (y.len() as f64 / rate).round_ties_even() as usize;
    stft.inverse(stretched.view(), Some(length))
}
