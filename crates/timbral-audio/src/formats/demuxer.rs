//! What the parsers of containers and streams give: packets of a codec.

use super::codec::CodecParams;
use crate::error::Result;

/// One packet of a codec.
#[derive(Debug, Default)]
pub(crate) struct Packet {
    pub(crate) data: Vec<u8>,
    /// Its offset in the file.
    pub(crate) at: u64,
    /// Frames that it decodes to, if known; the length of the gap if it is damaged.
    pub(crate) frames: Option<u64>,
    /// The number of decoded frames that the stream has up to the end of this packet; frames beyond it are
    /// padding.
    pub(crate) end: Option<u64>,
    /// Nanoseconds of padding at its end, or, if negative, at its start.
    pub(crate) padding: i64,
    /// Set for the first packet of every stream.
    pub(crate) start: Option<Start>,
    /// Why the packet is known to be damaged before it is decoded.
    pub(crate) damage: Option<String>,
}

impl Packet {
    /// The padding of a packet that only prepares the decoder for the next ones: all of it.
    pub(crate) const SILENT: i64 = i64::MAX;
}

/// The start of a stream of packets of one codec.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) codec: CodecParams,
    /// Decoded frames to drop at the start: the delay of the encoder. They are counted at the rate of `codec`,
    /// which HE-AAC can double.
    pub(crate) skip: u64,
}

/// Finds the packets of a file.
pub(crate) trait Demuxer: Send {
    /// The next packet; `None` at the end. The first packet has a [`Start`].
    fn next(&mut self) -> Result<Option<Packet>>;

    /// Whether the file ended inside or before a packet that it declares.
    fn is_cut(&self) -> bool {
        false
    }
}
