//! Vorbis I, decoded by symphonia where its result is correct, otherwise by the crate lewton, which takes 2.3
//! times as long.
//!
//! Symphonia 0.6.1 returns wrong samples for channels that are not coupled: in residues of types 0 and 1 the
//! classes of one channel's last partitions overwrite the first ones of the next channel, unless the number of
//! partitions is a multiple of that per codeword. The smallest case is a stream of three channels (`oggenc` of
//! a WAV of 3 channels, `tests/data/vorbis3.ogg`), which differs by 0.4 from libvorbis. Symphonia is correct
//! for one channel, and for two channels whose residues are all of type 2, as libvorbis writes them.

use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};

use super::codec::{CodecParams, Decoded, Failure, catch_panics, interleave};
use super::symphonia::PacketDecoder;

/// The length of the identification header.
const IDENTIFICATION: usize = 30;

/// The largest number of values in the vectors of all codebooks: 64 MiB.
const MOST_VALUES: u64 = 1 << 24;

/// The largest number of entries in a codebook. Those of libvorbis have up to 16 384.
const MOST_ENTRIES: u64 = 1 << 17;

/// A decoder of one stream.
pub(crate) enum VorbisDecoder {
    Symphonia(PacketDecoder),
    Lewton(Box<LewtonStream>),
}

impl VorbisDecoder {
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let Some((head, setup)) = params.extra.split_at_checked(IDENTIFICATION) else {
            return Err(damaged("the identification header is too short"));
        };
        let mut bits = Bits::of_setup(setup).ok_or_else(|| damaged("no setup header"))?;
        check_codebooks(&mut bits).ok_or_else(|| damaged("the setup header is not valid"))?;
        let suits_symphonia = match head[11] {
            1 => true,
            2 => residues_are_interleaved(&mut bits).unwrap_or(false),
            _ => false,
        };
        // Also where symphonia decodes: lewton refuses headers with which symphonia would panic.
        let stream = LewtonStream::new(head, setup)?;
        if suits_symphonia && let Ok(decoder) = PacketDecoder::new(params) {
            return Ok(Self::Symphonia(decoder));
        }
        Ok(Self::Lewton(Box::new(stream)))
    }

    /// Decodes one packet and appends its samples to `out`.
    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        match self {
            Self::Symphonia(decoder) => decoder.decode(packet, out),
            Self::Lewton(stream) => stream.decode(packet, out),
        }
    }
}

fn damaged(what: &str) -> Failure {
    Failure::Damaged(format!("Vorbis: {what}"))
}

/// A decoder of one stream by lewton.
pub(crate) struct LewtonStream {
    identification: IdentHeader,
    setup: SetupHeader,
    previous: PreviousWindowRight,
}

