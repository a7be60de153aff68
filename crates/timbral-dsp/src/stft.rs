use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use num_complex::Complex;

use crate::error::{Error, Result, check, check_finite};
use crate::frame::{Framing, MAX_LENGTH, PadMode};
use crate::simd::{LANES, Lane, ZERO, dispatch, store_tile};
use crate::transform::{Transform, TransformScratch};
use crate::window::Window;

/// Parameters of a short-time Fourier transform, named as in `librosa.stft`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StftParams {
    /// Length of the transform in samples, `2..=2^24`; default 2048. There are `n_fft / 2 + 1` bins.
    pub n_fft: usize,
    /// Samples between frames, `1..=2^24`; default 512.
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
#[derive(Debug, Clone)]
pub struct Stft {
    params: StftParams,
    transform: Transform,
}

/// Working memory of one thread for a [`Stft`].
#[derive(Debug, Clone)]
pub struct StftScratch {
    transform: TransformScratch,
    re: Vec<Lane>,
    im: Vec<Lane>,
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
        check(
            (2..=MAX_LENGTH).contains(&n_fft),
            "n_fft",
            n_fft,
            "must be in 2..=16777216",
        )?;
        check(
            (1..=MAX_LENGTH).contains(&params.hop_length),
            "hop_length",
            params.hop_length,
            "must be in 1..=16777216",
        )?;
        check(
            (1..=n_fft).contains(&win_length),
            "win_length",
            win_length,
            "must be in 1..=n_fft",
        )?;
        let mut window = vec![0.0; n_fft];
        let left = (n_fft - win_length) / 2;
        window[left..left + win_length].copy_from_slice(&params.window.periodic(win_length));
        Ok(Self {
            params,
            transform: Transform::new(window, params.hop_length),
        })
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
            transform: TransformScratch::default(),
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
        let mut out = Array2::zeros((self.n_bins(), self.n_frames(y.len())?));
        let mut view = out.view_mut();
        self.for_each_tile(y, squared, |first, _, tile| {
            store_tile(tile, first, &mut view)
        })?;
        Ok(out)
    }

    /// The two tiles of the working memory, in the sizes of this plan; it may be another one's.
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
        let [mut re, mut im] = self.take_tiles(scratch);
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
    /// An array with another number of rows than `n_fft / 2 + 1`, or no columns; a `length` that
    /// does not fit into memory.
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
        let mut output = OverlapAdd::default();
        output.start(self, spectrum.ncols(), length)?;
        let [mut re, mut im] = self.take_tiles(scratch);
        for first in (0..spectrum.ncols()).step_by(LANES) {
            let used = (spectrum.ncols() - first).min(LANES);
            let block = spectrum.slice(s![.., first..first + used]);
            for ((row, re), im) in block.outer_iter().zip(&mut re).zip(&mut im) {
                (*re, *im) = (ZERO, ZERO);
                for ((z, re), im) in row.iter().zip(re).zip(im) {
                    (*re, *im) = (z.re, z.im);
                }
            }
            self.inverse_tile(first, &mut re, &mut im, scratch, &mut output);
        }
        (scratch.re, scratch.im) = (re, im);
        output.finish(self);
        Ok(output.samples)
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
        let line = self.transform.line(&mut scratch.transform);
        let samples = (used - 1) * self.params.hop_length + self.params.n_fft;
        let (frames, beyond) = line.split_at_mut(samples);
        self.framing().copy_samples(y, first, frames);
        beyond.fill(0.0);
        self.transform.forward(&mut scratch.transform, re, im);
        if used < LANES {
            for bin in re.iter_mut().chain(im) {
                bin[used..].fill(0.0);
            }
        }
    }

    /// Adds the inverse of a tile of spectra whose first is frame `first`; unused lanes are zero.
    pub(crate) fn inverse_tile(
        &self,
        first: usize,
        re: &mut [Lane],
        im: &mut [Lane],
        scratch: &mut StftScratch,
        output: &mut OverlapAdd,
    ) {
        let used = output.n_frames.saturating_sub(first).min(LANES);
        if used < LANES {
            for bin in re.iter_mut().chain(im.iter_mut()) {
                bin[used..].fill(0.0);
            }
        }
        let sums = self.transform.inverse(re, im, &mut scratch.transform);
        let (to, from) = overlap(
            first * self.params.hop_length,
            output.pad,
            sums.len(),
            output.samples.len(),
        );
        for (y, x) in output.samples[to].iter_mut().zip(&sums[from]) {
            *y += x;
        }
    }
}

