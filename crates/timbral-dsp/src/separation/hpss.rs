use ndarray::{Array2, ArrayView2};
use num_complex::Complex;
use timbral_core::transpose;

use super::median::median_lines;
use crate::error::{Result, check, check_finite};
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch, magnitudes};
use crate::transform::{OverlapAdd, Stft};

/// Widest median.
const MAX_WIDTH: usize = 1 << 16;

/// Tiles that [`Hpss::process_signal`] separates together, plus one on each side for the medians along time: 7 MB.
const CHUNK: usize = 16;

/// Parameters of harmonic-percussive source separation, named as in `librosa.decompose.hpss`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HpssParams {
    /// Number of frames in the median along time, `1..=65536`; default 31, which has a fast algorithm.
    pub win_harm: usize,
    /// Number of bins in the median along frequency, `1..=65536`; default 31, which has a fast algorithm.
    pub win_perc: usize,
    /// Exponent of the soft masks, above 0; default 2. Infinity gives hard masks.
    pub power: f32,
    /// Factor by which the harmonic part must exceed the percussive one, at least 1; default 1.
    pub margin_harm: f32,
    /// Factor by which the percussive part must exceed the harmonic one, at least 1; default 1.
    pub margin_perc: f32,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for HpssParams {
    fn default() -> Self {
        Self {
            win_harm: 31,
            win_perc: 31,
            power: 2.0,
            margin_harm: 1.0,
            margin_perc: 1.0,
            _non_exhaustive: (),
        }
    }
}

impl HpssParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A window outside `1..=65536`, a `power` that is not above 0, or a margin that is below 1 or not
    /// finite.
    pub fn validate(&self) -> Result<()> {
        for (name, width) in [("win_harm", self.win_harm), ("win_perc", self.win_perc)] {
            let holds = (1..=MAX_WIDTH).contains(&width);
            check(holds, name, width, "must be in 1..=65536")?;
        }
        check(self.power > 0.0, "power", self.power, "must be above 0")?;
        for (name, margin) in [
            ("margin_harm", self.margin_harm),
            ("margin_perc", self.margin_perc),
        ] {
            let holds = margin >= 1.0 && margin.is_finite();
            check(holds, name, margin, "must be at least 1")?;
        }
        Ok(())
    }
}

/// Harmonic-percussive source separation by median filtering (Fitzgerald 2010; margins by
/// Driedger, Müller and Disch 2014); equals `librosa.decompose.hpss`.
///
/// ```text
/// H = median of |S| over win_harm frames,   P = median of |S| over win_perc bins
/// M_h = H^power / (H^power + (margin_harm P)^power),   M_p likewise
/// ```
///
/// Where both medians are zero, the masks are 1/2 if both margins are 1, else 0.
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{Hpss, HpssParams};
///
/// // A steady tone at bin 20, a click at frame 30.
/// let magnitude = Array2::from_shape_fn((64, 64), |(k, t)| {
///     if k == 20 || t == 30 { 1.0 } else { 0.0f32 }
/// });
/// let (harmonic, percussive) = Hpss::new(HpssParams::default())?.masks(magnitude.view());
/// assert_eq!(harmonic[[20, 5]], 1.0);
/// assert_eq!(percussive[[40, 30]], 1.0);
/// assert_eq!(harmonic[[20, 30]], 0.5);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Hpss {
    params: HpssParams,
}

