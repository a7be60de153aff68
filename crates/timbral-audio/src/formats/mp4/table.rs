use super::boxes::Header;
use crate::error::Result;
use crate::formats::bytes::Bytes;

/// Where the samples of a track are: their sizes, and the chunks they are in.
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
    // The place of `next`.
    sample: u64,
    chunk: usize,
    in_chunk: u64,
    run: usize,
    offset: u64,
}

impl Table {
    /// Reads one of the boxes `stsz`, `stz2`, `stsc`, `stco` and `co64`.
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

    /// Offset and size of the next sample.
    pub(super) fn next(&mut self) -> Option<(u64, u64)> {
        let size = self.sample_size(self.sample)?;
        loop {
            let at = self.chunk_at(self.chunk)?;
            let mut run = self.run;
            let n = self.chunk_samples(self.chunk, &mut run);
            self.run = run;
            if self.in_chunk < n {
                if self.in_chunk == 0 {
                    self.offset = at;
                }
                break;
            }
            self.chunk += 1;
            self.in_chunk = 0;
        }
        let at = self.offset;
        self.offset = at.saturating_add(size);
        self.in_chunk += 1;
        self.sample += 1;
        Some((at, size))
    }

    /// The bytes of each chunk of uncompressed samples, where a sample is one frame of `frame` bytes.
    ///
    /// The sizes in the table are not used: QuickTime writes 1 for every sample.
    pub(super) fn pcm_regions(
        &self,
        frame: u64,
        end: u64,
    ) -> std::result::Result<Vec<(u64, u64)>, String> {
        // Programs that write a size per packet of many frames have it in the table.
        let by_size = self.size == 0 || (self.size > 1 && u64::from(self.size) > frame);
        if by_size && !self.sizes.is_empty() {
            let mut table = Self {
                size: self.size,
                count: self.count,
                sizes: self.sizes.clone(),
                size_bits: self.size_bits,
                runs: self.runs.clone(),
                chunks: self.chunks.clone(),
                long_offsets: self.long_offsets,
                ..Self::default()
            };
            let mut list = Vec::new();
            while let Some((at, n)) = table.next() {
                join(&mut list, at, n);
            }
            return Ok(list);
        }
        let mut list = self.block_regions(frame, 1)?;
        // The last chunk of a file that was cut.
        list.retain(|r| r.0 < end);
        Ok(list)
    }

    /// Whether the table counts frames, as QuickTime does, not packets of several frames.
    pub(super) fn counts_frames(&self) -> bool {
        self.size == 1 || self.size == 0 && self.sizes.is_empty()
    }

    /// The bytes of each chunk, where `frames` samples of the table are one block of `block` bytes.
    pub(super) fn block_regions(
        &self,
        block: u64,
        frames: u64,
    ) -> std::result::Result<Vec<(u64, u64)>, String> {
        let mut list = Vec::new();
        let (mut run, mut left, mut i) = (0, self.count, 0);
        while left > 0 {
            let Some(at) = self.chunk_at(i) else { break };
            let n = self.chunk_samples(i, &mut run).min(left);
            left -= n;
            i += 1;
            join(&mut list, at, n.div_ceil(frames).saturating_mul(block));
        }
        if list.is_empty() {
            return Err("no table of its samples".into());
        }
        Ok(list)
    }
}

/// Appends a region, to the last one if it continues it.
fn join(list: &mut Vec<(u64, u64)>, at: u64, n: u64) {
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
