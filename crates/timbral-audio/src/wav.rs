use std::io::{Seek, SeekFrom};

use hound::SampleFormat;

use crate::error::{Error, Result};
use crate::header::Header;
use crate::pcm::{Encoding, Endian, PcmSource};
use crate::reader::Stream;

pub(crate) const FORMAT: &str = "WAV";

/// Hound's words for a data chunk whose length is no whole number of samples, or of frames.
const PARTIAL_SAMPLE: &str = "data chunk length is not a multiple of sample size";
const PARTIAL_FRAME: &str = "invalid data chunk length";

/// Why a WAV file was not opened here.
pub(crate) enum Refusal {
    /// The header is beyond the parser (a codec, an unusual chunk); the stream comes back, rewound,
    /// for another decoder, with the error to report when there is none.
    TryOther(Box<dyn Stream>, Error),
    /// The file is wrong for every decoder.
    Final(Error),
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        Self::Final(e)
    }
}

/// Opens a RIFF WAVE file; the stream stands at its first byte.
///
/// The header is hound's business; the samples, which follow each other with nothing between, are
/// read in blocks as those of an AU file are.
pub(crate) fn open(
    file: &str,
    mut stream: Box<dyn Stream>,
) -> std::result::Result<(Header, PcmSource), Refusal> {
    let io = |e| Refusal::Final(Error::io(file, e));
    let parsed = hound::WavReader::new(&mut stream).map(|reader| (reader.spec(), reader.len()));
    let (spec, values) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => {
            let e = refused(file, &mut stream, e)?;
            stream.rewind().map_err(io)?;
            return Err(Refusal::TryOther(stream, e));
        }
    };
    let header = Header::new(
        file,
        FORMAT,
        spec.sample_rate,
        u32::from(spec.channels),
        None,
    )?;
    let data_start = stream.stream_position().map_err(io)?;
    let data_bytes = data_chunk_bytes(&mut stream, data_start).map_err(io)?;
    let available = stream.seek(SeekFrom::End(0)).map_err(io)? - data_start;
    let encoding = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 8) => Encoding::U8,
        (SampleFormat::Int, 16) => Encoding::I16(Endian::Little),
        (SampleFormat::Int, 24) => Encoding::I24(Endian::Little),
        (SampleFormat::Int, 32) => Encoding::I32(Endian::Little),
        (SampleFormat::Float, 32) => Encoding::F32(Endian::Little),
        (SampleFormat::Float, 64) => Encoding::F64(Endian::Little),
        (kind, bits) => {
            let e = Error::unsupported(file, FORMAT, format_args!("{bits} bits, {kind:?}"));
            stream.rewind().map_err(io)?;
            return Err(Refusal::TryOther(stream, e));
        }
    };
    if u64::from(values) * encoding.width() as u64 != u64::from(data_bytes) {
        let reason = format_args!("{} bits in a wider container", spec.bits_per_sample);
        let e = Error::unsupported(file, FORMAT, reason);
        stream.rewind().map_err(io)?;
        return Err(Refusal::TryOther(stream, e));
    }
    stream.seek(SeekFrom::Start(data_start)).map_err(io)?;
    // A program that writes to a pipe cannot know the length and writes the largest.
    let data_bytes = (data_bytes != u32::MAX).then_some(u64::from(data_bytes));
    let opened = PcmSource::new(file, header, encoding, stream, data_bytes, available)?;
    Ok(opened)
}

/// The four bytes before the samples are the chunk's length.
fn data_chunk_bytes(stream: &mut dyn Stream, data_start: u64) -> std::io::Result<u32> {
    stream.seek(SeekFrom::Start(data_start.saturating_sub(4)))?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    Ok(u32::from_le_bytes(length))
}

/// What to report for hound's error if no other decoder takes the file; an error at once when
/// none should.
fn refused(file: &str, stream: &mut dyn Stream, e: hound::Error) -> Result<Error> {
    Ok(match e {
        hound::Error::Unsupported => {
            Error::unsupported(file, FORMAT, "neither integer nor float PCM samples")
        }
        // Hound reports an early end as an `Other` of its own making.
        hound::Error::IoError(e) if e.kind() == std::io::ErrorKind::Other => {
            Error::malformed(file, FORMAT, "the file ends before its data chunk")
        }
        hound::Error::IoError(e) => Error::io(file, e),
        hound::Error::FormatError(reason @ (PARTIAL_SAMPLE | PARTIAL_FRAME)) => {
            let e = Error::malformed(file, FORMAT, reason);
            // The length of a pipe, which is no whole number of these frames.
            let data_start = stream.stream_position().map_err(|e| Error::io(file, e))?;
            match data_chunk_bytes(stream, data_start) {
                Ok(u32::MAX) => e,
                _ => return Err(e),
            }
        }
        hound::Error::FormatError(reason) => Error::malformed(file, FORMAT, reason),
        other => Error::malformed(file, FORMAT, other),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::reader::Source;

    fn bytes(sample_format: SampleFormat, bits_per_sample: u16) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample,
            sample_format,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        match sample_format {
            SampleFormat::Int => writer.write_sample(-64i32).unwrap(),
            SampleFormat::Float => writer.write_sample(-0.5f32).unwrap(),
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn open_bytes(bytes: Vec<u8>) -> std::result::Result<(Header, PcmSource), Refusal> {
        open("x.wav", Box::new(Cursor::new(bytes)))
    }

    #[test]
    fn every_width_finds_its_samples() {
        for (format, bits, expected) in [
            (SampleFormat::Int, 8, -0.5),
            (SampleFormat::Int, 16, -64.0 / 32_768.0),
            (SampleFormat::Int, 24, -64.0 / 8_388_608.0),
            (SampleFormat::Int, 32, -64.0 / 2_147_483_648.0),
            (SampleFormat::Float, 32, -0.5),
        ] {
            let Ok((header, mut source)) = open_bytes(bytes(format, bits)) else {
                panic!("{bits} bits refused");
            };
            assert_eq!(header.frames, Some(1), "{bits} bits");
            let mut out = [0.0; 2];
            assert_eq!(source.read(&mut out).unwrap(), 1, "{bits} bits");
            assert_eq!(out[0], expected, "{bits} bits");
        }
    }

    #[test]
    fn a_codec_is_left_to_others_and_the_stream_is_rewound() {
        let mut file = bytes(SampleFormat::Int, 16);
        file[20] = 7; // The format tag of mu-law.
        match open_bytes(file) {
            Err(Refusal::TryOther(mut stream, Error::Unsupported { .. })) => {
                assert_eq!(stream.stream_position().unwrap(), 0);
            }
            _ => panic!("mu-law was taken, or refused for good"),
        }
    }

    #[test]
    fn a_partial_frame_is_wrong_for_every_decoder() {
        let mut file = bytes(SampleFormat::Int, 16);
        file[40] = 1;
        assert!(matches!(open_bytes(file), Err(Refusal::Final(_))));
    }
}
