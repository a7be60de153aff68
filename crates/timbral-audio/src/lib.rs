//! Decodes sound files: whole or block by block, as one channel, at another sample rate, in segments.
//!
//! - [`decode`] reads a whole file, [`AudioReader`] reads it block by block.
//! - [`Clip`] is a sound in memory: interleaved `f32` samples, sample rate, channels.
//! - [`MonoReader`] reads a file as one channel at one sample rate, and [`Segments`] cuts it into
//!   pieces; both use bounded memory, however long the file is.
//! - [`Resampler`] changes the sample rate.
//!
//! # Formats
//!
//! | format | decoded by |
//! |---|---|
//! | uncompressed samples of either byte order, mu-law and A-law in WAV, AIFF, AU, CAF, QuickTime and Matroska | this crate |
//! | FLAC, MP3, MP2, AAC-LC, ALAC and ADPCM, in files of their own and in WAV, CAF, MP4, Matroska and OGG | containers: this crate; decoders: Symphonia, with the default feature `symphonia` |
//! | Vorbis in OGG and Matroska | lewton, with the same feature |
//! | Opus in OGG, Matroska and MP4 | ropus, with the default feature `opus` |
//!
//! Others are refused by name (`not supported: ...`) where the first bytes identify them: Windows Media
//! Audio, WavPack, Monkey's Audio, Musepack, MIDI and more; also AAC of more than two channels and
//! encrypted MP4. `malformed` is only what is damaged.
//!
//! The first bytes of a file decide its format, not its name. One exception: if they are of no known
//! format and the name ends in `.mp3`, `.mp2` or `.aac`, the file is searched for a first frame.
//!
//! # Samples
//!
//! Integer samples of b bits become `x / 2^(b-1)`, in -1..1, the numbers that libsndfile and
//! `librosa.load(sr=None)` give; `tests/scripts/decode_against_soundfile.py` compares them for 34
//! formats and encodings. Float samples are unchanged. The delay that an encoder adds is removed for
//! MP3 (if the encoder stored it) and OGG, not for AAC (1024 samples).
//!
//! # Errors
//!
//! A file that is damaged, shorter than its header says, or not a sound file is an [`Error`] that names
//! the file and the reason. A missing end is detected where the format stores the exact length (WAV,
//! AU, AIFF, FLAC, MP3 whose encoder stored it); a stream of MP3, ADTS or OGG packets that is cut
//! between two packets ends earlier, without an error. A damaged packet is an error that names time and byte, or, with
//! [`OpenParams::lenient`], a gap of silence that is counted. A panic
//! in a decoder is caught and becomes an error; the program's panic hook still runs.
//!
//! # Example
//!
//! ```no_run
//! use timbral_audio::AudioReader;
//!
//! // Three-second segments, half overlapping, at 22050 Hz, of a file of any length.
//! let file = AudioReader::open("set.flac")?;
//! for segment in file.into_mono(Some(22_050))?.segments(66_150, 33_075)? {
//!     assert_eq!(segment?.len(), 66_150);
//! }
//! # Ok::<(), timbral_audio::Error>(())
//! ```

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod clip;
mod error;
mod formats;
mod mono;
mod reader;
mod resample;
mod segments;
mod source;

pub use clip::Clip;
pub use error::{Error, Result};
pub use mono::MonoReader;
pub use reader::{AudioReader, OpenParams, decode, decode_reader};
pub use resample::{ResampleParams, ResampleQuality, Resampler};
pub use segments::Segments;
pub use source::{Gaps, MAX_CHANNELS, SAMPLE_RATES};
pub use timbral_core::InvalidParameter;

// The examples of the README are compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
