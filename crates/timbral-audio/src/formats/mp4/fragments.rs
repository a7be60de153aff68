use std::collections::VecDeque;

use super::boxes::{Header, each};
use crate::error::Result;
use crate::formats::bytes::Bytes;

/// The samples of one track in movie fragments (`moof`), read as they are needed.
pub(super) struct Fragments {
    next_box: u64,
    track: u32,
    default_size: u32,
    queue: VecDeque<(u64, u64)>,
}

/// Samples of one fragment that are accepted: an hour of AAC has 155 000.
const MOST_SAMPLES: usize = 1 << 20;

impl Fragments {
    /// The fragments from the box at `at` on; `default_size` is that of a sample.
    pub(super) fn new(at: u64, track: u32, default_size: u32) -> Self {
        Self {
            next_box: at,
            track,
            default_size,
            queue: VecDeque::new(),
        }
    }

    /// Offset and size of the next sample.
    pub(super) fn next(&mut self, bytes: &mut Bytes) -> Result<Option<(u64, u64)>> {
        while self.queue.is_empty() {
            bytes.seek(self.next_box)?;
            let Some(header) = Header::read(bytes)? else {
                return Ok(None);
            };
            if &header.name == b"moof" {
                self.read(bytes, header)?;
            }
            // At least the header, so that the loop ends.
            self.next_box = header.end.max(header.body);
        }
        Ok(self.queue.pop_front())
    }

    fn read(&mut self, bytes: &mut Bytes, moof: Header) -> Result<()> {
        let mut data_end = moof.end + 8;
        each(bytes, moof, &mut |bytes, traf| {
            if &traf.name != b"traf" {
                return Ok(());
            }
            let (mut mine, mut base, mut size) = (false, moof.at, self.default_size);
            each(bytes, traf, &mut |bytes, header| {
                match &header.name {
                    b"tfhd" => {
                        let flags = u32::from_be_bytes(bytes.array()?);
                        mine = u32::from_be_bytes(bytes.array()?) == self.track;
                        if flags & 1 != 0 {
                            base = u64::from_be_bytes(bytes.array()?);
                        }
                        for bit in [2, 8] {
                            if flags & bit != 0 {
                                bytes.skip(4)?;
                            }
                        }
                        if flags & 0x10 != 0 {
                            size = u32::from_be_bytes(bytes.array()?);
                        }
                    }
                    b"trun" if mine => {
                        data_end = self.run(bytes, header, base, data_end, size)?;
                    }
                    _ => {}
                }
                Ok(())
            })
        })
    }

    /// Reads a run of samples; returns where its data end.
    fn run(
        &mut self,
        bytes: &mut Bytes,
        header: Header,
        base: u64,
        previous_end: u64,
        default_size: u32,
    ) -> Result<u64> {
        let flags = u32::from_be_bytes(bytes.array()?);
        let count = u32::from_be_bytes(bytes.array()?);
        let mut at = previous_end;
        if flags & 1 != 0 {
            let offset = i32::from_be_bytes(bytes.array()?);
            at = base.saturating_add_signed(i64::from(offset));
        }
        if flags & 4 != 0 {
            bytes.skip(4)?;
        }
        for _ in 0..count {
            let per_sample = flags & 0xf00 != 0;
            if self.queue.len() >= MOST_SAMPLES || (per_sample && bytes.at() >= header.end) {
                break;
            }
            if flags & 0x100 != 0 {
                bytes.skip(4)?;
            }
            let mut size = default_size;
            if flags & 0x200 != 0 {
                size = u32::from_be_bytes(bytes.array()?);
            }
            for bit in [0x400, 0x800] {
                if flags & bit != 0 {
                    bytes.skip(4)?;
                }
            }
            self.queue.push_back((at, u64::from(size)));
            at = at.saturating_add(u64::from(size));
        }
        Ok(at)
    }
}
