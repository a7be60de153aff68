use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use num_complex::Complex;

use super::overlap_add::OverlapAdd;
use super::stft_params::StftParams;
use super::tile_transform::{TileTransform, TileTransformScratch};
use crate::error::{Result, check_finite, check_length};
use crate::frames::Framing;
use crate::simd::{LANES, Lane, ZERO, dispatch, magnitudes, store_tile};

/// A planned short-time Fourier transform and its inverse; equals `librosa.stft` and
/// `librosa.istft`.
///
/// ```text
/// S[k, t] = sum_n  w[n] y[t hop_length + n - p] exp(-2 pi i k n / n_fft),   p = n_fft / 2 if centred
/// y[m]    = sum_t w[m - t hop] ifft(S[:, t])[m - t hop]  /  sum_t w[m - t hop]^2
/// ```
///
/// The forward transform is computed in f64 and rounded once to f32, as librosa does, because an
/// f32 transform would lose the bins far below a loud one; the inverse is f32, as there.
///
/// ```
/// use timbral_dsp::{Stft, StftParams};
///
/// let y: Vec<f32> = (0..2205).map(|n| (n as f32 * 0.1).sin()).collect();
/// let stft = Stft::new(StftParams::default())?;
/// let spectrum = stft.process(&y)?;
/// assert_eq!(spectrum.dim(), (1025, 5));
/// let back = stft.inverse(spectrum.view(), Some(y.len()))?;
/// let error = y.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
/// assert!(error < 1e-6);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stft {
    params: StftParams,
    transform: TileTransform,
}

/// Working memory of one thread for a [`Stft`].
#[derive(Debug, Clone, Default)]
pub struct StftScratch {
    transform: TileTransformScratch,
    padded: Vec<f32>,
    re: Vec<Lane>,
    im: Vec<Lane>,
}

