use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_FLAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3,
};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as CodecError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::sniff::{ID3, WAV};
use crate::error::{Error, Result};
use crate::source::{Input, Source, StreamInfo};

/// Samples decoded by Symphonia, packet by packet.
pub(crate) struct SymphoniaSource {
    file: String,
    info: StreamInfo,
    demuxer: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// The last packet's samples, of which the first `taken` have been read.
    packet: Vec<f32>,
    taken: usize,
}

/// Opens a file; `input` is at its first byte.
pub(crate) fn open(
    file: &str,
    format: &'static str,
    input: Box<dyn Input>,
) -> Result<SymphoniaSource> {
    catch_panics(file, format, || probe(file, format, input))
}

/// Turns a panic of Symphonia into an error.
///
/// Damaged files make it panic, by a failed assertion or an overflow where the build checks for them
/// (`tests/data/malformed/found_*`); to the caller that is a malformed file. The state that a panic leaves
/// inconsistent is only used inside further calls of this function.
fn catch_panics<T>(file: &str, format: &'static str, f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| {
        let reason = "the decoder panicked";
        Err(Error::malformed(file, format, reason))
    })
}

/// Reads up to the first samples: in some formats only they have the sample rate and the channels.
fn probe(file: &str, format: &'static str, mut input: Box<dyn Input>) -> Result<SymphoniaSource> {
    let bytes = input
        .seek(SeekFrom::End(0))
        .and_then(|n| input.rewind().map(|()| n))
        .map_err(|e| Error::io(file, e))?;
    let media = MediaSourceStream::new(Box::new(Media { input, bytes }), Default::default());
    let options = (FormatOptions::default(), MetadataOptions::default());
    let demuxer = symphonia::default::get_probe()
        .probe(&Hint::new(), media, options.0, options.1)
        .map_err(|e| match e {
            // The signature is known, so a part of the file is missing, not a part of Symphonia.
            CodecError::Unsupported(what) => Error::malformed(file, format, what),
            other => translate(file, format, other),
        })?;
    let format = match format {
        ID3 => demuxer.format_info().short_name,
        known => known,
    };
    let track = demuxer
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::malformed(file, format, "no audio track"))?;
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else {
        return Err(Error::unsupported(file, format, "unknown codec"));
    };
    // Checked before the decoder allocates a packet for the number of channels in the header.
    if let (Some(rate), Some(channels)) = (codec.sample_rate, &codec.channels) {
        StreamInfo::new(file, format, rate, channels.count() as u32, None)?;
    }
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(codec, &AudioDecoderOptions::default().gapless(true))
        .map_err(|e| translate(file, format, e))?;
    let frames = exact_frames(format, track);
    let mut source = SymphoniaSource {
        file: file.to_owned(),
        // Replaced below by that of the first packet.
        info: StreamInfo {
            format,
            sample_rate: 0,
            channels: 0,
            frames,
        },
        track: track.id,
        demuxer,
        decoder,
        packet: Vec::new(),
        taken: 0,
    };
    let Some((sample_rate, channels)) = source.next_packet()? else {
        return Err(Error::NoSamples {
            file: file.to_owned(),
            format,
        });
    };
    source.info = StreamInfo::new(file, format, sample_rate, channels, frames)?;
    Ok(source)
}

/// The frame count if it is exact; in other formats it is estimated from the bit rate or time stamps.
fn exact_frames(format: &str, track: &Track) -> Option<u64> {
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else {
        return None;
    };
    match codec.codec {
        CODEC_ID_FLAC => track.num_frames,
        _ if format == WAV || format == "AIFF" => track.num_frames,
        // Only an encoder that stores its delay stores the count, too.
        CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3 => track.delay.and(track.num_frames),
        _ => None,
    }
}

impl SymphoniaSource {
    /// Decodes up to the next packet with samples and returns its sample rate and channel count;
    /// `None` at the end of the file.
    fn next_packet(&mut self) -> Result<Option<(u32, u32)>> {
        let format = self.info.format;
        loop {
            let packet = match self.demuxer.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                // The end of a WAV file that was written to a pipe, without a length.
                Err(CodecError::IoError(e))
                    if e.kind() == ErrorKind::UnexpectedEof
                        && format == WAV
                        && self.info.frames.is_none() =>
                {
                    return Ok(None);
                }
                Err(e) => return Err(translate(&self.file, format, e)),
            };
            if packet.track_id != self.track {
                continue;
            }
            let decoded = self
                .decoder
                .decode(&packet)
                .map_err(|e| translate(&self.file, format, e))?;
            if decoded.frames() == 0 {
                continue;
            }
            decoded.copy_to_vec_interleaved(&mut self.packet);
            self.taken = 0;
            let spec = decoded.spec();
            return Ok(Some((spec.rate(), spec.channels().count() as u32)));
        }
    }
}

impl Source for SymphoniaSource {
    fn info(&self) -> StreamInfo {
        self.info
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize> {
        if self.taken == self.packet.len() {
            let (file, format) = (self.file.clone(), self.info.format);
            let next = catch_panics(&file, format, || self.next_packet())?;
            let Some((sample_rate, channels)) = next else {
                return Ok(0);
            };
            let expected = (self.info.sample_rate, u32::from(self.info.channels));
            if (sample_rate, channels) != expected {
                let reason = format_args!(
                    "it changes from {} Hz and {} channels to {sample_rate} Hz and {channels} channels",
                    expected.0, expected.1
                );
                return Err(Error::unsupported(&self.file, self.info.format, reason));
            }
        }
        let channels = usize::from(self.info.channels);
        let left = &self.packet[self.taken..];
        let n = left.len().min(out.len() - out.len() % channels);
        out[..n].copy_from_slice(&left[..n]);
        self.taken += n;
        Ok(n)
    }
}

fn translate(file: &str, format: &'static str, e: CodecError) -> Error {
    match e {
        CodecError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            Error::malformed(file, format, "the file ends too early")
        }
        CodecError::IoError(e) => Error::io(file, e),
        CodecError::Unsupported(what) => Error::unsupported(file, format, what),
        CodecError::ResetRequired => {
            Error::unsupported(file, format, "a second stream follows the first")
        }
        other => Error::malformed(file, format, other),
    }
}

/// An input of known length, as Symphonia needs it.
struct Media {
    input: Box<dyn Input>,
    bytes: u64,
}

impl Read for Media {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Seek for Media {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.input.seek(to)
    }
}

impl MediaSource for Media {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_names_the_file() {
        let got: Result<()> = catch_panics("x.mka", "Matroska", || panic!("for this test"));
        assert_eq!(
            got.map_err(|e| e.to_string()),
            Err("x.mka: malformed Matroska file: the decoder panicked; \
                 replace it with an intact copy"
                .into())
        );
    }

    #[test]
    fn errors_of_symphonia_keep_their_kind() {
        let as_error = |e| translate("x", "OGG", e);
        let denied = std::io::Error::from(ErrorKind::PermissionDenied);
        let cut = std::io::Error::from(ErrorKind::UnexpectedEof);
        assert!(matches!(
            as_error(CodecError::IoError(denied)),
            Error::Io { .. }
        ));
        assert!(matches!(
            as_error(CodecError::IoError(cut)),
            Error::Malformed { .. }
        ));
        let unsupported = as_error(CodecError::Unsupported("y"));
        assert!(matches!(unsupported, Error::Unsupported { .. }));
    }
}
