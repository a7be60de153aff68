use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::error::{Error, Result, check, check_finite};
use crate::frame::{Framing, PadMode};
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch};
use crate::window::Window;

/// Parameters of a short-time Fourier transform, named as in `librosa.stft`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StftParams {
    /// Length of the transform in samples, at least 2; default 2048. There are `n_fft / 2 + 1` bins.
    pub n_fft: usize,
    /// Samples between frames, at least 1; default 512.
    pub hop_length: usize,
    /// Length of the window, `1..=n_fft`, centred in the frame; default: `n_fft`.
    pub win_length: Option<usize>,
    /// The taper, taken as periodic; default Hann.
    pub window: Window,
    /// Whether frame `t` is centred on sample `t * hop_length`; default true.
    pub center: bool,
    /// What centred frames see beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
}

impl Default for StftParams {
    fn default() -> Self {
        Self {
            n_fft: 2048,
            hop_length: 512,
            win_length: None,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Zero,
        }
    }
}

/// A planned short-time Fourier transform and its inverse; equals `librosa.stft` and
/// `librosa.istft`.
///
/// ```text
/// S[k, t] = sum_n  w[n] y[t hop_length + n - p] exp(-2 pi i k n / n_fft),   p = n_fft / 2 if centred
/// y[m]    = sum_t w[m - t hop] ifft(S[:, t])[m - t hop]  /  sum_t w[m - t hop]^2
/// ```
///
/// The forward transform is computed in f64 and rounded once to f32, as librosa does, since f32
/// butterflies would bury the bins far below a loud one; the inverse is f32, as there.
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
#[derive(Clone)]
pub struct Stft {
    params: StftParams,
    window: Vec<f64>,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft").field("params", &self.params).finish_non_exhaustive()
    }
}

/// Working memory of one thread for a [`Stft`].
#[derive(Debug, Clone)]
pub struct StftScratch {
    samples: Vec<f32>,
    frame: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    fft: Vec<Complex<f64>>,
    inverse: InverseScratch,
    re: Vec<Lane>,
    im: Vec<Lane>,
}

#[derive(Debug, Clone)]
struct InverseScratch {
    window: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    frame: Vec<f32>,
    fft: Vec<Complex<f32>>,
}

impl Stft {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// `n_fft < 2`, `hop_length < 1`, or `win_length` outside `1..=n_fft`.
    pub fn new(params: StftParams) -> Result<Self> {
        let n_fft = params.n_fft;
        let win_length = params.win_length.unwrap_or(n_fft);
        check(n_fft >= 2, "n_fft", n_fft, "must be at least 2")?;
        check((1..=n_fft).contains(&win_length), "win_length", win_length, "must be in 1..=n_fft")?;
        let mut window = vec![0.0; n_fft];
        let left = (n_fft - win_length) / 2;
        window[left..left + win_length].copy_from_slice(&params.window.periodic(win_length));
        let plan = Self {
            params,
            window,
            forward: RealFftPlanner::new().plan_fft_forward(n_fft),
            inverse: RealFftPlanner::new().plan_fft_inverse(n_fft),
        };
        plan.framing().validate()?;
        Ok(plan)
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
    /// No samples, or, not centred, fewer than `n_fft`.
    pub fn n_frames(&self, n: usize) -> Result<usize> {
        self.framing().n_frames(n)
    }

    pub(crate) fn framing(&self) -> Framing {
        Framing {
            frame_length: self.params.n_fft,
            hop_length: self.params.hop_length,
            center: self.params.center,
            pad_mode: self.params.pad_mode,
        }
    }

    /// Working memory for [`Stft::process_with_scratch`] and [`Stft::inverse_with_scratch`].
    pub fn make_scratch(&self) -> StftScratch {
        StftScratch {
            samples: vec![0.0; self.params.n_fft],
            frame: self.forward.make_input_vec(),
            spectrum: self.forward.make_output_vec(),
            fft: self.forward.make_scratch_vec(),
            inverse: InverseScratch {
                window: self.window.iter().map(|w| *w as f32).collect(),
                spectrum: vec![Complex::default(); self.n_bins()],
                frame: self.inverse.make_output_vec(),
                fft: self.inverse.make_scratch_vec(),
            },
            re: vec![ZERO; self.n_bins()],
            im: vec![ZERO; self.n_bins()],
        }
    }

    /// The complex spectrogram of `y`, shape `(n_fft / 2 + 1, n_frames)`.
    ///
    /// # Errors
    ///
    /// - no samples, or, not centred, fewer than `n_fft`;
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
        check_finite("signal", y)?;
        let mut tiles = Tiles::default();
        tiles.reshape(self.n_bins(), self.n_frames(y.len())?);
        let mut scratch = self.make_scratch();
        let (mut re, mut im) = (std::mem::take(&mut scratch.re), std::mem::take(&mut scratch.im));
        for t in 0..tiles.n_tiles() {
            self.forward_tile(y, t * LANES, tiles.used(t), &mut re, &mut im, &mut scratch);
            magnitudes(&re, &im, tiles.tile_mut(t));
            if squared {
                tiles.tile_mut(t).iter_mut().flatten().for_each(|v| *v *= *v);
            }
        }
        let mut out = Array2::zeros((tiles.n_bins(), tiles.n_frames()));
        tiles.store(out.view_mut());
        Ok(out)
    }

