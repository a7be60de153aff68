//! Symphonia decodes frames of one sample rate and number of channels, with a bit rate in their header. This
//! decoder adds changes of the rate and the channels, and free format.

use super::header::Header;
use crate::formats::codec::{Decoded, Failure};
use crate::formats::symphonia::PacketDecoder;

/// A decoder of MPEG audio frames.
pub(crate) struct MpegDecoder {
    inner: Option<(Header, PacketDecoder)>,
    /// Main data of free-format frames, for the frames after them.
    reservoir: Vec<u8>,
}

/// The largest distance back into the main data of earlier frames.
const RESERVOIR_BYTES: usize = 511;

impl MpegDecoder {
    pub(crate) fn new() -> Self {
        Self {
            inner: None,
            reservoir: Vec::new(),
        }
    }

    /// Decodes the frames in a packet: one, or several that a container stores together.
    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        let mut rest = packet;
        let mut spec = None;
        while let Some(header) = Header::parse(rest) {
            let bytes = header.bytes.unwrap_or(rest.len());
            let Some((frame, after)) = rest.split_at_checked(bytes) else {
                break;
            };
            spec = Some(self.frame(header, frame, out)?);
            rest = after;
        }
        spec.ok_or_else(|| Failure::Damaged("no whole MPEG frame".into()))
    }

    fn frame(&mut self, header: Header, frame: &[u8], out: &mut Vec<f32>) -> Decoded {
        let unlike = |h: &Header| {
            (h.layer, h.sample_rate, h.channels)
                != (header.layer, header.sample_rate, header.channels)
        };
        if self.inner.as_ref().is_some_and(|(h, _)| unlike(h)) {
            self.inner = None;
        }
        let (_, decoder) = match &mut self.inner {
            Some(inner) => inner,
            none => none.insert((header, PacketDecoder::mpeg(header.layer)?)),
        };
        let start = out.len();
        let result = if header.bytes.is_some() {
            decoder.decode(frame, out)
        } else {
            let frame = self_contained(header, frame, &mut self.reservoir)?;
            decoder.decode(&frame, out)
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }
}

/// A layer III frame of free format as one of a bit rate of the table, without reference to earlier frames.
fn self_contained(
    header: Header,
    frame: &[u8],
    reservoir: &mut Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let unsupported = |what: &str| Failure::Unsupported(format!("free-format MPEG audio: {what}"));
    if header.layer != 3 {
        return Err(unsupported("layers I and II"));
    }
    let side_at = if header.crc { 6 } else { 4 };
    let side_end = side_at + header.side_info_bytes();
    let (Some(side), Some(main)) = (frame.get(side_at..side_end), frame.get(side_end..)) else {
        return Err(Failure::Damaged("the packet ends too early".into()));
    };
    let channels = usize::from(header.channels);
    let bits = |at: usize, n: usize| -> usize {
        (at..at + n).fold(0, |x, i| {
            x << 1 | usize::from(side[i / 8] >> (7 - i % 8) & 1)
        })
    };
    // ISO 11172-3, 2.4.1.7 and 13818-3, 2.4.1.7.
    let (begin_bits, private, granules, per_channel) = match (header.version, channels) {
        (3, 1) => (9, 5 + 4, 2, 59),
        (3, _) => (9, 3 + 8, 2, 59),
        (_, 1) => (8, 1, 1, 63),
        _ => (8, 2, 1, 63),
    };
    let begin = bits(0, begin_bits);
    let used: usize = (0..granules * channels)
        .map(|i| bits(begin_bits + private + i * per_channel, 12))
        .sum();
    let used = used.div_ceil(8);
    let mut data = vec![0; begin.saturating_sub(reservoir.len())];
    data.extend(&reservoir[reservoir.len().saturating_sub(begin)..]);
    data.extend(main);
    reservoir.extend(main);
    reservoir.drain(..reservoir.len().saturating_sub(RESERVOIR_BYTES));
    data.truncate(used);
    // The smallest bit rate whose frame is large enough.
    let mut rewritten = [frame[0], frame[1] | 1, 0, frame[3]];
    for index in 1..15u8 {
        rewritten[2] = index << 4 | (frame[2] & 0x0c);
        let Some(bytes) = Header::parse(&rewritten).and_then(|h| h.bytes) else {
            continue;
        };
        if bytes >= 4 + side.len() + data.len() {
            let mut out = rewritten.to_vec();
            out.extend(side);
            // No bytes of earlier frames.
            out[4] = 0;
            if begin_bits == 9 {
                out[5] &= 0x7f;
            }
            out.extend(data);
            out.resize(bytes, 0);
            return Ok(out);
        }
    }
    Err(unsupported(
        "a frame with more bits than the highest bit rate of the table",
    ))
}
