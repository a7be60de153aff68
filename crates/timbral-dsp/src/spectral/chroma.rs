use std::sync::{Arc, Mutex};

use ndarray::{Array2, ArrayView2};

use super::peaks::{PiptrackParams, find_peaks};
use super::tuning::{estimate_tuning, tuning_of_peaks};
use crate::error::{Result, check, check_length, check_sample_rate};
use crate::frames::check_n_fft;
use crate::simd::{Dense, LANES, Lane, Tiles, ZERO, dispatch, for_each_tile, store_tile};
use crate::transform::Stft;

/// Parameters of a chromagram, named as in `librosa.feature.chroma_stft`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChromaParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Length of the transform, `2..=2^24`; default 2048.
    pub n_fft: usize,
    /// Pitch classes per octave, `1..=1200`; default 12.
    pub n_chroma: usize,
    /// Deviation from A4 = 440 Hz in pitch classes; default: estimated from each spectrogram.
    pub tuning: Option<f64>,
    /// Centre of the Gaussian weight of the octaves, in octaves above A0 = 27.5 Hz; default 5.
    pub ctroct: f64,
    /// Standard deviation of that weight in octaves, above 0; default 2. `None`: all octaves have
    /// the same weight.
    pub octwidth: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ChromaParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            n_fft: 2048,
            n_chroma: 12,
            tuning: None,
            ctroct: 5.0,
            octwidth: Some(2.0),
            _non_exhaustive: (),
        }
    }
}

impl ChromaParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `sample_rate` of 0, `n_fft` outside `2..=2^24`, `n_chroma` outside `1..=1200`, `octwidth` not
    /// above 0, or a `tuning` or `ctroct` that is not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        check_n_fft(self.n_fft)?;
        // 1200 classes are one cent apart: finer steps are inaudible.
        let n_chroma = self.n_chroma;
        let holds = (1..=1200).contains(&n_chroma);
        check(holds, "n_chroma", n_chroma, "must be in 1..=1200")?;
        let ctroct = self.ctroct;
        check(ctroct.is_finite(), "ctroct", ctroct, "must be finite")?;
        let tuning = self.tuning.unwrap_or(0.0);
        check(tuning.is_finite(), "tuning", tuning, "must be finite")?;
        let octwidth = self.octwidth.unwrap_or(1.0);
        check(octwidth > 0.0, "octwidth", octwidth, "must be above 0")?;
        Ok(())
    }
}

/// Energy per pitch class, from C upwards, each frame scaled to a largest value of 1 (Ellis 2007);
/// equals `librosa.feature.chroma_stft(S=power)`.
///
/// A bin contributes to each pitch class with a Gaussian weight of their distance, whose width is
/// that of the bin. The weights of a bin have unit length and are scaled by a Gaussian of its octave.
///
/// ```
/// use timbral_dsp::{Chroma, ChromaParams, Stft, StftParams};
///
/// // A4 is the tenth semitone above C.
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let power = Stft::new(StftParams::default())?.power(&y)?;
/// let chroma = Chroma::new(ChromaParams::default())?.process(power.view())?;
/// assert_eq!(chroma.dim(), (12, 44));
/// assert_eq!(chroma[[9, 20]], 1.0);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug)]
pub struct Chroma {
    params: ChromaParams,
    /// The banks made so far and their tunings. Estimates take one of 100 values, so few are needed.
    banks: Mutex<Vec<(f64, Arc<Dense>)>>,
}

/// The step of the tuning estimate, in pitch classes.
pub(crate) const TUNING_RESOLUTION: f64 = 0.01;

