use std::str::FromStr;

use crate::analysis::{Analysis, FeatureScratch};
use crate::error::{Error, Result, check_finite};
use crate::frame::PadMode;
use crate::onset::Aggregate;
use crate::stats::mean_var;
use crate::temporal::{rms, zero_crossing_rate};

/// What goes into a feature vector; the two presets are [`FeatureParams::gtzan`] and
/// [`FeatureParams::librosa`] (the default).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
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

/// The name of a preset: `gtzan` or `librosa`.
///
/// ```
/// assert_eq!("gtzan".parse(), Ok(timbral_dsp::FeatureParams::gtzan()));
/// ```
impl FromStr for FeatureParams {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "gtzan" => Ok(Self::gtzan()),
            "librosa" => Ok(Self::librosa()),
            _ => Err(Error::parameter(
                "preset",
                name,
                "is neither gtzan nor librosa",
            )),
        }
    }
}

/// The feature vector of music genre classification: means and variances of chroma, RMS, spectral
/// centroid, bandwidth and rolloff, zero crossings, the harmonic and percussive waveforms, MFCCs,
/// and the tempo; 57 numbers by default, named as in the published GTZAN tables.
///
/// Each number equals that of the librosa function in its name, with variances of ddof 0. The
/// signal is transformed once, and once back: the soft masks of [`Hpss`](crate::Hpss) at margin 1 add up to
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
    analysis: Analysis,
}

impl FeatureSet {
    /// Makes the plans.
    ///
    /// # Errors
    ///
    /// A parameter outside its range, or `sample_rate` and `hop_length` for which the 8 s that the
    /// tempo looks at are fewer than 2 or more than 65536 frames.
    pub fn new(params: FeatureParams) -> Result<Self> {
        // The analysis checks the parameters.
        let analysis = Analysis::new(&params)?;
        Ok(Self {
            params,
            names: names(params.n_mfcc),
            analysis,
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
        self.analysis.make_scratch()
    }

    /// The feature vector of a mono signal at the set's sample rate.
    ///
    /// # Errors
    ///
    /// No samples, one that is NaN or infinite, or samples so large (1e18 and more) that their
    /// powers are.
    pub fn process(&self, y: &[f32]) -> Result<Vec<f64>> {
        self.process_with_scratch(y, &mut self.make_scratch())
    }

    /// As [`FeatureSet::process`], with the caller's memory.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureSet::process`].
    pub fn process_with_scratch(
        &self,
        y: &[f32],
        scratch: &mut FeatureScratch,
    ) -> Result<Vec<f64>> {
        check_finite("signal", y)?;
        let framing = self.analysis.framing();
        let spectral = self.analysis.run(y, scratch)?;
        let pairs = [
            spectral.chroma,
            mean_var(&rms(y, &framing)?),
            mean_var(&spectral.centroid),
            mean_var(&spectral.bandwidth),
            mean_var(&spectral.rolloff),
            mean_var(&zero_crossing_rate(y, &framing)?),
            spectral.harmonic,
            spectral.percussive,
        ];
        let mut out = Vec::with_capacity(self.names.len());
        out.extend(pairs.iter().flat_map(|(mean, var)| [mean, var]));
        out.push(spectral.tempo);
        out.extend(spectral.cepstrum.iter().flat_map(|(mean, var)| [mean, var]));
        match out.iter().position(|v| !v.is_finite()) {
            Some(index) => Err(Error::NotFinite {
                name: "features",
                index,
                value: out[index] as f32,
            }),
            None => Ok(out),
        }
    }
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
