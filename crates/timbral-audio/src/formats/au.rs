//! Sun / NeXT audio.

use super::bytes::{Bytes, Regions, is_placeholder};
use super::encoding::{Encoding, Endian};
use super::pcm::PcmSource;
use crate::error::Result;
use crate::source::StreamInfo;

/// Opens a file; `bytes` is at its first byte.
///
/// The file is six 32-bit words (magic, data offset, data bytes, encoding, sample rate, channels), an annotation
/// of any length up to the data offset, then the samples. Words and samples are big-endian; little-endian, as some
/// DEC machines wrote them, with the magic reversed.
pub(crate) fn open(mut bytes: Bytes) -> Result<PcmSource> {
    if bytes.left() < 24 {
        return Err(bytes.malformed("the file ends inside its 24-byte header"));
    }
    let start = bytes.start();
    let words: [u8; 24] = bytes.array()?;
    let little = words.starts_with(b"dns.");
    let [_, offset, size, code, sample_rate, channels] = {
        let mut parsed = [0u32; 6];
        for (word, b) in parsed.iter_mut().zip(words.as_chunks::<4>().0) {
            *word = if little {
                u32::from_le_bytes(*b)
            } else {
                u32::from_be_bytes(*b)
            };
        }
        parsed
    };
    let info = StreamInfo::new(&bytes.file, bytes.format, sample_rate, channels, None)?;
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
            let reason = format_args!("encoding {other} (supported are 1 to 7 and 27)");
            return Err(bytes.unsupported(reason));
        }
    };
    let encoding = if little { encoding.swapped() } else { encoding };
    if offset < 24 {
        let reason = format_args!("data offset {offset} is inside the 24-byte header");
        return Err(bytes.malformed(reason));
    }
    let available = bytes
        .end()
        .saturating_sub(start)
        .checked_sub(u64::from(offset));
    let Some(available) = available else {
        let end = bytes.end();
        let reason = format_args!("data offset {offset} is beyond the end of the file at {end}");
        return Err(bytes.malformed(reason));
    };
    // Written without knowing the length; 0 by programs that go back to fill it in.
    let unknown = size == u32::MAX || is_placeholder(u64::from(size), available);
    let declared = (!unknown).then_some(u64::from(size));
    let at = start + u64::from(offset);
    let wanted = declared.unwrap_or(available).min(available);
    let data = Regions::new(bytes, vec![(at, wanted)]);
    Ok(PcmSource::new(info, encoding, data, declared))
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
        let mut source = open(Bytes::new("x.au", "AU", Box::new(Cursor::new(bytes)), 0)?)?;
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
    fn a_truncated_file_has_the_number_of_its_header() {
        let bytes = au([24, 12, 3, 8000, 2], b"", &[0; 8]);
        let bytes = Bytes::new("x.au", "AU", Box::new(Cursor::new(bytes)), 0).unwrap();
        assert_eq!(open(bytes).unwrap().info().frames, Some(3));
        assert_eq!(
            read(au([24, 12, 3, 8000, 2], b"", &[0; 8])).unwrap().len(),
            4
        );
    }

    #[test]
    fn the_little_endian_form() {
        let bytes = b"dns.\x18\0\0\0\x02\0\0\0\x03\0\0\0\x40\x1f\0\0\x01\0\0\0\0\x40";
        assert_eq!(read(bytes.to_vec()).unwrap(), [0.5]);
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
