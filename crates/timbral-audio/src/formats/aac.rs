//! AAC (ISO 14496-3): the configuration of a stream, and the frames of an ADTS file.
//!
//! AAC-LC and HE-AAC are decoded. HE-AAC is LC with the upper half of the spectrum (SBR) and parametric stereo
//! (PS) in few bits. A stream need not declare them: ADTS cannot do so, and old programs must be able to play
//! it. So LC of up to 24 kHz is passed to a decoder that detects SBR in the packets, as in ffmpeg.

use super::bytes::{Regions, Window};
use super::codec::{CodecParams, Kind};
use super::demuxer::{Demuxer, Packet, Start};
use super::tags;
use crate::error::Result;

const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// The highest rate of a core that SBR may double without a declaration.
const MOST_IMPLICIT: u32 = 24_000;

/// The bits of an AudioSpecificConfig.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, n: usize) -> std::result::Result<u32, String> {
        let mut x = 0;
        for i in self.at..self.at + n {
            let byte = self.bytes.get(i / 8);
            let byte = byte.ok_or("the AAC configuration is too short")?;
            x = x << 1 | u32::from(byte >> (7 - i % 8) & 1);
        }
        self.at += n;
        Ok(x)
    }

    fn object(&mut self) -> std::result::Result<u32, String> {
        match self.take(5)? {
            31 => Ok(32 + self.take(6)?),
            object => Ok(object),
        }
    }

    fn rate(&mut self) -> std::result::Result<u32, String> {
        match self.take(4)? {
            15 => self.take(24),
            index => match RATES.get(index as usize) {
                Some(rate) => Ok(*rate),
                None => Err("AAC of an unknown sample rate".into()),
            },
        }
    }

    /// The rate with SBR, if an extension behind the configuration has it (ISO 14496-3, 1.6.6).
    fn extension(&mut self) -> Option<u32> {
        let is_sbr = self.take(11) == Ok(0x2b7) && self.object() == Ok(5) && self.take(1) == Ok(1);
        self.rate().ok().filter(|_| is_sbr)
    }
}

/// Reads an AudioSpecificConfig; `Err` has what is not supported, or not valid.
pub(crate) fn config(asc: &[u8]) -> std::result::Result<CodecParams, String> {
    let mut bits = Bits { bytes: asc, at: 0 };
    let mut object = bits.object()?;
    let rate = bits.rate()?;
    let channels = bits.take(4)?;
    let mut with_sbr = None;
    // With SBR, and with PS: its rate, then the object type of the core.
    if matches!(object, 5 | 29) {
        with_sbr = Some(bits.rate()?);
        object = bits.object()?;
    }
    if object != 2 {
        let name = match object {
            1 => "Main",
            3 => "SSR",
            4 => "LTP",
            23 => "LD",
            39 => "ELD",
            42 => "xHE-AAC",
            _ => "another profile",
        };
        return Err(format!(
            "AAC {name} (object type {object}; supported are AAC-LC and HE-AAC)"
        ));
    }
    if bits.take(1)? == 1 {
        return Err("AAC with frames of 960 samples".into());
    }
    let mut params = params(rate, channels)?;
    // It depends on no core coder, and has no extension of its own.
    if with_sbr.is_none() && bits.take(2) == Ok(0) {
        with_sbr = bits.extension();
    }
    if let Some(rate) = with_sbr {
        params.kind = Kind::HeAac;
        params.sample_rate = rate;
        params.extra = asc.to_vec();
    }
    Ok(params)
}

/// A stream of AAC-LC, of a channel configuration of ISO 14496-3, table 1.19.
fn params(sample_rate: u32, channels: u32) -> std::result::Result<CodecParams, String> {
    if !(1..=7).contains(&channels) {
        return Err(match channels {
            0 => "AAC whose channels are described in the stream".into(),
            n => format!("AAC of channel configuration {n}"),
        });
    }
    // Written anew, without the extensions that a configuration may end with.
    let mut extra = vec![2 << 3];
    match RATES.iter().position(|r| *r == sample_rate) {
        Some(index) => {
            extra[0] |= (index >> 1) as u8;
            extra.push(((index & 1) << 7) as u8 | (channels << 3) as u8);
        }
        None => {
            // Object type of 5 bits, index of 4, rate of 24, channels of 4, and zeros.
            let word = (2u64 << 59)
                | (15u64 << 55)
                | (u64::from(sample_rate) << 31)
                | (u64::from(channels) << 27);
            extra = word.to_be_bytes()[..6].to_vec();
        }
    }
    // Configuration 7 has eight channels.
    let channels = if channels == 7 { 8 } else { channels };
    let kind = match channels {
        1 | 2 if sample_rate > MOST_IMPLICIT => Kind::Aac,
        _ => Kind::HeAac,
    };
    let mut params = CodecParams::new(kind, sample_rate, channels, extra);
    params.frames = 1024;
    Ok(params)
}

/// The header of an ADTS frame (ISO 13818-7, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Adts {
    object: u8,
    rate: usize,
    channels: u32,
    header_bytes: usize,
    bytes: usize,
    blocks: u8,
}

