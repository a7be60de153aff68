//! The single pass over the spectrogram of a signal that computes all spectral features.

use ndarray::Array2;

use super::feature_params::FeatureParams;
use super::stats::mean_var;
use crate::error::Result;
use crate::frames::Framing;
use crate::rhythm::{OnsetParams, Tempo, onset_strength};
use crate::separation::{Hpss, HpssParams, HpssScratch};
use crate::simd::{Dense, LANES, Lane, Tiles, ZERO, dispatch, magnitudes, multiply};
use crate::spectral::{
    Chroma, DbParams, MelBank, Mfcc, Peak, TUNING_RESOLUTION, chroma_tile, fft_frequencies,
    find_peaks, shapes, tiles_to_db, tuning_of_peaks,
};
use crate::transform::{OverlapAdd, Stft, StftScratch};

/// Fraction of the spectrum below the rolloff frequency.
const ROLL_PERCENT: f32 = 0.85;

/// Tiles that are processed together, plus one on each side for the medians along time: 6 MB, so
/// that two threads do not evict each other from the cache.
const CHUNK: usize = 16;

/// Most tiles of a signal whose power spectra are kept until the tuning is known; a 30-s clip has 81.
/// Longer signals are transformed twice, which takes a fifth of their time.
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
/// default parameters, plus the size of the longest signal so far.
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

/// The results of the pass: one value per frame, or mean and variance.
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
        params.validate()?;
        Ok(Self {
            frequencies: fft_frequencies(params.sample_rate, params.n_fft),
            stft: Stft::new(params.stft())?,
            mel: MelBank::new(params.mel())?,
            mfcc: Mfcc::new(params.mfcc())?,
            chroma: Chroma::new(params.chroma())?,
            hpss: Hpss::new(HpssParams::default())?,
            tempo: Tempo::new(params.tempo())?,
            onset: params.onset(),
            whole_waveforms: params.whole_waveforms,
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

    /// Resizes the working memory to this plan: it may be that of another one.
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

    /// All features but those of the samples themselves, which must be finite.
    pub(crate) fn run(&self, y: &[f32], scratch: &mut FeatureScratch) -> Result<Spectral> {
        self.fit(scratch);
        let n_frames = self.stft.n_frames(y.len())?;
        let n_tiles = n_frames.div_ceil(LANES);
        let mut out = Spectral::default();
        let length = self.whole_waveforms.then_some(y.len());
        self.stft
            .start_inverse(&mut scratch.waveform, n_frames, length)?;
        scratch.mel.reshape(self.mel.params().n_mels, n_frames);
        scratch.peaks.clear();
        let kept = if n_tiles <= KEPT { n_frames } else { 1 };
        scratch.power.reshape(self.stft.n_bins(), kept);
        // The tiles in memory are `held`: a chunk and one neighbour on each side. The 16 frames of a
        // neighbour cover the 15 that the median along time needs.
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

    /// Transforms tile `t` of the signal into tile `at` of the working memory.
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

    /// Computes all features of one tile while it is in the cache.
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
                let sums = shapes::sums(tile);
                let centroid = shapes::centroid(tile, f, &sums);
                let bandwidth = shapes::bandwidth(tile, f, &sums, &centroid, 2.0);
                [centroid, bandwidth, shapes::rolloff(tile, f, ROLL_PERCENT)]
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

    /// Adds the harmonic part of tile `t`, which is tile `at` of the working memory, to the waveform.
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

    /// Mean and variance of the harmonic and of the percussive waveform. After the end of the
    /// resynthesis both are zero.
    fn waveforms(&self, y: &[f32], waveform: &mut OverlapAdd) -> ((f64, f64), (f64, f64)) {
        self.stft.finish_inverse(waveform);
        let samples = &mut waveform.samples;
        let end = samples.len();
        samples.resize(y.len(), 0.0);
        let harmonic = mean_var(samples);
        // The soft masks add up to 1, so the waveforms add up to the signal.
        for (sample, y) in samples[..end].iter_mut().zip(y) {
            *sample = y - *sample;
        }
        (harmonic, mean_var(samples))
    }

    /// Mean and variance of the chromagram. It needs the tuning of the whole signal, so the power
    /// spectra are kept until now or, for long signals, computed again.
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
    fn the_result_does_not_depend_on_chunks() {
        // Frames of 16 samples, 4 apart.
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
        // The same by the public plans, in one piece.
        let spectrum = analysis.stft.process(&y).unwrap();
        let (harmonic, percussive) = analysis.hpss.process(spectrum.view());
        let wave = |s: Array2<_>| analysis.stft.inverse(s.view(), Some(y.len())).unwrap();
        // At the end the working memory holds the percussive waveform.
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
        let centroid = shapes::spectral_centroid(magnitude.view(), &analysis.frequencies);
        assert_eq!(got.centroid, centroid.unwrap());
    }
}
