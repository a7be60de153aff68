use crate::bank::Dense;
use crate::chroma::{Chroma, ChromaParams, TUNING_RESOLUTION, chroma_tile};
use crate::convert::fft_frequencies;
use crate::db::{DbParams, tiles_to_db};
use crate::error::{Result, check, check_finite};
use crate::frame::PadMode;
use crate::hpss::{Hpss, HpssParams, HpssScratch};
use crate::mel::{MelBank, MelParams};
use crate::mfcc::{Mfcc, MfccParams};
use crate::onset::{Aggregate, OnsetParams, onset_strength};
use crate::pitch::{Peak, find_peaks, tuning_of_peaks};
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch};
use crate::spectral;
use crate::stats::mean_var;
use crate::stft::{Stft, StftParams, StftScratch, magnitudes};
use crate::tempo::{Tempo, TempoParams};
use crate::temporal::{rms, zero_crossing_rate};

/// What goes into a feature vector; the two presets are [`FeatureParams::gtzan`] and
/// [`FeatureParams::librosa`] (the default).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureParams {
    /// Samples a second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Length of frames and transforms, at least 2; default 2048.
    pub n_fft: usize,
    /// Samples between frames, at least 1; default 512.
    pub hop_length: usize,
    /// Mel bands, at least 1; default 128.
    pub n_mels: usize,
    /// Cepstral coefficients, `1..=n_mels`; default 20.
    pub n_mfcc: usize,
    /// What centred frames see beyond the ends; default zeros.
    pub pad_mode: PadMode,
    /// How the rise of the bands is summed up for the tempo; default the mean.
    pub tempo_aggregate: Aggregate,
    /// Whether the harmonic and percussive waveforms go to the end of the signal (default) or stop
    /// at the last whole hop and continue with zeros.
    pub whole_waveforms: bool,
}

impl Default for FeatureParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            n_fft: 2048,
            hop_length: 512,
            n_mels: 128,
            n_mfcc: 20,
            pad_mode: PadMode::Zero,
            tempo_aggregate: Aggregate::Mean,
            whole_waveforms: true,
        }
    }
}

impl FeatureParams {
    /// librosa 0.11.0 with its defaults.
    pub fn librosa() -> Self {
        Self::default()
    }

    /// The recipe of the published GTZAN tables (librosa 0.7 and 0.8): reflected ends, the tempo
    /// of the median band, waveforms up to the last whole hop.
    pub fn gtzan() -> Self {
        Self {
            pad_mode: PadMode::Reflect,
            tempo_aggregate: Aggregate::Median,
            whole_waveforms: false,
            ..Self::default()
        }
    }
}

/// The feature vector of music genre classification: means and variances of chroma, RMS, spectral
/// centroid, bandwidth and rolloff, zero crossings, the harmonic and percussive waveforms, MFCCs,
/// and the tempo; 57 numbers by default, named as in the published GTZAN tables.
///
/// Each number equals that of the librosa function in its name, with variances of ddof 0. The
/// signal is transformed once, and once back: the soft masks of [`Hpss`] at margin 1 add up to
/// one, so the percussive waveform is the signal less the harmonic one.
///
/// ```
/// use timbral_dsp::{FeatureParams, FeatureSet};
///
/// let set = FeatureSet::new(FeatureParams::gtzan())?;
/// let y: Vec<f32> = (0..66149).map(|n| (n as f32 * 0.05).sin()).collect();
/// let values = set.process(&y)?;
/// assert_eq!(values.len(), 57);
/// assert_eq!(set.names()[2], "rms_mean");
/// assert!((values[2] - 0.5f64.sqrt()).abs() < 1e-3);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureSet {
    params: FeatureParams,
    names: Vec<String>,
    frequencies: Vec<f64>,
    stft: Stft,
    mel: MelBank,
    mfcc: Mfcc,
    chroma: Chroma,
    hpss: Hpss,
    tempo: Tempo,
    onset: OnsetParams,
}

/// Working memory of one thread for a [`FeatureSet`]; it grows to the longest signal seen.
#[derive(Debug, Clone)]
pub struct FeatureScratch {
    stft: StftScratch,
    re: Tiles,
    im: Tiles,
    magnitude: Tiles,
    power: Vec<Lane>,
    mel: Tiles,
    hpss: HpssScratch,
    mask: Vec<Lane>,
    harmonic: [Vec<Lane>; 2],
    rows: Vec<Lane>,
    peaks: Vec<Peak>,
}

/// Shares of the spectrum below the rolloff frequency.
const ROLL_PERCENT: f32 = 0.85;

