//! What the features of one signal share, each computed once.

use ndarray::{Array2, Axis};

use super::kernels::{Kernel, KernelRows};
use super::sources::Source;
use super::summary::Rows;
use super::sweep::{ComposedScratch, Transforms};
use crate::constant_q::{CensParams, chroma_cens, tonnetz};
use crate::error::Result;
use crate::features::columns::METRES;
use crate::frames::{rms, zero_crossing_rate};
use crate::rhythm::{
    OnsetTiles, Tempogram, TempogramParams, fourier_tempogram, hybrid_tempogram, metrogram, plp,
    tempogram_ratio,
};
use crate::scaling::{Norm, normalize_columns};
use crate::separation::{Hpss, HpssParams};
use crate::simd::{Tiles, ZERO};
use crate::spectral::{
    DbParams, TUNING_RESOLUTION, chroma_tile, contrast_of, largest, raise, to_db, tuning_of_peaks,
};

pub(super) struct Shared<'a> {
    plan: &'a Transforms,
    y: &'a [f32],
    scratch: &'a mut ComposedScratch,
    kernels: KernelRows,
    /// Of each constant-Q transform, not scaled.
    chromas: Vec<Option<Array2<f32>>>,
    cens: Vec<(CensParams, usize, Array2<f32>)>,
    onsets: Vec<Option<Vec<f32>>>,
    /// By window and onsets.
    tempograms: Vec<(TempogramParams, usize, Array2<f64>)>,
    waveforms: Option<(Vec<f32>, Vec<f32>)>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        plan: &'a Transforms,
        y: &'a [f32],
        scratch: &'a mut ComposedScratch,
        kernels: KernelRows,
    ) -> Self {
        Self {
            chromas: vec![None; plan.shares.constant_qs.len()],
            onsets: vec![None; plan.shares.onsets.len()],
            cens: Vec::new(),
            tempograms: Vec::new(),
            waveforms: None,
            plan,
            y,
            scratch,
            kernels,
        }
    }

    /// Mel bands to decibels, no more than 80 dB below the loudest.
    pub(super) fn convert_mels(&mut self) {
        let params = DbParams::default();
        let range = params.top_db.unwrap_or(f32::INFINITY);
        for tiles in &mut self.scratch.mels {
            let mut loudest = f32::NEG_INFINITY;
            for t in 0..tiles.n_tiles() {
                let used = tiles.used(t);
                to_db(tiles.tile_mut(t), params.amin, 1.0);
                loudest = loudest.max(largest(tiles.tile(t), used));
            }
            raise(tiles.lanes_mut(), loudest - range);
        }
    }

    /// The series of a feature.
    pub(super) fn rows(&mut self, source: &Source) -> Result<Rows> {
        let set = self.plan;
        Ok(match source {
            Source::Kernel(i) => self.kernel_rows(*i)?,
            Source::Rms => Rows::of_f32(&rms(self.y, &set.stft.framing())?),
            Source::ZeroCrossings => Rows::one(zero_crossing_rate(self.y, &set.stft.framing())?),
            Source::ChromaStft(i) => self.chroma_stft(*i)?,
            Source::ChromaCqt(i) => Rows::of_array(self.scaled_chroma(*i)?.view(), true),
            Source::Cens(i, params) => Rows::of_array(self.cens(*i, params)?.view(), true),
            Source::Tonnetz(i, cens) => {
                let tonnetz = match cens {
                    Some(params) => tonnetz(self.cens(*i, params)?.view())?,
                    None => tonnetz(self.scaled_chroma(*i)?.view())?,
                };
                Rows::of_array(tonnetz.view(), true)
            }
            Source::Mel(i) => rows_of_tiles(&self.scratch.mels[*i]),
            Source::Mfcc(i, mfcc) => {
                let mut out = vec![Vec::new(); mfcc.params().n_mfcc];
                let mut lanes = vec![ZERO; out.len()];
                let tiles = &self.scratch.mels[*i];
                for t in 0..tiles.n_tiles() {
                    mfcc.apply(tiles.tile(t), &mut lanes);
                    push(&lanes, tiles.used(t), &mut out);
                }
                single(out)
            }
            Source::Onset(i) => Rows::of_f32(self.onset(*i)),
            Source::Tempo(i, tempo) => Rows::one(vec![tempo.process(self.onset(*i))?]),
            Source::Tempogram(i, params) => {
                Rows::of_array(self.tempogram(*i, params)?.view(), false)
            }
            Source::FourierTempogram(i, params) => {
                let tempogram = fourier_tempogram(self.onset(*i), params)?;
                Rows::of_array(tempogram.mapv(|z| libm::hypotf(z.re, z.im)).view(), true)
            }
            Source::HybridTempogram(i, params) => {
                let (rate, hop) = (set.sample_rate, set.stft.params().hop_length);
                let tempogram = hybrid_tempogram(self.onset(*i), rate, hop, params)?;
                Rows::of_array(tempogram.view(), false)
            }
            Source::TempogramRatio(i, params, ratio) => {
                let ratios = tempogram_ratio(self.tempogram(*i, params)?.view(), ratio)?;
                Rows::of_array(ratios.view(), false)
            }
            Source::Metrogram(i, params) => {
                let tempogram = fourier_tempogram(self.onset(*i), params)?;
                let magnitude = tempogram.mapv(|z| libm::hypot(z.re.into(), z.im.into()));
                let hop = set.stft.params().hop_length as f64;
                let per_minute = 60.0 * f64::from(set.sample_rate) / hop;
                let step = per_minute / params.win_length as f64;
                let tempi: Vec<f64> = (0..magnitude.len_of(Axis(0)))
                    .map(|k| k as f64 * step)
                    .collect();
                let metres = metrogram(magnitude.view(), &tempi, &METRES)?;
                Rows::of_array(metres.view(), false)
            }
            Source::Plp(i, params) => Rows::of_f32(&plp(self.onset(*i), params)?),
            Source::Yin(yin) => Rows::one(yin.process(self.y)?),
            Source::Pyin(pyin) => {
                let pitches = pyin.process(self.y)?;
                Rows {
                    rows: vec![pitches.f0, pitches.voiced_probability],
                    single: false,
                }
            }
            Source::Waveform { percussive, whole } => {
                let hop = set.stft.params().hop_length;
                let kept = match whole {
                    true => self.y.len(),
                    false => (set.stft.n_frames(self.y.len())? - 1) * hop,
                };
                let (harmonic, percussion) = self.waveforms()?;
                let samples = if *percussive { percussion } else { harmonic };
                let mut samples = samples.clone();
                samples.iter_mut().skip(kept).for_each(|v| *v = 0.0);
                Rows::of_f32(&samples)
            }
        })
    }

    fn kernel_rows(&mut self, i: usize) -> Result<Rows> {
        let series = &self.kernels.series[i];
        Ok(match &self.plan.shares.kernels[i].1 {
            Kernel::Contrast(bands) => {
                let n = bands.n_bands();
                let array = |rows: &[Vec<f64>]| {
                    Array2::from_shape_fn((n, rows[0].len()), |(band, t)| rows[band][t])
                };
                let (valley, peak) = (array(&series[..n]), array(&series[n..]));
                Rows::of_array(contrast_of(&peak, &valley, false)?.view(), false)
            }
            kernel => Rows {
                rows: series.clone(),
                single: matches!(kernel, Kernel::RmsOfSpectrum(_) | Kernel::Flatness),
            },
        })
    }

    fn chroma_stft(&mut self, i: usize) -> Result<Rows> {
        let chroma = &self.plan.shares.chromas[i];
        let n = chroma.params().n_chroma;
        let tuning = tuning_of_peaks(&mut self.scratch.power_peaks, TUNING_RESOLUTION, n)?;
        let bank = chroma.bank(tuning);
        let (mut out, mut lanes) = (vec![Vec::new(); n], vec![ZERO; n]);
        let power = &self.scratch.power;
        self.plan.for_each_power(self.y, power, |used, power| {
            chroma_tile(&bank, power, &mut lanes);
            push(&lanes, used, &mut out);
        })?;
        Ok(single(out))
    }

    /// A chromagram of a constant-Q transform, not scaled.
    fn chroma(&mut self, i: usize) -> Result<&Array2<f32>> {
        if self.chromas[i].is_none() {
            let plan = &self.plan.shares.constant_qs[i];
            let params = plan.params();
            let tuning = match params.tuning {
                Some(tuning) => tuning,
                None if self.plan.has_magnitude_peaks() => {
                    let peaks = &mut self.scratch.magnitude_peaks;
                    tuning_of_peaks(peaks, TUNING_RESOLUTION, params.bins_per_octave)?
                }
                None => plan.tuning_of(self.y)?,
            };
            let scratch = &mut self.scratch.cqt;
            self.chromas[i] = Some(plan.process_tuned(self.y, tuning, scratch)?);
        }
        Ok(self.chromas[i].get_or_insert_default())
    }

    /// The same with 1 as the largest value of each frame.
    fn scaled_chroma(&mut self, i: usize) -> Result<Array2<f32>> {
        let mut chroma = self.chroma(i)?.clone();
        normalize_columns(&mut chroma, Norm::Max);
        Ok(chroma)
    }

    fn cens(&mut self, i: usize, params: &CensParams) -> Result<&Array2<f32>> {
        let known = |c: &(CensParams, usize, _)| (c.0, c.1) == (*params, i);
        let at = match self.cens.iter().position(known) {
            Some(at) => at,
            None => {
                let cens = chroma_cens(self.chroma(i)?.view(), params)?;
                self.cens.push((*params, i, cens));
                self.cens.len() - 1
            }
        };
        Ok(&self.cens[at].2)
    }

    fn onset(&mut self, i: usize) -> &[f32] {
        if self.onsets[i].is_none() {
            let (mel, params) = self.plan.shares.onsets[i];
            let (tiles, mut onset) = (&self.scratch.mels[mel], OnsetTiles::new(params));
            for t in 0..tiles.n_tiles() {
                onset.push(tiles.tile(t), tiles.used(t));
            }
            self.onsets[i] = Some(onset.finish());
        }
        self.onsets[i].get_or_insert_default()
    }

    fn tempogram(&mut self, i: usize, params: &TempogramParams) -> Result<&Array2<f64>> {
        let known = |t: &(TempogramParams, usize, _)| (t.0, t.1) == (*params, i);
        let at = match self.tempograms.iter().position(known) {
            Some(at) => at,
            None => {
                let tempogram = Tempogram::new(*params)?.process(self.onset(i))?;
                self.tempograms.push((*params, i, tempogram));
                self.tempograms.len() - 1
            }
        };
        Ok(&self.tempograms[at].2)
    }

    fn waveforms(&mut self) -> Result<&(Vec<f32>, Vec<f32>)> {
        if self.waveforms.is_none() {
            let hpss = Hpss::new(HpssParams::default())?;
            self.waveforms = Some(hpss.process_signal(&self.plan.stft, self.y)?);
        }
        Ok(self.waveforms.get_or_insert_default())
    }
}

fn single(rows: Vec<Vec<f64>>) -> Rows {
    Rows { rows, single: true }
}

/// Appends the first `used` lanes to the rows.
fn push(lanes: &[crate::simd::Lane], used: usize, rows: &mut [Vec<f64>]) {
    for (lane, row) in lanes.iter().zip(rows) {
        row.extend(lane[..used].iter().copied().map(f64::from));
    }
}

fn rows_of_tiles(tiles: &Tiles) -> Rows {
    let mut out = vec![Vec::new(); tiles.n_bins()];
    for t in 0..tiles.n_tiles() {
        push(tiles.tile(t), tiles.used(t), &mut out);
    }
    single(out)
}
