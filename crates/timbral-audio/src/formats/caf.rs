//! Apple's Core Audio Format.

use super::aac;
use super::blocks::Blocks;
use super::bytes::{Bytes, Regions};
use super::codec::{CodecParams, Kind};
use super::demuxer::{Demuxer, Packet, Start};
use super::encoding::{Encoding, Endian};
use super::mpeg::MpegFrames;
use super::packets::PacketSource;
use super::pcm::PcmSource;
use crate::error::{Error, Result};
use crate::source::{Source, StreamInfo};

/// The largest packet table and cookie that are read; a table has at most a few bytes per packet.
const LARGEST_TABLE: u64 = 1 << 28;

/// The fields of the `desc` chunk.
struct Desc {
    sample_rate: f64,
    format: [u8; 4],
    flags: u32,
    packet_bytes: u32,
    packet_frames: u32,
    channels: u32,
    bits: u32,
}

/// Opens a file; `bytes` is at its first byte.
pub(crate) fn open(mut bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    bytes.skip(8)?;
    let (mut desc, mut data, mut table, mut cookie) = (None, None, Vec::new(), Vec::new());
    while bytes.left() >= 12 {
        let name = bytes.array::<4>()?;
        let size = i64::from_be_bytes(bytes.array()?);
        let at = bytes.at();
        let left = bytes.left();
        let known = u64::try_from(size).ok();
        let next = at.saturating_add(known.unwrap_or(left));
        match &name {
            b"desc" if desc.is_none() => {
                let b: [u8; 32] = bytes.array()?;
                let word = |i: usize| u32::from_be_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
                desc = Some(Desc {
                    sample_rate: f64::from_bits(u64::from(word(0)) << 32 | u64::from(word(4))),
                    format: [b[8], b[9], b[10], b[11]],
                    flags: word(12),
                    packet_bytes: word(16),
                    packet_frames: word(20),
                    channels: word(24),
                    bits: word(28),
                });
            }
            b"data" if data.is_none() => {
                // An edit count comes before the samples. A size of -1 means to the end of the file, and so does
                // one of 0 if no other chunk follows: sox writes it into a pipe.
                let unknown = size == 0 && left > 4 && !is_chunk(&mut bytes)?;
                let declared = known.filter(|_| !unknown).map(|n| n.saturating_sub(4));
                data = Some((at + 4, declared));
                if unknown {
                    break;
                }
            }
            b"pakt" if table.is_empty() => {
                table = bytes.vec(known.unwrap_or(left).min(LARGEST_TABLE))?;
            }
            b"kuki" if cookie.is_empty() => {
                cookie = bytes.vec(known.unwrap_or(left).min(1 << 20))?;
            }
            _ => {}
        }
        bytes.seek(next)?;
    }
    let Some(desc) = desc else {
        return Err(bytes.malformed("no desc chunk"));
    };
    let Some((at, declared)) = data else {
        return Err(bytes.malformed("the file ends before its data chunk"));
    };
    // Rates are floats; a cast saturates, so that a wild one is out of range.
    let rate = desc.sample_rate.round() as u32;
    let info = StreamInfo::new(&bytes.file, bytes.format, rate, desc.channels, None)?;
    let left = bytes.end().saturating_sub(at);
    let list = vec![(at, declared.unwrap_or(left).min(left))];
    if let Some(encoding) = encoding(&desc) {
        let data = Regions::new(bytes, list);
        return Ok(Box::new(PcmSource::new(info, encoding, data, declared)));
    }
    compressed(bytes, &desc, rate, list, &table, &cookie, lenient)
}

/// Whether a chunk starts at the position, which is left as it is: four letters and a size that fits.
fn is_chunk(bytes: &mut Bytes) -> Result<bool> {
    let (at, left) = (bytes.at(), bytes.left());
    if left < 12 {
        return Ok(false);
    }
    let name = bytes.array::<4>()?;
    let size = u64::from_be_bytes(bytes.array()?);
    bytes.seek(at)?;
    let is_name = name.iter().all(|b| b.is_ascii_lowercase());
    Ok(is_name && size <= left - 12)
}

fn encoding(desc: &Desc) -> Option<Encoding> {
    if &desc.format != b"lpcm" {
        return match &desc.format {
            b"ulaw" | b"alaw" => Encoding::by_name(desc.format, 8),
            _ => None,
        };
    }
    let endian = if desc.flags & 2 != 0 {
        Endian::Little
    } else {
        Endian::Big
    };
    let by_packet = (desc.packet_bytes / desc.channels.max(1)) as usize;
    let by_bits = desc.bits.div_ceil(8) as usize;
    let container = if by_packet >= by_bits && (1..=8).contains(&by_packet) {
        by_packet
    } else {
        by_bits
    };
    match desc.flags & 1 {
        0 => Encoding::integer(container, endian),
        _ => Encoding::float(container, endian),
    }
}

