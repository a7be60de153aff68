//! Decodes sound files: whole or block by block, as one channel, at another sample rate, in segments.
//!
//! - [`decode`] reads a whole file, [`AudioReader`] reads it block by block.
//! - [`Clip`] is a sound in memory: interleaved `f32` samples, sample rate, channels.
//! - [`MonoReader`] reads a file as one channel at one sample rate, and [`Segments`] cuts it into
//!   pieces; both use bounded memory, however long the file is.
//! - [`SoundTags`] are the title, artist and album in the tags of a file.
//! - [`Resampler`] changes the sample rate.
//!
//! # Formats
//!
//! | container | sound in it |
//! |---|---|
//! | WAV (RIFF, RIFX, RF64, W64) | integers of 8 to 32 bits, floats, mu-law, A-law, ADPCM (Microsoft, IMA), MP3, MP2 |
//! | AIFF, AIFC, AU, CAF | the same integers and floats, mu-law, A-law; in AIFC and CAF IMA ADPCM, in CAF ALAC, AAC, MP3, FLAC |
//! | MP4, QuickTime | AAC-LC, HE-AAC, ALAC, MP3, FLAC, Opus, uncompressed sound, IMA ADPCM |
//! | OGG | Vorbis, Opus, FLAC |
//! | Matroska, WebM | the codecs above, uncompressed sound |
//! | FLAC, MP3, MP2, MP1, AAC in ADTS | themselves |
//!
//! This crate itself reads the containers, uncompressed sound and IMA ADPCM. The default feature `symphonia`
//! adds the decoders of Symphonia, of lewton (Vorbis with three or more channels) and of rusty_aac (HE-AAC, and
//! AAC with more than two channels). The default feature `opus` adds the decoder of ropus.
//!
//! These are not decoded; the error names them (`not supported: ...`):
//!
//! - AAC of other profiles (Main, LTP, LD, ELD, xHE-AAC), AC-3, DTS, Speex, WMA, WavPack, Monkey's Audio, True
//!   Audio, Musepack, DSD, AMR, MIDI and others;
//! - encrypted files;
//! - free-format MP3 beyond the highest bit rate of the table;
//! - MP4 whose edit list has a pause.
//!
//! More than two channels have the order of the stream. For Vorbis and Opus it is left, centre, right, rear
//! channels, low frequencies. For FLAC, WAV and others it is left, right, centre, low frequencies, rear
//! channels.
//!
//! Some programs write a header before they know the length of the sound, and put 0 or nearly 2^31 or 2^32
//! there. Such a length is ignored, and the file is read to its end. Tags and other bytes before and after the
//! sound are skipped. An incomplete last frame of uncompressed sound is dropped.
//!
//! Joined MP3 or FLAC files and chained OGG streams are read as one. If their sample rates or channels differ,
//! the later ones are converted to those of the first.
//!
//! The first bytes of a file decide its format, not its name. One exception: if they are of no known
//! format and the name ends in `.mp3`, `.mp2` or `.aac`, the file is searched for a first frame.
//!
//! # Samples
//!
//! Integer samples of b bits become `x / 2^(b-1)`, in -1..1, as in libsndfile and `librosa.load(sr=None)`.
//! `tests/scripts/decode_against_soundfile.py` compares them for 34 formats and encodings. Float samples are
//! unchanged.
//!
//! The delay that an encoder adds is removed for MP3 (if the encoder stored it), OGG, Opus and MP4 (by its edit
//! list, whose parts are played as by ffmpeg). It is kept for AAC in ADTS (1024 samples) and, as by ffmpeg, for
//! AAC and MP3 in Matroska. Padding that Matroska declares is dropped.
//!
//! Opus is decoded with fixed-point arithmetic to 16 bits. Below full scale it differs from libopus by up to
//! 5e-4 (-72 dB), and louder peaks are clipped at full scale.
//!
//! # Errors
//!
//! A file that is damaged, or that is not a sound file, gives an [`Error`] with the name of the file and the
//! reason.
//!
//! A damaged packet is an error with its time and byte. With [`OpenParams::lenient`] it becomes a gap of
//! silence, which [`AudioReader::gaps`] counts.
//!
//! A file whose end is missing is read as far as it goes, as by ffmpeg and libsndfile. [`AudioReader::gaps`]
//! then has the time at which it ends, if the format stores the exact length (WAV, AU, AIFF, FLAC, MP4, CAF,
//! MP3 whose encoder stored it) or if an OGG page or a Matroska block is cut.
//!
//! A panic in a decoder is caught and becomes an error; the program's panic hook still runs.
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

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod clip;
mod error;
mod formats;
mod mono;
mod reader;
mod resample;
mod segments;
mod source;
mod tags;

pub use clip::Clip;
pub use error::{Error, Result};
pub use mono::MonoReader;
pub use reader::{AudioReader, OpenParams, decode, decode_reader};
pub use resample::{ResampleParams, ResampleQuality, Resampler};
pub use segments::Segments;
pub use source::{Gaps, MAX_CHANNELS, SAMPLE_RATES};
pub use tags::SoundTags;
pub use timbral_core::InvalidParameter;

// The examples of the README are compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
