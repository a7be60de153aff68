//! WAV: RIFF, its big-endian form RIFX, and the forms with 64-bit lengths, RF64 and W64.
//!
//! Headers are read as by ffmpeg and libsndfile. A `fmt ` chunk may be longer than its fields. The number of
//! bytes per sample comes from the block size if that is possible, else from the bits. An incomplete frame at
//! the end is dropped. A second data chunk continues the first.

use super::blocks::Blocks;
use super::bytes::{Bytes, Regions, is_placeholder};
use super::chunks::Chunk;
use super::codec::{CodecParams, Kind};
use super::encoding::{Encoding, Endian};
use super::mpeg::MpegFrames;
use super::packets::PacketSource;
use super::pcm::PcmSource;
use crate::error::{Error, Result};
use crate::source::{Source, StreamInfo};

/// The last 12 bytes of the identifiers of W64's chunks after their four letters; `riff` has others.
const W64: [u8; 12] = [
    0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a,
];

/// How numbers are stored.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Riff,
    Rifx,
    W64,
}

/// The fields of the `fmt ` chunk.
struct Fmt {
    tag: u16,
    channels: u32,
    sample_rate: u32,
    block: usize,
    bits: u32,
}

/// Opens a file; `bytes` is at its first byte.
pub(crate) fn open(mut bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    let form = match &bytes.array::<4>()? {
        b"RIFX" => Form::Rifx,
        b"riff" => Form::W64,
        _ => Form::Riff,
    };
    bytes.skip(if form == Form::W64 { 36 } else { 8 })?;
    let mut fmt = None;
    let mut data = Vec::new();
    let mut declared = 0u64;
    let mut unknown = false;
    let mut long_data = None;
    while let Some(Chunk { name, size, at }) = chunk(&mut bytes, form)? {
        let mut next = at.saturating_add(size).saturating_add(match form {
            Form::W64 => size.wrapping_neg() % 8,
            _ => size % 2,
        });
        match &name {
            b"fmt " if fmt.is_none() => fmt = Some(read_fmt(&mut bytes, form, size)?),
            b"ds64" => {
                let words = bytes.vec(size.min(24))?;
                let word = words.get(8..16).and_then(|b| b.first_chunk::<8>());
                long_data = word.map(|b| u64::from_le_bytes(*b));
            }
            b"data" => {
                let long = long_data.filter(|_| size == u64::from(u32::MAX));
                let size = long.unwrap_or(size);
                let left = bytes.end() - at;
                let unknown_here =
                    long.is_none() && form != Form::W64 && is_placeholder(size, left);
                // A chunk without bytes before other chunks is empty; at the end, its size was never written.
                let empty = size == 0 && (left == 0 || is_chunk_name(&mut bytes, form)?);
                if unknown_here && !empty {
                    unknown = true;
                    data.push((at, left));
                    break;
                }
                declared = declared.saturating_add(size);
                data.push((at, size));
                next = at.saturating_add(size).saturating_add(size % 2);
            }
            _ => {}
        }
        // Some programs count the padding byte of an odd chunk in its size, or leave it out.
        if name != *b"data" && form != Form::W64 && size % 2 == 1 {
            bytes.seek(next - 1)?;
            let unpadded = is_chunk_name(&mut bytes, form)?;
            bytes.seek(next)?;
            let padded = is_chunk_name(&mut bytes, form)?;
            next -= u64::from(unpadded && !padded);
        }
        bytes.seek(next)?;
    }
    let Some(fmt) = fmt else {
        return Err(bytes.malformed("no fmt chunk"));
    };
    if data.is_empty() {
        return Err(bytes.malformed("the file ends before its data chunk"));
    }
    let data = Regions::new(bytes, data);
    decoder(fmt, form, data, (!unknown).then_some(declared), lenient)
}