fn compressed(
    bytes: Bytes,
    desc: &Desc,
    rate: u32,
    list: Vec<(u64, u64)>,
    table: &[u8],
    cookie: &[u8],
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let (file, format) = (bytes.file.clone(), bytes.format);
    let unsupported = |reason: String| Error::unsupported(&file, format, reason);
    let boxed = |demuxer: Box<dyn Demuxer>, frames| -> Result<Box<dyn Source>> {
        let source = PacketSource::new(&file, format, demuxer, frames, lenient)?;
        Ok(Box::new(source))
    };
    let codec = match &desc.format {
        b"ima4" => {
            let blocks = Blocks::ima4(Regions::new(bytes, list), rate, desc.channels)?;
            return boxed(Box::new(blocks), None);
        }
        b".mp1" | b".mp2" | b".mp3" => {
            let Some(frames) = MpegFrames::open(Regions::new(bytes, list))? else {
                return Err(Error::malformed(
                    &file,
                    format,
                    "no MPEG frame in its data chunk",
                ));
            };
            let n = frames.frames();
            return boxed(Box::new(frames), n);
        }
        b"alac" => CodecParams::new(Kind::Alac, rate, desc.channels, cookie.to_vec()),
        b"aac " => {
            let asc = crate::formats::mp4::decoder_config(cookie).unwrap_or(cookie);
            aac::config(asc).map_err(unsupported)?
        }
        b"flac" => {
            let info = cookie.windows(4).position(|w| w == b"dfLa");
            let info = cookie.get(info.map_or(0, |i| i + 12)..).unwrap_or_default();
            CodecParams::new(Kind::Flac, rate, desc.channels, info.to_vec())
        }
        other => {
            let name = String::from_utf8_lossy(other).into_owned();
            let reason = match other {
                b"lpcm" => format!("samples of {} bits", desc.bits),
                _ => format!("codec \"{}\"", name.escape_default()),
            };
            return Err(unsupported(reason));
        }
    };
    let mut packets = Packets::parse(table);
    if desc.packet_bytes == 0 && table.len() <= 24 {
        return Err(Error::malformed(&file, format, "no table of its packets"));
    }
    packets.fixed = (desc.packet_bytes, desc.packet_frames);
    packets.frame_sizes_too = desc.packet_frames == 0;
    packets.start = Some(Start {
        codec,
        skip: packets.priming,
    });
    packets.data = Some(Regions::new(bytes, list));
    // The table's number of valid frames is not exact: ffmpeg writes whole packets.
    boxed(Box::new(packets), None)
}

/// The packets of a table of their sizes.
#[derive(Default)]
struct Packets {
    data: Option<Regions>,
    start: Option<Start>,
    table: Vec<u8>,
    at: usize,
    /// Bytes and frames of every packet; 0 if they differ.
    fixed: (u32, u32),
    frame_sizes_too: bool,
    valid: u64,
    priming: u64,
    /// The table has packets beyond the end of the file.
    cut: bool,
}

impl Packets {
    /// Reads the head of a `pakt` chunk: packets, valid frames, priming frames, remainder frames.
    fn parse(table: &[u8]) -> Self {
        let Some(head) = table.first_chunk::<24>() else {
            return Self::default();
        };
        let valid = head[8..16].iter().fold(0, |x, b| x << 8 | u64::from(*b));
        let priming = head[16..20].iter().fold(0, |x, b| x << 8 | u64::from(*b));
        let valid = if valid > i64::MAX as u64 { 0 } else { valid };
        Self {
            table: table[24..].to_vec(),
            valid,
            // A delay of more than a second or two does not come from an encoder.
            priming: if priming > 1 << 17 { 0 } else { priming },
            ..Self::default()
        }
    }

    /// The next number of the table: groups of 7 bits, the highest first.
    fn number(&mut self) -> Option<u64> {
        let mut x = 0u64;
        for _ in 0..9 {
            let byte = *self.table.get(self.at)?;
            self.at += 1;
            x = x << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(x);
            }
        }
        None
    }
}

impl Demuxer for Packets {
    fn next(&mut self) -> Result<Option<Packet>> {
        let size = match self.fixed.0 {
            0 => self.number(),
            n => Some(u64::from(n)),
        };
        let frames = match self.frame_sizes_too {
            true => self.number(),
            false => Some(u64::from(self.fixed.1)).filter(|n| *n > 0 && *n <= 1 << 16),
        };
        let end = (self.valid > 0).then_some(self.valid.saturating_add(self.priming));
        let start = self.start.take();
        let (Some(size), Some(data)) = (size, &mut self.data) else {
            return Ok(None);
        };
        let at = data.at();
        if size > data.total() {
            self.cut = true;
            return Ok(None);
        }
        let mut packet = vec![0; size as usize];
        if packet.is_empty() {
            return Ok(None);
        }
        if data.read(&mut packet)? < packet.len() {
            // Packets of one size have no table of their number.
            self.cut = self.fixed.0 == 0;
            return Ok(None);
        }
        Ok(Some(Packet {
            data: packet,
            at,
            frames,
            end,
            start,
            damage: None,
            padding: 0,
        }))
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}