impl Hpss {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`HpssParams::validate`].
    pub fn new(params: HpssParams) -> Result<Self> {
        params.validate()?;
        Ok(Self { params })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &HpssParams {
        &self.params
    }

    /// The masks of the harmonic and the percussive part of a magnitude spectrogram (`mask=True`):
    /// both have its shape `(n_bins, n_frames)` and values from 0 to 1.
    pub fn masks(&self, magnitude: ArrayView2<'_, f32>) -> (Array2<f32>, Array2<f32>) {
        let tiles = Tiles::from_array(magnitude);
        let mut work = HpssScratch::default();
        self.medians(&tiles, &mut work);
        let array = |margin: (f32, f32), swap: bool| {
            let mut mask = Tiles::default();
            mask.reshape(tiles.n_bins(), tiles.n_frames());
            let (x, reference) = if swap {
                (&work.perc, &work.harm)
            } else {
                (&work.harm, &work.perc)
            };
            self.soft_mask(x.lanes(), reference.lanes(), margin.0, mask.lanes_mut());
            let mut out = Array2::zeros(magnitude.dim());
            mask.store(out.view_mut());
            out
        };
        let (harm, perc) = (self.params.margin_harm, self.params.margin_perc);
        (array((harm, perc), false), array((perc, harm), true))
    }

    /// The harmonic and the percussive part of a complex spectrogram, both of its shape.
    pub fn process(
        &self,
        spectrum: ArrayView2<'_, Complex<f32>>,
    ) -> (Array2<Complex<f32>>, Array2<Complex<f32>>) {
        let (harm, perc) = self.masks(spectrum.map(|s| libm::hypotf(s.re, s.im)).view());
        let apply = |mask: Array2<f32>| {
            ndarray::Zip::from(spectrum)
                .and(&mask)
                .map_collect(|s, m| s * m)
        };
        (apply(harm), apply(perc))
    }

    /// The harmonic and the percussive waveform of a signal, both of its length; equals `librosa.effects.hpss`.
    /// The result is that of [`Stft::process`], [`Hpss::process`] and [`Stft::inverse`], but it is several
    /// times faster, and its working memory does not grow with the signal.
    ///
    /// # Errors
    ///
    /// Those of [`Stft::process`].
    ///
    /// ```
    /// use timbral_dsp::{Hpss, HpssParams, Stft, StftParams};
    ///
    /// let tone = |n: usize| (n as f32 * 0.1).sin() + if n == 11_000 { 9.0 } else { 0.0 };
    /// let y: Vec<f32> = (0..22_050).map(tone).collect();
    /// let stft = Stft::new(StftParams::default())?;
    /// let (harmonic, percussive) = Hpss::new(HpssParams::default())?.process_signal(&stft, &y)?;
    /// assert!(harmonic[11_000].abs() < 1.5 && percussive[11_000] > 7.0);
    /// # Ok::<(), timbral_dsp::Error>(())
    /// ```
    pub fn process_signal(&self, stft: &Stft, y: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        check_finite("signal", y)?;
        let n_frames = stft.n_frames(y.len())?;
        let n_tiles = n_frames.div_ceil(LANES);
        let HpssParams {
            win_harm,
            margin_harm,
            margin_perc,
            ..
        } = self.params;
        // Tiles on each side of a chunk that its medians along time reach.
        let context = (win_harm / 2).div_ceil(LANES);
        let chunk = CHUNK.max(4 * context);
        let mut outputs = [OverlapAdd::default(), OverlapAdd::default()];
        for output in &mut outputs {
            stft.start_whole_inverse(output, n_frames, Some(y.len()))?;
        }
        let [mut re, mut im, mut magnitude] = [(); 3].map(|()| Tiles::default());
        let mut work = HpssScratch::default();
        let mut scratch = stft.make_scratch();
        let [mut masked_re, mut masked_im] = [(); 2].map(|()| vec![ZERO; stft.n_bins()]);
        // Tiles transformed so far, and the first of those that are held.
        let (mut transformed, mut held) = (0, 0);
        for start in (0..n_tiles).step_by(chunk) {
            let end = (start + chunk).min(n_tiles);
            let first = std::mem::replace(&mut transformed, (end + context).min(n_tiles));
            for t in first..transformed {
                let (at, used) = (t - held, (n_frames - t * LANES).min(LANES));
                for tiles in [&mut re, &mut im, &mut magnitude] {
                    tiles.reshape(stft.n_bins(), at * LANES + used);
                }
                let (re, im) = (re.tile_mut(at), im.tile_mut(at));
                stft.forward_tile(y, t * LANES, used, re, im, &mut scratch);
                magnitudes(re, im, magnitude.tile_mut(at));
            }
            self.medians(&magnitude, &mut work);
            let both = [
                (&work.harm, &work.perc, margin_harm),
                (&work.perc, &work.harm, margin_perc),
            ];
            for (output, (x, reference, margin)) in outputs.iter_mut().zip(both) {
                for t in start..end {
                    let at = t - held;
                    let values = [x.tile(at), reference.tile(at)];
                    let masked = [&mut masked_re[..], &mut masked_im];
                    self.mask_tile(values, margin, [re.tile(at), im.tile(at)], masked);
                    let (first, used) = (t * LANES, re.used(at));
                    let (re, im) = (&mut masked_re, &mut masked_im);
                    stft.inverse_tile(first, used, re, im, &mut scratch, output);
                }
            }
            let unused = end.saturating_sub(context).saturating_sub(held);
            for tiles in [&mut re, &mut im, &mut magnitude] {
                tiles.drop_front(unused);
            }
            held += unused;
        }
        let [harmonic, percussive] = outputs.map(|output| stft.finish_whole_inverse(output));
        Ok((harmonic, percussive))
    }

    /// Fills `work.harm` and `work.perc` with the two medians.
    pub(crate) fn medians(&self, magnitude: &Tiles, work: &mut HpssScratch) {
        let (n_bins, n_frames) = (magnitude.n_bins(), magnitude.n_frames());
        work.perc.reshape(n_bins, n_frames);
        for t in 0..magnitude.n_tiles() {
            median_lines(
                magnitude.tile(t),
                self.params.win_perc,
                &mut work.padded,
                work.perc.tile_mut(t),
            );
        }
        // Along time the lanes are 16 bins: transpose 16 x 16 blocks, filter, transpose back.
        work.harm.reshape(n_bins, n_frames);
        let line_length = magnitude.n_tiles() * LANES;
        work.line.resize(line_length, ZERO);
        work.filtered.resize(line_length, ZERO);
        for bin in (0..n_bins).step_by(LANES) {
            let bins = (n_bins - bin).min(LANES);
            let (line, filtered) = (&mut work.line, &mut work.filtered);
            let harm = &mut work.harm;
            dispatch(
                #[inline(always)]
                || {
                    for (t, rows) in line.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                        let tile = magnitude.tile(t);
                        let bins = |r| tile.get(bin + r).unwrap_or(&ZERO);
                        transpose(&std::array::from_fn(bins), rows);
                    }
                },
            );
            median_lines(
                &line[..n_frames],
                self.params.win_harm,
                &mut work.padded,
                &mut filtered[..n_frames],
            );
            dispatch(
                #[inline(always)]
                || {
                    let mut block = [ZERO; LANES];
                    for (t, rows) in filtered.as_chunks::<LANES>().0.iter().enumerate() {
                        transpose(&rows.each_ref(), &mut block);
                        harm.tile_mut(t)[bin..bin + bins].copy_from_slice(&block[..bins]);
                    }
                },
            );
        }
    }

    /// The soft masks of some values; see [`SoftMask`].
    fn soft_mask(&self, x: &[Lane], reference: &[Lane], margin: f32, mask: &mut [Lane]) {
        let soft = SoftMask::new(&self.params, margin);
        let cells = x.as_flattened().iter().zip(reference.as_flattened());
        let cells = cells.zip(mask.as_flattened_mut());
        if soft.power != 2.0 {
            return cells.for_each(|((x, r), m)| *m = soft.any(*x, *r));
        }
        dispatch(
            #[inline(always)]
            || {
                for ((x, r), m) in cells {
                    *m = soft.square(*x, *r);
                }
            },
        );
    }

    /// The real and imaginary parts of a tile, multiplied with the soft mask of `x`.
    pub(crate) fn mask_tile(
        &self,
        [x, reference]: [&[Lane]; 2],
        margin: f32,
        [re, im]: [&[Lane]; 2],
        [masked_re, masked_im]: [&mut [Lane]; 2],
    ) {
        let soft = SoftMask::new(&self.params, margin);
        let cells = (x.as_flattened().iter())
            .zip(reference.as_flattened())
            .zip(re.as_flattened())
            .zip(im.as_flattened())
            .zip(masked_re.as_flattened_mut())
            .zip(masked_im.as_flattened_mut());
        if soft.power != 2.0 {
            return cells.for_each(|(((((x, r), re), im), masked_re), masked_im)| {
                let mask = soft.any(*x, *r);
                (*masked_re, *masked_im) = (re * mask, im * mask);
            });
        }
        dispatch(
            #[inline(always)]
            || {
                for (((((x, r), re), im), masked_re), masked_im) in cells {
                    let mask = soft.square(*x, *r);
                    (*masked_re, *masked_im) = (re * mask, im * mask);
                }
            },
        );
    }
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct HpssScratch {
    pub(crate) harm: Tiles,
    pub(crate) perc: Tiles,
    padded: Vec<Lane>,
    line: Vec<Lane>,
    filtered: Vec<Lane>,
}

