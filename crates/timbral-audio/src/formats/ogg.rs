//! OGG (RFC 3533): pages to packets, for Vorbis, Opus and FLAC.

use std::collections::VecDeque;

use super::bytes::{Bytes, Regions, Window};
use super::codec::{CodecParams, Kind, opus_delay};
use super::crc::Crc;
use super::decoder::Decoder;
use super::demuxer::{Demuxer, Packet, Start};
use crate::error::{Error, Result};

/// The longest packet: a setup header of Vorbis has some kilobytes, one with a picture in its comments more.
const LONGEST_PACKET: usize = 1 << 26;

/// One page.
struct Page {
    at: u64,
    continued: bool,
    first: bool,
    last: bool,
    granule: Option<u64>,
    serial: u32,
    segments: Vec<u8>,
    body: Vec<u8>,
    intact: bool,
}

/// The packets of the first stream of a known codec, and of the streams chained after it.
///
/// A file that is cut ends with its last whole page.
pub(crate) struct OggPackets {
    window: Window,
    stream: Option<Stream>,
    queue: VecDeque<Packet>,
    /// The name of a codec that is not decoded, for the message.
    other: Option<&'static str>,
    /// The last page is incomplete.
    cut: bool,
}

/// The stream that is read.
struct Stream {
    serial: u32,
    kind: Kind,
    /// Header packets that are still to come, and those that came.
    headers_left: usize,
    headers: Vec<Vec<u8>>,
    partial: Vec<u8>,
    started: bool,
    /// The number of frames that the packets of the first page with sound decode to, minus the position of that
    /// page.
    shift: i64,
}

impl Stream {
    fn header(&self, i: usize) -> &[u8] {
        self.headers.get(i).map(Vec::as_slice).unwrap_or_default()
    }

    fn vorbis(&self) -> CodecParams {
        let extra = [self.header(0), self.header(2)].concat();
        CodecParams::new(Kind::Vorbis, 0, 0, extra)
    }
}

/// The number of frames that the first packets of a stream decode to.
fn decoded_frames(codec: &CodecParams, packets: &[Vec<u8>]) -> Option<i64> {
    let mut decoder = Decoder::new(codec).ok()?;
    let (mut values, mut frames) = (Vec::new(), 0);
    for packet in packets {
        values.clear();
        let (_, channels) = decoder.decode(packet, &mut values).ok()?;
        frames += values.len() as i64 / i64::from(channels.max(1));
    }
    Some(frames)
}

