use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, s};
use num_complex::Complex;

use super::bands::Bands;
use super::cqt_params::{CqtParams, debug_plan};
use super::decimator::{Decimator, DecimatorScratch};
use super::filter_spectra::{FilterSpectra, FilterSpectraScratch};
use super::short_filters::{ShortFilters, ShortScratch};
use super::wavelets::Wavelets;
use crate::error::{Error, Result, check_finite};
use crate::frames::Window;
use crate::simd::{LANES, Lane, ZERO, magnitudes, store_tile};
use crate::transform::StftParams;

/// A planned constant-Q or variable-Q transform; equals `librosa.cqt` and `librosa.vqt`.
///
/// Bin `k` is centred on `f[k]`; with equal steps that is `fmin 2^((k + tuning) / bins_per_octave)`. Its filter
/// is a windowed complex tone with
///
/// ```text
/// L[k]    = Q sample_rate / (f[k] + gamma Q)        samples, Q about filter_scale / (2^(1 / b) - 1)
/// C[k, t] = sqrt(L[k]) sum_n y[t hop + n] w[n] exp(-2 pi i f[k] n / sample_rate) / sum_n |w[n]|
/// ```
///
/// If `scale` is false, the first factor is `L[k]` instead of `sqrt(L[k])`. Filters are applied to spectra,
/// without the smallest `sparsity` of their magnitudes. Lower octaves are computed from signals at half the
/// sample rate of the octave above, as long as `hop_length` can be halved (Schörkhuber and Klapuri 2010).
///
/// - signal: samples of any length;
/// - result: shape `(n_bins, n_frames)`, `n_frames` at most `1 + n / hop_length`.
///
/// librosa lowers the sample rate by soxr at quality HQ. Here one low-pass with soxr's response does so; it
/// differs from soxr by -133 dB per octave. Spectra are f32, and f64 in librosa. Values agree to 5e-6 of the
/// largest one.
///
/// ```
/// use timbral_dsp::{Cqt, CqtParams};
///
/// // A4 is bin 45 above C1.
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let magnitude = Cqt::new(CqtParams::default())?.magnitude(&y)?;
/// assert_eq!(magnitude.dim(), (84, 44));
/// let column = magnitude.column(20);
/// let loudest = (0..84).max_by(|a, b| column[*a].total_cmp(&column[*b]));
/// assert_eq!(loudest, Some(45));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct Cqt {
    params: CqtParams,
    bands: Bands,
    /// The first change of rate, if the highest octave needs one.
    first: Option<Decimator>,
    halve: Decimator,
    octaves: Vec<Octave>,
}

/// Some neighbouring bins, from high to low.
#[derive(Clone)]
struct Octave {
    rows: Range<usize>,
    /// Whether the rate is halved before this octave.
    halved: bool,
    spectra: FilterSpectra,
    wavelets: Arc<Wavelets>,
    /// The same without a transform, where that is faster.
    short: Option<ShortFilters>,
    /// The factor of each row.
    gains: Vec<f32>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct CqtScratch {
    /// The signal at a lower rate, and memory for the next one.
    lower: [Vec<f32>; 2],
    decimator: DecimatorScratch,
    spectra: FilterSpectraScratch,
    bins: [Vec<Lane>; 2],
    short: ShortScratch,
    out: Vec<[Lane; 2]>,
    tile: [Vec<Lane>; 3],
}

impl fmt::Debug for Cqt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_plan(f, "Cqt", &self.params)
    }
}

