//! The formats: every module turns the bytes of one family of formats into a [`Source`].
//!
//! `sniff` finds the format. `wav`, `aiff`, `au`, `caf`, `mp4` and `matroska` parse headers. Uncompressed
//! samples are read by `pcm` and converted by `encoding`. Packets of a codec (`demuxer`, `blocks`) are decoded
//! by a `decoder` (`packets`).
//!
//! `mpeg`, `aac`, `flac` and `ogg` find packets in streams without a table. All read through `bytes`, which
//! bounds every allocation by the length of the file. `symphonia`, `vorbis`, `rusty_aac` and `opus` adapt the
//! decoders of other crates; `ima` is a decoder of this crate.

mod aac;
mod aiff;
mod au;
mod blocks;
pub(crate) mod bytes;
mod caf;
pub(crate) mod chunks;
mod codec;
mod conform;
mod crc;
mod decoder;
mod demuxer;
pub(crate) mod encoding;
mod flac;
mod ima;
pub(crate) mod matroska;
pub(crate) mod mp4;
mod mpeg;
mod ogg;
#[cfg(feature = "opus")]
mod opus;
mod packets;
mod pcm;
#[cfg(feature = "symphonia")]
mod rusty_aac;
mod sniff;
#[cfg(feature = "symphonia")]
mod symphonia;
pub(crate) mod tags;
#[cfg(feature = "symphonia")]
mod vorbis;
mod wav;

use std::io::{Read, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};
use crate::source::{Input, Source};
use bytes::{Bytes, Regions};
use demuxer::Demuxer;
use packets::PacketSource;
use sniff::{Format, HEAD_BYTES, Signature, describe, sniff};

/// ID3v2 tags that may come before the sound.
const MOST_TAGS: usize = 8;

/// Finds the format of `input`, which is at its first byte, and parses its header.
pub(crate) fn open(
    file: &str,
    mut input: Box<dyn Input>,
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let first = head(file, &mut input, 0)?;
    if first.is_empty() {
        return Err(Error::EmptyFile {
            file: file.to_owned(),
        });
    }
    // Tags before any format: programs put ID3 before FLAC, AAC, WAV and others, not only before MP3.
    let (mut start, mut head_bytes) = (0, first.clone());
    for _ in 0..MOST_TAGS {
        let Some(n) = tags::id3v2_bytes(&head_bytes) else {
            break;
        };
        start += n;
        head_bytes = head(file, &mut input, start)?;
    }
    if start > 0 && head_bytes.is_empty() {
        return Err(Error::malformed(
            file,
            "ID3-tagged",
            "nothing follows its tag",
        ));
    }
    let signature = sniff(&head_bytes);
    let format = match signature {
        Some(Signature::Known(format)) => format,
        Some(Signature::Unsupported(format)) => {
            let reason = format!("{format} has no decoder here");
            return Err(Error::unsupported(file, format, reason));
        }
        // A stream may start with other data: it is searched for a first frame.
        None if start > 0 || named_as_mpeg(file) || first.iter().all(|b| *b == 0) => {
            return open_stream(file, input, start, lenient).map_err(|e| match e {
                Error::Malformed { .. } if start == 0 => Error::UnknownFormat {
                    file: file.to_owned(),
                    first_bytes: describe(&first),
                },
                other => other,
            });
        }
        None => {
            return Err(Error::UnknownFormat {
                file: file.to_owned(),
                first_bytes: describe(&first),
            });
        }
    };
    let bytes = Bytes::new(file, format.name(), input, start)?;
    match format {
        Format::Wav => wav::open(bytes, lenient),
        Format::Au => Ok(Box::new(au::open(bytes)?)),
        Format::Aiff => aiff::open(bytes, lenient),
        Format::Caf => caf::open(bytes, lenient),
        Format::Mp4 => mp4::open(bytes, lenient),
        Format::Matroska => matroska::open(bytes, lenient),
        Format::Flac => {
            let frames = flac::FlacFrames::open(Regions::rest(bytes))?;
            let n = frames.frames();
            boxed(file, format, Box::new(frames), n, lenient)
        }
        Format::Ogg => boxed(
            file,
            format,
            Box::new(ogg::OggPackets::new(bytes)),
            None,
            lenient,
        ),
        Format::Adts => {
            let frames = aac::AdtsFrames::new(Regions::rest(bytes));
            boxed(file, format, Box::new(frames), None, lenient)
        }
        Format::Mpeg => open_mpeg(bytes, lenient),
    }
}

/// The first bytes after `start`.
fn head(file: &str, input: &mut dyn Input, start: u64) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input
        .seek(SeekFrom::Start(start))
        .and_then(|_| input.take(HEAD_BYTES as u64).read_to_end(&mut head))
        .map_err(|e| Error::io(file, e))?;
    Ok(head)
}

fn boxed(
    file: &str,
    format: Format,
    demuxer: Box<dyn Demuxer>,
    frames: Option<u64>,
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let source = PacketSource::new(file, format.name(), demuxer, frames, lenient)?;
    Ok(Box::new(source))
}

fn open_mpeg(bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    let file = bytes.file.clone();
    let Some(frames) = mpeg::MpegFrames::open(Regions::rest(bytes))? else {
        let format = Format::Mpeg.name();
        return Err(Error::malformed(&file, format, "no MPEG frame"));
    };
    let n = frames.frames();
    boxed(&file, Format::Mpeg, Box::new(frames), n, lenient)
}

/// A stream of MPEG or ADTS frames that does not start with one.
fn open_stream(
    file: &str,
    input: Box<dyn Input>,
    start: u64,
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let adts = Path::new(file)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("aac"));
    let format = if adts { Format::Adts } else { Format::Mpeg };
    let name = if start > 0 && !adts {
        "ID3-tagged"
    } else {
        format.name()
    };
    let bytes = Bytes::new(file, name, input, start)?;
    if !adts {
        return open_mpeg(bytes, lenient);
    }
    let frames = aac::AdtsFrames::new(Regions::rest(bytes));
    boxed(file, format, Box::new(frames), None, lenient)
}

/// Whether the name is that of an MPEG stream.
fn named_as_mpeg(file: &str) -> bool {
    let extension = Path::new(file).extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| ["mp3", "mp2", "aac"].contains(&e.to_ascii_lowercase().as_str()))
}
