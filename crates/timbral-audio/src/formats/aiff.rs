//! AIFF and AIFC.

use super::blocks::Blocks;
use super::bytes::{Bytes, Regions, is_placeholder};
use super::chunks::Chunk;
use super::encoding::{Encoding, Endian};
use super::packets::PacketSource;
use super::pcm::PcmSource;
use crate::error::Result;
use crate::source::{Source, StreamInfo};

/// The fields of the COMM chunk.
struct Comm {
    channels: u32,
    frames: u64,
    bits: u32,
    sample_rate: u32,
    compression: [u8; 4],
}

/// Opens a file; `bytes` is at its first byte.
pub(crate) fn open(mut bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    bytes.skip(8)?;
    let compressed = &bytes.array::<4>()? == b"AIFC";
    let (mut comm, mut sound) = (None, None);
    while let Some(Chunk { name, size, at }) = Chunk::read(&mut bytes, Endian::Big)? {
        let mut next = at.saturating_add(size).saturating_add(size % 2);
        match &name {
            b"COMM" if comm.is_none() => {
                let known = read_comm(&mut bytes, size, compressed)?;
                // A chunk without the name of its compression may be shorter than its declared size.
                if compressed && size <= 24 {
                    next = at + size.max(22) + size % 2;
                }
                comm = Some(known);
            }
            b"SSND" if sound.is_none() => {
                let left = bytes.end().saturating_sub(at + 8);
                let offset = u64::from(u32::from_be_bytes(bytes.array()?)).min(left);
                let data = size.saturating_sub(8).saturating_sub(offset);
                let unknown = size <= 8 || at.saturating_add(size) > bytes.end();
                sound = Some((at + 8 + offset, data, unknown));
                // A size that was never written is 0 or beyond the end; the sound is then the last chunk.
                if unknown && comm.is_some() {
                    break;
                }
            }
            _ => {}
        }
        bytes.seek(next)?;
    }
    let Some(comm) = comm else {
        return Err(bytes.malformed("no COMM chunk"));
    };
    let Some((at, size, unknown)) = sound else {
        return Err(bytes.malformed("the file ends before its SSND chunk"));
    };
    let (rate, channels) = (comm.sample_rate, comm.channels);
    let info = StreamInfo::new(&bytes.file, bytes.format, rate, channels, None)?;
    let left = bytes.end().saturating_sub(at);
    if &comm.compression == b"ima4" {
        let (file, format) = (bytes.file.clone(), bytes.format);
        let data = Regions::new(bytes, vec![(at, if unknown { left } else { size })]);
        let blocks = Blocks::ima4(data, rate, channels)?;
        let source = PacketSource::new(&file, format, Box::new(blocks), None, lenient)?;
        return Ok(Box::new(source));
    }
    let encoding = Encoding::by_name(comm.compression, comm.bits).or(match &comm.compression {
        // The eight-bit form of "raw " in AIFC is signed in no program's files.
        b"sowt" => Encoding::integer(2, Endian::Little),
        _ => None,
    });
    let Some(encoding) = encoding else {
        let name = String::from_utf8_lossy(&comm.compression).into_owned();
        let reason = match &comm.compression {
            b"NONE" | b"twos" | b"sowt" => format!("samples of {} bits", comm.bits),
            _ => format!("compression \"{}\"", name.escape_default()),
        };
        return Err(bytes.unsupported(reason));
    };
    let frame = (encoding.width() * usize::from(info.channels)) as u64;
    // The number of frames is in COMM, too, but is as unknown there as the size here.
    let declared = match size {
        _ if !is_placeholder(size, left) => Some(size),
        _ if comm.frames > 0 && comm.frames.saturating_mul(frame) <= left => {
            Some(comm.frames * frame)
        }
        _ => None,
    };
    let wanted = declared.unwrap_or(left).min(left);
    let data = Regions::new(bytes, vec![(at, wanted)]);
    Ok(Box::new(PcmSource::new(info, encoding, data, declared)))
}

