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

use crate::error::{Error, Result};
use crate::header::Header;
use crate::reader::{Source, Stream};
use crate::sniff::ID3;
use crate::wav::FORMAT as WAV;

/// Samples decoded by Symphonia, packet by packet.
pub(crate) struct CodedSource {
    file: String,
    header: Header,
    demuxer: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// The last packet's samples, of which the first `taken` have been handed out.
    packet: Vec<f32>,
    taken: usize,
}

/// Opens a coded file at the stream's first byte.
pub(crate) fn open(
    file: &str,
    format: &'static str,
    stream: Box<dyn Stream>,
) -> Result<(Header, CodedSource)> {
    guarded(file, format, || open_unguarded(file, format, stream))
}

/// Damaged files make the codec library panic, by a failed assertion or an overflow where the build
/// checks for them (`tests/data/bad/found_*`); for the caller that is a malformed file like any
/// other. What a panic leaves half done is reached through here only.
fn guarded<T>(file: &str, format: &'static str, f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| {
        let reason = "the decoder panicked on it";
        Err(Error::malformed(file, format, reason))
    })
}

/// Reads up to the first samples: only they tell the sample rate and the channels of every format.
fn open_unguarded(
    file: &str,
    format: &'static str,
    mut stream: Box<dyn Stream>,
) -> Result<(Header, CodedSource)> {
    let bytes = stream
        .seek(SeekFrom::End(0))
        .and_then(|n| stream.rewind().map(|()| n))
        .map_err(|e| Error::io(file, e))?;
    let media = MediaSourceStream::new(Box::new(Media { stream, bytes }), Default::default());
    let options = (FormatOptions::default(), MetadataOptions::default());
    let demuxer = symphonia::default::get_probe()
        .probe(&Hint::new(), media, options.0, options.1)
        .map_err(|e| match e {
            // The signature was right: what is missing is a part of the file, not of the library.
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
    // Before the decoder: it makes room for a packet of as many channels as the header claims.
    if let (Some(rate), Some(channels)) = (codec.sample_rate, &codec.channels) {
        Header::new(file, format, rate, channels.count() as u32, None)?;
    }
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(codec, &AudioDecoderOptions::default().gapless(true))
        .map_err(|e| translate(file, format, e))?;
    let frames = promised_frames(format, track);
    let mut source = CodedSource {
        file: file.to_owned(),
        // Replaced by the first packet's, below.
        header: Header {
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
    source.header = Header::new(file, format, sample_rate, channels, frames)?;
    Ok((source.header, source))
}

/// The frame count where it is exact: elsewhere it is an estimate from the bit rate or the clock.
fn promised_frames(format: &str, track: &Track) -> Option<u64> {
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else {
        return None;
    };
    match codec.codec {
        CODEC_ID_FLAC => track.num_frames,
        _ if format == WAV || format == "AIFF" => track.num_frames,
        // Only an encoder that wrote its delay wrote the count too.
        CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3 => track.delay.and(track.num_frames),
        _ => None,
    }
}

impl CodedSource {
    /// Decodes up to the next packet with samples; returns its sample rate and channel count, or
    /// `None` at the end of the file.
    fn next_packet(&mut self) -> Result<Option<(u32, u32)>> {
        let format = self.header.format;
        loop {
            let packet = match self.demuxer.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                // A WAV file written to a pipe, of unknown length, has no other end.
                Err(CodecError::IoError(e))
                    if e.kind() == ErrorKind::UnexpectedEof
                        && format == WAV
                        && self.header.frames.is_none() =>
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

impl Source for CodedSource {
    fn read(&mut self, out: &mut [f32]) -> Result<usize> {
        if self.taken == self.packet.len() {
            let (file, format) = (self.file.clone(), self.header.format);
            let next = guarded(&file, format, || self.next_packet())?;
            let Some((sample_rate, channels)) = next else {
                return Ok(0);
            };
            let expected = (self.header.sample_rate, u32::from(self.header.channels));
            if (sample_rate, channels) != expected {
                let reason = format_args!(
                    "it changes from {} Hz and {} channels to {sample_rate} Hz and {channels}",
                    expected.0, expected.1
                );
                return Err(Error::unsupported(&self.file, self.header.format, reason));
            }
        }
        let channels = usize::from(self.header.channels);
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

/// A stream of known length, as the codec library wants it.
struct Media {
    stream: Box<dyn Stream>,
    bytes: u64,
}

impl Read for Media {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Seek for Media {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.stream.seek(to)
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
        let got: Result<()> = guarded("x.mka", "Matroska", || panic!("made for this test"));
        assert_eq!(
            got.map_err(|e| e.to_string()),
            Err("x.mka: malformed Matroska file: the decoder panicked on it".into())
        );
    }

    #[test]
    fn errors_of_the_library_keep_their_kind() {
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
