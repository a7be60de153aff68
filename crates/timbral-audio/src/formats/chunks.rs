//! The heads of the chunks of RIFF and of IFF (AIFF).

use super::bytes::Bytes;
use super::encoding::Endian;
use crate::error::Result;

/// The name and place of a chunk; the position is at its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) name: [u8; 4],
    /// Bytes of its content, by its header.
    pub(crate) size: u64,
    /// Where its content starts.
    pub(crate) at: u64,
}

impl Chunk {
    /// The chunk at the position; `None` at the end.
    pub(crate) fn read(bytes: &mut Bytes, endian: Endian) -> Result<Option<Self>> {
        if bytes.left() < 8 {
            return Ok(None);
        }
        let name = bytes.array()?;
        let size = bytes.array()?;
        let size = u64::from(match endian {
            Endian::Little => u32::from_le_bytes(size),
            Endian::Big => u32::from_be_bytes(size),
        });
        let at = bytes.at();
        Ok(Some(Self { name, size, at }))
    }
}
