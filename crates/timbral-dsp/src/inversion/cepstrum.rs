use ndarray::{Array2, ArrayView2};

use super::mel::mel_to_audio;
use crate::effects::GriffinLimParams;
use crate::error::{Result, check, check_length};
use crate::spectral::{MelBank, Mfcc, db_to_power};
use crate::transform::Stft;

/// The mel power spectrogram of mel-frequency cepstral coefficients; equals
/// `librosa.feature.inverse.mfcc_to_mel`. It is smoothed, because it has no coefficients beyond `n_mfcc`.
///
/// ```text
/// M[m, t] = reference 10^(S[m, t] / 10),   S[m, t] = sum_i w[i, m] c[i, t] / l[i]
/// ```
///
/// `w` are the cosines of [`Mfcc`], an orthonormal transform, and `l` its lifter.
///
/// - `mfcc`: shape `(n_mfcc, n_frames)`; `plan`: the plan that made them;
/// - `reference`: the power that is 0 dB, finite; librosa's default is 1;
/// - result: shape `(n_mels, n_frames)`.
///
/// Where the lifter makes a coefficient 0 it cannot be restored. librosa and this function then return values
/// without meaning.
///
/// # Errors
///
/// Another number of rows, or a `reference` that is not finite.
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{Mfcc, MfccParams, mfcc_to_mel};
///
/// let mfcc = Mfcc::new(MfccParams { n_mels: 4, n_mfcc: 4, ..MfccParams::default() })?;
/// let decibels = Array2::from_elem((4, 3), -10.0f32);
/// let mel = mfcc_to_mel(mfcc.process(decibels.view())?.view(), &mfcc, 1.0)?;
/// assert!(mel.iter().all(|m| (m - 0.1).abs() < 1e-6));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn mfcc_to_mel(mfcc: ArrayView2<'_, f32>, plan: &Mfcc, reference: f32) -> Result<Array2<f32>> {
    let rule = "must be finite";
    check(reference.is_finite(), "reference", reference, rule)?;
    let params = plan.params();
    check_length("mfcc rows", params.n_mfcc, mfcc.nrows())?;
    let weights = plan.unlifted();
    let mut out = Array2::zeros((params.n_mels, mfcc.ncols()));
    let mut sums = vec![0.0f64; mfcc.ncols()];
    for (m, mut to) in out.outer_iter_mut().enumerate() {
        sums.fill(0.0);
        for (i, row) in mfcc.outer_iter().enumerate() {
            let weight = weights[[i, m]];
            for (sum, c) in sums.iter_mut().zip(row) {
                *sum += weight * f64::from(*c);
            }
        }
        for (to, sum) in to.iter_mut().zip(&sums) {
            *to = db_to_power(*sum as f32, reference);
        }
    }
    Ok(out)
}

/// A signal that has the given mel-frequency cepstral coefficients: [`mfcc_to_mel`], then [`mel_to_audio`] of powers;
/// equals `librosa.feature.inverse.mfcc_to_audio`.
///
/// - `mfcc`: shape `(n_mfcc, n_frames)`; `plan`, `bank` and `stft`: the plans that made them;
/// - result: as many samples as `params.length`, or as the frames cover.
///
/// # Errors
///
/// Those of [`mfcc_to_mel`] and [`mel_to_audio`], and numbers of bands that differ.
///
/// ```
/// use timbral_dsp::*;
///
/// let y: Vec<f32> = (0..8192).map(|n| (n as f32 * 0.2).sin()).collect();
/// let stft = Stft::new(StftParams::default())?;
/// let bank = MelBank::new(MelParams::default())?;
/// let plan = Mfcc::new(MfccParams::default())?;
/// let mel = bank.process_signal(&stft, &y)?;
/// let mfcc = plan.process(power_to_db(mel.view(), &DbParams::default())?.view())?;
/// let lim = GriffinLimParams { n_iter: 4, ..GriffinLimParams::default() };
/// let back = mfcc_to_audio(mfcc.view(), &plan, 1.0, &bank, &stft, &lim)?;
/// assert_eq!(back.len(), 8192);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn mfcc_to_audio(
    mfcc: ArrayView2<'_, f32>,
    plan: &Mfcc,
    reference: f32,
    bank: &MelBank,
    stft: &Stft,
    params: &GriffinLimParams,
) -> Result<Vec<f32>> {
    check_length("mel bands", plan.params().n_mels, bank.params().n_mels)?;
    let mel = mfcc_to_mel(mfcc, plan, reference)?;
    mel_to_audio(mel.view(), bank, stft, 2.0, params)
}