/// The chunk at the position; `None` at the end.
fn chunk(bytes: &mut Bytes, form: Form) -> Result<Option<Chunk>> {
    const W64_HEAD: u64 = 24;
    match form {
        Form::Riff => Chunk::read(bytes, Endian::Little),
        Form::Rifx => Chunk::read(bytes, Endian::Big),
        Form::W64 if bytes.left() < W64_HEAD => Ok(None),
        Form::W64 => {
            let name = bytes.array()?;
            bytes.skip(12)?;
            let size = u64::from_le_bytes(bytes.array()?).saturating_sub(W64_HEAD);
            let at = bytes.at();
            Ok(Some(Chunk { name, size, at }))
        }
    }
}

/// Whether a chunk's name is at the position, which is left as it is.
fn is_chunk_name(bytes: &mut Bytes, form: Form) -> Result<bool> {
    let at = bytes.at();
    let found = match chunk(bytes, form) {
        Ok(Some(Chunk { name, size, at })) => {
            let text = name.iter().all(|b| matches!(b, b' '..=b'~'));
            text && (size <= bytes.end() - at || name == *b"data")
        }
        Ok(None) => false,
        Err(e) => return Err(e),
    };
    bytes.seek(at)?;
    Ok(found)
}

fn read_fmt(bytes: &mut Bytes, form: Form, size: u64) -> Result<Fmt> {
    if size < 14 {
        return Err(bytes.malformed(format_args!("a fmt chunk of {size} bytes")));
    }
    let b = bytes.vec(size.min(1024))?;
    let half = |i: usize| {
        let pair = [
            b.get(i).copied().unwrap_or(0),
            b.get(i + 1).copied().unwrap_or(0),
        ];
        if form == Form::Rifx {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    };
    let word = |i: usize| match form {
        Form::Rifx => u32::from(half(i)) << 16 | u32::from(half(i + 2)),
        _ => u32::from(half(i + 2)) << 16 | u32::from(half(i)),
    };
    let mut fmt = Fmt {
        tag: half(0),
        channels: u32::from(half(2)),
        sample_rate: word(4),
        block: usize::from(half(12)),
        bits: u32::from(half(14)),
    };
    // WAVE_FORMAT_EXTENSIBLE: the format is in the first two bytes of an identifier.
    if fmt.tag == 0xfffe && b.len() >= 26 {
        fmt.tag = half(24);
    }
    Ok(fmt)
}

fn decoder(
    fmt: Fmt,
    form: Form,
    data: Regions,
    declared: Option<u64>,
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let (file, name) = (data.bytes.file.clone(), data.bytes.format);
    let info = StreamInfo::new(&file, name, fmt.sample_rate, fmt.channels, None)?;
    let channels = fmt.channels as usize;
    let by_block = fmt.block / channels;
    let by_bits = (fmt.bits as usize).div_ceil(8);
    // A block size that does not fit the bits is wrong; bits that are missing are those of the block.
    let fits = fmt.block.is_multiple_of(channels) && by_block >= by_bits.max(1) && by_block <= 8;
    let container = if fits { by_block } else { by_bits };
    let endian = if form == Form::Rifx {
        Endian::Big
    } else {
        Endian::Little
    };
    let encoding = match fmt.tag {
        1 if fmt.bits == 0 && !fits => return Err(data.bytes.malformed("bits per sample is 0")),
        1 if container == 1 => Some(Encoding::U8),
        1 => Encoding::integer(container, endian),
        3 => Encoding::float(container, endian),
        6 => Some(Encoding::ALaw),
        7 => Some(Encoding::MuLaw),
        _ => None,
    };
    if let Some(encoding) = encoding {
        return Ok(Box::new(PcmSource::new(info, encoding, data, declared)));
    }
    let unsupported = |what: String| Err(Error::unsupported(&file, name, what));
    let total = data.total();
    match fmt.tag {
        0x50 | 0x55 => {
            let Some(frames) = MpegFrames::open(data)? else {
                return Err(Error::malformed(
                    &file,
                    name,
                    "no MPEG frame in its data chunk",
                ));
            };
            let n = frames.frames();
            let source = PacketSource::new(&file, name, Box::new(frames), n, lenient)?;
            Ok(Box::new(source))
        }
        2 | 0x11 => {
            let kind = if fmt.tag == 2 {
                Kind::AdpcmMs
            } else {
                Kind::AdpcmImaWav
            };
            let Some(frames) = block_frames(kind, fmt.block, channels) else {
                let what = format!(
                    "ADPCM of {channels} channels in blocks of {} bytes",
                    fmt.block
                );
                return unsupported(what);
            };
            let mut codec = CodecParams::new(kind, fmt.sample_rate, fmt.channels, Vec::new());
            codec.frames = frames;
            let n = declared.map(|n| n / fmt.block as u64 * u64::from(frames));
            let n = n.filter(|_| declared <= Some(total));
            let blocks = Blocks::new(data, codec, fmt.block);
            Ok(Box::new(PacketSource::new(
                &file,
                name,
                Box::new(blocks),
                n,
                lenient,
            )?))
        }
        1 | 3 => {
            let kind = if fmt.tag == 1 { "integers" } else { "floats" };
            unsupported(format!("{kind} of {} bits in {container} bytes", fmt.bits))
        }
        tag => unsupported(format!("{} (format tag {tag:#06x})", codec_name(tag))),
    }
}

/// Frames in a block of ADPCM; `None` for a block that is not valid.
fn block_frames(kind: Kind, block: usize, channels: usize) -> Option<u32> {
    let head = match kind {
        Kind::AdpcmMs => 7,
        _ => 4,
    } * channels;
    let body = block.checked_sub(head)?;
    let frames = match kind {
        Kind::AdpcmMs => 2 + body * 2 / channels,
        // Words of eight samples, one channel after the other.
        _ => 1 + body / (4 * channels) * 8,
    };
    (matches!(channels, 1 | 2) && body > 0).then_some(frames as u32)
}

/// What the format tags are called that are not decoded.
fn codec_name(tag: u16) -> &'static str {
    match tag {
        0x31 => "GSM 6.10",
        0x40 | 0x45 | 0x64 | 0x65 => "G.721 or G.726 ADPCM",
        0x42 => "G.723.1",
        0x22 => "TrueSpeech",
        0x160..=0x163 => "Windows Media Audio",
        0xff | 0x1600 | 0x1601 | 0x1602 | 0x1610 | 0xa106 => "AAC in WAV",
        0x2000 => "Dolby AC-3",
        0x2001 => "DTS",
        0x566f | 0x674f..=0x6771 => "Vorbis in WAV",
        0xf1ac => "FLAC in WAV",
        _ => "a codec without a decoder",
    }
}

