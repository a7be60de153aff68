//! Matroska and WebM (RFC 9559): the first track of sound.
//!
//! Programs that cannot go back in a file write elements of unknown size. Such an element ends where an element
//! of a higher level starts.

use std::collections::VecDeque;

use super::aac;
use super::bytes::{Bytes, Regions};
use super::codec::{CodecParams, Kind, opus_delay};
use super::demuxer::{Demuxer, Packet, Start};
use super::encoding::{Encoding, Endian};
use super::packets::PacketSource;
use super::pcm::PcmSource;
use crate::error::{Error, Result};
use crate::source::{Source, StreamInfo};

pub(crate) mod ebml;
mod lacing;

use ebml::{Element, float, ids, unsigned};

/// The largest block of sound.
const LARGEST_BLOCK: u64 = 1 << 26;

/// The fields of a TrackEntry.
#[derive(Default, Clone)]
struct Track {
    number: u64,
    kind: u64,
    codec: Vec<u8>,
    private: Vec<u8>,
    sample_rate: f64,
    channels: u64,
    bits: u64,
    /// Bytes that are removed from the start of each block.
    stripped: Vec<u8>,
    encoded: bool,
}

/// Opens a file; `bytes` is at its first byte.
pub(crate) fn open(mut bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    let mut tracks = Vec::new();
    loop {
        let Some(element) = Element::read(&mut bytes)? else {
            return Err(bytes.malformed("the file ends before its tracks"));
        };
        match element.id {
            // Entered; all others are passed over.
            ids::SEGMENT => {}
            ids::TRACKS => {
                read_tracks(&mut bytes, element, &mut tracks)?;
                break;
            }
            ids::CLUSTER => return Err(bytes.malformed("its tracks are not described")),
            _ => bytes.seek(element.end(bytes.end()))?,
        }
    }
    let track = tracks.into_iter().find(|t: &Track| t.kind == 2);
    let Some(track) = track else {
        return Err(bytes.malformed("no audio track"));
    };
    source(bytes, track, lenient)
}

fn read_tracks(bytes: &mut Bytes, tracks: Element, out: &mut Vec<Track>) -> Result<()> {
    let end = tracks.end(bytes.end());
    while bytes.at() < end {
        let Some(entry) = Element::read(bytes)? else {
            break;
        };
        if entry.id == ids::TRACK_ENTRY && out.len() < 1000 {
            let mut track = Track {
                sample_rate: 8000.0,
                channels: 1,
                ..Track::default()
            };
            read_track(bytes, entry, &mut track, 0)?;
            out.push(track);
        }
        bytes.seek(entry.end(end))?;
    }
    Ok(())
}

fn read_track(bytes: &mut Bytes, parent: Element, track: &mut Track, depth: u8) -> Result<()> {
    let end = parent.end(bytes.end());
    while bytes.at() < end && depth < 8 {
        let Some(element) = Element::read(bytes)? else {
            break;
        };
        let mut content = |limit: u64| -> Result<Vec<u8>> {
            let size = element.end(end).saturating_sub(element.body);
            bytes.vec(size.min(limit))
        };
        match element.id {
            ids::TRACK_NUMBER => track.number = unsigned(&content(8)?),
            ids::TRACK_TYPE => track.kind = unsigned(&content(8)?),
            ids::CODEC_ID => track.codec = content(256)?,
            ids::CODEC_PRIVATE => track.private = content(1 << 24)?,
            ids::SAMPLING_FREQUENCY => track.sample_rate = float(&content(8)?),
            ids::CHANNELS => track.channels = unsigned(&content(8)?),
            ids::BIT_DEPTH => track.bits = unsigned(&content(8)?),
            ids::COMP_ALGO => track.encoded |= unsigned(&content(8)?) != 3,
            ids::COMP_SETTINGS => track.stripped = content(1024)?,
            ids::ENCRYPTION => track.encoded = true,
            ids::COMPRESSION => {
                // Without an algorithm it is zlib.
                track.encoded = element.size == Some(0);
                read_track(bytes, element, track, depth + 1)?;
            }
            ids::AUDIO | ids::ENCODINGS | ids::ENCODING => {
                read_track(bytes, element, track, depth + 1)?;
            }
            _ => {}
        }
        bytes.seek(element.end(end))?;
    }
    Ok(())
}

