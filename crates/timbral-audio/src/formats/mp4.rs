//! MP4 and QuickTime (ISO 14496-12): the first track of sound.
//!
//! Files are read as by ffmpeg. The order of the boxes does not matter, and `ftyp` may be missing. A size of 0
//! means to the end of the file. An edit list defines which parts are played (`edits`).

use super::aac;
use super::blocks::Blocks;
use super::bytes::{Bytes, Regions};
use super::codec::{CodecParams, Kind, opus_delay};
use super::demuxer::{Demuxer, Packet, Start};
use super::packets::PacketSource;
use super::pcm::PcmSource;
use crate::error::{Error, Result};
use crate::source::{Source, StreamInfo};

pub(crate) mod boxes;
mod edits;
mod entry;
mod fragments;
mod table;

pub(crate) use entry::decoder_config;

use boxes::{Header, each};
use edits::{Edit, EditList, Edited, Played, pcm_regions};
use entry::{Content, Entry};
use fragments::Fragments;
use table::Table;

/// The largest packet.
const LARGEST_PACKET: u64 = 1 << 24;

/// What is known of a track while its boxes are read.
#[derive(Default)]
struct Track {
    id: u32,
    sound: bool,
    timescale: u32,
    edits: EditList,
    entry: Option<Entry>,
    table: Table,
}

/// Opens a file; `bytes` is at its first byte.
pub(crate) fn open(mut bytes: Bytes, lenient: bool) -> Result<Box<dyn Source>> {
    let mut tracks = Vec::new();
    let mut defaults = Vec::new();
    let mut movie_scale = 0;
    let mut found = false;
    let mut first_fragment = None;
    while let Some(header) = Header::read(&mut bytes)? {
        match &header.name {
            b"moov" if !found => {
                found = true;
                movie_scale = read_moov(&mut bytes, header, &mut tracks, &mut defaults)?;
            }
            b"moof" if first_fragment.is_none() => first_fragment = Some(header.at),
            _ => {}
        }
        bytes.seek(header.end)?;
    }
    if !found {
        return Err(bytes.malformed("no moov box"));
    }
    let track = tracks
        .into_iter()
        .find(|t: &Track| t.sound && t.entry.is_some())
        .ok_or_else(|| bytes.malformed("no audio track"))?;
    let default = defaults.iter().find(|d: &&Extends| d.track == track.id);
    let size = default.map_or(0, |d| d.size);
    let fragments = first_fragment.map(|at| Fragments::new(at, track.id, size));
    source(bytes, track, movie_scale, fragments, lenient)
}

/// The defaults of a track for its fragments.
struct Extends {
    track: u32,
    size: u32,
}

/// Returns the time scale of the movie.
fn read_moov(
    bytes: &mut Bytes,
    moov: Header,
    tracks: &mut Vec<Track>,
    defaults: &mut Vec<Extends>,
) -> Result<u32> {
    let mut scale = 0;
    each(bytes, moov, &mut |bytes, header| {
        match &header.name {
            b"trak" if tracks.len() < 1000 => {
                let mut track = Track::default();
                read_track(bytes, header, &mut track)?;
                tracks.push(track);
            }
            b"mvex" => each(bytes, header, &mut |bytes, header| {
                if &header.name == b"trex" && defaults.len() < 1000 {
                    let b: [u8; 24] = bytes.array()?;
                    let word = |i: usize| u32::from_be_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
                    defaults.push(Extends {
                        track: word(4),
                        size: word(16),
                    });
                }
                Ok(())
            })?,
            b"mvhd" => {
                let version: [u8; 4] = bytes.array()?;
                bytes.skip(if version[0] == 1 { 16 } else { 8 })?;
                scale = u32::from_be_bytes(bytes.array()?);
            }
            b"cmov" => return Err(bytes.unsupported("compressed movie headers")),
            _ => {}
        }
        Ok(())
    })?;
    Ok(scale)
}

