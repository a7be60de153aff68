//! Samples to features, equal to librosa's to rounding and tens of times faster.
//!
//! Signals are mono `&[f32]`, spectrograms are `ndarray` arrays of shape `(n_bins, n_frames)` as
//! in librosa. What can be prepared is a plan: made once from a parameter struct (whose `Default`
//! is librosa's), immutable, shared between threads; `process` allocates, `process_with_scratch`
//! works in the caller's memory.
//!
//! | from | to | by |
//! |---|---|---|
//! | signal | the feature vector of genre classification | [`FeatureSet`] |
//! | signal | spectrogram and back | [`Stft`] |
//! | signal | energy, sign changes | [`rms`], [`zero_crossing_rate`] |
//! | signal or power | mel bands, pitch classes | [`MelBank`], [`Chroma`] |
//! | power | decibels, peaks, tuning | [`power_to_db`], [`piptrack`], [`estimate_tuning`] |
//! | magnitude | shape of the spectrum | [`spectral_centroid`] and its siblings, [`spectral_contrast`] |
//! | magnitude | harmonic and percussive part | [`Hpss`] |
//! | mel bands in dB | cepstrum, onsets | [`Mfcc`], [`onset_strength`] |
//! | onsets | tempo, beats | [`Tempo`], [`BeatTracker`], [`Tempogram`] |
//! | any series | its derivative | [`delta`] |
//!
//! The crate opens no files and has no `unsafe` code. Registers of AVX-512, AVX2 or NEON are used
//! where the machine has them, which is found out at run time.
//!
//! ```
//! use timbral_dsp::{DbParams, MelBank, MelParams, Mfcc, MfccParams, Stft, StftParams, power_to_db};
//!
//! let y: Vec<f32> = (0..22_050).map(|n| (n as f32 * 0.1).sin()).collect();
//! let stft = Stft::new(StftParams::default())?;
//! let mel = MelBank::new(MelParams::default())?.process_signal(&stft, &y)?;
//! let mfcc = Mfcc::new(MfccParams::default())?
//!     .process(power_to_db(mel.view(), &DbParams::default())?.view())?;
//! assert_eq!(mfcc.dim(), (20, 44));
//! # Ok::<(), timbral_dsp::Error>(())
//! ```

mod analysis;
mod autocorrelate;
mod bank;
mod beat;
mod chroma;
mod contrast;
mod convert;
mod db;
mod delta;
mod error;
mod feature_set;
mod fft;
mod frame;
mod hpss;
mod median;
mod mel;
mod mfcc;
mod onset;
mod pitch;
mod simd;
mod spectral;
mod stats;
mod stft;
mod tempo;
mod tempogram;
mod temporal;
mod transform;
mod window;

pub use analysis::FeatureScratch;
pub use autocorrelate::autocorrelate;
pub use beat::{BeatParams, BeatTracker, Beats};
pub use chroma::{Chroma, ChromaParams};
pub use contrast::{ContrastParams, spectral_contrast};
pub use convert::{MelScale, fft_frequencies};
pub use db::{DbParams, Reference, amplitude_to_db, db_to_power, power_to_db};
pub use delta::{DeltaMode, DeltaParams, delta};
pub use error::{Error, Result};
pub use feature_set::{FeatureParams, FeatureSet};
pub use frame::{Framing, PadMode};
pub use hpss::{Hpss, HpssParams};
pub use mel::{MelBank, MelNorm, MelParams};
pub use mfcc::{Mfcc, MfccParams};
pub use onset::{Aggregate, OnsetParams, onset_strength};
pub use pitch::{Peak, PiptrackParams, estimate_tuning, piptrack, pitch_tuning};
pub use spectral::{spectral_bandwidth, spectral_centroid, spectral_flatness, spectral_rolloff};
pub use stft::{Stft, StftParams, StftScratch};
pub use tempo::{Tempo, TempoParams, tempo_frequencies};
pub use tempogram::{Tempogram, TempogramParams, fourier_tempogram};
pub use temporal::{rms, zero_crossing_rate};
pub use window::Window;
