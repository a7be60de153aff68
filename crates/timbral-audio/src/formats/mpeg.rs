//! MPEG audio, layers I to III (ISO 11172-3, 13818-3): frames, and the tags that encoders store with them.

use std::collections::VecDeque;

use super::bytes::{Regions, Window};
use super::codec::{CodecParams, Kind};
use super::demuxer::{Demuxer, Packet, Start};
use super::tags;
use crate::error::Result;

#[cfg(feature = "symphonia")]
mod decoder;
mod header;

#[cfg(feature = "symphonia")]
pub(crate) use decoder::MpegDecoder;
pub(crate) use header::{Header, two_frames};

/// Frames that the decoder itself delays the sound by.
const DECODER_DELAY: u64 = 529;

/// The longest distance between two free-format frames that is searched for.
const FREE_FORMAT_BYTES: usize = 8192;

/// Frames that are read ahead of the decoder: as many as the padding at the end can cover (4095 samples).
const AHEAD: usize = 8;

/// The description of a file in its first frame, if that frame is a tag like Xing's.
#[derive(Debug, Clone, Copy, Default)]
struct Tag {
    frames: u64,
    /// Delay and padding in samples, if the encoder stored them.
    gaps: Option<(u64, u64)>,
}

/// The frames of an MPEG stream.
///
/// All frames are read, as in ffmpeg: an estimate of the length does not end the stream. The delay that the
/// encoder stored is dropped at the start. Its padding at the end is dropped only if the file ends where the
/// tag declares. Tags (ID3, APE, Lyrics3) and other bytes between frames are skipped.
pub(crate) struct MpegFrames {
    window: Window,
    /// The last frame's header.
    last: Option<Header>,
    /// Bytes of a free-format frame without padding.
    free_bytes: usize,
    tag: Option<Tag>,
    ahead: VecDeque<Packet>,
    count: u64,
    ended: bool,
    started: bool,
    /// Decoded frames before the current one.
    position: u64,
}

impl MpegFrames {
    /// `None` if there is no frame.
    pub(crate) fn open(regions: Regions) -> Result<Option<Self>> {
        let mut frames = Self {
            window: Window::new(regions),
            last: None,
            free_bytes: 0,
            tag: None,
            ahead: VecDeque::new(),
            count: 0,
            ended: false,
            started: false,
            position: 0,
        };
        let Some(first) = frames.next_frame()? else {
            return Ok(None);
        };
        match frames.last.and_then(|h| read_tag(&first.data, h)) {
            Some(tag) => frames.tag = Some(tag),
            None => frames.append(first),
        }
        Ok(Some(frames))
    }

    /// The exact number of samples per channel, if the encoder stored it.
    pub(crate) fn frames(&self) -> Option<u64> {
        let (tag, header) = (self.tag?, self.last?);
        let (delay, padding) = tag.gaps?;
        let all = tag.frames * u64::from(header.samples);
        let n = all.checked_sub(delay + padding)?;
        (n > 0).then_some(n)
    }

    fn append(&mut self, packet: Packet) {
        self.count += 1;
        self.ahead.push_back(packet);
    }

    /// The next frame in the file.
    fn next_frame(&mut self) -> Result<Option<Packet>> {
        loop {
            let last = self.last;
            let head = self.window.peek(4)?;
            if head.len() < 4 {
                return Ok(None);
            }
            if let Some(n) = tags::length(self.window.peek(tags::HEAD)?) {
                self.window.advance(n)?;
                continue;
            }
            let Some(header) = Header::parse(self.window.peek(4)?) else {
                self.window.advance(1)?;
                continue;
            };
            let same = last.is_some_and(|l| header.same_stream(&l));
            let Some(bytes) = self.frame_bytes(&header)? else {
                self.window.advance(1)?;
                continue;
            };
            let rest = self.window.peek(bytes + 4)?;
            if rest.len() < bytes {
                // The last frame is cut.
                if same {
                    return Ok(None);
                }
                self.window.advance(1)?;
                continue;
            }
            // The twelve bits of a frame header also occur by chance, so another frame, or the end, must
            // follow.
            let follows = rest.len() < bytes + 4
                || Header::parse(&rest[bytes..]).is_some_and(|next| next.same_stream(&header))
                || tags::length(&rest[bytes..]).is_some();
            if !same && !follows {
                self.window.advance(1)?;
                continue;
            }
            let packet = Packet {
                data: rest[..bytes].to_vec(),
                at: self.window.at(),
                frames: Some(u64::from(header.samples)),
                ..Packet::default()
            };
            self.window.advance(bytes as u64)?;
            self.last = Some(header);
            return Ok(Some(packet));
        }
    }

