use super::moments::Moments;
use crate::separation::HpssScratch;
use crate::simd::{Lane, ZERO};
use crate::transform::OverlapAdd;

/// Working memory of the harmonic-percussive separation, and its results.
#[derive(Debug, Clone, Default)]
pub(super) struct Separation {
    pub(super) hpss: HpssScratch,
    pub(super) masked: [Vec<Lane>; 2],
    pub(super) waveform: OverlapAdd,
    /// Samples of both waveforms so far.
    pub(super) n: usize,
    percussion: Vec<f32>,
    pub(super) harmonic: Moments,
    pub(super) percussive: Moments,
}

impl Separation {
    /// Resizes the working memory to `n_bins`.
    pub(super) fn fit(&mut self, n_bins: usize) {
        for tile in &mut self.masked {
            tile.resize(n_bins, ZERO);
        }
    }

    /// Takes the samples of the harmonic waveform that are complete; `y` are those of the signal.
    pub(super) fn take(&mut self, y: &[f32]) {
        let harmonic = &mut self.waveform.samples;
        // The soft masks add up to 1, so the waveforms add up to the signal.
        self.percussion.clear();
        let percussion = harmonic.iter().zip(y).map(|(h, y)| y - h);
        self.percussion.extend(percussion);
        self.harmonic.push(harmonic);
        self.percussive.push(&self.percussion);
        self.n += harmonic.len();
        harmonic.clear();
    }

    /// Continues both waveforms with zeros, up to `n` samples.
    pub(super) fn pad(&mut self, n: usize) {
        let zeros = [0.0; 512];
        while self.n < n {
            let zeros = &zeros[..(n - self.n).min(zeros.len())];
            self.harmonic.push(zeros);
            self.percussive.push(zeros);
            self.n += zeros.len();
        }
    }
}
