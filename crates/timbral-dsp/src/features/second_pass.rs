use std::sync::Arc;

use super::analysis::Analysis;
use super::stats::mean_var;
use crate::error::Result;
use crate::rhythm::OnsetTiles;
use crate::simd::{Dense, Lane};
use crate::spectral::{DbParams, Pitch, TUNING_RESOLUTION, chroma_tile, raise, tuning_of_peaks};

/// The second pass over a signal: the features that need the tuning or the loudest band of the whole signal.
#[derive(Debug)]
pub(super) struct SecondPass {
    bank: Arc<Dense>,
    /// Smaller mel bands are raised to this, in decibels.
    floor: f32,
    chroma: Vec<f32>,
    onset: OnsetTiles,
    cepstrum: Vec<Vec<f32>>,
}

/// The results of the second pass.
#[derive(Debug)]
pub(super) struct WholeFeatures {
    /// Mean and variance.
    pub(super) chroma: (f64, f64),
    pub(super) tempo: f64,
    /// Mean and variance of each coefficient.
    pub(super) cepstrum: Vec<(f64, f64)>,
}

impl SecondPass {
    /// With the pitches of all peaks, which are reordered, and the largest mel band in decibels.
    pub(super) fn start(analysis: &Analysis, pitches: &mut [Pitch], loudest: f32) -> Result<Self> {
        let n_chroma = analysis.chroma.params().n_chroma;
        let tuning = tuning_of_peaks(pitches, TUNING_RESOLUTION, n_chroma)?;
        let range = DbParams::default().top_db.unwrap_or(f32::INFINITY);
        Ok(Self {
            bank: analysis.chroma.bank(tuning),
            floor: loudest - range,
            chroma: Vec::new(),
            onset: OnsetTiles::new(analysis.onset),
            cepstrum: vec![Vec::new(); analysis.mfcc.params().n_mfcc],
        })
    }

    /// Takes the power spectra and the mel bands, in decibels, of the next `used` frames. `rows` is working
    /// memory.
    pub(super) fn tile(
        &mut self,
        power: &[Lane],
        mel: &mut [Lane],
        used: usize,
        analysis: &Analysis,
        rows: &mut [Lane],
    ) {
        let n_chroma = analysis.chroma.params().n_chroma;
        chroma_tile(&self.bank, power, &mut rows[..n_chroma]);
        for row in &rows[..n_chroma] {
            self.chroma.extend_from_slice(&row[..used]);
        }
        raise(mel, self.floor);
        self.onset.push(mel, used);
        analysis.mfcc.apply(mel, rows);
        for (series, row) in self.cepstrum.iter_mut().zip(rows.iter()) {
            series.extend_from_slice(&row[..used]);
        }
    }

    pub(super) fn finish(&self, analysis: &Analysis) -> Result<WholeFeatures> {
        Ok(WholeFeatures {
            chroma: mean_var(&self.chroma),
            tempo: analysis.tempo.process(&self.onset.finish())?,
            cepstrum: self.cepstrum.iter().map(|s| mean_var(s)).collect(),
        })
    }
}
