use std::fmt;

use ndarray::Array2;

use super::bands::Bands;
use super::cqt_params::{CqtParams, debug_plan};
use super::decimator::{Decimator, DecimatorScratch};
use super::filter_spectra::{FilterSpectra, FilterSpectraScratch};
use super::wavelets::Wavelets;
use crate::error::{Result, check_finite};
use crate::frames::Framing;
use crate::simd::{LANES, ZERO, magnitudes, store_tile};
use crate::transform::StftParams;

/// A planned pseudo constant-Q transform: one spectrogram, whose bins are added up with the magnitudes of the
/// filters of [`Cqt`](crate::Cqt); equals `librosa.pseudo_cqt`.
///
/// ```text
/// C[k, t] = sum_j |W[k, j]| |S[j, t]| / sqrt(n_fft)
/// ```
///
/// `S` is the spectrogram with a Hann window, and `W` are the transformed filters. `n_fft` is the smallest
/// power of two that is at least as long as the longest filter and at least `2 hop_length`. If `scale` is
/// false, the factor is `sqrt(L[k] / n_fft)` with the lengths `L` of the filters. `gamma` is ignored and counts
/// as 0.
///
/// Spectra are f32, and f64 in librosa. Long transforms start from a signal at a lower rate if its bins allow
/// it. Sums differ from librosa's by less than 1e-6 of the largest one.
///
/// ```
/// use timbral_dsp::{CqtParams, PseudoCqt};
///
/// // Two octaves from C6; A6 is bin 9.
/// let params = CqtParams { fmin: 1046.502, n_bins: 24, ..CqtParams::default() };
/// let tone = |n| (std::f64::consts::TAU * 1760.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let magnitude = PseudoCqt::new(params)?.process(&y)?;
/// assert_eq!(magnitude.dim(), (24, 44));
/// let column = magnitude.column(20);
/// assert_eq!((0..24).max_by(|a, b| column[*a].total_cmp(&column[*b])), Some(9));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct PseudoCqt {
    params: CqtParams,
    frequencies: Vec<f64>,
    framing: Framing,
    /// The change of rate before long transforms, and those.
    lower: Option<Decimator>,
    spectra: FilterSpectra,
    wavelets: Wavelets,
    gains: Vec<f32>,
}

/// The largest frequency that is lowered in rate without a change, in units of the lower rate.
const PASSED: f64 = 0.45;

/// Transforms of fewer hops take less time than a change of rate.
const LONG: usize = 16;

impl fmt::Debug for PseudoCqt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_plan(f, "PseudoCqt", &self.params)
    }
}

impl PseudoCqt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::new`](crate::Cqt::new).
    pub fn new(params: CqtParams) -> Result<Self> {
        let (params, bands) = Bands::without_gamma(params)?;
        Self::of_rows(params, &bands, 0)
    }

    /// The transform of the bands from `first` on.
    pub(super) fn of_rows(params: CqtParams, bands: &Bands, first: usize) -> Result<Self> {
        let rate = f64::from(params.sample_rate);
        let frequencies = bands.frequencies[first..].to_vec();
        let cycles: Vec<f64> = frequencies.iter().map(|f| f / rate).collect();
        let lengths = &bands.lengths(&params, rate)[first..];
        let shortest = 2 * params.hop_length.next_power_of_two();
        let wavelets = Wavelets::new(&params, &cycles, lengths, shortest).into_magnitudes();
        let stft = StftParams {
            n_fft: wavelets.n_fft,
            hop_length: params.hop_length,
            pad_mode: params.pad_mode,
            ..StftParams::default()
        };
        let halvings = halvings(&stft, wavelets.end());
        // At a lower rate frames are padded already.
        let spectra = StftParams {
            n_fft: stft.n_fft >> halvings,
            hop_length: stft.hop_length >> halvings,
            center: halvings == 0,
            ..stft
        };
        let factor = libm::ldexp(1.0, halvings as i32);
        let n_fft = wavelets.n_fft as f64;
        let gain = |length: &f64| match params.scale {
            true => (factor / n_fft).sqrt() as f32,
            false => (factor * length / n_fft).sqrt() as f32,
        };
        Ok(Self {
            gains: lengths.iter().map(gain).collect(),
            framing: stft.framing(),
            lower: (halvings > 0).then(|| Decimator::new(halvings)),
            spectra: FilterSpectra::new(spectra, &wavelets)?,
            wavelets,
            frequencies,
            params,
        })
    }

    /// The parameters the plan was made with; `gamma` is 0.
    pub fn params(&self) -> &CqtParams {
        &self.params
    }

    /// The frequency of each bin in hertz.
    pub fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// The magnitudes of `y`, shape `(n_bins, 1 + n / hop_length)`.
    ///
    /// # Errors
    ///
    /// No samples, or one that is NaN or infinite.
    pub fn process(&self, y: &[f32]) -> Result<Array2<f32>> {
        check_finite("signal", y)?;
        let n_frames = self.framing.n_frames(y.len())?;
        let mut low = Vec::new();
        let mut y = y;
        if let Some(lower) = &self.lower {
            let mut padded = Vec::new();
            let samples = self.framing.samples(y, 0, n_frames, &mut padded);
            lower.process(samples, &mut DecimatorScratch::default(), &mut low);
            y = &low;
        }
        let mut out = Array2::zeros((self.gains.len(), n_frames));
        let mut view = out.view_mut();
        let mut scratch = FilterSpectraScratch::default();
        let mut bins = vec![ZERO; self.spectra.n_bins()];
        let (mut re, mut im) = (bins.clone(), bins.clone());
        let mut lanes = vec![ZERO; self.gains.len()];
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            let parts = [&mut re[..], &mut im[..]];
            self.spectra.tile(y, first, used, parts, &mut scratch);
            magnitudes(&re, &im, &mut bins);
            self.wavelets.apply_magnitudes(&bins, &mut lanes);
            for (lane, gain) in lanes.iter_mut().zip(&self.gains) {
                lane.iter_mut().for_each(|v| *v *= gain);
            }
            store_tile(&lanes, first, &mut view);
        }
        Ok(out)
    }
}

/// How often the rate can be halved before transforms of which the first `n_bins` are needed.
fn halvings(stft: &StftParams, n_bins: usize) -> usize {
    let fits = |halvings: &usize| {
        let length = stft.n_fft >> halvings;
        length >= LONG * (stft.hop_length >> halvings)
            && stft.hop_length.is_multiple_of(1 << halvings)
            && n_bins as f64 <= PASSED * length as f64
    };
    (1..=8).take_while(fits).last().unwrap_or(0)
}
