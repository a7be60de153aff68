//! Audio samples to features that equal librosa's to rounding, computed tens of times faster.
//!
//! Signals are mono `&[f32]`. Spectrograms are [`ndarray`] arrays of shape `(n_bins, n_frames)`, as in librosa.
//! Functions and parameters have librosa's names.
//!
//! | from | to | by |
//! |---|---|---|
//! | signal | columns of a table: any features and statistics, or a preset | [`FeatureSet`]; of blocks [`FeatureStream`]; live [`LiveFeatures`] |
//! | signal | spectrogram and back | [`Stft`] |
//! | signal | constant-Q and variable-Q transforms, and back | [`Cqt`], [`PseudoCqt`], [`HybridCqt`], [`Icqt`] |
//! | signal | power of semitones by recursive filters | [`Iirt`] |
//! | signal or constant-Q transform | pitch classes, tonal centroids | [`ChromaCqt`], [`chroma_cens`], [`tonnetz`] |
//! | signal | energy, sign changes | [`rms`], [`zero_crossing_rate`] |
//! | signal or power | mel bands, pitch classes | [`MelBank`], [`Chroma`] |
//! | power | decibels, peaks, tuning | [`power_to_db`], [`piptrack`], [`estimate_tuning`] |
//! | magnitude | shape of the spectrum | [`spectral_centroid`], [`spectral_bandwidth`], [`spectral_rolloff`], [`spectral_flatness`], [`spectral_contrast`] |
//! | signal or spectrogram | harmonic and percussive part | [`Hpss`] |
//! | spectrogram | non-negative components | [`decompose`] |
//! | mel bands in dB | cepstrum, onsets | [`Mfcc`], [`onset_strength`] |
//! | signal | fundamental frequency | [`Yin`], [`Pyin`] |
//! | signal | loud parts, raised high frequencies | [`trim`], [`split`], [`preemphasis`], [`deemphasis`] |
//! | spectrogram | weighted by the loudness of frequencies, without background noise, polynomials | [`perceptual_weighting`], [`pcen`], [`poly_features`] |
//! | onset envelope | frames in which notes begin | [`onset_detect`], [`peak_pick`], [`onset_backtrack`] |
//! | onset envelope | tempo, beats, pulse | [`Tempo`], [`BeatTracker`], [`Tempogram`], [`tempogram_ratio`], [`plp`] |
//! | probabilities | the most probable sequence of states | [`viterbi`], [`viterbi_discriminative`], [`transition_local`] |
//! | spectrogram | energy of harmonics, reassigned frequencies and times | [`interp_harmonics`], [`salience`], [`reassigned_spectrogram`] |
//! | signal | slower or faster, rearranged | [`time_stretch`], [`phase_vocoder`], [`remix`] |
//! | signal | another pitch | [`pitch_shift`] |
//! | magnitude | signal | [`griffinlim`], [`griffinlim_cqt`] |
//! | mel bands, cepstrum | spectrogram, signal | [`mel_to_stft`], [`mel_to_audio`], [`mfcc_to_mel`], [`mfcc_to_audio`] |
//! | any two series | the best way to warp one to the other | [`dtw`] |
//! | any series | similar frames, the beginnings of parts | [`recurrence_matrix`], [`rqa`], [`path_enhance`], [`cross_similarity`], [`nn_filter`], [`agglomerative`] |
//! | any series | a spectrum that does not depend on stretching | [`fmt`] |
//! | any series | its derivative, its earlier frames | [`delta`], [`stack_memory`] |
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
//!
//! # Plans
//!
//! Work that can be prepared (windows, filter banks, transforms) is in a *plan*: [`Stft`], [`MelBank`],
//! [`Mfcc`], [`Chroma`], [`Cqt`], [`Icqt`], [`PseudoCqt`], [`HybridCqt`], [`ChromaCqt`], [`Iirt`], [`Yin`],
//! [`Pyin`], [`Hpss`], [`Tempo`], [`Tempogram`], [`BeatTracker`] and [`FeatureSet`]. All of them follow one
//! convention:
//!
//! - `XParams` has public fields with the defaults of librosa. End struct expressions with
//!   `..XParams::default()`, since fields may be added. `validate` checks the ranges; `new` calls it.
//! - `X::new(params)` makes the plan, which is immutable, `Clone`, `Send` and `Sync`. Make it once and use it
//!   in all threads. `params()` returns the parameters.
//! - `process` computes one result and allocates the memory that it needs. `process_with_scratch`, where there
//!   is one, uses working memory of the caller. `make_scratch` makes this memory, one per thread. It can be
//!   used for inputs of any size, and its contents never change a result.
//! - `process_signal`, where there is one, starts from the samples and does not store the spectrogram.
//!
//! Functions without preparation take `&XParams` with each call.
//!
//! # Precision and speed
//!
//! Transforms are computed in f64 where librosa does so, and sums have the same order on every machine. So
//! results do not depend on the instruction set. Registers of AVX-512, AVX2 or NEON are used if the machine has
//! them, which is detected at run time. The crate has no `unsafe` code and opens no files.
//!
//! A debug build is 35 times slower unless dependencies are optimised; put this into the `Cargo.toml`
//! of the workspace:
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod constant_q;
mod effects;
mod elementary;
mod error;
mod features;
mod frames;
mod interpolation;
mod inversion;
mod pitch;
mod rhythm;
mod scaling;
mod semitones;
mod separation;
mod sequence;
mod simd;
mod spectral;
mod structure;
mod transform;

