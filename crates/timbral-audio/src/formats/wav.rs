use std::io::{Seek, SeekFrom};

use hound::SampleFormat;

use super::encoding::{Encoding, Endian};
use super::pcm::PcmSource;
use super::sniff::WAV;
use crate::error::{Error, Result};
use crate::source::{Input, StreamInfo};

/// Hound's messages about a data chunk whose length is not a whole number of samples, or of frames.
const PARTIAL_SAMPLE: &str = "data chunk length is not a multiple of sample size";
const PARTIAL_FRAME: &str = "invalid data chunk length";

/// Why this module did not open a WAV file.
pub(crate) enum Refusal {
    /// The parser does not support the header (a codec, an unusual chunk). Another decoder may: for it
    /// the input, rewound, and the error to report if it fails, too.
    TryOther(Box<dyn Input>, Error),
    /// No decoder can read the file.
    Final(Error),
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        Self::Final(e)
    }
}

/// Opens a RIFF WAVE file; `input` is at its first byte.
///
/// Hound parses the header; the samples are read in blocks, as those of an AU file.
pub(crate) fn open(
    file: &str,
    mut input: Box<dyn Input>,
) -> std::result::Result<PcmSource, Refusal> {
    let io = |e| Refusal::Final(Error::io(file, e));
    let parsed = hound::WavReader::new(&mut input).map(|reader| (reader.spec(), reader.len()));
    let (spec, values) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => {
            let e = translate(file, &mut input, e)?;
            input.rewind().map_err(io)?;
            return Err(Refusal::TryOther(input, e));
        }
    };
    let info = StreamInfo::new(file, WAV, spec.sample_rate, u32::from(spec.channels), None)?;
    let data_start = input.stream_position().map_err(io)?;
    let data_bytes = data_chunk_bytes(&mut input, data_start).map_err(io)?;
    let available = input.seek(SeekFrom::End(0)).map_err(io)? - data_start;
    let encoding = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 8) => Encoding::U8,
        (SampleFormat::Int, 16) => Encoding::I16(Endian::Little),
        (SampleFormat::Int, 24) => Encoding::I24(Endian::Little),
        (SampleFormat::Int, 32) => Encoding::I32(Endian::Little),
        (SampleFormat::Float, 32) => Encoding::F32(Endian::Little),
        (SampleFormat::Float, 64) => Encoding::F64(Endian::Little),
        (kind, bits) => {
            let e = Error::unsupported(file, WAV, format_args!("{bits} bits, {kind:?}"));
            input.rewind().map_err(io)?;
            return Err(Refusal::TryOther(input, e));
        }
    };
    if u64::from(values) * encoding.width() as u64 != u64::from(data_bytes) {
        let reason = format_args!("{} bits in a wider container", spec.bits_per_sample);
        let e = Error::unsupported(file, WAV, reason);
        input.rewind().map_err(io)?;
        return Err(Refusal::TryOther(input, e));
    }
    input.seek(SeekFrom::Start(data_start)).map_err(io)?;
    // A program that writes to a pipe does not know the length and writes the largest number.
    let data_bytes = (data_bytes != u32::MAX).then_some(u64::from(data_bytes));
    let source = PcmSource::new(file, info, encoding, input, data_bytes, available)?;
    Ok(source)
}

/// The length of the data chunk, from the four bytes before its samples.
fn data_chunk_bytes(input: &mut dyn Input, data_start: u64) -> std::io::Result<u32> {
    input.seek(SeekFrom::Start(data_start.saturating_sub(4)))?;
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    Ok(u32::from_le_bytes(length))
}

/// `Ok` with the error to report if no other decoder reads the file, `Err` if none should try.
fn translate(file: &str, input: &mut dyn Input, e: hound::Error) -> Result<Error> {
    Ok(match e {
        hound::Error::Unsupported => {
            Error::unsupported(file, WAV, "neither integer nor float PCM samples")
        }
        // Hound reports an early end with the kind `Other`.
        hound::Error::IoError(e) if e.kind() == std::io::ErrorKind::Other => {
            Error::malformed(file, WAV, "the file ends before its data chunk")
        }
        hound::Error::IoError(e) => Error::io(file, e),
        hound::Error::FormatError(reason @ (PARTIAL_SAMPLE | PARTIAL_FRAME)) => {
            let e = Error::malformed(file, WAV, reason);
            // The length that is written to a pipe is not a whole number of these frames.
            let data_start = input.stream_position().map_err(|e| Error::io(file, e))?;
            match data_chunk_bytes(input, data_start) {
                Ok(u32::MAX) => e,
                _ => return Err(e),
            }
        }
        hound::Error::FormatError(reason) => Error::malformed(file, WAV, reason),
        other => Error::malformed(file, WAV, other),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::source::Source;

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

    fn open_bytes(bytes: Vec<u8>) -> std::result::Result<PcmSource, Refusal> {
        open("x.wav", Box::new(Cursor::new(bytes)))
    }

    #[test]
    fn samples_of_every_width_are_read() {
        for (format, bits, expected) in [
            (SampleFormat::Int, 8, -0.5),
            (SampleFormat::Int, 16, -64.0 / 32_768.0),
            (SampleFormat::Int, 24, -64.0 / 8_388_608.0),
            (SampleFormat::Int, 32, -64.0 / 2_147_483_648.0),
            (SampleFormat::Float, 32, -0.5),
        ] {
            let Ok(mut source) = open_bytes(bytes(format, bits)) else {
                panic!("{bits} bits refused");
            };
            assert_eq!(source.info().frames, Some(1), "{bits} bits");
            let mut out = [0.0; 2];
            assert_eq!(source.read(&mut out).unwrap(), 1, "{bits} bits");
            assert_eq!(out[0], expected, "{bits} bits");
        }
    }

    #[test]
    fn a_file_with_a_codec_is_passed_on_rewound() {
        let mut file = bytes(SampleFormat::Int, 16);
        file[20] = 7; // The format tag of mu-law.
        match open_bytes(file) {
            Err(Refusal::TryOther(mut input, Error::Unsupported { .. })) => {
                assert_eq!(input.stream_position().unwrap(), 0);
            }
            _ => panic!("mu-law was opened, or refused for every decoder"),
        }
    }

    #[test]
    fn a_partial_frame_is_refused_for_every_decoder() {
        let mut file = bytes(SampleFormat::Int, 16);
        file[40] = 1;
        assert!(matches!(open_bytes(file), Err(Refusal::Final(_))));
    }
}
