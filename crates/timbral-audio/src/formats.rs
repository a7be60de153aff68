//! The formats: every module turns the bytes of one family of formats into a [`Source`].
//!
//! `sniff` finds the format, `wav` and `au` parse headers, `pcm` reads the uncompressed samples that
//! follow, `encoding` converts them, and `symphonia` adapts the library of that name for the rest.

mod au;
mod encoding;
mod pcm;
mod sniff;
#[cfg(feature = "symphonia")]
mod symphonia;
mod wav;

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::source::{Input, Source};
use sniff::{HEAD_BYTES, Signature, describe, sniff};

/// Finds the format of `input`, which is at its first byte, and parses its header.
pub(crate) fn open(file: &str, mut input: Box<dyn Input>) -> Result<Box<dyn Source>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let io = |e| Error::io(file, e);
    (&mut input)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(io)?;
    input.rewind().map_err(io)?;
    if head.is_empty() {
        return Err(Error::EmptyFile {
            file: file.to_owned(),
        });
    }
    match sniff(&head) {
        Some(Signature::Wav) => match wav::open(file, input) {
            Ok(source) => Ok(Box::new(source)),
            Err(wav::Refusal::Final(e)) => Err(e),
            Err(wav::Refusal::TryOther(input, e)) => open_other_wav(file, input, e),
        },
        Some(Signature::Au) => Ok(Box::new(au::open(file, input)?)),
        Some(Signature::Symphonia(format)) => open_symphonia(file, format, input),
        Some(Signature::Unsupported(format)) => Err(Error::unsupported(
            file,
            format,
            "no decoder for this format",
        )),
        None => {
            let unknown = Error::UnknownFormat {
                file: file.to_owned(),
                first_bytes: describe(&head),
            };
            if !named_as_mpeg(file) {
                return Err(unknown);
            }
            open_symphonia(file, "MPEG", input).map_err(|e| match e {
                Error::Malformed { .. } => unknown,
                other => other,
            })
        }
    }
}

/// Whether the name is that of an MPEG stream: such a stream may start with other data, so it is
/// searched for a first frame even if its first bytes are not a frame.
fn named_as_mpeg(file: &str) -> bool {
    let extension = Path::new(file).extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| ["mp3", "mp2", "aac"].contains(&e.to_ascii_lowercase().as_str()))
}

#[cfg(feature = "symphonia")]
fn open_symphonia(
    file: &str,
    format: &'static str,
    input: Box<dyn Input>,
) -> Result<Box<dyn Source>> {
    Ok(Box::new(symphonia::open(file, format, input)?))
}

#[cfg(not(feature = "symphonia"))]
fn open_symphonia(file: &str, format: &'static str, _: Box<dyn Input>) -> Result<Box<dyn Source>> {
    let reason =
        "this build decodes WAV and AU only (enable the feature `symphonia` of timbral-audio)";
    Err(Error::unsupported(file, format, reason))
}

/// Opens a WAV file that needs a codec, or whose chunks the parser of `wav` does not follow.
#[cfg(feature = "symphonia")]
fn open_other_wav(file: &str, input: Box<dyn Input>, refused: Error) -> Result<Box<dyn Source>> {
    // If neither parser reads it, the first one has the more precise reason.
    open_symphonia(file, sniff::WAV, input).map_err(|e| match e {
        Error::Malformed { .. } | Error::Unsupported { .. } => refused,
        other => other,
    })
}

#[cfg(not(feature = "symphonia"))]
fn open_other_wav(_: &str, _: Box<dyn Input>, refused: Error) -> Result<Box<dyn Source>> {
    Err(refused)
}
