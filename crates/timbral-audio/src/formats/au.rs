use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::encoding::{Encoding, Endian};
use super::pcm::PcmSource;
use crate::error::{Error, Result};
use crate::source::{Input, StreamInfo};

const FORMAT: &str = "AU";

/// The size field of a file written without knowing its length.
const UNKNOWN_SIZE: u32 = u32::MAX;

/// Opens a Sun / NeXT audio file; `input` is at its first byte.
///
/// The file is six big-endian 32-bit words (magic, data offset, data bytes, encoding, sample rate,
/// channels), an annotation of any length up to the data offset, then the samples.
pub(crate) fn open(file: &str, mut input: Box<dyn Input>) -> Result<PcmSource> {
    let mut words = [0u8; 24];
    input.read_exact(&mut words).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => {
            Error::malformed(file, FORMAT, "the file ends inside its 24-byte header")
        }
        _ => Error::io(file, e),
    })?;
    let [_, offset, size, code, sample_rate, channels] = {
        let mut parsed = [0u32; 6];
        for (word, bytes) in parsed.iter_mut().zip(words.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        parsed
    };
    let info = StreamInfo::new(file, FORMAT, sample_rate, channels, None)?;
    let encoding = match code {
        1 => Encoding::MuLaw,
        2 => Encoding::I8,
        3 => Encoding::I16(Endian::Big),
        4 => Encoding::I24(Endian::Big),
        5 => Encoding::I32(Endian::Big),
        6 => Encoding::F32(Endian::Big),
        7 => Encoding::F64(Endian::Big),
        27 => Encoding::ALaw,
        other => {
            return Err(Error::unsupported(
                file,
                FORMAT,
                format_args!("encoding {other} (supported are 1 to 7 and 27)"),
            ));
        }
    };
    if offset < 24 {
        return Err(Error::malformed(
            file,
            FORMAT,
            format_args!("data offset {offset} is inside the 24-byte header"),
        ));
    }
    let end = input
        .seek(SeekFrom::End(0))
        .map_err(|e| Error::io(file, e))?;
    let available = end.checked_sub(u64::from(offset)).ok_or_else(|| {
        Error::malformed(
            file,
            FORMAT,
            format_args!("data offset {offset} is beyond the end of the file at {end}"),
        )
    })?;
    input
        .seek(SeekFrom::Start(u64::from(offset)))
        .map_err(|e| Error::io(file, e))?;
    let data_bytes = (size != UNKNOWN_SIZE).then_some(u64::from(size));
    PcmSource::new(file, info, encoding, input, data_bytes, available)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::source::Source;

    fn au(words: [u32; 5], annotation: &[u8], data: &[u8]) -> Vec<u8> {
        let mut bytes = b".snd".to_vec();
        for w in words {
            bytes.extend(w.to_be_bytes());
        }
        bytes.extend(annotation);
        bytes.extend(data);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Vec<f32>> {
        let mut source = open("x.au", Box::new(Cursor::new(bytes)))?;
        let mut out = vec![0.0; 64];
        let n = source.read(&mut out)?;
        out.truncate(n);
        assert_eq!(n % usize::from(source.info().channels), 0);
        Ok(out)
    }

    #[test]
    fn the_annotation_is_skipped() {
        let data = [0x40, 0x00, 0xc0, 0x00];
        let got = read(au([24 + 5, 4, 3, 8000, 1], b".snd!", &data));
        assert_eq!(got.unwrap(), [0.5, -0.5]);
    }

    #[test]
    fn an_unknown_size_means_to_the_end_of_the_file() {
        let data = [0x40, 0x00, 0xc0, 0x00, 0x11];
        let got = read(au([24, u32::MAX, 3, 8000, 1], b"", &data));
        assert_eq!(got.unwrap(), [0.5, -0.5]);
    }

    #[test]
    fn a_truncated_file_reports_the_frames_it_has() {
        let got = read(au([24, 12, 3, 8000, 2], b"", &[0; 8]));
        assert!(
            matches!(
                got,
                Err(Error::Truncated {
                    expected: 3,
                    got: 2,
                    ..
                })
            ),
            "{got:?}"
        );
    }

    #[test]
    fn floats_of_both_widths() {
        let data: Vec<u8> = [0.25f32, -3.0]
            .iter()
            .flat_map(|v| v.to_be_bytes())
            .collect();
        assert_eq!(
            read(au([24, 8, 6, 8000, 2], b"", &data)).unwrap(),
            [0.25, -3.0]
        );
        let data: Vec<u8> = [0.1f64].iter().flat_map(|v| v.to_be_bytes()).collect();
        assert_eq!(read(au([24, 8, 7, 8000, 1], b"", &data)).unwrap(), [0.1f32]);
    }
}