fn read_track(bytes: &mut Bytes, parent: Header, track: &mut Track) -> Result<()> {
    each(bytes, parent, &mut |bytes, header| {
        match &header.name {
            b"mdia" | b"minf" | b"stbl" | b"edts" => read_track(bytes, header, track)?,
            b"tkhd" => {
                let version: [u8; 4] = bytes.array()?;
                bytes.skip(if version[0] == 1 { 16 } else { 8 })?;
                track.id = u32::from_be_bytes(bytes.array()?);
            }
            b"mdhd" => {
                let version: [u8; 4] = bytes.array()?;
                bytes.skip(if version[0] == 1 { 16 } else { 8 })?;
                track.timescale = u32::from_be_bytes(bytes.array()?);
            }
            b"hdlr" => {
                bytes.skip(8)?;
                let kind: [u8; 4] = bytes.array()?;
                // In QuickTime a second `hdlr` box describes where the data are.
                track.sound |= &kind == b"soun";
            }
            b"elst" => track.edits = EditList::read(bytes, header)?,
            b"stsd" if track.entry.is_none() => {
                bytes.skip(4)?;
                let n = u32::from_be_bytes(bytes.array()?);
                if n > 0 && track.sound {
                    track.entry = Entry::read(bytes, header.end)?;
                }
            }
            b"stsz" | b"stz2" | b"stsc" | b"stts" | b"stco" | b"co64" => {
                track.table.read(bytes, header)?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn source(
    bytes: Bytes,
    track: Track,
    movie_scale: u32,
    fragments: Option<Fragments>,
    lenient: bool,
) -> Result<Box<dyn Source>> {
    let (file, format) = (bytes.file.clone(), bytes.format);
    let unsupported = |reason: String| Error::unsupported(&file, format, reason);
    let Some(entry) = track.entry else {
        return Err(bytes.malformed("no description of its sound"));
    };
    let (rate, channels) = (entry.sample_rate, entry.channels);
    if track.edits.has_pause() {
        return Err(unsupported("an edit list with a pause".into()));
    }
    let edits = track.edits.edits(track.timescale, movie_scale);
    let codec = match entry.content()? {
        Content::Pcm(encoding) => {
            let info = StreamInfo::new(&file, format, rate, channels, None)?;
            let frame = (encoding.width() * usize::from(info.channels)) as u64;
            let list = match &edits[..] {
                [_, ..] if track.table.counts_frames_of(frame) => pcm_regions(
                    &track.table,
                    &in_frames(&edits, rate, track.timescale),
                    frame,
                ),
                _ => {
                    let list = track.table.pcm_regions(frame, bytes.end());
                    list.map_err(|e| bytes.malformed(e))?
                }
            };
            let declared = list.iter().map(|r| r.1).sum();
            let data = Regions::new(bytes, list);
            return Ok(Box::new(PcmSource::new(
                info,
                encoding,
                data,
                Some(declared),
            )));
        }
        Content::Ima4 => {
            StreamInfo::new(&file, format, rate, channels, None)?;
            let (size, frames) = Blocks::ima4_size(channels);
            let frames = if track.table.counts_frames() {
                frames
            } else {
                1
            };
            let list = track.table.block_regions(size, frames);
            let list = list.map_err(|e| bytes.malformed(e))?;
            let blocks = Blocks::ima4(Regions::new(bytes, list), rate, channels)?;
            let source = PacketSource::new(&file, format, Box::new(blocks), None, lenient)?;
            return Ok(Box::new(source));
        }
        Content::Mpeg => CodecParams::new(Kind::Mpeg, rate, channels, Vec::new()),
        Content::Aac(asc) => aac::config(&asc).map_err(unsupported)?,
        Content::Alac(cookie) => CodecParams::new(Kind::Alac, rate, channels, cookie),
        Content::Flac(info) => CodecParams::new(Kind::Flac, rate, channels, info),
        Content::Opus(head) => CodecParams::new(Kind::Opus, rate, channels, head),
        Content::Unsupported(what) => return Err(unsupported(what)),
    };
    let mut left = bytes.end();
    let (samples, skip) = match &edits[..] {
        // Of fragments only the start of the first edit counts.
        [first, ..] if fragments.is_some() || !track.table.is_timed() => {
            (Edited::all(track.table), first.start)
        }
        [_, ..] => {
            // Parts that edits play again are read again, up to 16 times the file.
            left = left.saturating_mul(edits.len().min(16) as u64);
            Edited::new(track.table, edits, track.timescale, left)
        }
        [] => (Edited::all(track.table), 0),
    };
    // The two rates are nearly always equal.
    let skip_at = |rate: u32| match track.timescale {
        0 => 0,
        scale => (u128::from(skip) * u128::from(rate) / u128::from(scale)) as u64,
    };
    let skip = match codec.kind {
        // Fragmented files have no edit list; the identification header has the same number.
        Kind::Opus => match skip_at(48_000) {
            0 => opus_delay(&codec.extra),
            skip => skip,
        },
        Kind::Aac | Kind::HeAac => skip_at(codec.sample_rate),
        _ => skip_at(if rate > 0 { rate } else { track.timescale }),
    };
    let samples = Samples {
        left,
        bytes,
        samples,
        fragments,
        start: Some(Start { codec, skip }),
        cut: false,
    };
    Ok(Box::new(PacketSource::new(
        &file,
        format,
        Box::new(samples),
        None,
        lenient,
    )?))
}

/// Edits in units of frames.
fn in_frames(edits: &[Edit], rate: u32, scale: u32) -> Vec<Edit> {
    let frames = |time: u64| {
        let frames = u128::from(time) * u128::from(rate) / u128::from(scale.max(1));
        u64::try_from(frames).unwrap_or(u64::MAX)
    };
    let edit = |edit: &Edit| Edit {
        start: frames(edit.start),
        end: frames(edit.end),
    };
    edits.iter().map(edit).collect()
}

/// The packets of a track: those of its table, then those of its fragments.
struct Samples {
    bytes: Bytes,
    samples: Edited,
    fragments: Option<Fragments>,
    start: Option<Start>,
    /// Bytes that packets may still have: no more than the file, even if they overlap. A packet that is empty or
    /// passed over counts as one byte.
    left: u64,
    /// The table has packets beyond the end of the file.
    cut: bool,
}

impl Samples {
    /// The next packet.
    fn find(&mut self) -> Result<Option<Played>> {
        match (self.samples.next(&mut self.left), &mut self.fragments) {
            (None, Some(fragments)) => {
                let place = fragments.next(&mut self.bytes)?;
                Ok(place.map(|(at, size)| Played {
                    at,
                    size,
                    is_silent: false,
                }))
            }
            (found, _) => Ok(found),
        }
    }

    /// Counts the bytes of a packet.
    fn spend(&mut self, n: u64) -> Result<()> {
        match self.left.checked_sub(n) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.bytes.malformed("its packets are longer than the file")),
        }
    }
}

impl Demuxer for Samples {
    fn next(&mut self) -> Result<Option<Packet>> {
        let Played {
            at,
            size,
            is_silent,
        } = loop {
            let Some(packet) = self.find()? else {
                return Ok(None);
            };
            // Empty packets have no samples; ffmpeg passes over them, too.
            if packet.size > 0 {
                break packet;
            }
            self.spend(1)?;
        };
        if size > LARGEST_PACKET {
            let what = format_args!("a packet of {size} bytes at byte {at}");
            return Err(self.bytes.malformed(what));
        }
        if at.saturating_add(size) > self.bytes.end() {
            self.cut = true;
            return Ok(None);
        }
        self.spend(size)?;
        self.bytes.seek(at)?;
        Ok(Some(Packet {
            data: self.bytes.vec(size)?,
            at,
            padding: if is_silent { Packet::SILENT } else { 0 },
            start: self.start.take(),
            ..Packet::default()
        }))
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}