fn source(bytes: Bytes, track: Track, lenient: bool) -> Result<Box<dyn Source>> {
    let (file, format) = (bytes.file.clone(), bytes.format);
    let unsupported = |reason: String| Error::unsupported(&file, format, reason);
    if track.encoded {
        return Err(unsupported("compressed or encrypted blocks".into()));
    }
    let rate = track.sample_rate.round() as u32;
    let channels = u32::try_from(track.channels).unwrap_or(u32::MAX);
    let of = |kind, extra: Vec<u8>| CodecParams::new(kind, rate, channels, extra);
    let end = track.codec.iter().position(|b| *b == 0);
    let name = &track.codec[..end.unwrap_or(track.codec.len())];
    let private = track.private.clone();
    let container = (track.bits as usize).div_ceil(8);
    let pcm = match name {
        b"A_PCM/INT/LIT" if container == 1 => Some(Encoding::U8),
        b"A_PCM/INT/LIT" => Encoding::integer(container, Endian::Little),
        b"A_PCM/INT/BIG" => Encoding::integer(container, Endian::Big),
        b"A_PCM/FLOAT/IEEE" => Encoding::float(container, Endian::Little),
        _ => None,
    };
    let codec = match name {
        b"A_VORBIS" => of(Kind::Vorbis, vorbis_headers(&private)),
        b"A_OPUS" | b"A_OPUS/EXPERIMENTAL" => of(Kind::Opus, private),
        b"A_FLAC" => {
            // "fLaC", the head of a metadata block, STREAMINFO.
            let info = private.get(8..).unwrap_or_default().to_vec();
            of(Kind::Flac, info)
        }
        b"A_MPEG/L3" | b"A_MPEG/L2" | b"A_MPEG/L1" => of(Kind::Mpeg, Vec::new()),
        b"A_ALAC" => of(Kind::Alac, private),
        b"A_AAC" => aac::config(&private).map_err(unsupported)?,
        _ if pcm.is_some() => of(Kind::Mpeg, Vec::new()),
        _ => {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(unsupported(format!("codec {}", name.escape_default())));
        }
    };
    // `CodecDelay` shifts the times of the blocks. The header of Opus alone has the number of frames to drop,
    // as in ffmpeg.
    let skip = match codec.kind {
        Kind::Opus => opus_delay(&codec.extra),
        _ => 0,
    };
    let mut blocks = Blocks {
        bytes,
        track: track.number,
        stripped: track.stripped,
        queue: VecDeque::new(),
        block: (0, Vec::new()),
        padding: 0,
        cut: false,
        damaged: false,
        start: Some(Start { codec, skip }),
    };
    if let Some(encoding) = pcm {
        let info = StreamInfo::new(&file, format, rate, channels, None)?;
        let mut list = Vec::new();
        while let Some((at, size)) = blocks.next_place()? {
            if !blocks.damaged {
                list.push((at, size));
            }
        }
        let data = Regions::new(blocks.bytes, list);
        return Ok(Box::new(PcmSource::new(info, encoding, data, None)));
    }
    Ok(Box::new(PacketSource::new(
        &file,
        format,
        Box::new(blocks),
        None,
        lenient,
    )?))
}

/// The identification and setup headers of Vorbis: all three are laced together.
fn vorbis_headers(private: &[u8]) -> Vec<u8> {
    let mut at = 1;
    let mut sizes = [0usize; 2];
    for size in &mut sizes {
        while let Some(byte) = private.get(at) {
            at += 1;
            *size += usize::from(*byte);
            if *byte < 255 {
                break;
            }
        }
    }
    let identification = private
        .get(at..at.saturating_add(sizes[0]))
        .unwrap_or_default();
    let setup = private
        .get(at.saturating_add(sizes[0] + sizes[1])..)
        .unwrap_or_default();
    [identification, setup].concat()
}

