use ndarray::{Array2, ArrayView2};

use super::least_squares::Bank;
use crate::effects::{GriffinLimParams, griffinlim};
use crate::error::{Error, Result, check, check_length};
use crate::spectral::MelBank;
use crate::transform::Stft;

/// A magnitude spectrogram that has the given mel bands; equals `librosa.feature.inverse.mel_to_stft` where the
/// solution is unique.
///
/// ```text
/// S = X^(1 / power),   X >= 0 with the smallest |A X - M|^2,   A = bank.weights()
/// ```
///
/// - `mel`: shape `(n_mels, n_frames)`; `power`: the exponent of the magnitudes from which it was made, above
///   0; librosa's default is 2;
/// - result: shape `(n_fft / 2 + 1, n_frames)`; bins that belong to no band are 0.
///
/// A bank has more bins than bands, so many `X` are equally good. Both libraries start from the smallest `X`
/// that may be negative, with its negative values set to 0. If it has no negative values, both results are
/// equal up to the rounding of f32.
///
/// Otherwise librosa's solver (L-BFGS-B) stops at a limit in units of the data, for quiet sounds at once. Here
/// the search ends when a sweep over all bins lowers the sum of squares by less than 1e-6 of it. The bands of
/// this result are nearer to `mel` than those of librosa's, and the bins of both differ by a few percent.
///
/// # Errors
///
/// Another number of rows; a value that is not finite; a `power` that is not finite or not above 0.
///
/// ```
/// use timbral_dsp::{MelBank, MelParams, mel_to_stft};
///
/// let bank = MelBank::new(MelParams::default())?;
/// let power = ndarray::Array2::from_elem((1025, 3), 4.0f32);
/// let mel = bank.process(power.view())?;
/// let magnitude = mel_to_stft(mel.view(), &bank, 2.0)?;
/// assert_eq!(magnitude.dim(), (1025, 3));
/// let again = bank.process(magnitude.mapv(|s| s * s).view())?;
/// assert!(mel.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-4 * a));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn mel_to_stft(mel: ArrayView2<'_, f32>, bank: &MelBank, power: f64) -> Result<Array2<f32>> {
    let holds = power > 0.0 && power.is_finite();
    check(holds, "power", power, "must be finite and above 0")?;
    check_length("mel rows", bank.params().n_mels, mel.nrows())?;
    if let Some((index, value)) = mel.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "mel",
            index,
            value: *value,
        });
    }
    let solver = Bank::new(bank);
    let mut out = Array2::zeros((bank.n_bins(), mel.ncols()));
    let mut x = vec![0.0; bank.n_bins()];
    for (bands, mut to) in mel.columns().into_iter().zip(out.columns_mut()) {
        let bands: Vec<f64> = bands.iter().map(|v| f64::from(*v)).collect();
        solver.solve(&bands, &mut x);
        for (to, x) in to.iter_mut().zip(&x) {
            *to = match power {
                1.0 => *x,
                2.0 => x.sqrt(),
                _ => libm::pow(*x, 1.0 / power),
            } as f32;
        }
    }
    Ok(out)
}

/// A signal that has the given mel bands: [`mel_to_stft`], then [`griffinlim`]; equals
/// `librosa.feature.inverse.mel_to_audio`.
///
/// - `mel`: shape `(n_mels, n_frames)`; `power`: the exponent of the magnitudes from which it was made;
///   librosa's default is 2;
/// - `stft`: the transform of the signal, with the `n_fft` of the bank;
/// - result: as many samples as `params.length`, or as the frames cover.
///
/// # Errors
///
/// Those of [`mel_to_stft`] and [`griffinlim`].
///
/// ```
/// use timbral_dsp::{GriffinLimParams, MelBank, MelParams, Stft, StftParams, mel_to_audio};
///
/// let y: Vec<f32> = (0..8192).map(|n| (n as f32 * 0.2).sin()).collect();
/// let stft = Stft::new(StftParams::default())?;
/// let bank = MelBank::new(MelParams::default())?;
/// let mel = bank.process_signal(&stft, &y)?;
/// let back = mel_to_audio(mel.view(), &bank, &stft, 2.0, &GriffinLimParams::default())?;
/// assert_eq!(back.len(), 8192);
/// let again = bank.process_signal(&stft, &back)?;
/// let loudest = |mel: &ndarray::Array2<f32>| {
///     (0..128).max_by(|a, b| mel[[*a, 8]].total_cmp(&mel[[*b, 8]]))
/// };
/// assert_eq!(loudest(&again), loudest(&mel));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn mel_to_audio(
    mel: ArrayView2<'_, f32>,
    bank: &MelBank,
    stft: &Stft,
    power: f64,
    params: &GriffinLimParams,
) -> Result<Vec<f32>> {
    check_length("stft bins", bank.n_bins(), stft.n_bins())?;
    griffinlim(mel_to_stft(mel, bank, power)?.view(), stft, params)
}