/// Whether a W64 file starts with `head`.
pub(crate) fn is_w64(head: &[u8]) -> bool {
    head.starts_with(b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00")
        && head.get(24..28) == Some(b"wave")
        && head.get(28..40) == Some(&W64)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(fmt: &[u8], data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        bytes.extend((fmt.len() as u32).to_le_bytes());
        bytes.extend(fmt);
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    fn fmt(tag: u16, channels: u16, block: u16, bits: u16) -> Vec<u8> {
        let mut fmt = Vec::new();
        fmt.extend(tag.to_le_bytes());
        fmt.extend(channels.to_le_bytes());
        fmt.extend(8000u32.to_le_bytes());
        fmt.extend([0; 4]);
        fmt.extend(block.to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        fmt
    }

    fn read(bytes: Vec<u8>) -> Result<Vec<f32>> {
        let bytes = Bytes::new("x.wav", "WAV", Box::new(Cursor::new(bytes)), 0)?;
        let mut source = open(bytes, false)?;
        let mut out = vec![0.0; 64];
        let n = source.read(&mut out)?;
        out.truncate(n);
        Ok(out)
    }

    #[test]
    fn bits_and_block_sizes_of_every_kind() {
        for (bits, block, data, expected) in [
            (8, 1, &[64][..], -0.5),
            (12, 2, &[0, 0x40], 0.5),
            (16, 2, &[0, 0xc0], -0.5),
            // The block size is wrong.
            (16, 1, &[0, 0xc0], -0.5),
            (16, 0, &[0, 0xc0], -0.5),
            (20, 3, &[0, 0, 0x40], 0.5),
            (24, 3, &[0, 0, 0x40], 0.5),
            (24, 4, &[0, 0, 0, 0x40], 0.5),
            (32, 4, &[0, 0, 0, 0xc0], -0.5),
        ] {
            let got = read(file(&fmt(1, 1, block, bits), data)).unwrap();
            assert_eq!(got, [expected], "{bits} bits in {block} bytes");
        }
        assert_eq!(
            read(file(&fmt(3, 1, 8, 64), &0.25f64.to_le_bytes())).unwrap(),
            [0.25]
        );
        assert_eq!(read(file(&fmt(7, 1, 1, 8), &[0xff])).unwrap(), [0.0]);
        assert_eq!(
            read(file(&fmt(6, 1, 1, 8), &[0xd5])).unwrap(),
            [8.0 / 32_768.0]
        );
    }

    #[test]
    fn fmt_chunks_of_every_length() {
        for extra in [0, 2, 4, 24] {
            let mut fmt = fmt(1, 1, 2, 16);
            fmt.resize(16 + extra, 0);
            assert_eq!(read(file(&fmt, &[0, 0x40])).unwrap(), [0.5], "{extra}");
        }
        // The identifier of an extensible format, mu-law.
        let mut fmt = fmt(0xfffe, 1, 1, 8);
        fmt.extend([22, 0, 8, 0, 4, 0, 0, 0, 7, 0]);
        fmt.resize(40, 0);
        assert_eq!(
            read(file(&fmt, &[0xff, 0x80])).unwrap(),
            [0.0, 32_124.0 / 32_768.0]
        );
    }

    #[test]
    fn sizes_that_were_never_written() {
        for size in [
            0u32,
            0xffff_ffff,
            0x7fff_ffff,
            0x8000_0000,
            0x7fff_f000,
            0xffff_ffdb,
        ] {
            let mut bytes = file(&fmt(1, 1, 2, 16), &[0, 0x40, 0, 0x40, 0]);
            bytes[40..44].copy_from_slice(&size.to_le_bytes());
            assert_eq!(read(bytes).unwrap(), [0.5, 0.5], "{size:#x}");
        }
    }

    #[test]
    fn odd_chunks_with_and_without_padding_and_a_second_data_chunk() {
        let plain = file(&fmt(1, 1, 2, 16), &[0, 0x40]);
        for odd in [&b"LIST\x05\0\0\0INFOx\0"[..], b"LIST\x05\0\0\0INFOx"] {
            let mut bytes = plain[..36].to_vec();
            bytes.extend(odd);
            bytes.extend(&plain[36..]);
            bytes.extend(b"data\x02\0\0\0\0\x40");
            assert_eq!(read(bytes).unwrap(), [0.5, 0.5]);
        }
    }

    #[test]
    fn big_endian_and_64_bit_forms() {
        let mut rifx =
            b"RIFX\0\0\0\0WAVEfmt \0\0\0\x10\0\x01\0\x01\0\0\x1f\x40\0\0\0\0\0\x02\0\x10".to_vec();
        rifx.extend(b"data\0\0\0\x02\x40\0");
        assert_eq!(read(rifx).unwrap(), [0.5]);
        let mut rf64 = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
        rf64.extend([0; 8]);
        rf64.extend(2u64.to_le_bytes());
        rf64.extend([0; 12]);
        rf64.extend(&file(&fmt(1, 1, 2, 16), &[0, 0x40])[12..]);
        let at = rf64.len() - 6;
        rf64[at..at + 4].fill(0xff);
        rf64.extend(b"LIST\0\0\0\0");
        assert_eq!(read(rf64).unwrap(), [0.5]);
    }
}