impl FeatureSet {
    /// Makes the plans.
    ///
    /// # Errors
    ///
    /// A parameter outside its range.
    pub fn new(params: FeatureParams) -> Result<Self> {
        let FeatureParams { sample_rate, n_fft, hop_length, n_mels, n_mfcc, pad_mode, .. } = params;
        check(sample_rate >= 1, "sample_rate", sample_rate, "must be at least 1")?;
        Ok(Self {
            params,
            names: names(n_mfcc),
            frequencies: fft_frequencies(sample_rate, n_fft),
            stft: Stft::new(StftParams { n_fft, hop_length, pad_mode, ..StftParams::default() })?,
            mel: MelBank::new(MelParams { sample_rate, n_fft, n_mels, ..MelParams::default() })?,
            mfcc: Mfcc::new(MfccParams { n_mels, n_mfcc, ..MfccParams::default() })?,
            chroma: Chroma::new(ChromaParams { sample_rate, n_fft, ..ChromaParams::default() })?,
            hpss: Hpss::new(HpssParams::default())?,
            tempo: Tempo::new(TempoParams { sample_rate, hop_length, ..TempoParams::default() })?,
            onset: OnsetParams {
                n_fft,
                hop_length,
                aggregate: params.tempo_aggregate,
                ..OnsetParams::default()
            },
        })
    }

    /// The parameters the plans were made with.
    pub fn params(&self) -> &FeatureParams {
        &self.params
    }

    /// The names of the numbers, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Working memory for [`FeatureSet::process_with_scratch`].
    pub fn make_scratch(&self) -> FeatureScratch {
        let n_bins = self.stft.n_bins();
        FeatureScratch {
            stft: self.stft.make_scratch(),
            re: Tiles::default(),
            im: Tiles::default(),
            magnitude: Tiles::default(),
            power: vec![ZERO; n_bins],
            mel: Tiles::default(),
            hpss: HpssScratch::default(),
            mask: vec![ZERO; n_bins],
            harmonic: [vec![ZERO; n_bins], vec![ZERO; n_bins]],
            rows: vec![ZERO; self.params.n_mfcc.max(12)],
            peaks: Vec::new(),
        }
    }

    /// The feature vector of a mono signal at the set's sample rate.
    ///
    /// # Errors
    ///
    /// No samples, or one that is NaN or infinite.
    pub fn process(&self, y: &[f32]) -> Result<Vec<f64>> {
        self.process_with_scratch(y, &mut self.make_scratch())
    }

    /// As [`FeatureSet::process`], with the caller's memory.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureSet::process`].
    pub fn process_with_scratch(&self, y: &[f32], scratch: &mut FeatureScratch) -> Result<Vec<f64>> {
        check_finite("signal", y)?;
        let mut out = Vec::with_capacity(self.names.len());
        let mut put = |(mean, var): (f64, f64)| out.extend([mean, var]);
        let shapes = self.analyse(y, scratch)?;
        put(self.chroma(scratch)?);
        let framing = self.stft.framing();
        put(mean_var(&rms(y, &framing)?));
        put(mean_var(&shapes.centroid));
        put(mean_var(&shapes.bandwidth));
        put(mean_var(&shapes.rolloff));
        put(mean_var(&zero_crossing_rate(y, &framing)?));
        let (harmonic, percussive) = self.separate(y, scratch)?;
        put(mean_var(&harmonic));
        put(mean_var(&percussive));
        let (tempo, cepstrum) = self.timbre_and_tempo(scratch)?;
        out.push(tempo);
        for (mean, var) in cepstrum {
            out.extend([mean, var]);
        }
        Ok(out)
    }

    /// The transform, and all that is read from one tile of it while it is in the cache.
    fn analyse(&self, y: &[f32], scratch: &mut FeatureScratch) -> Result<Shapes> {
        let (n_bins, n_frames) = (self.stft.n_bins(), self.stft.n_frames(y.len())?);
        let FeatureScratch { stft, re, im, magnitude, power, mel, peaks, .. } = scratch;
        for tiles in [&mut *re, im, magnitude] {
            tiles.reshape(n_bins, n_frames);
        }
        mel.reshape(self.params.n_mels, n_frames);
        peaks.clear();
        let peak_params = self.chroma.piptrack_params();
        let mut shapes = Shapes::default();
        for t in 0..magnitude.n_tiles() {
            let (first, used) = (t * LANES, magnitude.used(t));
            self.stft.forward_tile(y, first, used, re.tile_mut(t), im.tile_mut(t), stft);
            magnitudes(re.tile(t), im.tile(t), magnitude.tile_mut(t));
            let tile = magnitude.tile(t);
            squares(tile, power);
            let mut values = [[0.0; LANES]; 3];
            let bands = mel.tile_mut(t);
            dispatch(
                #[inline(always)]
                || {
                    let sums = spectral::sums(tile);
                    let centroid = spectral::centroid(tile, &self.frequencies, &sums);
                    let spread = spectral::bandwidth(tile, &self.frequencies, &sums, &centroid, 2.0);
                    let rolloff = spectral::rolloff(tile, &self.frequencies, ROLL_PERCENT);
                    values = [centroid, spread, rolloff];
                    self.mel.bank().apply(power, bands);
                },
            );
            shapes.centroid.extend_from_slice(&values[0][..used]);
            shapes.bandwidth.extend_from_slice(&values[1][..used]);
            shapes.rolloff.extend_from_slice(&values[2][..used]);
            find_peaks(power, first, used, &peak_params, peaks);
        }
        Ok(shapes)
    }

