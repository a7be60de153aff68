//! The plan behind each feature of a set.

use super::kernels::Kernel;
use crate::constant_q::{CensParams, ChromaCqt, ChromaCqtParams, Intervals};
use crate::error::{Result, check};
use crate::features::columns::{Feature, FeatureSetParams, TonalChroma};
use crate::pitch::{Pyin, PyinParams, Yin, YinParams};
use crate::rhythm::{
    Aggregate, OnsetParams, PlpParams, Tempo, TempoParams, TempogramParams, TempogramRatioParams,
};
use crate::scaling::Norm;
use crate::spectral::{Chroma, ChromaParams, MelBank, MelParams, Mfcc, MfccParams};

/// Where the series of a feature come from. Numbers are places in the lists of [`Shares`].
#[derive(Debug, Clone)]
pub(super) enum Source {
    Kernel(usize),
    Rms,
    ZeroCrossings,
    ChromaStft(usize),
    ChromaCqt(usize),
    Cens(usize, CensParams),
    /// Of CENS or, without its parameters, of the chroma itself.
    Tonnetz(usize, Option<CensParams>),
    Mel(usize),
    Mfcc(usize, Mfcc),
    Onset(usize),
    Tempo(usize, Box<Tempo>),
    Tempogram(usize, TempogramParams),
    FourierTempogram(usize, TempogramParams),
    HybridTempogram(usize, TempogramParams),
    TempogramRatio(usize, TempogramParams, TempogramRatioParams),
    Metrogram(usize, TempogramParams),
    Plp(usize, PlpParams),
    Yin(Box<Yin>),
    Pyin(Box<Pyin>),
    Waveform {
        percussive: bool,
        whole: bool,
    },
}

/// What several features of a set share, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    pub(super) kernels: Vec<(Feature, Kernel)>,
    pub(super) mels: Vec<MelBank>,
    pub(super) chromas: Vec<Chroma>,
    /// Without scaling of frames.
    pub(super) constant_qs: Vec<ChromaCqt>,
    /// The place of the mel bank.
    pub(super) onsets: Vec<(usize, OnsetParams)>,
    /// Weights of all matrices.
    weights: usize,
}

/// Most weights of all matrices of a plan: 32 MiB, and three times that while the plan is made.
const MAX_WEIGHTS: usize = 1 << 23;

/// Most bins of a constant-Q transform times the length of the transform of the longest filter. At this limit a
/// plan takes some seconds.
const MAX_FILTERS: f64 = (1u64 << 27) as f64;

impl Shares {
    /// Numbers per frame that are kept while a signal is processed.
    pub(super) fn rows(&self) -> usize {
        let kernels: usize = self.kernels.iter().map(|(_, k)| k.n_rows()).sum();
        let mels: usize = self.mels.iter().map(|m| m.params().n_mels).sum();
        let bins = |c: &ChromaCqt| c.params().n_octaves * c.params().bins_per_octave;
        let bins: usize = self.constant_qs.iter().map(|c| 2 * bins(c)).sum();
        kernels + mels + bins + self.onsets.len()
    }

    /// Counts the weights of a matrix, before it is made.
    fn add_weights(&mut self, n: usize) -> Result<()> {
        self.weights = self.weights.saturating_add(n);
        let rule = "the matrices of all features have more than 2^23 weights";
        check(self.weights <= MAX_WEIGHTS, "features", self.weights, rule)?;
        Ok(())
    }

