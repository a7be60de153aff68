//! The one pass over the spectrogram of a signal that all spectral features share.

use ndarray::Array2;

use crate::bank::Dense;
use crate::chroma::{Chroma, ChromaParams, TUNING_RESOLUTION, chroma_tile};
use crate::convert::fft_frequencies;
use crate::db::{DbParams, tiles_to_db};
use crate::error::{Result, check};
use crate::feature_set::FeatureParams;
use crate::frame::Framing;
use crate::hpss::{Hpss, HpssParams, HpssScratch};
use crate::mel::{MelBank, MelParams};
use crate::mfcc::{Mfcc, MfccParams};
use crate::onset::{OnsetParams, onset_strength};
use crate::pitch::{Peak, find_peaks, tuning_of_peaks};
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch, multiply};
use crate::spectral;
use crate::stats::mean_var;
use crate::stft::{OverlapAdd, Stft, StftParams, StftScratch, magnitudes};
use crate::tempo::{Tempo, TempoParams};

/// Share of the spectrum below the rolloff frequency.
const ROLL_PERCENT: f32 = 0.85;

/// Tiles that are worked on together, besides one on each side for the medians along time: 6 MB,
/// so that two threads do not drive each other out of the cache.
const CHUNK: usize = 16;

/// Most tiles whose power spectra are kept until the tuning is known; a 30-s clip has 81. Longer
/// signals are transformed again, which takes a fifth of their time.
const KEPT: usize = 96;

/// The plans behind a feature set.
#[derive(Debug, Clone)]
pub(crate) struct Analysis {
    frequencies: Vec<f64>,
    stft: Stft,
    mel: MelBank,
    mfcc: Mfcc,
    chroma: Chroma,
    hpss: Hpss,
    tempo: Tempo,
    onset: OnsetParams,
    whole_waveforms: bool,
}

/// Working memory of one thread for a [`FeatureSet`](crate::FeatureSet): about 35 MB with the
/// default parameters, and as much as the longest signal seen.
#[derive(Debug, Clone)]
pub struct FeatureScratch {
    stft: StftScratch,
    re: Tiles,
    im: Tiles,
    magnitude: Tiles,
    power: Tiles,
    mel: Tiles,
    hpss: HpssScratch,
    mask: Vec<Lane>,
    harmonic: [Vec<Lane>; 2],
    rows: Vec<Lane>,
    peaks: Vec<Peak>,
    waveform: OverlapAdd,
    mel_db: Array2<f32>,
}

/// What the pass gives: one value a frame, or means and variances.
#[derive(Debug, Default)]
pub(crate) struct Spectral {
    pub(crate) chroma: (f64, f64),
    pub(crate) centroid: Vec<f64>,
    pub(crate) bandwidth: Vec<f64>,
    pub(crate) rolloff: Vec<f64>,
    pub(crate) harmonic: (f64, f64),
    pub(crate) percussive: (f64, f64),
    pub(crate) tempo: f64,
    pub(crate) cepstrum: Vec<(f64, f64)>,
}

impl Analysis {
    pub(crate) fn new(params: &FeatureParams) -> Result<Self> {
        let FeatureParams {
            sample_rate,
            n_fft,
            hop_length,
            n_mels,
            n_mfcc,
            pad_mode,
            tempo_aggregate: aggregate,
            whole_waveforms,
        } = *params;
        check(
            sample_rate >= 1,
            "sample_rate",
            sample_rate,
            "must be at least 1",
        )?;
        let stft = StftParams {
            n_fft,
            hop_length,
            pad_mode,
            ..StftParams::default()
        };
        let mel = MelParams {
            sample_rate,
            n_fft,
            n_mels,
            ..MelParams::default()
        };
        let mfcc = MfccParams {
            n_mels,
            n_mfcc,
            ..MfccParams::default()
        };
        let chroma = ChromaParams {
            sample_rate,
            n_fft,
            ..ChromaParams::default()
        };
        let tempo = TempoParams {
            sample_rate,
            hop_length,
            ..TempoParams::default()
        };
        Ok(Self {
            stft: Stft::new(stft)?,
            mel: MelBank::new(mel)?,
            mfcc: Mfcc::new(mfcc)?,
            chroma: Chroma::new(chroma)?,
            hpss: Hpss::new(HpssParams::default())?,
            tempo: Tempo::new(tempo)?,
            onset: OnsetParams {
                n_fft,
                hop_length,
                aggregate,
                ..OnsetParams::default()
            },
            frequencies: fft_frequencies(sample_rate, n_fft),
            whole_waveforms,
        })
    }

