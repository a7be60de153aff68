//! Synthetic music recordings in ten made-up genres, the same on every machine.
//!
//! A [`SynthCorpus`] replaces a collection of real recordings in tests, examples and
//! demonstrations: it needs no download and no licence. [`SynthCorpus::recording`] computes one
//! recording in memory, [`SynthCorpus::write`] writes all of them as WAV files, one folder per genre.
//!
//! ```
//! use timbral_synth::{SynthCorpus, SynthParams};
//!
//! let params = SynthParams { recordings_per_genre: 1, seconds: 0.5, ..SynthParams::default() };
//! let corpus = SynthCorpus::new(params)?;
//! let folder = tempfile::tempdir()?;
//! corpus.write(folder.path(), &mut ())?;
//! let file = folder.path().join("synth-pulse/synth-pulse.00000.wav");
//! // 11 025 samples of 16 bits and a header of 44 bytes.
//! assert_eq!(std::fs::metadata(file)?.len(), 22_094);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Scores on this corpus show that tools and evaluations work. They do not predict scores on real genres.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod corpus;
mod error;
mod music;
mod random;
mod sound;

pub use corpus::{SynthCorpus, SynthParams, SynthRecording};
pub use error::{Error, Result};
pub use timbral_core::{InvalidParameter, Monitor, Progress};
