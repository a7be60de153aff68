use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, check};
use crate::frames::Window;
use crate::scaling::{Norm, normalize_columns};

/// Parameters of [`chroma_cens`], named as in `librosa.feature.chroma_cens`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CensParams {
    /// The norm to which each frame is scaled at the end; default the root of the sum of squares.
    pub norm: Norm,
    /// Number of frames in the smoothing window, `1..=65536`; default 41. `None`: no smoothing.
    pub win_len_smooth: Option<usize>,
    /// The smoothing window, taken as symmetric and without its two end values; default Hann.
    pub smoothing_window: Window,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for CensParams {
    fn default() -> Self {
        Self {
            norm: Norm::L2,
            win_len_smooth: Some(41),
            smoothing_window: Window::Hann,
            _non_exhaustive: (),
        }
    }
}

impl CensParams {
    /// Checks the range of `win_len_smooth`.
    ///
    /// # Errors
    ///
    /// `win_len_smooth` outside `1..=65536`.
    pub fn validate(&self) -> Result<()> {
        let n = self.win_len_smooth.unwrap_or(1);
        let holds = (1..=1 << 16).contains(&n);
        check(holds, "win_len_smooth", n, "must be in 1..=65536")?;
        Ok(())
    }
}

/// What [`chroma_cens`] counts: fractions of the energy of a frame.
const STEPS: [f32; 4] = [0.4, 0.2, 0.1, 0.05];

/// Chroma energy normalised statistics: pitch classes without loudness, tempo and timbre (Müller and Ewert 2011);
/// equals `librosa.feature.chroma_cens`.
///
/// ```text
/// x[c, t] = chroma[c, t] / sum_c chroma[c, t]
/// q[c, t] = (number of 0.4, 0.2, 0.1, 0.05 below x[c, t]) / 4
/// out     = q smoothed along time by a window with sum 1, then scaled by norm
/// ```
///
/// - `chroma`: shape `(n_chroma, n_frames)`, not negative, not scaled, such as that of
///   [`ChromaCqt`](crate::ChromaCqt) with [`Norm::None`];
/// - result: the same shape. Beyond the ends `q` counts as 0.
///
/// A value that is within the rounding of one of the four limits may be on the other side of the limit in
/// librosa.
///
/// # Errors
///
/// Those of [`CensParams::validate`], or a value of `chroma` that is not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{CensParams, Norm, chroma_cens};
///
/// let params = CensParams { win_len_smooth: None, norm: Norm::None, ..CensParams::default() };
/// let cens = chroma_cens(array![[3.0f32], [1.0], [0.0]].view(), &params)?;
/// assert_eq!(cens, array![[1.0], [0.75], [0.0]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn chroma_cens(chroma: ArrayView2<'_, f32>, params: &CensParams) -> Result<Array2<f32>> {
    params.validate()?;
    if let Some((index, value)) = chroma.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "chroma",
            index,
            value: *value,
        });
    }
    let mut cens = chroma.to_owned();
    normalize_columns(&mut cens, Norm::L1);
    cens.mapv_inplace(|v| {
        let above = STEPS.iter().filter(|step| v > **step).count();
        above as f32 * 0.25
    });
    if let Some(n) = params.win_len_smooth {
        let window = params.smoothing_window.symmetric(n + 2);
        let sum: f64 = window.iter().sum();
        let window: Vec<f64> = window.iter().map(|w| w / sum).collect();
        for mut row in cens.outer_iter_mut() {
            let smooth = smoothed(&row.to_vec(), &window);
            row.iter_mut().zip(smooth).for_each(|(to, v)| *to = v);
        }
    }
    normalize_columns(&mut cens, params.norm);
    Ok(cens)
}

/// `scipy.ndimage.convolve` with zeros beyond the ends and a symmetric window.
fn smoothed(row: &[f32], window: &[f64]) -> Vec<f32> {
    let before = (window.len() - 1) / 2;
    let value = |t: usize| {
        let first = before.saturating_sub(t);
        let frames = row[(t + first).saturating_sub(before)..].iter();
        let sum: f64 = frames
            .zip(&window[first..])
            .map(|(v, w)| f64::from(*v) * w)
            .sum();
        sum as f32
    };
    (0..row.len()).map(value).collect()
}
