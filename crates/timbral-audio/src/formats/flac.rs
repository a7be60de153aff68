//! FLAC (RFC 9639): the frames of a file, found by their checksums.

use super::bytes::{Regions, Window};
use super::codec::{CodecParams, Kind};
use super::crc::Crc;
use super::demuxer::{Demuxer, Packet, Start};
use super::tags;
use crate::error::{Error, Result};

/// The longest frame that is searched for: 65 535 frames of 8 channels of 32 bits, and a little.
const LONGEST_FRAME: usize = 65_535 * 8 * 4 + 4096;

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
struct Header {
    variable: bool,
    block: u64,
    /// The index of the frame, or of its first sample if block sizes vary.
    number: u64,
}

impl Header {
    /// The header at the start of `b`, if its checksum is right.
    fn parse(b: &[u8]) -> Option<Self> {
        let (b0, b1, b2, b3) = (*b.first()?, *b.get(1)?, *b.get(2)?, *b.get(3)?);
        if b0 != 0xff || b1 & 0xfe != 0xf8 || b2 & 15 == 15 || b3 >> 4 > 10 || b3 & 1 != 0 {
            return None;
        }
        let first = *b.get(4)?;
        let more = match first.leading_ones() {
            0 => 0,
            n @ 2..=7 => n as usize - 1,
            _ => return None,
        };
        let mut number = match more {
            0 => u64::from(first),
            _ => u64::from(first) & ((1 << (6 - more)) - 1),
        };
        for byte in b.get(5..5 + more)? {
            if byte & 0xc0 != 0x80 {
                return None;
            }
            number = number << 6 | u64::from(byte & 0x3f);
        }
        let mut at = 5 + more;
        let mut next = |n: usize| {
            let bytes = b.get(at..at + n)?;
            at += n;
            Some(bytes.iter().fold(0, |x, y| x << 8 | u64::from(*y)))
        };
        let block = match b2 >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 144 << code,
            6 => next(1)? + 1,
            7 => next(2)? + 1,
            code => 1 << code,
        };
        match b2 & 15 {
            12 => next(1)?,
            13 | 14 => next(2)?,
            _ => 0,
        };
        let crc = CRC8.update(0, &b[..at]);
        (u32::from(*b.get(at)?) == crc).then_some(Self {
            variable: b1 & 1 == 1,
            block,
            number,
        })
    }

    /// Whether `next` is the header of the frame after this one.
    fn precedes(&self, next: &Self) -> bool {
        let step = if self.variable { self.block } else { 1 };
        next.variable == self.variable && next.number == self.number + step
    }
}

/// The checksum of a frame's header, and that of the frame.
static CRC8: Crc<8> = Crc::new(7);
static CRC16: Crc<16> = Crc::new(0x8005);

/// The frames of a FLAC file. A second file joined to the first is read as a second stream. What follows the
/// last frame (tags, zeros, a newline) is passed over.
pub(crate) struct FlacFrames {
    window: Window,
    start: Option<Start>,
    total: Option<u64>,
    last: Option<Header>,
}

/// The first place from `start` on that may be the end of a frame: two bytes with which a header, a stream or a tag
/// begins. Blocks without any are passed over at the speed of memory.
fn boundary(bytes: &[u8], start: usize) -> Option<usize> {
    let begins = |a: u8, b: u8| {
        (a == 0xff) & (b & 0xfe == 0xf8)
            | (a == b'f') & (b == b'L')
            | (a == b'I') & (b == b'D')
            | (a == b'T') & (b == b'A')
            | (a == b'A') & (b == b'P')
    };
    let mut at = start;
    while let (Some(a), Some(b)) = (bytes.get(at..at + 64), bytes.get(at + 1..at + 65)) {
        if a.iter()
            .zip(b)
            .fold(false, |any, (a, b)| any | begins(*a, *b))
        {
            break;
        }
        at += 64;
    }
    let rest = bytes.get(at..)?.windows(2);
    rest.zip(at..)
        .find(|(pair, _)| begins(pair[0], pair[1]))
        .map(|(_, i)| i)
}

/// What is at the window's start.
enum Found {
    /// A frame of so many bytes; whether its checksum is right.
    Frame(usize, bool),
    /// A frame without an end: the file is cut.
    Cut,
}

impl FlacFrames {
    /// Reads the header, up to the first frame.
    pub(crate) fn open(regions: Regions) -> Result<Self> {
        let mut frames = Self {
            window: Window::new(regions),
            start: None,
            total: None,
            last: None,
        };
        frames.read_header()?;
        Ok(frames)
    }

    /// Samples per channel by the header; `None` if the header has no number.
    pub(crate) fn frames(&self) -> Option<u64> {
        self.total
    }