fn read_comm(bytes: &mut Bytes, size: u64, compressed: bool) -> Result<Comm> {
    if size < 18 {
        return Err(bytes.malformed(format_args!("a COMM chunk of {size} bytes")));
    }
    let channels = u32::from(u16::from_be_bytes(bytes.array()?));
    let frames = u64::from(u32::from_be_bytes(bytes.array()?));
    let bits = u32::from(u16::from_be_bytes(bytes.array()?));
    let rate: [u8; 10] = bytes.array()?;
    let compression = match compressed && size >= 22 {
        true => bytes.array()?,
        false => *b"NONE",
    };
    Ok(Comm {
        channels,
        frames,
        bits,
        sample_rate: extended(rate),
        compression,
    })
}

/// An 80-bit float of IEEE 754 as a whole number; 0 if it is none.
fn extended(b: [u8; 10]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([b[0], b[1]])) - 16_383;
    let mantissa = b[2..].iter().fold(0u64, |x, y| x << 8 | u64::from(*y));
    match exponent {
        0..=31 => {
            let whole = mantissa >> (63 - exponent);
            // Rounded: rates such as 22254.5 exist.
            let half = mantissa >> (62 - exponent) & 1;
            u32::try_from(whole + half).unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn aifc(name: &[u8], bits: u16, data: &[u8], size: u32) -> Vec<u8> {
        let mut comm = vec![0, 1, 0, 0, 0, 1];
        comm.extend(bits.to_be_bytes());
        comm.extend([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
        comm.extend(name);
        let kind = if name.is_empty() { b"AIFF" } else { b"AIFC" };
        let mut bytes = [b"FORM\0\0\0\0", &kind[..], b"COMM"].concat();
        bytes.extend((comm.len() as u32).to_be_bytes());
        bytes.extend(comm);
        bytes.extend(b"SSND");
        bytes.extend(size.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend(data);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Vec<f32> {
        let bytes = Bytes::new("x", "AIFF", Box::new(Cursor::new(bytes)), 0).unwrap();
        let mut source = open(bytes, false).unwrap();
        assert_eq!(source.info().sample_rate, 44_100);
        let mut out = vec![0.0; 8];
        let n = source.read(&mut out).unwrap();
        out.truncate(n);
        out
    }

    #[test]
    fn every_name_reads_one_half() {
        for (name, bits, data) in [
            (&b""[..], 8, &[0x40][..]),
            (b"", 12, &[0x40, 0]),
            (b"", 16, &[0x40, 0]),
            (b"", 24, &[0x40, 0, 0]),
            (b"", 32, &[0x40, 0, 0, 0]),
            (b"NONE\x0enot compressed\0", 16, &[0x40, 0]),
            (b"NONE", 16, &[0x40, 0]),
            (b"twos", 16, &[0x40, 0]),
            (b"sowt", 16, &[0, 0x40]),
            (b"sowt", 24, &[0, 0, 0x40]),
            (b"raw ", 8, &[192]),
            (b"in24", 24, &[0x40, 0, 0]),
            (b"in32", 32, &[0x40, 0, 0, 0]),
            (b"fl32", 32, &[0x3f, 0, 0, 0]),
            (b"FL32", 32, &[0x3f, 0, 0, 0]),
            (b"fl64", 64, &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0]),
        ] {
            let size = 8 + data.len() as u32;
            assert_eq!(read(aifc(name, bits, data, size)), [0.5], "{name:?} {bits}");
        }
        assert_eq!(read(aifc(b"ulaw", 16, &[0xff], 9)), [0.0]);
        assert_eq!(read(aifc(b"alaw", 16, &[0xd5], 9)), [8.0 / 32_768.0]);
    }

    #[test]
    fn sizes_that_were_never_written() {
        for size in [0u32, 0x7fff_f008, 0xffff_ffff, 0x8000_0008] {
            let mut bytes = aifc(b"", 16, &[0x40, 0, 0x40, 0, 1], size);
            for frames in [0u32, 0x1fff_fc00, 0x7fff_ffff] {
                bytes[22..26].copy_from_slice(&frames.to_be_bytes());
                assert_eq!(read(bytes.clone()), [0.5, 0.5], "{size:#x} {frames:#x}");
            }
        }
    }
}
