//! EBML (RFC 8794): elements of an identifier, a size and content.

use crate::error::Result;
use crate::formats::bytes::Bytes;

/// Identifiers of elements.
pub(crate) mod ids {
    pub(crate) const SEGMENT: u32 = 0x1853_8067;
    pub(crate) const SEEK_HEAD: u32 = 0x114d_9b74;
    pub(crate) const SEEK: u32 = 0x4dbb;
    pub(crate) const SEEK_ID: u32 = 0x53ab;
    pub(crate) const SEEK_POSITION: u32 = 0x53ac;
    pub(crate) const TRACKS: u32 = 0x1654_ae6b;
    pub(crate) const CLUSTER: u32 = 0x1f43_b675;
    pub(crate) const TRACK_ENTRY: u32 = 0xae;
    pub(crate) const TRACK_NUMBER: u32 = 0xd7;
    pub(crate) const TRACK_TYPE: u32 = 0x83;
    pub(crate) const CODEC_ID: u32 = 0x86;
    pub(crate) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(crate) const AUDIO: u32 = 0xe1;
    pub(crate) const SAMPLING_FREQUENCY: u32 = 0xb5;
    pub(crate) const CHANNELS: u32 = 0x9f;
    pub(crate) const BIT_DEPTH: u32 = 0x6264;
    pub(crate) const ENCODINGS: u32 = 0x6d80;
    pub(crate) const ENCODING: u32 = 0x6240;
    pub(crate) const COMPRESSION: u32 = 0x5034;
    pub(crate) const COMP_ALGO: u32 = 0x4254;
    pub(crate) const COMP_SETTINGS: u32 = 0x4255;
    pub(crate) const ENCRYPTION: u32 = 0x5035;
    pub(crate) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(crate) const BLOCK_GROUP: u32 = 0xa0;
    pub(crate) const BLOCK: u32 = 0xa1;
    pub(crate) const DISCARD_PADDING: u32 = 0x75a2;
    pub(crate) const INFO: u32 = 0x1549_a966;
    pub(crate) const TITLE: u32 = 0x7ba9;
    pub(crate) const TAGS: u32 = 0x1254_c367;
    pub(crate) const TAG: u32 = 0x7373;
    pub(crate) const TARGETS: u32 = 0x63c0;
    pub(crate) const TARGET_TYPE_VALUE: u32 = 0x68ca;
    pub(crate) const TAG_EDITION_UID: u32 = 0x63c9;
    pub(crate) const TAG_CHAPTER_UID: u32 = 0x63c4;
    pub(crate) const TAG_ATTACHMENT_UID: u32 = 0x63c6;
    pub(crate) const SIMPLE_TAG: u32 = 0x67c8;
    pub(crate) const TAG_NAME: u32 = 0x45a3;
    pub(crate) const TAG_STRING: u32 = 0x4487;
}

/// The head of an element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element {
    pub(crate) id: u32,
    /// `None` if it was unknown when it was written.
    pub(crate) size: Option<u64>,
    /// Where its content starts.
    pub(crate) body: u64,
}

impl Element {
    /// The element at the position, which is then at its content; `None` at the end of the file, or where no
    /// element can be.
    pub(crate) fn read(bytes: &mut Bytes) -> Result<Option<Self>> {
        let Some((id, _)) = number(bytes, 4, true)? else {
            return Ok(None);
        };
        let Some((size, length)) = number(bytes, 8, false)? else {
            return Ok(None);
        };
        // All bits set.
        let unknown = size == (1 << (7 * length)) - 1;
        Ok(Some(Self {
            id: id as u32,
            size: (!unknown).then_some(size),
            body: bytes.at(),
        }))
    }

    /// Where it ends, at most `limit`.
    pub(crate) fn end(&self, limit: u64) -> u64 {
        let end = self.size.map_or(limit, |n| self.body.saturating_add(n));
        end.min(limit.max(self.body))
    }
}

/// A number and its length in bytes, which is the place of the first set bit; `marked` keeps that bit.
fn number(bytes: &mut Bytes, most: u32, marked: bool) -> Result<Option<(u64, u32)>> {
    if bytes.left() == 0 {
        return Ok(None);
    }
    let [first] = bytes.array::<1>()?;
    let length = first.leading_zeros() + 1;
    if length > most || u64::from(length - 1) > bytes.left() {
        return Ok(None);
    }
    let mut x = u64::from(first);
    if !marked {
        x &= (1 << (8 - length)) - 1;
    }
    for _ in 1..length {
        let [byte] = bytes.array::<1>()?;
        x = x << 8 | u64::from(byte);
    }
    Ok(Some((x, length)))
}

/// An unsigned integer of up to 8 bytes.
pub(crate) fn unsigned(b: &[u8]) -> u64 {
    b.iter().fold(0, |x, y| x << 8 | u64::from(*y))
}

/// A float of 0, 4 or 8 bytes.
pub(crate) fn float(b: &[u8]) -> f64 {
    match b.len() {
        4 => f64::from(f32::from_bits(unsigned(b) as u32)),
        8 => f64::from_bits(unsigned(b)),
        _ => 0.0,
    }
}