impl OggPackets {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            window: Window::new(Regions::rest(bytes)),
            stream: None,
            queue: VecDeque::new(),
            other: None,
            cut: false,
        }
    }

    /// The next whole page; bytes between pages are passed over.
    fn page(&mut self) -> Result<Option<Page>> {
        loop {
            let head = self.window.peek(27)?;
            if head.len() < 27 {
                return Ok(None);
            }
            if !head.starts_with(b"OggS") {
                let next = head.iter().skip(1).position(|b| *b == b'O');
                let n = next.map_or(head.len(), |i| i + 1);
                self.window.advance(n as u64)?;
                continue;
            }
            let flags = head[5];
            let number = |from: usize, to: usize| {
                let bytes = head[from..to].iter().rev();
                bytes.fold(0, |x, b| x << 8 | u64::from(*b))
            };
            let granule = number(6, 14);
            let (serial, crc) = (number(14, 18) as u32, number(22, 26) as u32);
            let n_segments = usize::from(head[26]);
            let head = self.window.peek(27 + n_segments)?;
            if head.len() < 27 + n_segments {
                self.cut = true;
                return Ok(None);
            }
            let segments = head[27..27 + n_segments].to_vec();
            let all = 27 + n_segments + segments.iter().map(|s| usize::from(*s)).sum::<usize>();
            let page = self.window.peek(all)?;
            if page.len() < all {
                self.cut = true;
                return Ok(None);
            }
            // The checksum itself counts as zeros.
            let sum = CRC.update(CRC.update(0, &page[..22]), &[0; 4]);
            let intact = CRC.update(sum, &page[26..all]) == crc;
            let page = Page {
                body: page[27 + n_segments..all].to_vec(),
                at: self.window.at(),
                continued: flags & 1 != 0,
                first: flags & 2 != 0,
                last: flags & 4 != 0,
                granule: (granule != u64::MAX).then_some(granule),
                serial,
                segments,
                intact,
            };
            self.window.advance(all as u64)?;
            return Ok(Some(page));
        }
    }

    /// Splits a page into packets.
    fn take(&mut self, page: Page) -> Result<()> {
        if page.first {
            self.begin(&page);
        }
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        if page.serial != stream.serial {
            return Ok(());
        }
        if !page.intact && stream.headers_left == 0 {
            stream.partial.clear();
            self.queue.push_back(Packet {
                at: page.at,
                damage: Some("the checksum of its OGG page is wrong".into()),
                ..Packet::default()
            });
            return Ok(());
        }
        let mut rest = &page.body[..];
        let mut dropping = page.continued && stream.partial.is_empty();
        if !page.continued {
            stream.partial.clear();
        }
        let mut complete = Vec::new();
        for n in &page.segments {
            let (segment, after) = rest.split_at(usize::from(*n).min(rest.len()));
            rest = after;
            if stream.partial.len() + segment.len() > LONGEST_PACKET {
                return Err(Error::malformed(
                    self.window.file(),
                    self.window.format(),
                    "a packet of more than 64 MiB",
                ));
            }
            stream.partial.extend(segment);
            if *n < 255 {
                let packet = std::mem::take(&mut stream.partial);
                if !dropping {
                    complete.push(packet);
                }
                dropping = false;
            }
        }
        let count = complete.len();
        if let (Kind::Vorbis, 0, false, false, Some(granule)) = (
            stream.kind,
            stream.headers_left,
            stream.started,
            page.last,
            page.granule,
        ) {
            let frames = decoded_frames(&stream.vorbis(), &complete);
            stream.shift = frames.map_or(0, |frames| frames.saturating_sub_unsigned(granule));
        }
        let shift = stream.shift;
        for (i, data) in complete.into_iter().enumerate() {
            let end = page.granule.filter(|_| page.last && i + 1 == count);
            let end = end.map(|end| end.saturating_add_signed(shift));
            self.packet(data, page.at, end)?;
        }
        Ok(())
    }

    /// Looks at the first page of a stream.
    fn begin(&mut self, page: &Page) {
        let (kind, headers_left) = if page.body.starts_with(b"\x01vorbis") {
            (Kind::Vorbis, 3)
        } else if page.body.starts_with(b"OpusHead") {
            (Kind::Opus, 2)
        } else if page.body.starts_with(b"\x7fFLAC") {
            let n = page
                .body
                .get(7..9)
                .map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
            (Kind::Flac, 1 + usize::from(n))
        } else {
            for (magic, name) in [
                (&b"Speex   "[..], "Speex"),
                (b"\x80theora", "Theora (video only)"),
                (b"PCM     ", "PCM in OGG"),
                (b"CELT    ", "CELT"),
            ] {
                if page.body.starts_with(magic) {
                    self.other = Some(name);
                }
            }
            return;
        };
        // If a file has several streams of sound at the same time, only the first is read; a stream after it is
        // read.
        if self.stream.as_ref().is_some_and(|s| !s.started) {
            return;
        }
        self.stream = Some(Stream {
            serial: page.serial,
            kind,
            headers_left,
            headers: Vec::new(),
            partial: Vec::new(),
            started: false,
            shift: 0,
        });
    }

    fn packet(&mut self, data: Vec<u8>, at: u64, end: Option<u64>) -> Result<()> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        if stream.headers_left > 0 {
            // The first header of FLAC has the number of headers; 0 means unknown.
            let is_frame = stream.kind == Kind::Flac && data.starts_with(&[0xff]);
            if !is_frame {
                stream.headers_left -= 1;
                stream.headers.push(data);
                return Ok(());
            }
            stream.headers_left = 0;
        }
        if stream.kind == Kind::Flac && !data.starts_with(&[0xff]) {
            return Ok(());
        }
        let mut packet = Packet {
            data,
            at,
            end,
            ..Packet::default()
        };
        if !stream.started {
            stream.started = true;
            let header = stream.header(0);
            let (codec, skip) = match stream.kind {
                // Samples before position 0 are not part of the sound (Vorbis I, A.2).
                Kind::Vorbis => (stream.vorbis(), u64::try_from(stream.shift).unwrap_or(0)),
                // The header of FLAC's own file is in that of the stream.
                Kind::Flac => {
                    let info = header.get(17..).unwrap_or_default().to_vec();
                    (CodecParams::new(Kind::Flac, 0, 0, info), 0)
                }
                _ => {
                    let codec = CodecParams::new(stream.kind, 0, 0, header.to_vec());
                    (codec, opus_delay(header))
                }
            };
            packet.start = Some(Start { codec, skip });
            stream.headers.clear();
        }
        self.queue.push_back(packet);
        Ok(())
    }
}

impl Demuxer for OggPackets {
    fn next(&mut self) -> Result<Option<Packet>> {
        loop {
            if let Some(packet) = self.queue.pop_front() {
                return Ok(Some(packet));
            }
            let Some(page) = self.page()? else {
                let (file, format) = (self.window.file(), self.window.format());
                return match (&self.stream, self.other) {
                    (Some(_), _) => Ok(None),
                    (None, Some(name)) => Err(Error::unsupported(file, format, name)),
                    (None, None) => Err(Error::malformed(
                        file,
                        format,
                        "no stream of Vorbis, Opus or FLAC",
                    )),
                };
            };
            self.take(page)?;
        }
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}

/// The checksum of a page: no reflection, no inversion.
static CRC: Crc<32> = Crc::new(0x04c1_1db7);