/// The soft mask `x^p / (x^p + (margin r)^p)`, computed on quotients by the larger value as in
/// `librosa.util.softmask`.
#[derive(Clone, Copy)]
struct SoftMask {
    power: f32,
    margin: f32,
    /// The mask where both values are zero.
    empty: f32,
}

impl SoftMask {
    fn new(params: &HpssParams, margin: f32) -> Self {
        let split_zeros = params.margin_harm == 1.0 && params.margin_perc == 1.0;
        Self {
            power: params.power,
            margin,
            empty: if split_zeros { 0.5 } else { 0.0 },
        }
    }

    /// For power 2, with two divisions and no branch: with `q` the smaller divided by the larger value, the mask of
    /// the larger one is `1 / (1 + q^2)` and that of the smaller one `q^2` times that.
    #[inline(always)]
    fn square(self, x: f32, r: f32) -> f32 {
        let r = r * self.margin;
        let (large, small) = if x > r { (x, r) } else { (r, x) };
        let silent = large < f32::MIN_POSITIVE;
        let q = small / if silent { 1.0 } else { large };
        let upper = 1.0 / (1.0 + q * q);
        let mask = if x > r { upper } else { upper * (q * q) };
        if silent { self.empty } else { mask }
    }

    fn any(self, x: f32, r: f32) -> f32 {
        let r = r * self.margin;
        if self.power.is_infinite() {
            return if x > r { 1.0 } else { 0.0 };
        }
        let z = x.max(r);
        if z < f32::MIN_POSITIVE {
            return self.empty;
        }
        let (a, b) = (libm::powf(x / z, self.power), libm::powf(r / z, self.power));
        a / (a + b)
    }
}