    /// As [`Stft::process`], into an array of the right shape and with the caller's memory.
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
        expect("spectrum rows", self.n_bins(), spectrum.nrows())?;
        expect("spectrum columns", n_frames, spectrum.ncols())?;
        let (mut re, mut im) = (std::mem::take(&mut scratch.re), std::mem::take(&mut scratch.im));
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            self.forward_tile(y, first, used, &mut re, &mut im, scratch);
            let mut block = spectrum.slice_mut(s![.., first..first + used]);
            for ((mut row, re), im) in block.outer_iter_mut().zip(&re).zip(&im) {
                for ((to, re), im) in row.iter_mut().zip(re).zip(im) {
                    *to = Complex::new(*re, *im);
                }
            }
        }
        (scratch.re, scratch.im) = (re, im);
        Ok(())
    }

    /// The signal whose spectrogram is nearest to `spectrum` in the least-squares sense: windowed
    /// overlap-add (Griffin and Lim 1984).
    ///
    /// Without `length` there are `n_fft + hop_length (n_frames - 1)` samples, less
    /// `2 (n_fft / 2)` if centred; with it the signal is cut or continued by what the last frames
    /// hold, then by zeros.
    ///
    /// # Errors
    ///
    /// An array with another number of rows than `n_fft / 2 + 1`, or no columns.
    pub fn inverse(
        &self,
        spectrum: ArrayView2<'_, Complex<f32>>,
        length: Option<usize>,
    ) -> Result<Vec<f32>> {
        self.inverse_with_scratch(spectrum, length, &mut self.make_scratch())
    }

    /// As [`Stft::inverse`], with the caller's memory.
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
        expect("spectrum rows", self.n_bins(), spectrum.nrows())?;
        let mut output = self.overlap_add(spectrum.ncols(), length)?;
        for (t, column) in spectrum.axis_iter(ndarray::Axis(1)).enumerate() {
            for (to, from) in scratch.inverse.spectrum.iter_mut().zip(column) {
                *to = *from;
            }
            self.add_frame(t, &mut scratch.inverse, &mut output);
        }
        Ok(output.finish())
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
        let framing = self.framing();
        for lane in 0..LANES {
            if lane >= used {
                re.iter_mut().chain(im.iter_mut()).for_each(|bin| bin[lane] = 0.0);
                continue;
            }
            framing.copy_frame(y, first + lane, &mut scratch.samples);
            for ((to, sample), w) in scratch.frame.iter_mut().zip(&scratch.samples).zip(&self.window)
            {
                *to = f64::from(*sample) * w;
            }
            // The buffers come from the plan, so their lengths are right and this cannot fail.
            let done = self.forward.process_with_scratch(
                &mut scratch.frame,
                &mut scratch.spectrum,
                &mut scratch.fft,
            );
            debug_assert!(done.is_ok());
            for ((re, im), bin) in re.iter_mut().zip(im.iter_mut()).zip(&scratch.spectrum) {
                re[lane] = bin.re as f32;
                im[lane] = bin.im as f32;
            }
        }
    }

    /// Adds the inverse of a tile of spectra, frames `first .. first + used`.
    pub(crate) fn inverse_tile(
        &self,
        first: usize,
        used: usize,
        re: &[Lane],
        im: &[Lane],
        scratch: &mut StftScratch,
        output: &mut OverlapAdd,
    ) {
        for lane in 0..used {
            for ((to, re), im) in scratch.inverse.spectrum.iter_mut().zip(re).zip(im) {
                *to = Complex::new(re[lane], im[lane]);
            }
            self.add_frame(first + lane, &mut scratch.inverse, output);
        }
    }

    /// Starts a resynthesis of `n_frames` frames.
    pub(crate) fn overlap_add(&self, n_frames: usize, length: Option<usize>) -> Result<OverlapAdd> {
        if n_frames == 0 {
            return Err(Error::TooShort { name: "spectrum columns", needed: 1, got: 0 });
        }
        let (hop, n_fft) = (self.params.hop_length, self.params.n_fft);
        let pad = self.framing().pad();
        let full = n_fft + hop * (n_frames - 1);
        let length = length.unwrap_or(full - 2 * pad);
        // Frames that start beyond the wanted samples are left out of the sum of squares too.
        let n_frames = n_frames.min((length + 2 * pad).div_ceil(hop));
        let mut weight = vec![0.0f32; length];
        let squares: Vec<f32> = self.window.iter().map(|w| (w * w) as f32).collect();
        for t in 0..n_frames {
            let (to, from) = overlap(t * hop, pad, n_fft, length);
            for (w, s) in weight[to].iter_mut().zip(&squares[from]) {
                *w += s;
            }
        }
        Ok(OverlapAdd { samples: vec![0.0; length], weight, n_frames, pad, hop })
    }

    fn add_frame(&self, t: usize, scratch: &mut InverseScratch, output: &mut OverlapAdd) {
        if t >= output.n_frames {
            return;
        }
        // A real signal has real ends of its spectrum; what is there is dropped, as numpy does.
        let n_fft = self.params.n_fft;
        scratch.spectrum[0].im = 0.0;
        if n_fft.is_multiple_of(2) {
            scratch.spectrum[n_fft / 2].im = 0.0;
        }
        let done = self.inverse.process_with_scratch(
            &mut scratch.spectrum,
            &mut scratch.frame,
            &mut scratch.fft,
        );
        debug_assert!(done.is_ok());
        let (to, from) = overlap(t * output.hop, output.pad, n_fft, output.samples.len());
        let scale = 1.0 / n_fft as f32;
        for ((y, x), w) in
            output.samples[to].iter_mut().zip(&scratch.frame[from.clone()]).zip(&scratch.window[from])
        {
            *y += x * scale * w;
        }
    }
}

