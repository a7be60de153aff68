use ndarray::{Array2, ArrayView2};

use super::scales::{MelScale, fft_frequencies};
use crate::error::{Result, check, check_length, check_sample_rate};
use crate::frames::check_n_fft;
use crate::simd::{Banded, Lane, ZERO, dispatch, for_each_tile, store_tile};
use crate::transform::Stft;

/// Parameters of a mel filter bank, named as in `librosa.filters.mel`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct MelParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Length of the transform, `2..=2^24`; default 2048.
    pub n_fft: usize,
    /// Number of bands, `1..=4096`; default 128.
    pub n_mels: usize,
    /// Lower edge of the lowest band in hertz, at least 0; default 0.
    pub fmin: f64,
    /// Upper edge of the highest band in hertz, above `fmin`; default half the sample rate.
    pub fmax: Option<f64>,
    /// The scale on which the bands are spaced evenly; default Slaney's.
    pub scale: MelScale,
    /// How the triangles are scaled; default to equal area.
    pub norm: MelNorm,
    #[doc(hidden)]
    #[cfg_attr(feature = "serde", serde(skip))]
    pub _non_exhaustive: (),
}

/// How the triangles of a mel bank are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum MelNorm {
    /// Each triangle has area 1 over hertz (librosa's `slaney`).
    #[default]
    Slaney,
    /// Each triangle has height 1.
    Height,
}

/// Most bands of a bank; it bounds the memory of a plan.
pub(super) const MAX_MELS: usize = 4096;

impl Default for MelParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            n_fft: 2048,
            n_mels: 128,
            fmin: 0.0,
            fmax: None,
            scale: MelScale::Slaney,
            norm: MelNorm::Slaney,
            _non_exhaustive: (),
        }
    }
}

impl MelParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `sample_rate` of 0, `n_fft` outside `2..=2^24`, `n_mels` outside `1..=4096`, `fmin < 0`, or
    /// `fmax <= fmin`.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        check_n_fft(self.n_fft)?;
        let (n_mels, fmin, fmax) = (self.n_mels, self.fmin, self.fmax());
        let holds = (1..=MAX_MELS).contains(&n_mels);
        check(holds, "n_mels", n_mels, "must be in 1..=4096")?;
        check(fmin >= 0.0, "fmin", fmin, "must not be negative")?;
        let holds = fmax > fmin && fmax.is_finite();
        check(holds, "fmax", fmax, "must be above fmin")?;
        Ok(())
    }

    fn fmax(&self) -> f64 {
        self.fmax.unwrap_or(f64::from(self.sample_rate) / 2.0)
    }
}

/// A bank of triangular filters, evenly spaced on a mel scale; equals `librosa.filters.mel` and,
/// applied to a power spectrogram, `librosa.feature.melspectrogram`.
///
/// ```text
/// M[m, t] = sum_k w[m, k] S[k, t],   w[m, k] = a_m max(0, min((f_k - e_m) / (e_m+1 - e_m),
///                                                          (e_m+2 - f_k) / (e_m+2 - e_m+1)))
/// ```
///
/// with `n_mels + 2` edges `e` and `a_m = 2 / (e_m+2 - e_m)` (Slaney) or 1.
///
/// ```
/// use timbral_dsp::{MelBank, MelParams};
///
/// let bank = MelBank::new(MelParams::default())?;
/// let weights = bank.weights();
/// assert_eq!(weights.dim(), (128, 1025));
/// assert!((weights[[0, 1]] - 0.016_182_8).abs() < 1e-7);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MelBank {
    params: MelParams,
    bank: Banded,
}

impl MelBank {
    /// Makes the bank.
    ///
    /// # Errors
    ///
    /// Those of [`MelParams::validate`].
    pub fn new(params: MelParams) -> Result<Self> {
        params.validate()?;
        let p = &params;
        let fmax = p.fmax();
        let (low, high) = (p.scale.from_hz(p.fmin), p.scale.from_hz(fmax));
        let step = (high - low) / (p.n_mels + 1) as f64;
        let edge = |i: usize| {
            p.scale.to_hz(if i > p.n_mels {
                high
            } else {
                low + i as f64 * step
            })
        };
        let edges: Vec<f64> = (0..p.n_mels + 2).map(edge).collect();
        let frequencies = fft_frequencies(p.sample_rate, p.n_fft);
        let bank = Banded::new(p.n_mels, frequencies.len(), |m, k| {
            let f = frequencies[k];
            let rise = (f - edges[m]) / (edges[m + 1] - edges[m]);
            let fall = (edges[m + 2] - f) / (edges[m + 2] - edges[m + 1]);
            // librosa rounds the triangle to f32 before and after it is scaled.
            let triangle = rise.min(fall).max(0.0) as f32;
            match p.norm {
                MelNorm::Slaney => (f64::from(triangle) * (2.0 / (edges[m + 2] - edges[m]))) as f32,
                MelNorm::Height => triangle,
            }
        });
        Ok(Self { params, bank })
    }

    /// The parameters the bank was made with.
    pub fn params(&self) -> &MelParams {
        &self.params
    }

    /// The filters as a matrix of shape `(n_mels, n_fft / 2 + 1)`.
    pub fn weights(&self) -> Array2<f32> {
        let shape = (self.params.n_mels, self.n_bins());
        Array2::from_shape_fn(shape, |(m, k)| self.bank.weight(m, k))
    }

    /// The mel spectrogram, shape `(n_mels, n_frames)`, of a power spectrogram of shape
    /// `(n_fft / 2 + 1, n_frames)`.
    ///
    /// # Errors
    ///
    /// A spectrogram with another number of rows.
    pub fn process(&self, power: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        check_length("power rows", self.n_bins(), power.nrows())?;
        let mut out = Array2::zeros((self.params.n_mels, power.ncols()));
        let mut write = self.band_writer(&mut out);
        for_each_tile(power, |first, _, tile| write(first, tile));
        drop(write);
        Ok(out)
    }

    /// The mel spectrogram of a signal: the same as `process(stft.power(y)?.view())` in a fraction
    /// of the memory and half the time, because the power spectrogram is never stored; equals
    /// `librosa.feature.melspectrogram(y=y)`.
    ///
    /// # Errors
    ///
    /// An [`Stft`] with another `n_fft`, and those of [`Stft::process`].
    pub fn process_signal(&self, stft: &Stft, y: &[f32]) -> Result<Array2<f32>> {
        check_length("stft bins", self.n_bins(), stft.n_bins())?;
        let mut out = Array2::zeros((self.params.n_mels, stft.n_frames(y.len())?));
        let mut write = self.band_writer(&mut out);
        stft.for_each_tile(y, true, |first, _, tile| write(first, tile))?;
        drop(write);
        Ok(out)
    }

    /// A function that applies the bank to a tile of power spectra and stores the bands in `out`.
    fn band_writer<'a>(&'a self, out: &'a mut Array2<f32>) -> impl FnMut(usize, &[Lane]) + 'a {
        let mut bands = vec![ZERO; self.params.n_mels];
        let mut out = out.view_mut();
        move |first, tile| {
            dispatch(
                #[inline(always)]
                || self.bank.apply(tile, &mut bands),
            );
            store_tile(&bands, first, &mut out);
        }
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.params.n_fft / 2 + 1
    }

    pub(crate) fn bank(&self) -> &Banded {
        &self.bank
    }
}