impl Cqt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// - those of [`CqtParams::validate`];
    /// - a filter that extends beyond half of the sample rate (`n_bins`);
    /// - a filter shorter than 2 or longer than 2^20 samples (`filter_scale`).
    pub fn new(params: CqtParams) -> Result<Self> {
        params.validate()?;
        let bands = Bands::new(&params)?;
        let n_octaves = params.n_bins.div_ceil(params.bins_per_octave);
        let early = early_halvings(&params, bands.cutoff, n_octaves);
        let factor = libm::ldexp(1.0, early as i32);
        let top_rate = f64::from(params.sample_rate) / factor;
        let top_lengths = bands.lengths(&params, top_rate);
        let (mut rate, mut hop) = (top_rate, params.hop_length >> early);
        let mut octaves: Vec<Octave> = Vec::with_capacity(n_octaves);
        let mut last: Option<(Vec<f64>, Arc<Wavelets>)> = None;
        let mut end = params.n_bins;
        while end > 0 {
            let rows = end.saturating_sub(params.bins_per_octave)..end;
            let highest = bands.frequencies[end - 1];
            let halved = !octaves.is_empty() && hop % 2 == 0 && highest <= rate / 5.0;
            if halved {
                (rate, hop) = (rate / 2.0, hop / 2);
            }
            let frequencies = bands.frequencies[rows.clone()].iter();
            let frequencies: Vec<f64> = frequencies.map(|f| f / rate).collect();
            let lengths = &bands.lengths(&params, rate)[rows.clone()];
            // Octaves at half of the rate have the filters of the octave above, up to the rounding of f64.
            let key: Vec<f64> = frequencies.iter().chain(lengths).copied().collect();
            let wavelets = match last.take() {
                Some((k, wavelets)) if alike(&k, &key) => wavelets,
                _ => Arc::new(Wavelets::new(&params, &frequencies, lengths, 2)),
            };
            last = Some((key, Arc::clone(&wavelets)));
            let stft = StftParams {
                n_fft: wavelets.n_fft,
                hop_length: hop,
                window: Window::Boxcar,
                pad_mode: params.pad_mode,
                ..StftParams::default()
            };
            let spectra = FilterSpectra::new(stft, &wavelets)?;
            let gain = |length: &f64| {
                let of_rate = (top_rate / rate).sqrt();
                let gain = match params.scale {
                    true => of_rate / length.sqrt(),
                    false => of_rate * factor.sqrt(),
                };
                gain as f32
            };
            octaves.push(Octave {
                gains: top_lengths[rows.clone()].iter().map(gain).collect(),
                short: ShortFilters::new(&wavelets, spectra.framing()),
                halved,
                spectra,
                wavelets,
                rows: rows.clone(),
            });
            end = rows.start;
        }
        Ok(Self {
            first: (early > 0).then(|| Decimator::new(early)),
            halve: Decimator::new(1),
            bands,
            octaves,
            params,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &CqtParams {
        &self.params
    }

    /// The frequency of each bin in hertz; equals `librosa.cqt_frequencies` and `librosa.interval_frequencies`.
    ///
    /// ```
    /// use timbral_dsp::{Cqt, CqtParams};
    ///
    /// let frequencies = Cqt::new(CqtParams::default())?.frequencies().to_vec();
    /// assert!((frequencies[45] - 440.0).abs() < 1e-9);
    /// # Ok::<(), timbral_dsp::Error>(())
    /// ```
    pub fn frequencies(&self) -> &[f64] {
        &self.bands.frequencies
    }

    /// The length of the filter of each bin in samples of the signal; not whole numbers. Equals
    /// `librosa.filters.wavelet_lengths`.
    pub fn filter_lengths(&self) -> Vec<f64> {
        self.bands
            .lengths(&self.params, f64::from(self.params.sample_rate))
    }

    /// Columns of the transform of `n` samples.
    ///
    /// # Errors
    ///
    /// No samples, or so few that no sample is left at the rate of the highest octave.
    pub fn n_frames(&self, n: usize) -> Result<usize> {
        let needed = self
            .first
            .as_ref()
            .map_or(1, |_| self.params.hop_length / self.top_hop());
        if n < needed {
            return Err(Error::TooShort {
                name: "signal",
                needed,
                got: n,
            });
        }
        let mut n = self.first.as_ref().map_or(n, |first| first.output_len(n));
        let mut n_frames = usize::MAX;
        for octave in &self.octaves {
            if octave.halved {
                n = self.halve.output_len(n);
            }
            n_frames = n_frames.min(octave.spectra.framing().n_frames(n)?);
        }
        Ok(n_frames)
    }

    /// The hop of the highest octave, in samples at its rate.
    fn top_hop(&self) -> usize {
        self.octaves
            .first()
            .map_or(1, |o| o.spectra.framing().hop_length)
    }

    /// The complex transform of `y`, shape `(n_bins, n_frames)`.
    ///
    /// # Errors
    ///
    /// - those of [`Cqt::n_frames`];
    /// - a sample that is NaN or infinite.
    pub fn process(&self, y: &[f32]) -> Result<Array2<Complex<f32>>> {
        let mut out = Array2::zeros((self.params.n_bins, self.n_frames(y.len())?));
        let mut scratch = CqtScratch::default();
        self.for_each_tile(y, &mut scratch, |rows, first, used, tile, _| {
            let mut block = out.slice_mut(s![rows, first..first + used]);
            for (mut row, [re, im]) in block.outer_iter_mut().zip(tile) {
                for ((to, re), im) in row.iter_mut().zip(re).zip(im) {
                    *to = Complex::new(*re, *im);
                }
            }
        })?;
        Ok(out)
    }

    /// The magnitudes `|C|` of [`Cqt::process`].
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::process`].
    pub fn magnitude(&self, y: &[f32]) -> Result<Array2<f32>> {
        self.magnitude_with_scratch(y, &mut CqtScratch::default())
    }

    /// As [`Cqt::magnitude`], with working memory of the caller.
    pub(crate) fn magnitude_with_scratch(
        &self,
        y: &[f32],
        scratch: &mut CqtScratch,
    ) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((self.params.n_bins, self.n_frames(y.len())?));
        self.for_each_tile(y, scratch, |rows, first, _, tile, [re, im, lanes]| {
            for part in [&mut *re, &mut *im, &mut *lanes] {
                part.resize(rows.len(), ZERO);
            }
            for ((re, im), z) in re.iter_mut().zip(im.iter_mut()).zip(tile) {
                (*re, *im) = (z[0], z[1]);
            }
            magnitudes(re, im, lanes);
            store_tile(lanes, first, &mut out.slice_mut(s![rows, ..]));
        })?;
        Ok(out)
    }

    /// Calls `visit(rows, first_frame, used_lanes, tile, memory)` with the real and imaginary parts of every 16 frames
    /// of every octave.
    fn for_each_tile(
        &self,
        y: &[f32],
        scratch: &mut CqtScratch,
        mut visit: impl FnMut(Range<usize>, usize, usize, &[[Lane; 2]], &mut [Vec<Lane>; 3]),
    ) -> Result<()> {
        check_finite("signal", y)?;
        let n_frames = self.n_frames(y.len())?;
        let CqtScratch {
            lower,
            decimator,
            spectra,
            bins: [re, im],
            short,
            out,
            tile,
        } = scratch;
        let [now, next] = lower;
        let mut is_lower = false;
        if let Some(first) = &self.first {
            first.process(y, decimator, now);
            is_lower = true;
        }
        for octave in &self.octaves {
            if octave.halved {
                let from = if is_lower { &**now } else { y };
                self.halve.process(from, decimator, next);
                std::mem::swap(now, next);
                is_lower = true;
            }
            let y = if is_lower { &**now } else { y };
            for part in [&mut *re, &mut *im] {
                part.resize(octave.spectra.n_bins(), ZERO);
            }
            out.resize(octave.rows.len(), [ZERO; 2]);
            for first in (0..n_frames).step_by(LANES) {
                let used = (n_frames - first).min(LANES);
                match &octave.short {
                    Some(filters) => filters.apply(y, first, used, short, out),
                    None => {
                        let parts = [&mut re[..], &mut im[..]];
                        octave.spectra.tile(y, first, used, parts, spectra);
                        octave.wavelets.apply(re, im, out);
                    }
                }
                for (out, gain) in out.iter_mut().zip(&octave.gains) {
                    out.as_flattened_mut().iter_mut().for_each(|v| *v *= gain);
                }
                visit(octave.rows.clone(), first, used, out, tile);
            }
        }
        Ok(())
    }
}

/// How often the rate can be halved before the highest octave.
fn early_halvings(params: &CqtParams, cutoff: f64, n_octaves: usize) -> usize {
    let octaves = libm::log2(f64::from(params.sample_rate) / 2.0 / cutoff);
    let by_rate = (octaves.ceil() - 2.0).max(0.0) as usize;
    let twos = params.hop_length.trailing_zeros() as usize;
    by_rate.min((twos + 1).saturating_sub(n_octaves))
}

/// Equal up to the rounding of f64.
fn alike(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| (a - b).abs() <= 1e-12 * a.abs())
}
