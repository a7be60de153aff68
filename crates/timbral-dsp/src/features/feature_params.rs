use std::str::FromStr;

use crate::error::{Error, InvalidParameter, Result, check, check_sample_rate};
use crate::frames::PadMode;
use crate::rhythm::{Aggregate, OnsetParams, TempoParams};
use crate::spectral::{ChromaParams, MelParams, MfccParams};
use crate::transform::StftParams;

/// Longest transform of a set, 6 s at 22 050 Hz. Files that describe sets can come from anywhere, and a
/// transform of a prime number of samples takes a thousand bytes for each sample.
const MAX_N_FFT: usize = 1 << 17;

/// Longest hop, for the same reason: a tile has 16 of them.
const MAX_HOP_LENGTH: usize = 1 << 18;

/// Checks the parameters that determine the memory.
pub(super) fn check_frames(n_fft: usize, hop_length: usize) -> Result<()> {
    check(n_fft <= MAX_N_FFT, "n_fft", n_fft, "must be at most 2^17")?;
    let holds = hop_length <= MAX_HOP_LENGTH;
    Ok(check(
        holds,
        "hop_length",
        hop_length,
        "must be at most 2^18",
    )?)
}

/// Parameters of a [`FeatureSet`](crate::FeatureSet) with the 57 columns of the published GTZAN tables. There
/// are two presets, [`FeatureParams::gtzan`] and [`FeatureParams::librosa`] (the default).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct FeatureParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Length of frames and transforms in samples, `2..=2^17`; default 2048.
    pub n_fft: usize,
    /// Samples between frames, `1..=2^18`; default 512.
    pub hop_length: usize,
    /// Mel bands, `1..=4096`; default 128.
    pub n_mels: usize,
    /// Cepstral coefficients, `1..=n_mels`; default 20.
    pub n_mfcc: usize,
    /// The samples that centred frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    /// How the rises of the mel bands are combined for the tempo; default mean.
    pub tempo_aggregate: Aggregate,
    /// Whether the harmonic and percussive waveforms are as long as the signal (true, the default), or end at
    /// the last whole hop with zeros after it (false).
    pub whole_waveforms: bool,
    #[doc(hidden)]
    #[cfg_attr(feature = "serde", serde(skip))]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
        }
    }
}

impl FeatureParams {
    /// The defaults of librosa 1.0.0.
    pub fn librosa() -> Self {
        Self::default()
    }

    /// The parameters of the published GTZAN tables (librosa 0.7 and 0.8): reflection at the ends, the tempo
    /// from the median of the bands, and waveforms up to the last whole hop.
    pub fn gtzan() -> Self {
        Self {
            pad_mode: PadMode::Reflect,
            tempo_aggregate: Aggregate::Median,
            whole_waveforms: false,
            ..Self::default()
        }
    }
}

impl FeatureParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside its range, or a `sample_rate` and `hop_length` for which the tempo's window of 8 s
    /// has fewer than 2 or more than 65 536 frames.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        check_frames(self.n_fft, self.hop_length)?;
        self.stft().validate()?;
        self.mel().validate()?;
        self.mfcc().validate()?;
        self.chroma().validate()?;
        self.tempo().validate()
    }

    pub(super) fn stft(&self) -> StftParams {
        StftParams {
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            pad_mode: self.pad_mode,
            ..StftParams::default()
        }
    }

    pub(super) fn mel(&self) -> MelParams {
        MelParams {
            sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            n_mels: self.n_mels,
            ..MelParams::default()
        }
    }

    pub(super) fn mfcc(&self) -> MfccParams {
        MfccParams {
            n_mels: self.n_mels,
            n_mfcc: self.n_mfcc,
            ..MfccParams::default()
        }
    }

    pub(super) fn chroma(&self) -> ChromaParams {
        ChromaParams {
            sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            ..ChromaParams::default()
        }
    }

    pub(super) fn tempo(&self) -> TempoParams {
        TempoParams {
            sample_rate: self.sample_rate,
            hop_length: self.hop_length,
            ..TempoParams::default()
        }
    }

    pub(super) fn onset(&self) -> OnsetParams {
        OnsetParams {
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            aggregate: self.tempo_aggregate,
            ..OnsetParams::default()
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
            _ => Err(InvalidParameter::new("preset", name, "must be gtzan or librosa").into()),
        }
    }
}
