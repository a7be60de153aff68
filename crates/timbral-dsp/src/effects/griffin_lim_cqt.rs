use ndarray::ArrayView2;

use super::griffin_lim::{GriffinLimParams, find_phases};
use crate::constant_q::{Cqt, CqtParams, Icqt};
use crate::error::{Result, check_length};

/// A signal whose constant-Q transform has the given magnitudes; equals `librosa.griffinlim_cqt`. It is
/// computed by the fast algorithm of Griffin and Lim with [`Icqt`] and [`Cqt`] in place of the Fourier
/// transforms.
///
/// ```text
/// A = S exp(i phase);   repeat:  R = cqt(icqt(A)),   Z = R - momentum / (1 + momentum) R_before,   A = S Z / |Z|
/// ```
///
/// - `magnitude`: shape `(n_bins, n_frames)`;
/// - `cqt`: the parameters of the transform in both directions;
/// - result: `params.length` samples, or `hop_length (n_frames - 1)`.
///
/// librosa's first phases come from NumPy's random numbers, here from a seed. With `seed: None` both results
/// are equal up to the rounding of f32 and the differences of the resampling filters, which grow with the
/// number of iterations.
///
/// # Errors
///
/// - those of [`GriffinLimParams::validate`], [`Cqt::new`] and [`Cqt::process`];
/// - another number of rows, or no columns; a value that is negative or not finite; a `length` that gives
///   another number of frames.
///
/// ```
/// use timbral_dsp::{Cqt, CqtParams, GriffinLimParams, griffinlim_cqt};
///
/// let y: Vec<f32> = (0..22_528).map(|n| (n as f32 * 0.1).sin()).collect();
/// let params = CqtParams { bins_per_octave: 24, n_bins: 168, ..CqtParams::default() };
/// let magnitude = Cqt::new(params.clone())?.magnitude(&y)?;
/// let back = griffinlim_cqt(magnitude.view(), &params, &GriffinLimParams::default())?;
/// assert_eq!(back.len(), 22_528);
/// let again = Cqt::new(params)?.magnitude(&back)?;
/// let error: f32 = magnitude.iter().zip(&again).map(|(a, b)| (a - b).powi(2)).sum();
/// let energy: f32 = magnitude.iter().map(|a| a * a).sum();
/// assert!(error < 0.05 * energy);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn griffinlim_cqt(
    magnitude: ArrayView2<'_, f32>,
    cqt: &CqtParams,
    params: &GriffinLimParams,
) -> Result<Vec<f32>> {
    params.validate()?;
    let (forward, back) = (Cqt::new(cqt.clone())?, Icqt::new(cqt.clone())?);
    check_length("magnitude rows", cqt.n_bins, magnitude.nrows())?;
    find_phases(
        magnitude,
        params,
        |transform| back.process(transform, params.length),
        |y| forward.process(y),
    )
}
