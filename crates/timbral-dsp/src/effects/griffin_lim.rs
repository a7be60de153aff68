use std::cell::RefCell;

use ndarray::{Array2, ArrayView2, Zip};
use num_complex::Complex;
use timbral_core::Rng;

use crate::error::{Error, Result, check, check_length};
use crate::transform::Stft;

/// Parameters of [`griffinlim`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GriffinLimParams {
    /// Number of iterations, up to 100 000; default 32.
    pub n_iter: usize,
    /// The weight of the result of the previous iteration in the next phases, at least 0; default 0.99. 0 is
    /// the original method of Griffin and Lim.
    pub momentum: f64,
    /// The random seed of the first phases (`init="random"`); default 0. `None`: all phases are 0
    /// (`init=None`).
    pub seed: Option<u64>,
    /// The number of samples of the result; default: as many as the frames cover.
    pub length: Option<usize>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for GriffinLimParams {
    fn default() -> Self {
        Self {
            n_iter: 32,
            momentum: 0.99,
            seed: Some(0),
            length: None,
            _non_exhaustive: (),
        }
    }
}

impl GriffinLimParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        let n = self.n_iter;
        check(n <= 100_000, "n_iter", n, "must be at most 100000")?;
        let momentum = self.momentum;
        let holds = momentum >= 0.0 && momentum.is_finite();
        let rule = "must be finite and not negative";
        check(holds, "momentum", momentum, rule)?;
        Ok(())
    }
}

/// A signal whose spectrogram has the given magnitudes, by the fast algorithm of Griffin and Lim (Griffin and Lim 1984;
/// Perraudin, Balazs and Søndergaard 2013); equals `librosa.griffinlim`.
///
/// ```text
/// A = S exp(i phase);   repeat:  R = stft(istft(A)),   Z = R - momentum / (1 + momentum) R_before,   A = S Z / |Z|
/// ```
///
/// - `magnitude`: shape `(n_fft / 2 + 1, n_frames)`, that of `stft`;
/// - result: as many samples as `length`, or as the frames cover.
///
/// librosa's first phases come from NumPy's random numbers, here from a seed. With `seed: None` both results
/// are equal up to the rounding of f32, which grows with the number of iterations. Where nearly all of a
/// spectrum is silence, even librosa in f32 and librosa in f64 give different signals.
///
/// # Errors
///
/// - those of [`GriffinLimParams::validate`];
/// - another number of rows, no columns, too few of them for one frame, or a value that is negative or not finite.
///
/// ```
/// use timbral_dsp::{GriffinLimParams, Stft, StftParams, griffinlim};
///
/// let y: Vec<f32> = (0..8192).map(|n| (n as f32 * 0.2).sin()).collect();
/// let stft = Stft::new(StftParams::default())?;
/// let magnitude = stft.magnitude(&y)?;
/// let back = griffinlim(magnitude.view(), &stft, &GriffinLimParams::default())?;
/// assert_eq!(back.len(), 8192);
/// let again = stft.magnitude(&back)?;
/// let error: f32 = magnitude.iter().zip(&again).map(|(a, b)| (a - b).powi(2)).sum();
/// let energy: f32 = magnitude.iter().map(|a| a * a).sum();
/// assert!(error < 0.01 * energy);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn griffinlim(
    magnitude: ArrayView2<'_, f32>,
    stft: &Stft,
    params: &GriffinLimParams,
) -> Result<Vec<f32>> {
    params.validate()?;
    check_length("magnitude rows", stft.n_bins(), magnitude.nrows())?;
    let scratch = RefCell::new(stft.make_scratch());
    find_phases(
        magnitude,
        params,
        |spectrum| stft.inverse_with_scratch(spectrum, params.length, &mut scratch.borrow_mut()),
        |y| {
            let mut spectrum = Array2::zeros((stft.n_bins(), stft.n_frames(y.len())?));
            stft.process_with_scratch(y, spectrum.view_mut(), &mut scratch.borrow_mut())?;
            Ok(spectrum)
        },
    )
}

/// The iterations, with any transform and its inverse; the parameters must be valid.
pub(super) fn find_phases(
    magnitude: ArrayView2<'_, f32>,
    params: &GriffinLimParams,
    invert: impl Fn(ArrayView2<'_, Complex<f32>>) -> Result<Vec<f32>>,
    transform: impl Fn(&[f32]) -> Result<Array2<Complex<f32>>>,
) -> Result<Vec<f32>> {
    check_magnitude(magnitude)?;
    let mut rng = params.seed.map(Rng::new);
    let mut angles: Array2<Complex<f32>> = magnitude.mapv(|s| match &mut rng {
        None => Complex::new(s, 0.0),
        Some(rng) => {
            let (sin, cos) = libm::sincosf(std::f32::consts::TAU * rng.unit_f32());
            Complex::new(s * cos, s * sin)
        }
    });
    let again = (params.momentum / (1.0 + params.momentum)) as f32;
    let mut before: Option<Array2<Complex<f32>>> = None;
    for _ in 0..params.n_iter {
        let rebuilt = transform(&invert(angles.view())?)?;
        check_length("magnitude columns", rebuilt.ncols(), magnitude.ncols())?;
        let change = |to: &mut Complex<f32>, z: Complex<f32>, s: &f32| {
            let size = (z.re * z.re + z.im * z.im).sqrt() + f32::MIN_POSITIVE;
            *to = z / size * *s;
        };
        match &before {
            None => Zip::from(&mut angles)
                .and(&rebuilt)
                .and(&magnitude)
                .for_each(|to, z, s| change(to, *z, s)),
            Some(before) => Zip::from(&mut angles)
                .and(&rebuilt)
                .and(before)
                .and(&magnitude)
                .for_each(|to, z, b, s| change(to, z - b * again, s)),
        }
        before = Some(rebuilt);
    }
    invert(angles.view())
}

/// `Ok` if all values are finite and none is negative.
pub(crate) fn check_magnitude(magnitude: ArrayView2<'_, f32>) -> Result<()> {
    for (index, value) in magnitude.iter().enumerate() {
        if !value.is_finite() {
            return Err(Error::NotFinite {
                name: "magnitude",
                index,
                value: *value,
            });
        }
        let rule = "must not have negative values";
        check(*value >= 0.0, "magnitude", value, rule)?;
    }
    Ok(())
}