    /// The source of a feature; adds the parts that it needs and that are missing.
    pub(super) fn source(
        &mut self,
        feature: &Feature,
        set: &FeatureSetParams,
        frequencies: &[f64],
    ) -> Result<Source> {
        if let Some(kernel) = Kernel::new(feature, frequencies, set.n_fft)? {
            let kernels = self.kernels.iter();
            let found = kernels.into_iter().position(|(known, _)| known == feature);
            return Ok(Source::Kernel(found.unwrap_or_else(|| {
                self.kernels.push((*feature, kernel));
                self.kernels.len() - 1
            })));
        }
        let tempogram = |win_length| -> Result<TempogramParams> {
            let rule = "must be at least 3";
            check(win_length >= 3, "win_length", win_length, rule)?;
            let params = TempogramParams {
                win_length,
                ..TempogramParams::default()
            };
            params.validate()?;
            Ok(params)
        };
        let mean = (Aggregate::Mean, 128);
        Ok(match *feature {
            Feature::ChromaStft { n_chroma } => Source::ChromaStft(self.chroma(n_chroma, set)?),
            Feature::ChromaCqt {
                n_chroma,
                bins_per_octave,
                n_octaves,
            } => {
                let shape = (n_chroma, bins_per_octave, n_octaves);
                Source::ChromaCqt(self.constant_q(shape, Intervals::Equal, set)?)
            }
            Feature::ChromaVqt {
                bins_per_octave,
                n_octaves,
            } => {
                let shape = (bins_per_octave, bins_per_octave, n_octaves);
                Source::ChromaCqt(self.constant_q(shape, Intervals::Pythagorean, set)?)
            }
            Feature::ChromaCens {
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            } => {
                let shape = (n_chroma, bins_per_octave, n_octaves);
                let chroma = self.constant_q(shape, Intervals::Equal, set)?;
                Source::Cens(chroma, cens(win_len_smooth)?)
            }
            Feature::Tonnetz {
                chroma,
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            } => {
                let shape = (n_chroma, bins_per_octave, n_octaves);
                let cens = cens(win_len_smooth)?;
                let cens = (chroma == TonalChroma::Cens).then_some(cens);
                Source::Tonnetz(self.constant_q(shape, Intervals::Equal, set)?, cens)
            }
            Feature::Melspectrogram { n_mels } => Source::Mel(self.mel(n_mels, set)?),
            Feature::Mfcc { n_mfcc, n_mels } => {
                let params = MfccParams {
                    n_mfcc,
                    n_mels,
                    ..MfccParams::default()
                };
                params.validate()?;
                self.add_weights(n_mfcc * n_mels)?;
                Source::Mfcc(self.mel(n_mels, set)?, Mfcc::new(params)?)
            }
            Feature::OnsetStrength { aggregate, n_mels } => {
                Source::Onset(self.onset((aggregate, n_mels), set)?)
            }
            Feature::Tempo { aggregate, n_mels } => {
                let params = TempoParams {
                    sample_rate: set.sample_rate,
                    hop_length: set.hop_length,
                    ..TempoParams::default()
                };
                let onset = self.onset((aggregate, n_mels), set)?;
                Source::Tempo(onset, Box::new(Tempo::new(params)?))
            }
            Feature::Tempogram { win_length } => {
                Source::Tempogram(self.onset(mean, set)?, tempogram(win_length)?)
            }
            Feature::FourierTempogram { win_length } => {
                Source::FourierTempogram(self.onset(mean, set)?, tempogram(win_length)?)
            }
            Feature::HybridTempogram { win_length } => {
                Source::HybridTempogram(self.onset(mean, set)?, tempogram(win_length)?)
            }
            Feature::Metrogram { win_length } => {
                Source::Metrogram(self.onset(mean, set)?, tempogram(win_length)?)
            }
            Feature::TempogramRatio { win_length } => {
                let params = TempogramRatioParams {
                    sample_rate: set.sample_rate,
                    hop_length: set.hop_length,
                    ..TempogramRatioParams::default()
                };
                params.validate()?;
                let onset = self.onset(mean, set)?;
                Source::TempogramRatio(onset, tempogram(win_length)?, params)
            }
            Feature::Plp { win_length } => {
                let params = PlpParams {
                    sample_rate: set.sample_rate,
                    hop_length: set.hop_length,
                    win_length,
                    ..PlpParams::default()
                };
                params.validate()?;
                Source::Plp(self.onset((Aggregate::Median, 128), set)?, params)
            }
            Feature::Yin { fmin, fmax } => Source::Yin(Box::new(Yin::new(yin(fmin, fmax, set))?)),
            Feature::Pyin { fmin, fmax } => Source::Pyin(Box::new(Pyin::new(PyinParams {
                yin: yin(fmin, fmax, set),
                fill_na: None,
                ..PyinParams::default()
            })?)),
            Feature::Harmonic { whole } => Source::Waveform {
                percussive: false,
                whole,
            },
            Feature::Percussive { whole } => Source::Waveform {
                percussive: true,
                whole,
            },
            Feature::ZeroCrossingRate => Source::ZeroCrossings,
            // All others have kernels.
            _ => Source::Rms,
        })
    }