    /// The length of the frame at the window's start; `None` if it cannot be one.
    fn frame_bytes(&mut self, header: &Header) -> Result<Option<usize>> {
        if let Some(bytes) = header.bytes {
            return Ok(Some(bytes));
        }
        let padding = header.padding_bytes();
        if self.free_bytes == 0 {
            let rest = self.window.peek(FREE_FORMAT_BYTES)?;
            let next = (32..rest.len().min(FREE_FORMAT_BYTES)).find(|i| {
                Header::parse(&rest[*i..])
                    .is_some_and(|h| h.bytes.is_none() && h.same_stream(header))
            });
            let Some(next) = next else { return Ok(None) };
            self.free_bytes = next - padding.min(next);
        }
        Ok(Some(self.free_bytes + padding))
    }
}

impl Demuxer for MpegFrames {
    fn next(&mut self) -> Result<Option<Packet>> {
        while !self.ended && self.ahead.len() < AHEAD {
            match self.next_frame()? {
                Some(packet) => self.append(packet),
                None => self.ended = true,
            }
        }
        let Some(mut packet) = self.ahead.pop_front() else {
            return Ok(None);
        };
        let gaps = self.tag.and_then(|t| t.gaps);
        if !self.started {
            self.started = true;
            packet.start = Some(Start {
                codec: CodecParams::new(Kind::Mpeg, 0, 0, Vec::new()),
                skip: gaps.map_or(0, |(delay, _)| delay + DECODER_DELAY),
            });
        }
        if let (true, Some(tag), Some((_, padding))) = (self.ended, self.tag, gaps)
            && tag.frames == self.count
            && let Some(last) = self.last
        {
            let all = self.count * u64::from(last.samples);
            packet.end = Some((all + DECODER_DELAY).saturating_sub(padding).min(all));
        }
        self.position += packet.frames.unwrap_or(0);
        Ok(Some(packet))
    }
}

/// The tag in the first frame: "Xing" or "Info" after the side information, with the encoder's own fields after
/// it, or "VBRI" at byte 36.
fn read_tag(frame: &[u8], header: Header) -> Option<Tag> {
    let at = 4 + header.side_info_bytes();
    if matches!(frame.get(at..at + 4), Some(b"Xing" | b"Info")) {
        let word = |i: usize| {
            let bytes = frame.get(i..i + 4)?;
            Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let flags = word(at + 4)?;
        let mut next = at + 8;
        let mut tag = Tag::default();
        if flags & 1 != 0 {
            tag.frames = u64::from(word(next)?);
            next += 4;
        }
        next += if flags & 2 != 0 { 4 } else { 0 };
        next += if flags & 4 != 0 { 100 } else { 0 };
        next += if flags & 8 != 0 { 4 } else { 0 };
        let encoder = frame.get(next..next + 4);
        if matches!(encoder, Some(b"LAME" | b"Lavf" | b"Lavc" | b"GOGO"))
            && let Some(&[a, b, c]) = frame.get(next + 21..next + 24)
        {
            let delay = u64::from(a) << 4 | u64::from(b >> 4);
            let padding = u64::from(b & 15) << 8 | u64::from(c);
            tag.gaps = Some((delay, padding));
        }
        return Some(tag);
    }
    (frame.get(36..40) == Some(b"VBRI")).then_some(Tag::default())
}