impl Stft {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`StftParams::validate`].
    pub fn new(params: StftParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            params,
            transform: TileTransform::new(params.padded_window(), params.hop_length),
        })
    }

    /// The transform with other weights than the window of valid parameters, `n_fft` of them.
    pub(super) fn with_window(params: StftParams, window: Vec<f64>) -> Self {
        let transform = TileTransform::new(window, params.hop_length);
        Self { params, transform }
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &StftParams {
        &self.params
    }

    /// Rows of a spectrogram: `n_fft / 2 + 1`.
    pub fn n_bins(&self) -> usize {
        self.params.n_fft / 2 + 1
    }

    /// Columns of the spectrogram of `n` samples.
    ///
    /// # Errors
    ///
    /// No samples, or fewer than `n_fft` if `center` is false.
    pub fn n_frames(&self, n: usize) -> Result<usize> {
        self.framing().n_frames(n)
    }

    pub(crate) fn framing(&self) -> Framing {
        self.params.framing()
    }

    /// Working memory for [`Stft::process_with_scratch`] and [`Stft::inverse_with_scratch`].
    pub fn make_scratch(&self) -> StftScratch {
        StftScratch {
            transform: TileTransformScratch::default(),
            padded: Vec::new(),
            re: vec![ZERO; self.n_bins()],
            im: vec![ZERO; self.n_bins()],
        }
    }

    /// The complex spectrogram of `y`, shape `(n_fft / 2 + 1, n_frames)`.
    ///
    /// # Errors
    ///
    /// - no samples, or fewer than `n_fft` if `center` is false;
    /// - a sample that is NaN or infinite.
    pub fn process(&self, y: &[f32]) -> Result<Array2<Complex<f32>>> {
        let mut spectrum = Array2::zeros((self.n_bins(), self.n_frames(y.len())?));
        self.process_with_scratch(y, spectrum.view_mut(), &mut self.make_scratch())?;
        Ok(spectrum)
    }

    /// The magnitudes `|S|` of [`Stft::process`].
    ///
    /// # Errors
    ///
    /// Those of [`Stft::process`].
    pub fn magnitude(&self, y: &[f32]) -> Result<Array2<f32>> {
        self.real(y, false)
    }

    /// The powers `|S|^2` of [`Stft::process`].
    ///
    /// # Errors
    ///
    /// Those of [`Stft::process`].
    pub fn power(&self, y: &[f32]) -> Result<Array2<f32>> {
        self.real(y, true)
    }

    fn real(&self, y: &[f32], squared: bool) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((self.n_bins(), self.n_frames(y.len())?));
        let mut view = out.view_mut();
        self.for_each_tile(y, squared, |first, _, tile| {
            store_tile(tile, first, &mut view)
        })?;
        Ok(out)
    }

    /// The two tiles of the working memory, resized to this plan: it may be that of another plan.
    fn take_tiles(&self, scratch: &mut StftScratch) -> [Vec<Lane>; 2] {
        [&mut scratch.re, &mut scratch.im].map(|tile| {
            let mut tile = std::mem::take(tile);
            tile.resize(self.n_bins(), ZERO);
            tile
        })
    }

    /// Calls `visit(first_frame, used_lanes, tile)` with the magnitudes or their squares of every
    /// 16 frames.
    pub(crate) fn for_each_tile(
        &self,
        y: &[f32],
        squared: bool,
        mut visit: impl FnMut(usize, usize, &[Lane]),
    ) -> Result<()> {
        check_finite("signal", y)?;
        let n_frames = self.n_frames(y.len())?;
        let mut scratch = self.make_scratch();
        let [mut re, mut im] = self.take_tiles(&mut scratch);
        let mut tile = vec![ZERO; self.n_bins()];
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            self.forward_tile(y, first, used, &mut re, &mut im, &mut scratch);
            magnitudes(&re, &im, &mut tile);
            if squared {
                tile.as_flattened_mut().iter_mut().for_each(|v| *v *= *v);
            }
            visit(first, used, &tile);
        }
        Ok(())
    }

    /// As [`Stft::process`], into an array of the right shape and with working memory of the caller.
    ///
    /// # Errors
    ///
    /// Those of [`Stft::process`], and an array of another shape.
    pub fn process_with_scratch(
        &self,
        y: &[f32],
        mut spectrum: ArrayViewMut2<'_, Complex<f32>>,
        scratch: &mut StftScratch,
    ) -> Result<()> {
        check_finite("signal", y)?;
        let n_frames = self.n_frames(y.len())?;
        check_length("spectrum rows", self.n_bins(), spectrum.nrows())?;
        check_length("spectrum columns", n_frames, spectrum.ncols())?;
        let [mut re, mut im] = self.take_tiles(scratch);
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            self.forward_tile(y, first, used, &mut re, &mut im, scratch);
            let mut block = spectrum.slice_mut(s![.., first..first + used]);
            dispatch(
                #[inline(always)]
                || {
                    for ((mut row, re), im) in block.outer_iter_mut().zip(&re).zip(&im) {
                        for ((to, re), im) in row.iter_mut().zip(re).zip(im) {
                            *to = Complex::new(*re, *im);
                        }
                    }
                },
            );
        }
        (scratch.re, scratch.im) = (re, im);
        Ok(())
    }

    /// The signal whose spectrogram is nearest to `spectrum` in the least-squares sense: windowed
    /// overlap-add (Griffin and Lim 1984).
    ///
    /// Without `length` the result has `n_fft + hop_length (n_frames - 1)` samples, minus `2 (n_fft / 2)` if
    /// centred. With `length` the result is cut, or continued with the rest of the last frames and then with
    /// zeros.
    ///
    /// # Errors
    ///
    /// An array with another number of rows than `n_fft / 2 + 1`, or no columns; a `length` that
    /// does not fit into memory.
    pub fn inverse(
        &self,
        spectrum: ArrayView2<'_, Complex<f32>>,
        length: Option<usize>,
    ) -> Result<Vec<f32>> {
        self.inverse_with_scratch(spectrum, length, &mut self.make_scratch())
    }

    /// As [`Stft::inverse`], with working memory of the caller.
    ///
    /// # Errors
    ///
    /// Those of [`Stft::inverse`].
    pub fn inverse_with_scratch(
        &self,
        spectrum: ArrayView2<'_, Complex<f32>>,
        length: Option<usize>,
        scratch: &mut StftScratch,
    ) -> Result<Vec<f32>> {
        check_length("spectrum rows", self.n_bins(), spectrum.nrows())?;
        let mut output = OverlapAdd::default();
        self.start_whole_inverse(&mut output, spectrum.ncols(), length)?;
        let [mut re, mut im] = self.take_tiles(scratch);
        for first in (0..spectrum.ncols()).step_by(LANES) {
            let used = (spectrum.ncols() - first).min(LANES);
            let block = spectrum.slice(s![.., first..first + used]);
            dispatch(
                #[inline(always)]
                || {
                    for ((row, re), im) in block.outer_iter().zip(&mut re).zip(&mut im) {
                        (*re, *im) = (ZERO, ZERO);
                        for ((z, re), im) in row.iter().zip(re).zip(im) {
                            (*re, *im) = (z.re, z.im);
                        }
                    }
                },
            );
            self.inverse_tile(first, used, &mut re, &mut im, scratch, &mut output);
        }
        (scratch.re, scratch.im) = (re, im);
        Ok(self.finish_whole_inverse(output))
    }

    /// Frames `first .. first + used` as tiles of real and imaginary parts; other lanes are zero.
    pub(crate) fn forward_tile(
        &self,
        y: &[f32],
        first: usize,
        used: usize,
        re: &mut [Lane],
        im: &mut [Lane],
        scratch: &mut StftScratch,
    ) {
        let mut padded = std::mem::take(&mut scratch.padded);
        let samples = self.framing().samples(y, first, used, &mut padded);
        self.forward_samples(samples, used, re, im, scratch);
        scratch.padded = padded;
    }

    /// As [`Stft::forward_tile`] of the samples of the `used` frames, no more than they need.
    pub(crate) fn forward_samples(
        &self,
        samples: &[f32],
        used: usize,
        re: &mut [Lane],
        im: &mut [Lane],
        scratch: &mut StftScratch,
    ) {
        self.transform
            .forward(samples, &mut scratch.transform, re, im);
        if used < LANES {
            for bin in re.iter_mut().chain(im) {
                bin[used..].fill(0.0);
            }
        }
    }

    /// Adds the inverse of a tile of `n` spectra, the first of which is frame `first`, to `output`.
    pub(crate) fn inverse_tile(
        &self,
        first: usize,
        n: usize,
        re: &mut [Lane],
        im: &mut [Lane],
        scratch: &mut StftScratch,
        output: &mut OverlapAdd,
    ) {
        let used = output.used(first, n);
        if used == 0 {
            return;
        }
        if used < LANES {
            for bin in re.iter_mut().chain(im.iter_mut()) {
                bin[used..].fill(0.0);
            }
        }
        let sums = self.transform.inverse(re, im, &mut scratch.transform);
        output.add(first, used, sums);
    }

    /// Makes `output` ready for the inverse of frames whose number is not known yet, reusing its memory.
    pub(crate) fn start_inverse(&self, output: &mut OverlapAdd) {
        output.start(&self.params, self.transform.window());
    }

    /// Completes `output`, `length` samples, after the last [`Stft::inverse_tile`]. Without a length the
    /// signal ends where the last frame does, without its padding.
    pub(crate) fn finish_inverse(
        &self,
        output: &mut OverlapAdd,
        n_frames: usize,
        length: Option<usize>,
    ) {
        let length = length.unwrap_or_else(|| output.natural_length(n_frames));
        output.finish(n_frames, length);
    }

    /// Makes `output` ready for the inverse of `n_frames` spectra.
    pub(crate) fn start_whole_inverse(
        &self,
        output: &mut OverlapAdd,
        n_frames: usize,
        length: Option<usize>,
    ) -> Result<()> {
        output.start_whole(&self.params, self.transform.window(), n_frames, length)
    }

    /// The signal, after the last [`Stft::inverse_tile`].
    pub(crate) fn finish_whole_inverse(&self, mut output: OverlapAdd) -> Vec<f32> {
        output.finish_whole();
        output.samples
    }
}