    pub(crate) fn framing(&self) -> Framing {
        self.stft.framing()
    }

    pub(crate) fn make_scratch(&self) -> FeatureScratch {
        let mut scratch = FeatureScratch {
            stft: self.stft.make_scratch(),
            re: Tiles::default(),
            im: Tiles::default(),
            magnitude: Tiles::default(),
            power: Tiles::default(),
            mel: Tiles::default(),
            hpss: HpssScratch::default(),
            mask: Vec::new(),
            harmonic: [Vec::new(), Vec::new()],
            rows: Vec::new(),
            peaks: Vec::new(),
            waveform: OverlapAdd::default(),
            mel_db: Array2::default((0, 0)),
        };
        self.fit(&mut scratch);
        scratch
    }

    /// Gives the working memory the sizes of this plan; it may be another one's.
    fn fit(&self, scratch: &mut FeatureScratch) {
        let FeatureScratch {
            mask,
            harmonic: [re, im],
            ..
        } = scratch;
        for tile in [mask, re, im] {
            tile.resize(self.stft.n_bins(), ZERO);
        }
        let n_rows = self.mfcc.params().n_mfcc.max(self.chroma.params().n_chroma);
        scratch.rows.resize(n_rows, ZERO);
    }

    /// Everything but what is read off the samples themselves; these are finite.
    pub(crate) fn run(&self, y: &[f32], scratch: &mut FeatureScratch) -> Result<Spectral> {
        self.fit(scratch);
        let n_frames = self.stft.n_frames(y.len())?;
        let n_tiles = n_frames.div_ceil(LANES);
        let mut out = Spectral::default();
        let length = self.whole_waveforms.then_some(y.len());
        scratch.waveform.start(&self.stft, n_frames, length)?;
        scratch.mel.reshape(self.mel.params().n_mels, n_frames);
        scratch.peaks.clear();
        let kept = if n_tiles <= KEPT { n_frames } else { 1 };
        scratch.power.reshape(self.stft.n_bins(), kept);
        // The tiles in memory are `held`: a chunk and a neighbour on each side, whose 16 frames
        // cover the 15 that the median along time reaches.
        let mut held = 0..0;
        for start in (0..n_tiles).step_by(CHUNK) {
            let end = (start + CHUNK).min(n_tiles);
            let wanted = start.saturating_sub(1)..(end + 1).min(n_tiles);
            let frames = n_frames.min(wanted.end * LANES) - wanted.start * LANES;
            for tiles in [&mut scratch.re, &mut scratch.im, &mut scratch.magnitude] {
                tiles.drop_front(wanted.start - held.start);
                tiles.reshape(self.stft.n_bins(), frames);
            }
            for t in held.end..wanted.end {
                self.transform(y, t, t - wanted.start, scratch);
                self.measure(t, t - wanted.start, scratch, &mut out);
            }
            self.hpss.medians(&scratch.magnitude, &mut scratch.hpss);
            for t in start..end {
                self.resynthesise(t, t - wanted.start, scratch);
            }
            held = wanted;
        }
        out.chroma = self.chroma(y, n_frames, scratch)?;
        (out.harmonic, out.percussive) = self.waveforms(y, &mut scratch.waveform);
        tiles_to_db(&mut scratch.mel, &DbParams::default());
        out.tempo = self.tempo(scratch)?;
        out.cepstrum = self.cepstrum(scratch);
        Ok(out)
    }