impl LewtonStream {
    fn new(head: &[u8], setup: &[u8]) -> Result<Self, Failure> {
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
    fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
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
fn check_codebooks(bits: &mut Bits<'_>) -> Option<()> {
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

/// Walks on from the codebooks through time transforms, floors and residues (Vorbis I, 4.2.4): whether all residues
/// are of type 2, one vector of both channels.
fn residues_are_interleaved(bits: &mut Bits<'_>) -> Option<bool> {
    for _ in 0..bits.read(6)? + 1 {
        bits.read(16)?;
    }
    for _ in 0..bits.read(6)? + 1 {
        match bits.read(16)? {
            0 => skip_floor_0(bits)?,
            1 => skip_floor_1(bits)?,
            _ => return None,
        }
    }
    let mut all = true;
    for _ in 0..bits.read(6)? + 1 {
        all &= bits.read(16)? == 2;
        skip_residue(bits)?;
    }
    Some(all)
}

/// Vorbis I, 6.2.1.
fn skip_floor_0(bits: &mut Bits<'_>) -> Option<()> {
    bits.skip(8 + 16 + 16 + 6 + 8)?;
    let n_books = bits.read(4)? + 1;
    bits.skip(8 * n_books)
}

/// Vorbis I, 7.2.2.
fn skip_floor_1(bits: &mut Bits<'_>) -> Option<()> {
    let n_partitions = bits.read(5)?;
    let classes: Vec<u64> = (0..n_partitions)
        .map(|_| bits.read(4))
        .collect::<Option<_>>()?;
    let n_classes = classes.iter().max().map_or(0, |most| most + 1);
    let mut dimensions = [0; 16];
    for dimension in dimensions.iter_mut().take(n_classes as usize) {
        *dimension = bits.read(3)? + 1;
        let subclasses = bits.read(2)?;
        bits.skip(if subclasses > 0 { 8 } else { 0 })?;
        bits.skip(8 << subclasses)?;
    }
    bits.read(2)?;
    let width = bits.read(4)?;
    let n_values: u64 = classes
        .iter()
        .map(|class| dimensions[*class as usize])
        .sum();
    bits.skip(n_values * width)
}

/// Vorbis I, 8.6.1, after the type.
fn skip_residue(bits: &mut Bits<'_>) -> Option<()> {
    bits.skip(24 + 24 + 24)?;
    let n_classes = bits.read(6)? + 1;
    bits.skip(8)?;
    let mut n_books = 0;
    for _ in 0..n_classes {
        let low = bits.read(3)?;
        let high = if bits.read(1)? == 1 { bits.read(5)? } else { 0 };
        n_books += low.count_ones() + high.count_ones();
    }
    bits.skip(8 * u64::from(n_books))
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

impl<'a> Bits<'a> {
    /// Those of a setup header after its name.
    fn of_setup(setup: &'a [u8]) -> Option<Self> {
        let bytes = setup.strip_prefix(b"\x05vorbis")?;
        Some(Self { bytes, at: 0 })
    }

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

    /// Bits from the lowest of each byte on.
    #[derive(Default)]
    struct Writer(Vec<bool>);

    impl Writer {
        fn put(&mut self, x: u64, n: u32) {
            (self.0).extend((0..n).map(|i| x.checked_shr(i).unwrap_or(0) & 1 == 1));
        }

        fn bytes(&self) -> Vec<u8> {
            let byte = |bits: &[bool]| {
                let bits = bits.iter().enumerate();
                bits.fold(0, |x, (i, b)| x | u8::from(*b) << i)
            };
            self.0.chunks(8).map(byte).collect()
        }
    }

    fn setup(entries: u32, dimensions: u16) -> Vec<u8> {
        // One codebook, ordered, all codewords of one length, then a lookup of type 2.
        let mut bits = Writer::default();
        bits.put(0, 8);
        bits.put(0x56_4342, 24);
        bits.put(u64::from(dimensions), 16);
        bits.put(u64::from(entries), 24);
        bits.put(1, 1);
        bits.put(9, 5);
        bits.put(u64::from(entries), 32 - entries.leading_zeros());
        bits.put(2, 4);
        bits.put(0, 64 + 4 + 1);
        let mut out = b"\x05vorbis".to_vec();
        out.extend(bits.bytes());
        out.resize(out.len() + 2000, 0);
        out
    }

    #[test]
    fn the_types_of_residues_are_found_behind_both_kinds_of_floors() {
        for types in [vec![2], vec![2, 2], vec![1], vec![2, 0]] {
            let mut bits = Writer::default();
            // One time transform, two floors.
            bits.put(0, 6);
            bits.put(0, 16);
            bits.put(1, 6);
            // Type 0: 54 bits, then three books.
            bits.put(0, 16);
            bits.put(u64::MAX, 54);
            bits.put(2, 4);
            bits.put(u64::MAX, 24);
            // Type 1: partitions of classes 1, 0, 1; the classes have 2 and 3 dimensions, 1 and 4 books.
            bits.put(1, 16);
            bits.put(3, 5);
            for class in [1, 0, 1] {
                bits.put(class, 4);
            }
            bits.put(1, 3);
            bits.put(0, 2);
            bits.put(u64::MAX, 8);
            bits.put(2, 3);
            bits.put(2, 2);
            bits.put(u64::MAX, 8 + 4 * 8);
            bits.put(3, 2);
            bits.put(7, 4);
            bits.put(u64::MAX, 8 * 7);
            bits.put(types.len() as u64 - 1, 6);
            for kind in &types {
                bits.put(*kind, 16);
                bits.put(u64::MAX, 72);
                // Two classes, of 2 and 3 + 1 books.
                bits.put(1, 6);
                bits.put(0, 8);
                bits.put(0b101, 3);
                bits.put(0, 1);
                bits.put(0b111, 3);
                bits.put(1, 1);
                bits.put(0b1000, 5);
                bits.put(u64::MAX, 6 * 8);
            }
            let bytes = bits.bytes();
            let mut bits = Bits {
                bytes: &bytes,
                at: 0,
            };
            let expected = types.iter().all(|kind| *kind == 2);
            assert_eq!(
                residues_are_interleaved(&mut bits),
                Some(expected),
                "{types:?}"
            );
        }
    }

    #[test]
    fn sizes_of_codebooks_are_bounded() {
        let check = |entries, dimensions| {
            let setup = setup(entries, dimensions);
            Bits::of_setup(&setup).and_then(|mut bits| check_codebooks(&mut bits))
        };
        assert!(check(100, 4).is_some());
        assert!(check(1 << 17, 60_000).is_none());
        assert!(check((1 << 24) - 1, 1).is_none());
        // More values than the header has bits.
        assert!(check(1000, 100).is_none());
        assert_eq!(lookup1_values(3125, 5), 5);
        assert_eq!(lookup1_values(3124, 5), 4);
    }
}
