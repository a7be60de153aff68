//! Sound files to samples: the only crate of timbral that opens a sound file.
//!
//! - [`decode`] reads a whole file, [`AudioReader`] reads it block by block.
//! - [`Clip`] is a sound in memory: interleaved `f32` samples, sample rate, channels.
//! - [`MonoReader`] is a file as one channel at one rate, and [`Segments`] cuts it, in bounded
//!   memory however long the file.
//! - [`Resampler`] changes the sample rate.
//!
//! | format | decoded by |
//! |---|---|
//! | WAV: 8, 16, 24, 32-bit integer, 32-bit float | hound's header parser and this crate |
//! | AU: 8 to 32-bit integer, 32 and 64-bit float, mu-law, A-law | this crate |
//! | WAV with other codecs, AIFF, CAF, FLAC, ALAC, MP3, MP2, OGG Vorbis, AAC (MP4, ADTS), Matroska | Symphonia, with the default feature `symphonia` |
//!
//! The format is found by the file's first bytes. Its name decides nothing, but where the first
//! bytes say nothing, a file called `.mp3`, `.mp2` or `.aac` is searched for a frame behind junk.
//! A file that is damaged,
//! shorter than it says, or no sound at all is an [`Error`] that names the file and the reason.
//! Where the format stores the length exactly (WAV, AU, AIFF, FLAC, MP3 with an encoder tag) a
//! missing end is noticed; a stream of MP3, ADTS or OGG packets cut between two of them just ends
//! earlier. A damaged packet is an error, not a gap.
//!
//! Integer samples of b bits become `x / 2^(b-1)`, the numbers that libsndfile and
//! `librosa.load(sr=None)` give; `tests/scripts/decode_against_soundfile.py` compares them for 34
//! formats and encodings. Not decoded, and said so: Opus, RF64 and RIFX, WMA, WavPack. The delay
//! that an encoder adds is removed for MP3 (with an encoder tag) and OGG, not for AAC. A panic in a
//! decoder is caught and becomes an error, but the program's panic hook still sees it.
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

mod au;
mod clip;
#[cfg(feature = "symphonia")]
mod coded;
mod error;
mod header;
mod mono;
mod pcm;
mod reader;
mod resample;
mod segments;
mod sniff;
mod wav;

pub use clip::Clip;
pub use error::{Error, Result};
pub use header::{MAX_CHANNELS, SAMPLE_RATES};
pub use mono::MonoReader;
pub use reader::{AudioReader, decode, decode_reader};
pub use resample::{ResampleParams, Resampler};
pub use segments::Segments;