    fn mel(&mut self, n_mels: usize, set: &FeatureSetParams) -> Result<usize> {
        if let Some(found) = self.mels.iter().position(|m| m.params().n_mels == n_mels) {
            return Ok(found);
        }
        self.add_weights(n_mels.saturating_add(2 * set.n_fft))?;
        self.mels.push(MelBank::new(MelParams {
            sample_rate: set.sample_rate,
            n_fft: set.n_fft,
            n_mels,
            ..MelParams::default()
        })?);
        Ok(self.mels.len() - 1)
    }

    fn chroma(&mut self, n_chroma: usize, set: &FeatureSetParams) -> Result<usize> {
        let same = |c: &Chroma| c.params().n_chroma == n_chroma;
        if let Some(found) = self.chromas.iter().position(same) {
            return Ok(found);
        }
        let params = ChromaParams {
            sample_rate: set.sample_rate,
            n_fft: set.n_fft,
            n_chroma,
            ..ChromaParams::default()
        };
        params.validate()?;
        self.add_weights(n_chroma * (set.n_fft / 2 + 1))?;
        self.chromas.push(Chroma::new(params)?);
        Ok(self.chromas.len() - 1)
    }

    fn constant_q(
        &mut self,
        (n_chroma, bins_per_octave, n_octaves): (usize, usize, usize),
        intervals: Intervals,
        set: &FeatureSetParams,
    ) -> Result<usize> {
        let pythagorean = intervals == Intervals::Pythagorean;
        let params = ChromaCqtParams {
            sample_rate: set.sample_rate,
            hop_length: set.hop_length,
            n_chroma,
            bins_per_octave,
            n_octaves,
            intervals,
            // As in librosa, which tunes only equal steps.
            tuning: pythagorean.then_some(0.0),
            norm: Norm::None,
            ..ChromaCqtParams::default()
        };
        let same = |c: &ChromaCqt| *c.params() == params;
        if let Some(found) = self.constant_qs.iter().position(same) {
            return Ok(found);
        }
        params.validate()?;
        // The lowest filter is the longest.
        let quality = 1.0 / (libm::exp2(1.0 / bins_per_octave as f64) - 1.0);
        let longest = quality * f64::from(set.sample_rate) / params.fmin;
        let cost = 2.0 * longest * (n_octaves * bins_per_octave) as f64;
        let rule = "bins have filters of more than 2^27 samples in all";
        check(
            cost <= MAX_FILTERS,
            "bins_per_octave",
            bins_per_octave,
            rule,
        )?;
        self.constant_qs.push(ChromaCqt::new(params)?);
        Ok(self.constant_qs.len() - 1)
    }

    fn onset(
        &mut self,
        (aggregate, n_mels): (Aggregate, usize),
        set: &FeatureSetParams,
    ) -> Result<usize> {
        let mel = self.mel(n_mels, set)?;
        let params = OnsetParams {
            n_fft: set.n_fft,
            hop_length: set.hop_length,
            aggregate,
            ..OnsetParams::default()
        };
        params.validate()?;
        let known = self.onsets.iter().position(|o| *o == (mel, params));
        Ok(known.unwrap_or_else(|| {
            self.onsets.push((mel, params));
            self.onsets.len() - 1
        }))
    }
}

fn cens(win_len_smooth: usize) -> Result<CensParams> {
    let params = CensParams {
        win_len_smooth: Some(win_len_smooth),
        ..CensParams::default()
    };
    params.validate()?;
    Ok(params)
}

fn yin(fmin: f64, fmax: f64, set: &FeatureSetParams) -> YinParams {
    YinParams {
        sample_rate: set.sample_rate,
        fmin,
        fmax,
        frame_length: set.n_fft,
        hop_length: set.hop_length,
        pad_mode: set.pad_mode,
        ..YinParams::default()
    }
}