/// The blocks of one track.
struct Blocks {
    bytes: Bytes,
    track: u64,
    stripped: Vec<u8>,
    /// Places of frames in the last block.
    queue: VecDeque<(u64, u64)>,
    /// Offset and bytes of that block.
    block: (u64, Vec<u8>),
    /// Nanoseconds of padding at its end, or, if negative, at its start.
    padding: i64,
    start: Option<Start>,
    /// The last block was incomplete.
    cut: bool,
    /// The lengths of the frames in the last block are not valid.
    damaged: bool,
}

impl Blocks {
    /// Offset and size of the next frame of the track.
    fn next_place(&mut self) -> Result<Option<(u64, u64)>> {
        let mut group_end = 0;
        loop {
            if let Some(place) = self.queue.pop_front() {
                return Ok(Some(place));
            }
            let Some(element) = Element::read(&mut self.bytes)? else {
                return Ok(None);
            };
            match element.id {
                // Entered, whatever their size.
                ids::SEGMENT | ids::CLUSTER => {}
                ids::BLOCK_GROUP => group_end = element.end(self.bytes.end()),
                ids::SIMPLE_BLOCK | ids::BLOCK => {
                    let end = element.end(self.bytes.end());
                    // A block that the end of the file cuts is left out.
                    let whole = element
                        .size
                        .is_some_and(|n| element.body.saturating_add(n) == end);
                    if whole && end - element.body <= LARGEST_BLOCK {
                        let block = self.bytes.vec(end - element.body)?;
                        let frames = lacing::frames(&block, self.track);
                        self.damaged = frames.is_none();
                        // All of a block whose lengths make no sense is one damaged packet.
                        for (at, n) in frames.unwrap_or_else(|| vec![(0, block.len())]) {
                            self.queue.push_back((element.body + at as u64, n as u64));
                        }
                        self.block = (element.body, block);
                        self.padding = 0;
                    }
                    self.cut |= !whole;
                    self.bytes.seek(end)?;
                    if element.id == ids::BLOCK {
                        self.read_padding(group_end)?;
                    }
                }
                _ => self.bytes.seek(element.end(self.bytes.end()))?,
            }
        }
    }
}

impl Blocks {
    /// Looks for the padding in the elements after a block in its group, which ends at `end`.
    fn read_padding(&mut self, end: u64) -> Result<()> {
        let block_end = self.bytes.at();
        while self.bytes.at() < end {
            let Some(element) = Element::read(&mut self.bytes)? else {
                break;
            };
            if element.id == ids::DISCARD_PADDING {
                let content = self.bytes.vec(element.size.unwrap_or(0).min(8))?;
                let shift = 64 - 8 * content.len() as u32;
                let padding = unsigned(&content)
                    .checked_shl(shift)
                    .unwrap_or(0)
                    .cast_signed();
                self.padding = padding >> shift.min(63);
            }
            self.bytes.seek(element.end(end))?;
        }
        self.bytes.seek(block_end)
    }
}

impl Demuxer for Blocks {
    fn next(&mut self) -> Result<Option<Packet>> {
        let Some((at, size)) = self.next_place()? else {
            return Ok(None);
        };
        let mut data = self.stripped.clone();
        let from = (at - self.block.0) as usize;
        data.extend(
            self.block
                .1
                .get(from..from + size as usize)
                .unwrap_or_default(),
        );
        Ok(Some(Packet {
            data,
            at,
            padding: if self.queue.is_empty() {
                self.padding
            } else {
                0
            },
            start: self.start.take(),
            damage: self
                .damaged
                .then(|| "the lengths of its frames are not valid".into()),
            ..Packet::default()
        }))
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}