impl Adts {
    fn parse(b: &[u8]) -> Option<Self> {
        let [b0, b1, b2, b3, b4, b5, b6] = *b.first_chunk::<7>()?;
        let sync = b0 == 0xff && b1 & 0xf6 == 0xf0;
        let header_bytes = if b1 & 1 == 1 { 7 } else { 9 };
        let bytes = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        let rate = usize::from((b2 >> 2) & 15);
        (sync && rate < RATES.len() && bytes > header_bytes).then_some(Self {
            object: (b2 >> 6) + 1,
            rate,
            channels: u32::from(b2 & 1) << 2 | u32::from(b3 >> 6),
            header_bytes,
            bytes,
            blocks: (b6 & 3) + 1,
        })
    }

    fn same_stream(&self, other: &Self) -> bool {
        (self.object, self.rate) == (other.object, other.rate)
    }
}

/// Whether an ADTS frame starts `b` and another follows it, or `b` is a whole file that ends there.
pub(crate) fn two_frames(b: &[u8], whole: bool) -> bool {
    let Some(first) = Adts::parse(b) else {
        return false;
    };
    match b.get(first.bytes..) {
        Some([]) => whole,
        Some(rest) => Adts::parse(rest).is_some_and(|h| h.same_stream(&first)),
        None => false,
    }
}

/// The frames of an ADTS stream; what is between them is passed over.
pub(crate) struct AdtsFrames {
    window: Window,
    last: Option<Adts>,
}

impl AdtsFrames {
    pub(crate) fn new(regions: Regions) -> Self {
        Self {
            window: Window::new(regions),
            last: None,
        }
    }
}

impl Demuxer for AdtsFrames {
    fn next(&mut self) -> Result<Option<Packet>> {
        loop {
            if self.window.peek(7)?.len() < 7 {
                return Ok(None);
            }
            if let Some(n) = tags::length(self.window.peek(tags::HEAD)?) {
                self.window.advance(n)?;
                continue;
            }
            let Some(header) = Adts::parse(self.window.peek(7)?) else {
                self.window.advance(1)?;
                continue;
            };
            let last = self.last;
            let rest = self.window.peek(header.bytes + 7)?;
            let same = last.is_some_and(|l| l.same_stream(&header));
            if rest.len() < header.bytes {
                // The last frame is cut.
                if same {
                    return Ok(None);
                }
                self.window.advance(1)?;
                continue;
            }
            if !same && !two_frames(&rest[..rest.len().min(header.bytes + 7)], true) {
                self.window.advance(1)?;
                continue;
            }
            let mut packet = Packet {
                data: rest[header.header_bytes..header.bytes].to_vec(),
                at: self.window.at(),
                ..Packet::default()
            };
            self.window.advance(header.bytes as u64)?;
            let changed =
                last.is_none_or(|l| (l.rate, l.channels) != (header.rate, header.channels));
            if changed {
                let bytes = &[
                    header.object << 3 | (header.rate >> 1) as u8,
                    ((header.rate & 1) << 7) as u8 | (header.channels << 3) as u8,
                ];
                let unsupported = |e| {
                    crate::error::Error::unsupported(self.window.file(), self.window.format(), e)
                };
                let codec = config(bytes).map_err(unsupported)?;
                packet.start = Some(Start { codec, skip: 0 });
            }
            if header.blocks > 1 {
                packet.damage = Some("several blocks in one ADTS frame".into());
            }
            self.last = Some(header);
            return Ok(Some(packet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        // AAC-LC, 44.1 kHz, stereo; the same with an extension after it; 96 kHz.
        for (asc, rate) in [
            (&[0x12, 0x10][..], 44_100),
            (&[0x12, 0x10, 0x56, 0xe5, 0x00], 44_100),
            (&[0x10, 0x10], 96_000),
        ] {
            let params = config(asc).unwrap();
            assert_eq!((params.sample_rate, params.channels), (rate, 2));
            assert_eq!(params.extra, asc[..2]);
        }
        // HE-AAC of a core at 22.05 kHz, said before and behind the configuration of the core.
        for asc in [
            &[0x2b, 0x92, 0x08, 0x00][..],
            &[0x13, 0x90, 0x56, 0xe5, 0xa0],
        ] {
            let params = config(asc).unwrap();
            assert_eq!((params.sample_rate, params.channels), (44_100, 2));
            assert_eq!((params.kind, &params.extra[..]), (Kind::HeAac, asc));
        }
        // LC at 24 kHz can be the core of HE-AAC; LC at 32 kHz cannot.
        assert_eq!(config(&[0x13, 0x10]).unwrap().kind, Kind::HeAac);
        assert_eq!(config(&[0x12, 0x90]).unwrap().kind, Kind::Aac);
        assert_eq!(config(&[0x12, 0x30]).unwrap().channels, 6);
        assert_eq!(config(&[0x12, 0x38]).unwrap().channels, 8);
        assert!(config(&[0x12, 0x00]).is_err());
        // A rate that is not in the table survives being written anew.
        let odd = params_of(50_000);
        assert_eq!(config(&odd.extra).unwrap().sample_rate, 50_000);
    }

    fn params_of(rate: u32) -> CodecParams {
        params(rate, 2).unwrap()
    }
}
