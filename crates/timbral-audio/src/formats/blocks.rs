use super::bytes::Regions;
use super::codec::{CodecParams, Kind};
use super::demuxer::{Demuxer, Packet, Start};
use crate::error::Result;

/// Blocks of a fixed number of bytes, as packets.
pub(crate) struct Blocks {
    data: Regions,
    codec: Option<CodecParams>,
    frames: u64,
    bytes: usize,
}

/// Bytes and frames per channel in a packet of Apple's IMA ADPCM.
const IMA4: (u32, u32) = (34, 64);

impl Blocks {
    pub(crate) fn new(data: Regions, codec: CodecParams, bytes: usize) -> Self {
        Self {
            data,
            frames: u64::from(codec.frames),
            codec: Some(codec),
            bytes,
        }
    }

    /// The packets of Apple's IMA ADPCM, of one or two channels.
    pub(crate) fn ima4(data: Regions, sample_rate: u32, channels: u32) -> Result<Self> {
        if channels > 2 {
            let what = format_args!("ima4 of {channels} channels");
            return Err(data.bytes.unsupported(what));
        }
        let mut codec = CodecParams::new(Kind::AdpcmImaQt, sample_rate, channels, Vec::new());
        codec.frames = IMA4.1;
        Ok(Self::new(data, codec, (IMA4.0 * channels) as usize))
    }

    /// Bytes and frames of such a packet.
    pub(crate) fn ima4_size(channels: u32) -> (u64, u64) {
        (u64::from(IMA4.0) * u64::from(channels), u64::from(IMA4.1))
    }
}

impl Demuxer for Blocks {
    fn next(&mut self) -> Result<Option<Packet>> {
        let at = self.data.at();
        let mut block = vec![0; self.bytes];
        // An incomplete block at the end is dropped.
        if self.data.read(&mut block)? < self.bytes {
            return Ok(None);
        }
        Ok(Some(Packet {
            data: block,
            at,
            frames: Some(self.frames),
            start: self.codec.take().map(|codec| Start { codec, skip: 0 }),
            ..Packet::default()
        }))
    }
}
