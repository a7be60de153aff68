use ndarray::{Array2, ArrayView2, Axis};
use num_complex::Complex;

use crate::error::{Error, Result, check};
use crate::simd::dispatch;
use crate::transform::Stft;

/// A spectrogram made slower or faster (phase vocoder, Ellis 2002); equals
/// `librosa.phase_vocoder(D, rate=rate)`. Magnitudes are interpolated linearly between frames. Phases advance
/// as they do from frame to frame.
///
/// ```text
/// u = i rate, t = floor(u):   |out[k, i]| = |D| at u,   arg out[k, i] = arg D[k, 0] + sum_{j < i} (arg D[k, t_j + 1] - arg D[k, t_j])
/// ```
///
/// - `spectrogram`: shape `(n_bins, n_frames)`;
/// - `rate`: the factor of the speed, above 0; 2 is twice as fast;
/// - result: shape `(n_bins, ceil(n_frames / rate))`. After the last frame magnitudes continue in a straight
///   line, as in librosa.
///
/// Phases are multiplied as complex numbers of magnitude 1 in f64. librosa adds angles in f32, and the error
/// grows to about 1e-4 over a hundred frames. An empty bin counts as angle 0.
///
/// # Errors
///
/// A `rate` that is not finite, not above 0, or so small that the result does not fit into memory; no frames.
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
    cells.resize(n_out as usize * n_bins, Complex::ZERO);
    let n_out = n_out as usize;
    let mut out = Array2::from_shape_vec((n_bins, n_out), cells)
        .unwrap_or_else(|_| Array2::zeros((n_bins, n_out)));
    let mut frames = vec![Frame::default(); n_frames];
    for (rows, mut out) in spectrogram
        .axis_chunks_iter(Axis(0), BINS)
        .zip(out.axis_chunks_iter_mut(Axis(0), BINS))
    {
        for (l, row) in rows.outer_iter().enumerate() {
            for (frame, z) in frames.iter_mut().zip(row) {
                (frame.re[l], frame.im[l]) = (f64::from(z.re), f64::from(z.im));
            }
        }
        dispatch(
            #[inline(always)]
            || frames.iter_mut().for_each(Frame::make_units),
        );
        let mut phase = (frames[0].re, frames[0].im);
        dispatch(
            #[inline(always)]
            || {
                for (i, mut column) in out.axis_iter_mut(Axis(1)).enumerate() {
                    let mut cell = [Complex::ZERO; BINS];
                    step(&frames, i as f64 * rate, &mut phase, &mut cell);
                    column.iter_mut().zip(cell).for_each(|(to, z)| *to = z);
                }
            },
        );
    }
    Ok(out)
}

/// Bins whose phases are added up side by side.
const BINS: usize = 16;

/// Some bins of a frame: numbers of modulus 1, and magnitudes.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    re: [f64; BINS],
    im: [f64; BINS],
    magnitude: [f64; BINS],
}

impl Frame {
    /// Divides by the magnitudes; 0 becomes 1.
    #[inline(always)]
    fn make_units(&mut self) {
        for l in 0..BINS {
            let (re, im) = (self.re[l], self.im[l]);
            let m = (re * re + im * im).sqrt();
            self.magnitude[l] = m;
            self.re[l] = if m > 0.0 { re / m } else { 1.0 };
            self.im[l] = if m > 0.0 { im / m } else { 0.0 };
        }
    }
}

/// The bins at the position `u` between two frames with the given phases. The phases then advance by the
/// difference of the two frames.
#[inline(always)]
fn step(
    frames: &[Frame],
    u: f64,
    phase: &mut ([f64; BINS], [f64; BINS]),
    cell: &mut [Complex<f32>; BINS],
) {
    let end = frames.len() - 1;
    let t = (u.floor() as usize).min(end);
    let low = t.min(end.saturating_sub(1));
    let (now, next) = (&frames[t], &frames[(t + 1).min(end)]);
    let (low, high, past) = (&frames[low], &frames[(low + 1).min(end)], u - low as f64);
    let (re, im) = phase;
    for l in 0..BINS {
        let slope = high.magnitude[l] - low.magnitude[l];
        let magnitude = slope * past + low.magnitude[l];
        cell[l] = Complex::new((re[l] * magnitude) as f32, (im[l] * magnitude) as f32);
        // The one unit times the conjugate of the other.
        let a = next.re[l] * now.re[l] + next.im[l] * now.im[l];
        let b = next.im[l] * now.re[l] - next.re[l] * now.im[l];
        let (c, d) = (re[l] * a - im[l] * b, re[l] * b + im[l] * a);
        // Products of numbers of magnitude 1 drift by a rounding each.
        let size = 1.5 - 0.5 * (c * c + d * d);
        (re[l], im[l]) = (c * size, d * size);
    }
}

/// A signal made slower or faster without changing its pitch, by [`phase_vocoder`]; equals
/// `librosa.effects.time_stretch`.
///
/// - `y`: samples; `rate`: the factor of the speed, above 0; 2 is twice as fast;
/// - `stft`: the transform in both directions; librosa's default is that of [`StftParams`](crate::StftParams);
/// - result: `n / rate` samples, rounded.
///
/// To change the pitch at the same speed, use [`pitch_shift`](crate::pitch_shift).
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