    /// Transforms tile `t` of the signal into tile `at` of the memory.
    fn transform(&self, y: &[f32], t: usize, at: usize, scratch: &mut FeatureScratch) {
        let FeatureScratch {
            stft,
            re,
            im,
            magnitude,
            ..
        } = scratch;
        let used = magnitude.used(at);
        self.stft
            .forward_tile(y, t * LANES, used, re.tile_mut(at), im.tile_mut(at), stft);
        magnitudes(re.tile(at), im.tile(at), magnitude.tile_mut(at));
    }

    /// All that is read from one tile while it is in the cache.
    fn measure(&self, t: usize, at: usize, scratch: &mut FeatureScratch, out: &mut Spectral) {
        let FeatureScratch {
            magnitude,
            power,
            mel,
            peaks,
            ..
        } = scratch;
        let (tile, used, bands) = (magnitude.tile(at), magnitude.used(at), mel.tile_mut(t));
        let power = power.tile_mut(if power.n_tiles() > 1 { t } else { 0 });
        multiply(tile, tile, power);
        let [centroid, bandwidth, rolloff] = dispatch(
            #[inline(always)]
            || {
                self.mel.bank().apply(power, bands);
                let f = &self.frequencies;
                let sums = spectral::sums(tile);
                let centroid = spectral::centroid(tile, f, &sums);
                let bandwidth = spectral::bandwidth(tile, f, &sums, &centroid, 2.0);
                [
                    centroid,
                    bandwidth,
                    spectral::rolloff(tile, f, ROLL_PERCENT),
                ]
            },
        );
        out.centroid.extend_from_slice(&centroid[..used]);
        out.bandwidth.extend_from_slice(&bandwidth[..used]);
        out.rolloff.extend_from_slice(&rolloff[..used]);
        find_peaks(
            power,
            t * LANES,
            used,
            &self.chroma.piptrack_params(),
            peaks,
        );
    }

    /// Adds the harmonic part of tile `t`, which is tile `at` of the memory, to the waveform.
    fn resynthesise(&self, t: usize, at: usize, scratch: &mut FeatureScratch) {
        let FeatureScratch {
            stft,
            re,
            im,
            hpss,
            mask,
            harmonic: [hre, him],
            waveform,
            ..
        } = scratch;
        self.hpss
            .soft_mask(hpss.harm.tile(at), hpss.perc.tile(at), 1.0, mask);
        multiply(re.tile(at), mask, hre);
        multiply(im.tile(at), mask, him);
        self.stft.inverse_tile(t * LANES, hre, him, stft, waveform);
    }

    /// Mean and variance of the harmonic and of the percussive waveform; beyond their end both
    /// are zero.
    fn waveforms(&self, y: &[f32], waveform: &mut OverlapAdd) -> ((f64, f64), (f64, f64)) {
        waveform.finish(&self.stft);
        let samples = &mut waveform.samples;
        let end = samples.len();
        samples.resize(y.len(), 0.0);
        let harmonic = mean_var(samples);
        // The soft masks add up to 1, and so do the waveforms to the signal.
        for (sample, y) in samples[..end].iter_mut().zip(y) {
            *sample = y - *sample;
        }
        (harmonic, mean_var(samples))
    }