/// A signal being summed from windowed frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct OverlapAdd {
    /// The signal, right after [`OverlapAdd::finish`].
    pub(crate) samples: Vec<f32>,
    n_frames: usize,
    pad: usize,
}

impl OverlapAdd {
    /// Starts a resynthesis of `n_frames` frames, reusing the memory.
    pub(crate) fn start(
        &mut self,
        stft: &Stft,
        n_frames: usize,
        length: Option<usize>,
    ) -> Result<()> {
        if n_frames == 0 {
            return Err(Error::TooShort {
                name: "spectrum columns",
                needed: 1,
                got: 0,
            });
        }
        let StftParams {
            n_fft, hop_length, ..
        } = stft.params;
        self.pad = stft.framing().pad();
        let length = length.unwrap_or(n_fft + hop_length * (n_frames - 1) - 2 * self.pad);
        // Frames that start beyond the wanted samples are left out, also of the sum of squares.
        let padded = length.saturating_add(2 * self.pad);
        self.n_frames = n_frames.min(padded.div_ceil(hop_length));
        self.samples.clear();
        // A length is the caller's word only: it may be more than there is memory for.
        self.samples
            .try_reserve_exact(length)
            .map_err(|_| Error::parameter("length", length, "does not fit into memory"))?;
        self.samples.resize(length, 0.0);
        Ok(())
    }

    /// Divides by the sum of squared windows wherever that is not zero. It repeats every hop,
    /// but for the ends, where fewer frames overlap.
    pub(crate) fn finish(&mut self, stft: &Stft) {
        let hop = stft.params.hop_length;
        let squares: Vec<f32> = stft
            .transform
            .window()
            .iter()
            .map(|w| (w * w) as f32)
            .collect();
        let overlap = squares.len().div_ceil(hop);
        let weigh = |block: usize, weight: &mut [f32]| {
            weight.fill(0.0);
            for t in (block + 1).saturating_sub(overlap)..(block + 1).min(self.n_frames) {
                let part = squares[(block - t) * hop..].iter().take(hop);
                weight.iter_mut().zip(part).for_each(|(w, s)| *w += s);
            }
        };
        let inner = overlap - 1..self.n_frames;
        let (mut full, mut edge) = (vec![0.0; hop], vec![0.0; hop]);
        if !inner.is_empty() {
            weigh(inner.start, &mut full);
        }
        // Blocks of a hop, the first of them cut by the padding.
        let mut block = self.pad / hop;
        let mut skip = self.pad % hop;
        let mut rest = &mut self.samples[..];
        while !rest.is_empty() {
            let weight = if inner.contains(&block) {
                &full
            } else {
                weigh(block, &mut edge);
                &edge
            };
            let (samples, behind) = rest.split_at_mut((hop - skip).min(rest.len()));
            for (y, w) in samples.iter_mut().zip(&weight[skip..]) {
                *y = if *w > f32::MIN_POSITIVE { *y / w } else { *y };
            }
            (rest, skip, block) = (behind, 0, block + 1);
        }
    }
}

/// The samples of an output of `length` that `n` samples starting at `start - pad` cover, and
/// the part of these that lies on them.
fn overlap(start: usize, pad: usize, n: usize, length: usize) -> (Range<usize>, Range<usize>) {
    let from = pad.saturating_sub(start).min(n);
    let to = (start + from).saturating_sub(pad).min(length);
    let n = (n - from).min(length - to);
    (to..to + n, from..from + n)
}

/// `|re + i im|` of a tile.
pub(crate) fn magnitudes(re: &[Lane], im: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            let (re, im) = (re.as_flattened(), im.as_flattened());
            for ((re, im), out) in re.iter().zip(im).zip(out.as_flattened_mut()) {
                *out = (re * re + im * im).sqrt();
            }
        },
    );
}

pub(crate) fn expect(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Shape {
            name,
            expected,
            got,
        })
    }
}
