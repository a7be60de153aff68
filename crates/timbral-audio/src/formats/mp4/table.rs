use super::boxes::Header;
use crate::error::Result;
use crate::formats::bytes::Bytes;

/// A sample of a track: a packet, or a frame of uncompressed sound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) at: u64,
    pub(super) size: u64,
    /// When it starts and how long it is, in units of the track.
    pub(super) time: u64,
    pub(super) duration: u64,
}

/// Where the samples of a track are: their sizes, the chunks they are in, and how long they are.
///
/// The tables are kept as the bytes of the file, so a count in the file never asks for memory that the file
/// does not fill.
#[derive(Default)]
pub(super) struct Table {
    /// The size of every sample; 0 if they differ.
    size: u32,
    count: u64,
    sizes: Vec<u8>,
    size_bits: u8,
    /// Triples of first chunk, samples per chunk, description.
    runs: Vec<u8>,
    chunks: Vec<u8>,
    long_offsets: bool,
    /// Pairs of a number of samples and the duration of each.
    durations: Vec<u8>,
    place: Place,
}

/// The place of [`Table::next`].
#[derive(Default, Clone, Copy)]
struct Place {
    sample: u64,
    chunk: usize,
    in_chunk: u64,
    run: usize,
    offset: u64,
    time: u64,
    /// The entry of the durations, and how many samples of it came.
    entry: usize,
    in_entry: u32,
}

impl Table {
    /// Reads one of the boxes `stsz`, `stz2`, `stsc`, `stts`, `stco` and `co64`.
    pub(super) fn read(&mut self, bytes: &mut Bytes, header: Header) -> Result<()> {
        bytes.skip(4)?;
        let rest = |bytes: &mut Bytes| bytes.vec(header.end.saturating_sub(bytes.at()));
        match &header.name {
            b"stsz" => {
                self.size = u32::from_be_bytes(bytes.array()?);
                self.count = u64::from(u32::from_be_bytes(bytes.array()?));
                self.size_bits = 32;
                if self.size == 0 {
                    self.sizes = rest(bytes)?;
                }
            }
            b"stz2" => {
                let field: [u8; 4] = bytes.array()?;
                self.size_bits = field[3];
                self.count = u64::from(u32::from_be_bytes(bytes.array()?));
                self.sizes = rest(bytes)?;
            }
            b"stsc" => {
                bytes.skip(4)?;
                self.runs = rest(bytes)?;
            }
            b"stts" => {
                bytes.skip(4)?;
                self.durations = rest(bytes)?;
            }
            name => {
                bytes.skip(4)?;
                self.long_offsets = name == b"co64";
                self.chunks = rest(bytes)?;
            }
        }
        Ok(())
    }

    /// Offset of chunk `i`.
    fn chunk_at(&self, i: usize) -> Option<u64> {
        if self.long_offsets {
            let b = self.chunks.get(8 * i..8 * i + 8)?;
            return Some(b.iter().fold(0, |x, b| x << 8 | u64::from(*b)));
        }
        word(&self.chunks, i).map(u64::from)
    }

    /// Samples in chunk `i`; `run` is moved to its entry.
    fn chunk_samples(&self, i: usize, run: &mut usize) -> u64 {
        while let Some(first) = word(&self.runs, 3 * (*run + 1)) {
            if first as usize > i + 1 {
                break;
            }
            *run += 1;
        }
        word(&self.runs, 3 * *run + 1).map_or(0, u64::from)
    }

    fn sample_size(&self, i: u64) -> Option<u64> {
        if i >= self.count {
            return None;
        }
        if self.size > 0 {
            return Some(u64::from(self.size));
        }
        let i = i as usize;
        match self.size_bits {
            4 => {
                let pair = *self.sizes.get(i / 2)?;
                Some(u64::from(if i.is_multiple_of(2) {
                    pair >> 4
                } else {
                    pair & 15
                }))
            }
            8 => self.sizes.get(i).map(|b| u64::from(*b)),
            16 => {
                let b = self.sizes.get(2 * i..2 * i + 2)?;
                Some(u64::from(b[0]) << 8 | u64::from(b[1]))
            }
            _ => word(&self.sizes, i).map(u64::from),
        }
    }

    /// The next sample.
    pub(super) fn next(&mut self) -> Option<Sample> {
        let mut place = self.place;
        let sample = self.step(&mut place);
        self.place = place;
        sample
    }