    /// Reads "fLaC" and the metadata blocks.
    fn read_header(&mut self) -> Result<()> {
        self.window.advance(4)?;
        let mut info = None;
        loop {
            let head = self.window.peek(4)?;
            let Some(&[kind, a, b, c]) = head.first_chunk::<4>() else {
                return Err(self.malformed("the file ends too early"));
            };
            // Frames follow, though no block was marked as the last one.
            if kind == 0xff && info.is_some() {
                break;
            }
            let bytes = u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c);
            self.window.advance(4)?;
            if kind & 0x7f == 0 {
                let block = self.window.peek(34)?;
                let Some(block) = block.first_chunk::<34>() else {
                    return Err(self.malformed("the file ends too early"));
                };
                info = Some(block.to_vec());
            }
            self.window.advance(bytes)?;
            if kind & 0x80 != 0 {
                break;
            }
        }
        let Some(info) = info else {
            return Err(self.malformed("no STREAMINFO block"));
        };
        let total = total_samples(&info);
        // The length of joined files is not known from the first.
        self.total = total.filter(|_| self.start.is_none() && self.last.is_none());
        self.last = None;
        self.start = Some(Start {
            codec: CodecParams::new(Kind::Flac, 0, 0, info),
            skip: 0,
        });
        Ok(())
    }

    fn malformed(&self, reason: &str) -> Error {
        Error::malformed(self.window.file(), self.window.format(), reason)
    }

    /// The end of the frame whose header is at the window's start.
    fn frame(&mut self, header: Header) -> Result<Found> {
        let mut wanted = 1 << 14;
        let (mut crc, mut checked) = (0, 0);
        let mut i = 10;
        loop {
            let rest = self.window.peek(wanted)?;
            let at_end = rest.len() < wanted;
            let limit = if at_end {
                rest.len()
            } else {
                rest.len().saturating_sub(15)
            };
            let searched = &rest[..rest.len().min(limit + 1)];
            while let Some(found) = boundary(searched, i) {
                i = found;
                let tag = rest[i..].starts_with(b"fLaC") || tags::length(&rest[i..]).is_some();
                let next = Header::parse(&rest[i..]);
                if tag || next.is_some() {
                    crc = CRC16.update(crc, &rest[checked..i]);
                    checked = i;
                    if crc == 0 {
                        return Ok(Found::Frame(i, true));
                    }
                    if next.is_some_and(|n| header.precedes(&n)) {
                        return Ok(Found::Frame(i, false));
                    }
                }
                i += 1;
            }
            i = i.max(limit);
            if at_end || rest.len() > LONGEST_FRAME {
                // The last frame, and perhaps other bytes after it: its end is where the checksum is right.
                let mut sum = 0;
                let zero_seen = rest.iter().any(|byte| {
                    sum = CRC16.update(sum, &[*byte]);
                    sum == 0
                });
                let all = rest.len();
                return Ok(if zero_seen && at_end {
                    Found::Frame(all, true)
                } else {
                    Found::Cut
                });
            }
            wanted *= 2;
        }
    }
}

impl Demuxer for FlacFrames {
    fn next(&mut self) -> Result<Option<Packet>> {
        loop {
            let head = self.window.peek(tags::HEAD)?;
            if head.is_empty() {
                return Ok(None);
            }
            if head.starts_with(b"fLaC") {
                self.read_header()?;
                continue;
            }
            if let Some(n) = tags::length(head) {
                self.window.advance(n)?;
                continue;
            }
            let Some(header) = Header::parse(head) else {
                self.window.advance(1)?;
                continue;
            };
            let at = self.window.at();
            let (bytes, intact) = match self.frame(header)? {
                Found::Frame(bytes, intact) => (bytes, intact),
                Found::Cut => {
                    self.window.advance(1)?;
                    continue;
                }
            };
            let data = self.window.peek(bytes)?[..bytes].to_vec();
            self.window.advance(bytes as u64)?;
            self.last = Some(header);
            return Ok(Some(Packet {
                data,
                at,
                frames: Some(header.block),
                start: self.start.take(),
                damage: (!intact).then(|| "its checksum is wrong".into()),
                end: None,
                padding: 0,
            }));
        }
    }
}

/// The number of samples per channel in a STREAMINFO block.
pub(crate) fn total_samples(info: &[u8]) -> Option<u64> {
    let bytes = info.get(13..18)?;
    let word = bytes.iter().fold(0u64, |x, b| x << 8 | u64::from(*b));
    Some(word & 0xf_ffff_ffff).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [`boundary`], a byte at a time.
    fn slow(bytes: &[u8], start: usize) -> Option<usize> {
        let starts: [&[u8]; 6] = [b"\xff\xf8", b"\xff\xf9", b"fL", b"ID", b"TA", b"AP"];
        (start..bytes.len()).find(|i| starts.iter().any(|s| bytes[*i..].starts_with(s)))
    }

    #[test]
    fn a_boundary_is_found_wherever_it_is() {
        for n in [0, 1, 2, 63, 64, 65, 66, 129, 200] {
            for at in 0..n {
                let mut bytes = vec![b'f'; n];
                bytes[at] = 0xff;
                for second in [0xf8, 0xf9, 0xfa, b'L'] {
                    if let Some(b) = bytes.get_mut(at + 1) {
                        *b = second;
                    }
                    for start in [0, at / 2, at, (at + 1).min(n)] {
                        assert_eq!(boundary(&bytes, start), slow(&bytes, start));
                    }
                }
            }
        }
    }
}