    /// Mean and variance of the chromagram. It needs the tuning of the whole signal, so a signal
    /// of more than one chunk is transformed again.
    fn chroma(
        &self,
        y: &[f32],
        n_frames: usize,
        scratch: &mut FeatureScratch,
    ) -> Result<(f64, f64)> {
        let n_chroma = self.chroma.params().n_chroma;
        let tuning = tuning_of_peaks(&mut scratch.peaks, TUNING_RESOLUTION, n_chroma)?;
        let bank: &Dense = &self.chroma.bank(tuning);
        let kept = scratch.power.n_frames() == n_frames;
        let mut values = Vec::with_capacity(n_chroma * n_frames);
        for t in 0..n_frames.div_ceil(LANES) {
            let used = (n_frames - t * LANES).min(LANES);
            if !kept {
                self.transform(y, t, 0, scratch);
                let tile = scratch.magnitude.tile(0);
                multiply(tile, tile, scratch.power.tile_mut(0));
            }
            let power = scratch.power.tile(if kept { t } else { 0 });
            chroma_tile(bank, power, &mut scratch.rows[..n_chroma]);
            for row in &scratch.rows[..n_chroma] {
                values.extend_from_slice(&row[..used]);
            }
        }
        Ok(mean_var(&values))
    }

    fn tempo(&self, scratch: &mut FeatureScratch) -> Result<f64> {
        let FeatureScratch { mel, mel_db, .. } = scratch;
        let shape = (mel.n_bins(), mel.n_frames());
        if mel_db.dim() != shape {
            *mel_db = Array2::zeros(shape);
        }
        mel.store(mel_db.view_mut());
        self.tempo
            .process(&onset_strength(mel_db.view(), &self.onset)?)
    }

    /// Mean and variance of each cepstral coefficient.
    fn cepstrum(&self, scratch: &mut FeatureScratch) -> Vec<(f64, f64)> {
        let FeatureScratch { mel, rows, .. } = scratch;
        let mut series = vec![Vec::with_capacity(mel.n_frames()); self.mfcc.params().n_mfcc];
        for t in 0..mel.n_tiles() {
            self.mfcc.apply(mel.tile(t), rows);
            for (series, row) in series.iter_mut().zip(rows.iter()) {
                series.extend_from_slice(&row[..mel.used(t)]);
            }
        }
        series.iter().map(|s| mean_var(s)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_leave_no_trace() {
        // Frames of 16 every 4: a chunk is 6144 samples.
        let params = FeatureParams {
            n_fft: 16,
            hop_length: 4,
            n_mels: 4,
            n_mfcc: 4,
            ..FeatureParams::default()
        };
        let analysis = Analysis::new(&params).unwrap();
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let y: Vec<f32> = (0..4 * LANES * CHUNK * 2 + 777).map(|_| noise()).collect();
        let mut scratch = analysis.make_scratch();
        let got = analysis.run(&y, &mut scratch).unwrap();
        // The same from the public plans, in one piece.
        let spectrum = analysis.stft.process(&y).unwrap();
        let (harmonic, percussive) = analysis.hpss.process(spectrum.view());
        let wave = |s: Array2<_>| analysis.stft.inverse(s.view(), Some(y.len())).unwrap();
        // The memory holds the percussive waveform at the end.
        let percussive = wave(percussive);
        for (i, (got, want)) in scratch.waveform.samples.iter().zip(&percussive).enumerate() {
            // Roundings of samples of size 1 in different orders.
            assert!((got - want).abs() < 2e-6, "sample {i}: {got} for {want}");
        }
        let pairs = [(got.harmonic, wave(harmonic)), (got.percussive, percussive)];
        for ((mean, var), wave) in pairs {
            let want = mean_var(&wave);
            // The errors of thousands of samples, averaged.
            assert!((mean - want.0).abs() < 1e-8 && (var - want.1).abs() < 1e-7 * want.1);
        }
        let power = analysis.stft.power(&y).unwrap();
        let chroma = analysis.chroma.process(power.view()).unwrap();
        assert_eq!(chroma.len(), 12 * got.centroid.len());
        let (mean, var) = mean_var(chroma.as_slice().unwrap());
        // The same values summed in another order.
        assert!((got.chroma.0 - mean).abs() < 1e-12 && (got.chroma.1 - var).abs() < 1e-12);
        let magnitude = analysis.stft.magnitude(&y).unwrap();
        let centroid = spectral::spectral_centroid(magnitude.view(), &analysis.frequencies);
        assert_eq!(got.centroid, centroid.unwrap());
    }
}
