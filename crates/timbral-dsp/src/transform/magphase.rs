use ndarray::{Array2, ArrayView2};
use num_complex::Complex;

use crate::error::{Result, check};

/// A complex spectrogram as magnitudes and phases; equals `librosa.magphase`.
///
/// ```text
/// D = |D| P,   magnitude = |D|^power,   P = D / |D|, 1 where D is 0
/// ```
///
/// - `spectrum`: any shape; `power`: above 0; librosa's default is 1;
/// - result: magnitudes and phases, of the same shape.
///
/// # Errors
///
/// A `power` that is not finite or not above 0.
///
/// ```
/// use ndarray::array;
/// use num_complex::Complex;
///
/// let spectrum = array![[Complex::new(3.0f32, 4.0), Complex::new(0.0, 0.0)]];
/// let (magnitude, phase) = timbral_dsp::magphase(spectrum.view(), 2.0)?;
/// assert_eq!(magnitude, array![[25.0, 0.0]]);
/// assert_eq!(phase, array![[Complex::new(0.6, 0.8), Complex::new(1.0, 0.0)]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn magphase(
    spectrum: ArrayView2<'_, Complex<f32>>,
    power: f64,
) -> Result<(Array2<f32>, Array2<Complex<f32>>)> {
    let holds = power > 0.0 && power.is_finite();
    check(holds, "power", power, "must be finite and above 0")?;
    // In f64 the squares of small f32 do not vanish.
    let size = |z: &Complex<f32>| (f64::from(z.re).powi(2) + f64::from(z.im).powi(2)).sqrt();
    let magnitude = spectrum.map(|z| match power {
        1.0 => size(z) as f32,
        2.0 => (size(z) * size(z)) as f32,
        _ => libm::pow(size(z), power) as f32,
    });
    let phase = spectrum.map(|z| match size(z) {
        0.0 => Complex::new(1.0, 0.0),
        m => Complex::new((f64::from(z.re) / m) as f32, (f64::from(z.im) / m) as f32),
    });
    Ok((magnitude, phase))
}
