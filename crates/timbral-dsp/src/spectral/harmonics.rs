use ndarray::{Array2, Array3, ArrayView2};

use crate::error::{Error, Result, check, check_length};
use crate::interpolation::interpolate;

/// The energy at multiples of every frequency: the spectrogram at `h f`, for every harmonic `h` and frequency
/// `f`. Equals `librosa.interp_harmonics` with linear interpolation and the fill value 0.
///
/// ```text
/// out[i, k, t] = S(harmonics[i] frequencies[k], t),   on straight lines between bins, 0 outside
/// ```
///
/// - `spectrogram`: shape `(n_bins, n_frames)`; `frequencies`: those of its rows, ascending;
/// - `harmonics`: above 0, not necessarily whole numbers; 1/2 is the octave below;
/// - result: shape `(n_harmonics, n_bins, n_frames)`.
///
/// # Errors
///
/// A number of frequencies that differs from the number of rows, frequencies that do not ascend, a harmonic
/// that is not above 0, or a value that is not finite.
///
/// ```
/// use ndarray::array;
///
/// let spectrogram = array![[0.0f32], [1.0], [3.0]];
/// let energy = timbral_dsp::interp_harmonics(spectrogram.view(), &[0.0, 100.0, 200.0], &[1.0, 2.0, 0.5])?;
/// assert_eq!(energy[[0, 1, 0]], 1.0);
/// assert_eq!(energy[[1, 1, 0]], 3.0);
/// assert_eq!(energy[[2, 1, 0]], 0.5);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn interp_harmonics(
    spectrogram: ArrayView2<'_, f32>,
    frequencies: &[f64],
    harmonics: &[f64],
) -> Result<Array3<f64>> {
    check_grid(spectrogram, frequencies)?;
    let (n_bins, n_frames) = spectrogram.dim();
    let mut out = Array3::zeros((harmonics.len(), n_bins, n_frames));
    for (i, harmonic) in harmonics.iter().enumerate() {
        check_harmonic(*harmonic)?;
        for (k, f) in frequencies.iter().enumerate() {
            let at = harmonic * f;
            for t in 0..n_frames {
                let value = |bin: usize| f64::from(spectrogram[[bin, t]]);
                let Some(energy) = interpolate(frequencies, value, at) else {
                    break;
                };
                out[[i, k, t]] = energy;
            }
        }
    }
    Ok(out)
}

/// The energy at multiples of one fundamental frequency per frame; equals `librosa.f0_harmonics` with linear
/// interpolation and the fill value 0.
///
/// ```text
/// out[i, t] = S(harmonics[i] f0[t], t),   on straight lines between bins, 0 outside and where f0 is NaN
/// ```
///
/// - `spectrogram`, `frequencies`, `harmonics`: as for [`interp_harmonics`];
/// - `f0`: in hertz, one per frame, as [`Yin`](crate::Yin) and [`Pyin`](crate::Pyin) return it;
/// - result: shape `(n_harmonics, n_frames)`.
///
/// # Errors
///
/// Those of [`interp_harmonics`], and a number of `f0` that differs from the number of frames.
///
/// ```
/// use ndarray::array;
///
/// let spectrogram = array![[0.0f32, 0.0], [1.0, 4.0], [3.0, 6.0]];
/// let energy = timbral_dsp::f0_harmonics(spectrogram.view(), &[100.0, 75.0], &[0.0, 100.0, 200.0], &[1.0, 2.0])?;
/// assert_eq!(energy, array![[1.0, 3.0], [3.0, 5.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn f0_harmonics(
    spectrogram: ArrayView2<'_, f32>,
    f0: &[f64],
    frequencies: &[f64],
    harmonics: &[f64],
) -> Result<Array2<f64>> {
    check_grid(spectrogram, frequencies)?;
    check_length("f0", spectrogram.ncols(), f0.len())?;
    harmonics.iter().try_for_each(|h| check_harmonic(*h))?;
    Ok(Array2::from_shape_fn(
        (harmonics.len(), f0.len()),
        |(i, t)| {
            let value = |bin: usize| f64::from(spectrogram[[bin, t]]);
            interpolate(frequencies, value, harmonics[i] * f0[t]).unwrap_or(0.0)
        },
    ))
}