    /// The sample at a place, which goes on to the next one.
    fn step(&self, place: &mut Place) -> Option<Sample> {
        let size = self.sample_size(place.sample)?;
        loop {
            let at = self.chunk_at(place.chunk)?;
            let n = self.chunk_samples(place.chunk, &mut place.run);
            if place.in_chunk < n {
                if place.in_chunk == 0 {
                    place.offset = at;
                }
                break;
            }
            place.chunk += 1;
            place.in_chunk = 0;
        }
        let (at, time) = (place.offset, place.time);
        let duration = self.duration(place);
        place.offset = at.saturating_add(size);
        place.in_chunk += 1;
        place.sample += 1;
        place.time = time.saturating_add(duration);
        Some(Sample {
            at,
            size,
            time,
            duration,
        })
    }

    /// The duration of the next sample; the last entry is that of all that follow.
    fn duration(&self, place: &mut Place) -> u64 {
        let entry = |i: usize| {
            Some((
                word(&self.durations, 2 * i)?,
                word(&self.durations, 2 * i + 1)?,
            ))
        };
        while let (Some((n, _)), Some(_)) = (entry(place.entry), entry(place.entry + 1)) {
            if place.in_entry < n {
                break;
            }
            place.entry += 1;
            place.in_entry = 0;
        }
        place.in_entry = place.in_entry.saturating_add(1);
        entry(place.entry).map_or(0, |(_, duration)| u64::from(duration))
    }

    /// Goes to the sample that is played at a time, or to the end. Returns the number of samples that were
    /// skipped; stops after `most` of them.
    pub(super) fn seek(&mut self, time: u64, most: u64) -> u64 {
        if self.place.time > time {
            self.place = Place::default();
        }
        for passed in 0..most {
            let mut place = self.place;
            match self.step(&mut place) {
                Some(sample) if sample.time.saturating_add(sample.duration) <= time => {
                    self.place = place;
                }
                _ => return passed,
            }
        }
        most
    }

    /// When the next sample starts.
    pub(super) fn time(&self) -> u64 {
        self.place.time
    }

    /// Whether it has the durations of its samples.
    pub(super) fn is_timed(&self) -> bool {
        self.durations.len() >= 8
    }

    /// The bytes of each chunk of uncompressed samples, where a sample is one frame of `frame` bytes.
    ///
    /// The sizes in the table are not used: QuickTime writes 1 for every sample.
    pub(super) fn pcm_regions(
        &self,
        frame: u64,
        end: u64,
    ) -> std::result::Result<Vec<(u64, u64)>, String> {
        if !self.counts_frames_of(frame) {
            let (mut list, mut place) = (Vec::new(), Place::default());
            while let Some(sample) = self.step(&mut place) {
                join(&mut list, sample.at, sample.size);
            }
            return Ok(list);
        }
        let mut list = self.block_regions(frame, 1)?;
        // The last chunk of a file that was cut.
        list.retain(|r| r.0 < end);
        Ok(list)
    }

    /// Whether the samples are frames of so many bytes. Programs that write a size per packet of many frames have it
    /// in the table.
    pub(super) fn counts_frames_of(&self, frame: u64) -> bool {
        let by_size = self.size == 0 || (self.size > 1 && u64::from(self.size) > frame);
        !by_size || self.sizes.is_empty()
    }

    /// Whether the table counts frames, as QuickTime does, not packets of several frames.
    pub(super) fn counts_frames(&self) -> bool {
        self.size == 1 || self.size == 0 && self.sizes.is_empty()
    }

    /// Offset and samples of each chunk.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (u64, u64)> {
        let (mut run, mut left, mut i) = (0, self.count, 0);
        std::iter::from_fn(move || {
            let at = self.chunk_at(i).filter(|_| left > 0)?;
            let n = self.chunk_samples(i, &mut run).min(left);
            left -= n;
            i += 1;
            Some((at, n))
        })
    }

    /// The bytes of each chunk, where `frames` samples of the table are one block of `block` bytes.
    pub(super) fn block_regions(
        &self,
        block: u64,
        frames: u64,
    ) -> std::result::Result<Vec<(u64, u64)>, String> {
        let mut list = Vec::new();
        for (at, n) in self.chunks() {
            join(&mut list, at, n.div_ceil(frames).saturating_mul(block));
        }
        if list.is_empty() {
            return Err("no table of its samples".into());
        }
        Ok(list)
    }
}

/// Appends a region, to the last one if it continues it.
pub(super) fn join(list: &mut Vec<(u64, u64)>, at: u64, n: u64) {
    match list.last_mut() {
        Some((start, length)) if start.checked_add(*length) == Some(at) => {
            *length = length.saturating_add(n)
        }
        _ if n == 0 => {}
        _ => list.push((at, n)),
    }
}

/// Big-endian word `i` of a table.
fn word(table: &[u8], i: usize) -> Option<u32> {
    let b = table.get(4 * i..4 * i + 4)?;
    Some(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}