impl Chroma {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`ChromaParams::validate`].
    pub fn new(params: ChromaParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            params,
            banks: Mutex::new(Vec::new()),
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &ChromaParams {
        &self.params
    }

    /// The filters for a tuning, shape `(n_chroma, n_fft / 2 + 1)`; equals `librosa.filters.chroma`.
    pub fn weights(&self, tuning: f64) -> Array2<f32> {
        let bank = self.bank(tuning);
        Array2::from_shape_fn((self.params.n_chroma, self.n_bins()), |(c, k)| {
            bank.weight(c, k)
        })
    }

    /// The chromagram, shape `(n_chroma, n_frames)`, of a power spectrogram of shape
    /// `(n_fft / 2 + 1, n_frames)`.
    ///
    /// # Errors
    ///
    /// A spectrogram with another number of rows.
    pub fn process(&self, power: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        check_length("power rows", self.n_bins(), power.nrows())?;
        let tuning = match self.params.tuning {
            Some(tuning) => tuning,
            None => {
                let peaks = self.piptrack_params();
                estimate_tuning(power, &peaks, TUNING_RESOLUTION, self.params.n_chroma)?
            }
        };
        let mut out = Array2::zeros((self.params.n_chroma, power.ncols()));
        let mut write = self.class_writer(tuning, &mut out);
        for_each_tile(power, |first, _, tile| write(first, tile));
        drop(write);
        Ok(out)
    }

    /// The chromagram of a signal: the same as `process(stft.power(y)?.view())`, but faster; equals
    /// `librosa.feature.chroma_stft(y=y)`.
    ///
    /// # Errors
    ///
    /// An [`Stft`] with another `n_fft`, and those of [`Stft::process`].
    pub fn process_signal(&self, stft: &Stft, y: &[f32]) -> Result<Array2<f32>> {
        check_length("stft bins", self.n_bins(), stft.n_bins())?;
        let n_frames = stft.n_frames(y.len())?;
        let mut out = Array2::zeros((self.params.n_chroma, n_frames));
        if let Some(tuning) = self.params.tuning {
            let mut write = self.class_writer(tuning, &mut out);
            stft.for_each_tile(y, true, |first, _, tile| write(first, tile))?;
            drop(write);
            return Ok(out);
        }
        // The tuning is estimated from the whole signal, so all spectra are kept until then.
        let mut power = Tiles::default();
        power.reshape(self.n_bins(), n_frames);
        let (params, mut peaks) = (self.piptrack_params(), Vec::new());
        stft.for_each_tile(y, true, |first, used, tile| {
            find_peaks(tile, first, used, &params, |peak| peaks.push(peak.into()));
            power.tile_mut(first / LANES).copy_from_slice(tile);
        })?;
        let tuning = tuning_of_peaks(&mut peaks, TUNING_RESOLUTION, self.params.n_chroma)?;
        let mut write = self.class_writer(tuning, &mut out);
        for t in 0..power.n_tiles() {
            write(t * LANES, power.tile(t));
        }
        drop(write);
        Ok(out)
    }

    /// A function that applies the bank for a tuning to a tile of power spectra and stores the pitch
    /// classes in `out`.
    fn class_writer<'a>(
        &'a self,
        tuning: f64,
        out: &'a mut Array2<f32>,
    ) -> impl FnMut(usize, &[Lane]) + 'a {
        let bank = self.bank(tuning);
        let mut rows = vec![ZERO; self.params.n_chroma];
        let mut out = out.view_mut();
        move |first, tile| {
            chroma_tile(&bank, tile, &mut rows);
            store_tile(&rows, first, &mut out);
        }
    }

    pub(crate) fn piptrack_params(&self) -> PiptrackParams {
        PiptrackParams {
            sample_rate: self.params.sample_rate,
            ..PiptrackParams::default()
        }
    }

    fn n_bins(&self) -> usize {
        self.params.n_fft / 2 + 1
    }

    /// The bank for a tuning, made once.
    pub(crate) fn bank(&self, tuning: f64) -> Arc<Dense> {
        let lock = || {
            self.banks
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let found = |banks: &[(f64, Arc<Dense>)]| {
            banks
                .iter()
                .find(|(t, _)| *t == tuning)
                .map(|(_, bank)| Arc::clone(bank))
        };
        if let Some(bank) = found(&lock()) {
            return bank;
        }
        let bank = Arc::new(self.make_bank(tuning));
        let mut banks = lock();
        // A caller may ask for any number of tunings: keep only the first ones.
        if found(&banks).is_none() && banks.len() < 128 {
            banks.push((tuning, Arc::clone(&bank)));
        }
        bank
    }

    fn make_bank(&self, tuning: f64) -> Dense {
        let p = &self.params;
        let n = p.n_chroma as f64;
        let a440 = 440.0 * libm::exp2(tuning / n);
        let class = |k: usize| {
            let hertz = k as f64 * (f64::from(p.sample_rate) / p.n_fft as f64);
            n * libm::log2(hertz / (a440 / 16.0))
        };
        // Bin 0 counts as one and a half octaves below bin 1; the last bin has width 1.
        let mut classes: Vec<f64> = (0..=self.n_bins()).map(class).collect();
        classes[0] = classes[1] - 1.5 * n;
        let half = (n / 2.0).round_ties_even();
        let column = |k: usize| -> Vec<f64> {
            let width = if k + 1 < p.n_fft {
                (classes[k + 1] - classes[k]).max(1.0)
            } else {
                1.0
            };
            let gaussian = |c: usize| {
                let distance = (classes[k] - c as f64 + half + 10.0 * n).rem_euclid(n) - half;
                libm::exp(-0.5 * (2.0 * distance / width).powi(2))
            };
            let weights: Vec<f64> = (0..p.n_chroma).map(gaussian).collect();
            let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
            let norm = if norm < f64::MIN_POSITIVE { 1.0 } else { norm };
            let octave = p.octwidth.map_or(1.0, |width| {
                libm::exp(-0.5 * ((classes[k] / n - p.ctroct) / width).powi(2))
            });
            weights.iter().map(|w| w / norm * octave).collect()
        };
        let columns: Vec<Vec<f64>> = (0..self.n_bins()).map(column).collect();
        // The Gaussians count from A; rows start at C, three semitones above.
        let from_c = 3 * (p.n_chroma / 12);
        Dense::new(p.n_chroma, self.n_bins(), |c, k| {
            columns[k][(c + from_c) % p.n_chroma] as f32
        })
    }
}

impl Clone for Chroma {
    fn clone(&self) -> Self {
        Self {
            params: self.params,
            banks: Mutex::new(Vec::new()),
        }
    }
}

/// The pitch classes of 16 power spectra, each scaled to a largest value of 1.
pub(crate) fn chroma_tile(bank: &Dense, power: &[Lane], out: &mut [Lane]) {
    bank.apply(power, out);
    dispatch(
        #[inline(always)]
        || {
            let mut largest = ZERO;
            for row in out.iter() {
                for l in 0..LANES {
                    largest[l] = if row[l] > largest[l] {
                        row[l]
                    } else {
                        largest[l]
                    };
                }
            }
            for largest in &mut largest {
                *largest = if *largest < f32::MIN_POSITIVE {
                    1.0
                } else {
                    *largest
                };
            }
            for row in out.iter_mut() {
                for l in 0..LANES {
                    row[l] /= largest[l];
                }
            }
        },
    );
}
