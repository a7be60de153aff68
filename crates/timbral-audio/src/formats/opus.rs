//! Opus (RFC 6716, 8251) in containers (RFC 7845), decoded by the crate ropus. It is a translation of libopus
//! with fixed-point arithmetic, and its samples have 16 bits.
//!
//! The crate opus-decoder is not used. Its version 0.1.1 fails at the first packet of ordinary files in a build
//! with overflow checks (`vq.rs`, "shift left with overflow"), and refuses packets of more than two channels.

use ropus::opus::multistream::OpusMSDecoder;

use super::codec::{CodecParams, Decoded, Failure, catch_panics};

/// The sample rate of all Opus streams here.
pub(crate) const RATE: u32 = 48_000;

/// The longest packet, in frames: 120 ms.
const LONGEST_PACKET: usize = 5760;

/// A decoder of one stream.
pub(crate) struct OpusStream {
    decoder: OpusMSDecoder,
    channels: usize,
    gain: f32,
    scratch: Vec<i16>,
}

impl OpusStream {
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let head = Head::parse(&params.extra)?;
        let decoder = catch_panics(|| {
            OpusMSDecoder::new(
                RATE as i32,
                head.channels as i32,
                head.streams as i32,
                head.coupled as i32,
                &head.mapping,
            )
            .map_err(|e| Failure::Damaged(format!("Opus: error {e}")))
        })?;
        Ok(Self {
            decoder,
            channels: head.channels,
            gain: head.gain,
            scratch: vec![0; LONGEST_PACKET * head.channels],
        })
    }

    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        if packet.is_empty() {
            return Err(Failure::Damaged("an empty packet".into()));
        }
        let (decoder, scratch) = (&mut self.decoder, &mut self.scratch);
        let frames = catch_panics(|| {
            decoder
                .decode(
                    Some(packet),
                    packet.len() as i32,
                    scratch,
                    LONGEST_PACKET as i32,
                    false,
                )
                .map_err(|e| Failure::Damaged(format!("Opus: error {e}")))
        })?;
        let values = (frames.max(0) as usize * self.channels).min(self.scratch.len());
        // Of a value of 16 bits.
        let gain = self.gain / 32_768.0;
        out.extend(self.scratch[..values].iter().map(|x| f32::from(*x) * gain));
        Ok((RATE, self.channels as u32))
    }
}

/// The identification header.
struct Head {
    channels: usize,
    gain: f32,
    streams: usize,
    coupled: usize,
    mapping: Vec<u8>,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self, Failure> {
        let (Some(fixed), true) = (head.first_chunk::<19>(), head.starts_with(b"OpusHead")) else {
            return Err(Failure::Damaged("no Opus identification header".into()));
        };
        if fixed[8] >> 4 != 0 {
            return Err(Failure::Unsupported(format!("Opus version {}", fixed[8])));
        }
        let channels = usize::from(fixed[9]);
        let gain = i16::from_le_bytes([fixed[16], fixed[17]]);
        let (streams, coupled, mapping) = match fixed[18] {
            0 if matches!(channels, 1 | 2) => (1, channels - 1, (0..channels as u8).collect()),
            1..=254 => {
                let table = head.get(19..21 + channels);
                let table = table.ok_or_else(|| Failure::Damaged("Opus: no mapping".into()))?;
                if fixed[18] > 2 || fixed[18] == 1 && channels > 8 {
                    let what = format!("Opus mapping family {} of {channels} channels", fixed[18]);
                    return Err(Failure::Unsupported(what));
                }
                (
                    usize::from(table[0]),
                    usize::from(table[1]),
                    table[2..].to_vec(),
                )
            }
            255 => {
                let table = head.get(19..21 + channels);
                let table = table.ok_or_else(|| Failure::Damaged("Opus: no mapping".into()))?;
                (
                    usize::from(table[0]),
                    usize::from(table[1]),
                    table[2..].to_vec(),
                )
            }
            _ => return Err(Failure::Damaged(format!("Opus of {channels} channels"))),
        };
        if channels == 0 || streams == 0 || coupled > streams || streams + coupled > 255 {
            return Err(Failure::Damaged("Opus: a mapping without streams".into()));
        }
        Ok(Self {
            channels,
            // Q7.8 decibels.
            gain: libm::powf(10.0, f32::from(gain) / (20.0 * 256.0)),
            streams,
            coupled,
            mapping,
        })
    }
}