pub use ndarray;
pub use num_complex;

pub use constant_q::{
    CensParams, ChromaCqt, ChromaCqtParams, Cqt, CqtParams, HybridCqt, Icqt, Intervals, PseudoCqt,
    chroma_cens, tonnetz,
};
pub use effects::{
    EmphasisParams, GriffinLimParams, PitchShiftParams, SilenceParams, deemphasis, griffinlim,
    griffinlim_cqt, phase_vocoder, pitch_shift, preemphasis, remix, split, time_stretch, trim,
};
pub use error::{Error, InvalidParameter, Result};
pub use features::{
    ColumnLayout, DeltaMode, DeltaParams, Feature, FeatureColumns, FeatureParams, FeatureScratch,
    FeatureSet, FeatureSetParams, FeatureStream, LiveColumns, LiveFeatures, LiveParams, Statistic,
    TonalChroma, delta,
};
pub use frames::{Framing, PadMode, Window, rms, zero_crossing_rate};
pub use inversion::{mel_to_audio, mel_to_stft, mfcc_to_audio, mfcc_to_mel};
pub use pitch::{Pitches, Pyin, PyinParams, Yin, YinParams};
pub use rhythm::{
    Aggregate, BeatParams, BeatTracker, Beats, OnsetDetectParams, OnsetParams, PeakPickParams,
    PlpParams, Tempo, TempoParams, Tempogram, TempogramParams, TempogramRatioParams, autocorrelate,
    fourier_tempogram, hybrid_tempogram, metrogram, onset_backtrack, onset_detect, onset_strength,
    onset_strength_multi, peak_pick, plp, tempo_frequencies, tempogram_ratio,
};
pub use scaling::Norm;
pub use semitones::{Iirt, IirtParams};
pub use separation::{Decomposition, Hpss, HpssParams, NmfParams, decompose};
pub use sequence::{
    DtwParams, DtwStep, StackParams, StatePath, ViterbiParams, Warping, dtw, dtw_of_costs,
    path_to_steps, stack_memory, transition_cycle, transition_local, transition_loop,
    transition_uniform, viterbi, viterbi_binary, viterbi_discriminative,
};
pub use spectral::{
    Chroma, ChromaParams, ContrastParams, DbParams, MelBank, MelNorm, MelParams, MelScale, Mfcc,
    MfccParams, PcenParams, Peak, PiptrackParams, Reference, SalienceParams, Weighting,
    amplitude_to_db, db_to_amplitude, db_to_power, estimate_tuning, f0_harmonics, fft_frequencies,
    frequency_weighting, interp_harmonics, pcen, perceptual_weighting, piptrack, pitch_tuning,
    poly_features, power_to_db, salience, spectral_bandwidth, spectral_centroid, spectral_contrast,
    spectral_flatness, spectral_rolloff,
};
pub use structure::{
    CrossSimilarityParams, PathEnhanceParams, Recurrence, RecurrenceParams, RqaParams,
    SimilarityMode, agglomerative, cross_similarity, lag_to_recurrence, nn_filter, path_enhance,
    recurrence_matrix, recurrence_to_lag, rqa, subsegment, timelag_filter,
};
pub use transform::{
    MellinParams, Reassigned, ReassignedParams, Stft, StftParams, StftScratch, fmt, magphase,
    reassigned_spectrogram,
};