/// Parameters of [`salience`], named as in `librosa.salience`.
#[derive(Debug, Clone, PartialEq)]
pub struct SalienceParams {
    /// The harmonics that are averaged, above 0, at least one; default 1, 2, 3, 4 (librosa has no default).
    pub harmonics: Vec<f64>,
    /// Their weights, with a sum that is not 0; default: equal weights.
    pub weights: Option<Vec<f64>>,
    /// Whether only local maxima along frequency keep their salience; default true.
    pub filter_peaks: bool,
    /// The value of all cells that are no local maximum, if `filter_peaks` is true; default NaN.
    pub fill_value: f64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for SalienceParams {
    fn default() -> Self {
        Self {
            harmonics: vec![1.0, 2.0, 3.0, 4.0],
            weights: None,
            filter_peaks: true,
            fill_value: f64::NAN,
            _non_exhaustive: (),
        }
    }
}

impl SalienceParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// No harmonics, a harmonic that is not above 0, a number of weights that differs from that of harmonics,
    /// or weights that are not finite or have the sum 0.
    pub fn validate(&self) -> Result<()> {
        let n = self.harmonics.len();
        check(n >= 1, "harmonics", n, "must be at least one")?;
        self.harmonics.iter().try_for_each(|h| check_harmonic(*h))?;
        if let Some(weights) = &self.weights {
            check_length("weights", n, weights.len())?;
            let sum: f64 = weights.iter().sum();
            let holds = sum.is_finite() && sum != 0.0;
            check(
                holds,
                "weights",
                sum,
                "must have a finite sum that is not 0",
            )?;
        }
        Ok(())
    }
}

/// The strength of each frequency as a fundamental: the weighted mean of the energy of its harmonics. Equals
/// `librosa.salience`.
///
/// - `spectrogram`, `frequencies`: as for [`interp_harmonics`];
/// - result: shape `(n_bins, n_frames)`, in units of the spectrogram.
///
/// # Errors
///
/// Those of [`SalienceParams::validate`] and of [`interp_harmonics`].
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{SalienceParams, salience};
///
/// // 100 and 200 Hz: 100 has both as harmonics.
/// let spectrogram = array![[0.0f32], [1.0], [0.5], [0.0]];
/// let params = SalienceParams { harmonics: vec![1.0, 2.0], filter_peaks: false, ..SalienceParams::default() };
/// let salience = salience(spectrogram.view(), &[50.0, 100.0, 200.0, 300.0], &params)?;
/// assert_eq!(salience.column(0).to_vec(), [0.5, 0.75, 0.25, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn salience(
    spectrogram: ArrayView2<'_, f32>,
    frequencies: &[f64],
    params: &SalienceParams,
) -> Result<Array2<f64>> {
    params.validate()?;
    let energy = interp_harmonics(spectrogram, frequencies, &params.harmonics)?;
    let weights = params.weights.clone();
    let weights = weights.unwrap_or_else(|| vec![1.0; params.harmonics.len()]);
    let sum: f64 = weights.iter().sum();
    let mut out = Array2::zeros(spectrogram.dim());
    for (w, energy) in weights.iter().zip(energy.outer_iter()) {
        out.scaled_add(w / sum, &energy);
    }
    if params.filter_peaks {
        let last = frequencies.len().saturating_sub(1);
        for ((k, t), value) in out.indexed_iter_mut() {
            let here = spectrogram[[k, t]];
            let inside = k > 0 && k < last;
            if !inside || here <= spectrogram[[k - 1, t]] || here <= spectrogram[[k + 1, t]] {
                *value = params.fill_value;
            }
        }
    }
    Ok(out)
}

fn check_harmonic(harmonic: f64) -> Result<()> {
    let holds = harmonic > 0.0 && harmonic.is_finite();
    check(holds, "harmonics", harmonic, "must be finite and above 0")?;
    Ok(())
}

fn check_grid(spectrogram: ArrayView2<'_, f32>, frequencies: &[f64]) -> Result<()> {
    check_length("frequencies", spectrogram.nrows(), frequencies.len())?;
    for pair in frequencies.windows(2) {
        let rule = "must be below the next one";
        check(pair[0] < pair[1], "frequencies", pair[0], rule)?;
    }
    if let Some((index, value)) = spectrogram.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "spectrogram",
            index,
            value: *value,
        });
    }
    Ok(())
}
