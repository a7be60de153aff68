//! Edit lists (ISO 14496-12, 8.6.6): the parts of a track that are played, one after the other, as ffmpeg plays
//! them.
//!
//! Sound starts where the first part does, and ends with the packet in which a part ends, because the end is
//! rounded to the time scale of the movie, which is often milliseconds. A later part starts with its first
//! whole packet. Empty parts at the start shift the sound relative to the pictures, and add no silence. A later
//! empty part is not supported; ffmpeg (5.1, 8.0) plays the start of the track in its place.

use std::collections::VecDeque;

use super::boxes::Header;
use super::table::{Table, join};
use crate::error::Result;
use crate::formats::bytes::Bytes;

/// The start of an empty part.
const EMPTY: i64 = -1;

/// Parts that are read, at most.
const MOST_EDITS: usize = 1000;

/// Frames of uncompressed sound that ffmpeg reads as one packet.
const PCM_PACKET: u64 = 1024;

/// A part of a track, in units of its time scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The entries of an `elst`: durations in units of the movie, and starts in units of the track.
#[derive(Default)]
pub(super) struct EditList(Vec<(u64, i64)>);

impl EditList {
    pub(super) fn read(bytes: &mut Bytes, header: Header) -> Result<Self> {
        let version: [u8; 4] = bytes.array()?;
        let n = u32::from_be_bytes(bytes.array()?);
        let size = if version[0] == 1 { 20 } else { 12 };
        let content = bytes.vec(header.end.saturating_sub(bytes.at()))?;
        let word = |b: &[u8]| b.iter().fold(0, |x, b| x << 8 | u64::from(*b));
        let entry = |b: &[u8]| match b.len() {
            20 => (word(&b[..8]), word(&b[8..16]).cast_signed()),
            _ => (word(&b[..4]), i64::from(word(&b[4..8]) as u32 as i32)),
        };
        let entries = content.chunks_exact(size).take(MOST_EDITS.min(n as usize));
        Ok(Self(entries.map(entry).collect()))
    }

    /// Whether there is an empty part after one that is played.
    pub(super) fn has_pause(&self) -> bool {
        let mut later = self.0.iter().skip_while(|(_, start)| *start == EMPTY);
        later.any(|(_, start)| *start == EMPTY)
    }

    /// The parts that are played; `scale` and `movie_scale` are units per second.
    pub(super) fn edits(&self, scale: u32, movie_scale: u32) -> Vec<Edit> {
        let edit = |&(duration, start): &(u64, i64)| {
            let half = u128::from(movie_scale / 2);
            let length = u128::from(duration) * u128::from(scale) + half;
            let length = length.checked_div(u128::from(movie_scale))?;
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            // Other negative numbers only start too early.
            (start != EMPTY).then(|| Edit {
                start: start.max(0).cast_unsigned(),
                end: start.saturating_add(length).max(0).cast_unsigned(),
            })
        };
        self.0.iter().filter_map(edit).collect()
    }
}

/// The samples of a track in the order of its edits.
pub(super) struct Edited {
    table: Table,
    /// The edits that are still to come, including the current one; `None` if all samples are played as they
    /// are.
    edits: Option<VecDeque<Edit>>,
    is_first: bool,
    /// Units per second.
    scale: u32,
}

/// A packet to decode.
pub(super) struct Played {
    pub(super) at: u64,
    pub(super) size: u64,
    /// Whether the packet only prepares the decoder, and its sound is dropped.
    pub(super) is_silent: bool,
}

impl Edited {
    /// All samples, in their order.
    pub(super) fn all(table: Table) -> Self {
        Self {
            table,
            edits: None,
            is_first: true,
            scale: 0,
        }
    }

    /// The samples of some edits, of which there is at least one. Returns the time between the first sample that
    /// is decoded and the start of the first edit, too.
    pub(super) fn new(table: Table, edits: Vec<Edit>, scale: u32, most: u64) -> (Self, u64) {
        let start = edits.first().map_or(0, |edit| edit.start);
        let mut edited = Self {
            table,
            edits: Some(edits.into()),
            is_first: true,
            scale,
        };
        edited.seek(most);
        let skip = start.saturating_sub(edited.table.time());
        (edited, skip)
    }

    /// Goes to one second before the current edit, so that the decoder is in the right state when the edit
    /// begins. Returns the number of samples that were skipped.
    fn seek(&mut self, most: u64) -> u64 {
        let edit = self.edits.as_ref().and_then(VecDeque::front);
        let time = edit.map(|edit| edit.start.saturating_sub(u64::from(self.scale)));
        time.map_or(0, |time| self.table.seek(time, most))
    }

    /// The next packet; before it, `left` is lowered by the number of samples that were passed over.
    pub(super) fn next(&mut self, left: &mut u64) -> Option<Played> {
        loop {
            let edit = match &self.edits {
                None => None,
                Some(edits) => Some(*edits.front()?),
            };
            let sample = self.table.next();
            let is_over = edit.is_some_and(|edit| {
                sample.is_none_or(|s| s.time.saturating_add(s.duration) >= edit.end)
            });
            let is_first = self.is_first;
            if let (true, Some(edits)) = (is_over, &mut self.edits) {
                edits.pop_front();
                self.is_first = false;
                *left -= self.seek(*left);
            }
            match (sample, edit) {
                (None, None) => return None,
                (None, Some(_)) => {}
                (Some(sample), edit) => {
                    // What comes before the first edit is dropped sample by sample.
                    let is_played = edit.is_none_or(|edit| {
                        sample.time < edit.end && (sample.time >= edit.start || is_first)
                    });
                    return Some(Played {
                        at: sample.at,
                        size: sample.size,
                        is_silent: !is_played,
                    });
                }
            }
        }
    }
}

/// The bytes of uncompressed sound of some edits, in units of its frames.
pub(super) fn pcm_regions(table: &Table, edits: &[Edit], frame: u64) -> Vec<(u64, u64)> {
    let mut list = Vec::new();
    for (i, edit) in edits.iter().enumerate() {
        let mut time = 0;
        for (at, n) in table.chunks() {
            // Within the chunk, from whole packets to whole packets but for the start of the first edit.
            let within = |t: u64| t.saturating_sub(time).min(n);
            let up = |t: u64| within(t).next_multiple_of(PCM_PACKET).min(n);
            let from = if i == 0 {
                within(edit.start)
            } else {
                up(edit.start)
            };
            let to = up(edit.end);
            if from < to {
                let start = at.saturating_add(from.saturating_mul(frame));
                join(&mut list, start, (to - from).saturating_mul(frame));
            }
            time = time.saturating_add(n);
            if time >= edit.end {
                break;
            }
        }
    }
    list
}