    fn chroma(&self, scratch: &mut FeatureScratch) -> Result<(f64, f64)> {
        let n_chroma = self.chroma.params().n_chroma;
        let tuning = tuning_of_peaks(&mut scratch.peaks, TUNING_RESOLUTION, n_chroma)?;
        let bank: &Dense = &self.chroma.bank(tuning);
        let FeatureScratch { magnitude, power, rows, .. } = scratch;
        let mut values = Vec::with_capacity(n_chroma * magnitude.n_frames());
        for t in 0..magnitude.n_tiles() {
            squares(magnitude.tile(t), power);
            chroma_tile(bank, power, &mut rows[..n_chroma]);
            for row in &rows[..n_chroma] {
                values.extend_from_slice(&row[..magnitude.used(t)]);
            }
        }
        Ok(mean_var(&values))
    }

    /// The harmonic and the percussive waveform.
    fn separate(&self, y: &[f32], scratch: &mut FeatureScratch) -> Result<(Vec<f32>, Vec<f32>)> {
        let FeatureScratch { stft, re, im, magnitude, hpss, mask, harmonic: [hre, him], .. } = scratch;
        self.hpss.medians(magnitude, hpss);
        let length = self.params.whole_waveforms.then_some(y.len());
        let mut output = self.stft.overlap_add(magnitude.n_frames(), length)?;
        for t in 0..magnitude.n_tiles() {
            let (harm, perc) = (hpss.harm.tile(t), hpss.perc.tile(t));
            self.hpss.soft_mask(harm, perc, 1.0, mask);
            multiply(re.tile(t), mask, hre);
            multiply(im.tile(t), mask, him);
            self.stft.inverse_tile(t * LANES, hre, him, stft, &mut output);
        }
        let mut harmonic = output.finish();
        let mut percussive: Vec<f32> = y.iter().zip(&harmonic).map(|(y, h)| y - h).collect();
        harmonic.resize(y.len(), 0.0);
        percussive.resize(y.len(), 0.0);
        Ok((harmonic, percussive))
    }

    /// The tempo, and mean and variance of each cepstral coefficient.
    fn timbre_and_tempo(&self, scratch: &mut FeatureScratch) -> Result<(f64, Vec<(f64, f64)>)> {
        let FeatureScratch { mel, rows, .. } = scratch;
        tiles_to_db(mel, &DbParams::default());
        let mut mel_db = ndarray::Array2::zeros((mel.n_bins(), mel.n_frames()));
        mel.store(mel_db.view_mut());
        let tempo = self.tempo.process(&onset_strength(mel_db.view(), &self.onset)?)?;
        let mut series = vec![Vec::with_capacity(mel.n_frames()); self.params.n_mfcc];
        for t in 0..mel.n_tiles() {
            self.mfcc.apply(mel.tile(t), rows);
            for (series, row) in series.iter_mut().zip(rows.iter()) {
                series.extend_from_slice(&row[..mel.used(t)]);
            }
        }
        Ok((tempo, series.iter().map(|s| mean_var(s)).collect()))
    }
}

/// One value a frame of each.
#[derive(Default)]
struct Shapes {
    centroid: Vec<f64>,
    bandwidth: Vec<f64>,
    rolloff: Vec<f64>,
}

fn names(n_mfcc: usize) -> Vec<String> {
    const PAIRS: [&str; 8] = [
        "chroma_stft",
        "rms",
        "spectral_centroid",
        "spectral_bandwidth",
        "rolloff",
        "zero_crossing_rate",
        "harmony",
        "perceptr",
    ];
    let pair = |name: &str| [format!("{name}_mean"), format!("{name}_var")];
    let mut names: Vec<String> = PAIRS.iter().flat_map(|name| pair(name)).collect();
    names.push("tempo".to_owned());
    names.extend((1..=n_mfcc).flat_map(|i| pair(&format!("mfcc{i}"))));
    names
}

fn squares(from: &[Lane], to: &mut [Lane]) {
    multiply(from, from, to);
}

/// `out = a b`, value by value.
fn multiply(a: &[Lane], b: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            let (a, b) = (a.as_flattened(), b.as_flattened());
            for ((a, b), out) in a.iter().zip(b).zip(out.as_flattened_mut()) {
                *out = a * b;
            }
        },
    );
}
