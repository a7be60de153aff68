//! Vorbis I, by the crate lewton.
//!
//! Not by symphonia, whose version 0.6.1 decodes channels that are not coupled wrongly: in residues of types 0
//! and 1 the classes of one channel's last partitions overwrite the first ones of the next channel, unless the
//! number of partitions is a multiple of that per codeword. The smallest case is a stream of three channels
//! (`oggenc` of a WAV of 3 channels, `tests/data/vorbis3.ogg`), which differs by 0.4 from libvorbis.

use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};

use super::codec::{CodecParams, Decoded, Failure, catch_panics, interleave};

/// The length of the identification header.
const IDENTIFICATION: usize = 30;

/// The largest number of values in the vectors of all codebooks: 64 MiB.
const MOST_VALUES: u64 = 1 << 24;

/// The largest number of entries in a codebook. Those of libvorbis have up to 16 384.
const MOST_ENTRIES: u64 = 1 << 17;

/// A decoder of one stream.
pub(crate) struct VorbisStream {
    identification: IdentHeader,
    setup: SetupHeader,
    previous: PreviousWindowRight,
}

impl VorbisStream {
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let damaged = |what: &str| Failure::Damaged(format!("Vorbis: {what}"));
        let Some((head, setup)) = params.extra.split_at_checked(IDENTIFICATION) else {
            return Err(damaged("the identification header is too short"));
        };
        check_codebooks(setup).ok_or_else(|| damaged("the setup header is not valid"))?;
        catch_panics(|| {
            let identification = read_header_ident(head);
            let identification = identification.map_err(|e| damaged(&e.to_string()))?;
            let sizes = (identification.blocksize_0, identification.blocksize_1);
            let setup = read_header_setup(setup, identification.audio_channels, sizes);
            Ok(Self {
                identification,
                setup: setup.map_err(|e| damaged(&e.to_string()))?,
                previous: PreviousWindowRight::new(),
            })
        })
    }

    /// The channels are in the order of the stream: of three, left, centre, right.
    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        let (head, setup, previous) = (&self.identification, &self.setup, &mut self.previous);
        let planes: Vec<Vec<f32>> = catch_panics(|| {
            read_audio_packet_generic(head, setup, packet, previous)
                .map_err(|e| Failure::Damaged(e.to_string()))
        })?;
        interleave(&planes, out);
        let head = &self.identification;
        Ok((head.audio_sample_rate, u32::from(head.audio_channels)))
    }
}

/// Walks through the codebooks of a setup header (Vorbis I, 3.2.1) and checks their sizes: the decoder allocates
/// entries times dimensions, two numbers of the file.
fn check_codebooks(setup: &[u8]) -> Option<()> {
    let body = setup.strip_prefix(b"\x05vorbis")?;
    let mut bits = Bits { bytes: body, at: 0 };
    let mut values = 0u64;
    for _ in 0..bits.read(8)? + 1 {
        if bits.read(24)? != 0x56_4342 {
            return None;
        }
        let (dimensions, entries) = (bits.read(16)?, bits.read(24)?);
        if entries > MOST_ENTRIES {
            return None;
        }
        if bits.read(1)? == 1 {
            bits.read(5)?;
            let mut known = 0;
            while known < entries {
                known += bits.read(64 - (entries - known).leading_zeros())?;
            }
        } else {
            let sparse = bits.read(1)? == 1;
            for _ in 0..entries {
                if !sparse || bits.read(1)? == 1 {
                    bits.read(5)?;
                }
            }
        }
        let lookup = bits.read(4)?;
        if lookup > 0 {
            bits.read(32)?;
            bits.read(32)?;
            let width = bits.read(4)? + 1;
            bits.read(1)?;
            values += entries * dimensions;
            if values > MOST_VALUES || dimensions == 0 {
                return None;
            }
            let n = match lookup {
                1 => lookup1_values(entries, dimensions),
                _ => entries * dimensions,
            };
            bits.skip(n * width)?;
        }
    }
    Some(())
}

/// The greatest number whose power of `dimensions` is at most `entries`.
fn lookup1_values(entries: u64, dimensions: u64) -> u64 {
    let fits = |x: u64| {
        let mut power = 1u64;
        for _ in 0..dimensions {
            power = power.saturating_mul(x);
            if power > entries {
                return false;
            }
        }
        true
    };
    let mut x = 0;
    while fits(x + 1) && x < entries {
        x += 1;
    }
    x
}

/// Bits from the lowest of each byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    fn read(&mut self, n: u32) -> Option<u64> {
        let mut x = 0;
        for i in 0..n {
            let byte = *self.bytes.get((self.at / 8) as usize)?;
            x |= u64::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Some(x)
    }

    fn skip(&mut self, n: u64) -> Option<()> {
        self.at = self.at.checked_add(n)?;
        (self.at <= 8 * self.bytes.len() as u64).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(entries: u32, dimensions: u16) -> Vec<u8> {
        // One codebook, ordered, all codewords of one length, then a lookup of type 2.
        let mut bits: Vec<bool> = Vec::new();
        let mut put =
            |x: u64, n: u32| bits.extend((0..n).map(|i| x.checked_shr(i).unwrap_or(0) & 1 == 1));
        put(0, 8);
        put(0x56_4342, 24);
        put(u64::from(dimensions), 16);
        put(u64::from(entries), 24);
        put(1, 1);
        put(9, 5);
        put(u64::from(entries), 32 - entries.leading_zeros());
        put(2, 4);
        put(0, 64 + 4 + 1);
        let mut out = b"\x05vorbis".to_vec();
        out.extend(bits.chunks(8).map(|b| {
            b.iter()
                .enumerate()
                .fold(0, |x, (i, b)| x | u8::from(*b) << i)
        }));
        out.resize(out.len() + 2000, 0);
        out
    }

    #[test]
    fn sizes_of_codebooks_are_bounded() {
        assert!(check_codebooks(&setup(100, 4)).is_some());
        assert!(check_codebooks(&setup(1 << 17, 60_000)).is_none());
        assert!(check_codebooks(&setup((1 << 24) - 1, 1)).is_none());
        // More values than the header has bits.
        assert!(check_codebooks(&setup(1000, 100)).is_none());
        assert_eq!(lookup1_values(3125, 5), 5);
        assert_eq!(lookup1_values(3124, 5), 4);
    }
}
