use ndarray::{Array2, ArrayView2};

use super::tempo::tempo_frequencies;
use super::tempogram::{Tempogram, TempogramParams, fourier_tempogram};
use super::tempogram_ratio::check_values;
use crate::error::{Error, Result, check, check_length, check_sample_rate};
use crate::interpolation::Line;

/// The product of the Fourier tempogram and the autocorrelation tempogram: large at a tempo if the envelope is
/// periodic at it, and repeats itself at its lag. Equals `librosa.feature.hybrid_tempogram`.
///
/// ```text
/// out[k, t] = sqrt( |F[k, t]| |A(f[k], t)| ),   f[k] = 60 k sample_rate / (hop_length win_length)  per minute
/// ```
///
/// `F` is the [`fourier_tempogram`]. `A` is the [`Tempogram`] at that tempo, interpolated linearly over tempo
/// between two lags, and 0 for tempi that are faster than lag 1 or slower than the longest lag.
///
/// - `envelope`: onset strengths; `sample_rate` and `hop_length` as for the envelope;
/// - result: shape `(win_length / 2 + 1, n_frames)`.
///
/// # Errors
///
/// Those of [`Tempogram::process`], a `win_length` below 3, a `sample_rate` or `hop_length` of 0.
///
/// ```
/// use timbral_dsp::{TempogramParams, hybrid_tempogram};
///
/// // A click every 16 frames is 24 times in 384.
/// let clicks: Vec<f32> = (0..600).map(|t| f32::from(u8::from(t % 16 == 0))).collect();
/// let hybrid = hybrid_tempogram(&clicks, 22050, 512, &TempogramParams::default())?;
/// assert_eq!(hybrid.dim(), (193, 600));
/// let column = hybrid.column(300);
/// assert_eq!((0..193).max_by(|a, b| column[*a].total_cmp(&column[*b])), Some(24));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn hybrid_tempogram(
    envelope: &[f32],
    sample_rate: u32,
    hop_length: usize,
    params: &TempogramParams,
) -> Result<Array2<f64>> {
    check_sample_rate(sample_rate)?;
    let rule = "must be at least 1";
    check(hop_length >= 1, "hop_length", hop_length, rule)?;
    let n = params.win_length;
    check(n >= 3, "win_length", n, "must be at least 3")?;
    let fourier = fourier_tempogram(envelope, params)?;
    let tempogram = Tempogram::new(*params)?.process(envelope)?;
    let lags = tempo_frequencies(n, hop_length, sample_rate);
    let positions: Vec<f64> = lags[1..].iter().rev().copied().collect();
    let per_minute = f64::from(sample_rate) * 60.0 / hop_length as f64;
    let n_frames = fourier.ncols().min(tempogram.ncols());
    let mut out = Array2::zeros((fourier.nrows(), n_frames));
    for (k, (mut out, fourier)) in out.outer_iter_mut().zip(fourier.outer_iter()).enumerate() {
        let tempo = k as f64 * (per_minute / n as f64);
        let Some(line) = Line::new(&positions, tempo) else {
            continue;
        };
        let [low, high] = line.ends.map(|i| tempogram.row(n - 1 - i));
        for (t, (out, z)) in out.iter_mut().zip(fourier).enumerate() {
            let repeats = line.value(low[t], high[t]);
            let (re, im) = (f64::from(z.re), f64::from(z.im));
            *out = (f64::from((re * re + im * im).sqrt() as f32) * repeats.abs()).sqrt();
        }
    }
    Ok(out)
}

/// How strongly each tempo occurs together with a slower one of the same metre; equals `librosa.feature.metrogram`.
///
/// ```text
/// out[i, t] = sum_k T[k, t] T(factors[i] f[k], t)
/// ```
///
/// Between two tempi `T` is interpolated linearly; outside of them it is 0.
///
/// - `tempogram`: shape `(n_tempi, n_frames)`, such as [`hybrid_tempogram`]; `frequencies`: those of its rows,
///   finite and ascending;
/// - `factors`: above 0; librosa's default is 1/3, 1/4, 1/5 and 1/7;
/// - result: shape `(factors.len(), n_frames)`.
///
/// # Errors
///
/// A number of frequencies that differs from the number of rows, frequencies that do not ascend, a factor that
/// is not above 0, or a value that is not finite.
///
/// ```
/// use ndarray::array;
///
/// // Tempi 10, 20 and 40: the last two have one of half the tempo.
/// let tempogram = array![[1.0], [2.0], [3.0]];
/// let metre = timbral_dsp::metrogram(tempogram.view(), &[10.0, 20.0, 40.0], &[0.5])?;
/// assert_eq!(metre[[0, 0]], 2.0 * 1.0 + 3.0 * 2.0);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn metrogram(
    tempogram: ArrayView2<'_, f64>,
    frequencies: &[f64],
    factors: &[f64],
) -> Result<Array2<f64>> {
    check_length("frequencies", tempogram.nrows(), frequencies.len())?;
    check_values("tempogram", tempogram)?;
    for factor in factors {
        let holds = *factor > 0.0 && factor.is_finite();
        check(holds, "factors", factor, "must be finite and above 0")?;
    }
    if let Some((index, value)) = frequencies.iter().enumerate().find(|(_, f)| !f.is_finite()) {
        return Err(Error::NotFinite {
            name: "frequencies",
            index,
            value: *value as f32,
        });
    }
    for pair in frequencies.windows(2) {
        let rule = "must be below the next one";
        check(pair[0] < pair[1], "frequencies", pair[0], rule)?;
    }
    let mut out = Array2::zeros((factors.len(), tempogram.ncols()));
    for (factor, mut out) in factors.iter().zip(out.outer_iter_mut()) {
        for (k, f) in frequencies.iter().enumerate() {
            let Some(line) = Line::new(frequencies, factor * f) else {
                continue;
            };
            let [low, high] = line.ends.map(|i| tempogram.row(i));
            for (t, (out, value)) in out.iter_mut().zip(tempogram.row(k)).enumerate() {
                *out += value * line.value(low[t], high[t]);
            }
        }
    }
    Ok(out)
}