/// The samples of an output of `length` that a frame starting at `start - pad` covers, and the
/// part of the frame that lies on them.
fn overlap(
    start: usize,
    pad: usize,
    n_fft: usize,
    length: usize,
) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let from = pad.saturating_sub(start).min(n_fft);
    let to = (start + from).saturating_sub(pad).min(length);
    let n = (n_fft - from).min(length - to);
    (to..to + n, from..from + n)
}

/// A signal being summed from windowed frames.
pub(crate) struct OverlapAdd {
    samples: Vec<f32>,
    weight: Vec<f32>,
    n_frames: usize,
    pad: usize,
    hop: usize,
}

impl OverlapAdd {
    /// Divides by the sum of squared windows wherever that is not zero.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        for (y, w) in self.samples.iter_mut().zip(&self.weight) {
            if *w > f32::MIN_POSITIVE {
                *y /= w;
            }
        }
        self.samples
    }
}

/// `|re + i im|` of a tile.
pub(crate) fn magnitudes(re: &[Lane], im: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            for ((re, im), out) in re.iter().zip(im).zip(out) {
                for l in 0..LANES {
                    out[l] = (re[l] * re[l] + im[l] * im[l]).sqrt();
                }
            }
        },
    );
}

pub(crate) fn expect(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Shape { name, expected, got })
    }
}
