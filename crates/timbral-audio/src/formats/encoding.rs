/// How one sample is stored, and so how its bytes become a number in -1..1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Unsigned 8-bit, 128 is silence.
    U8,
    /// Signed 8-bit.
    I8,
    /// Signed 16-bit.
    I16(Endian),
    /// Signed 24-bit in three bytes.
    I24(Endian),
    /// Signed 32-bit.
    I32(Endian),
    /// 32-bit float, unchanged.
    F32(Endian),
    /// 64-bit float, rounded to 32 bits.
    F64(Endian),
    /// G.711 mu-law.
    MuLaw,
    /// G.711 A-law.
    ALaw,
}

/// Byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

impl Encoding {
    /// Bytes per sample.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::MuLaw | Self::ALaw => 1,
            Self::I16(_) => 2,
            Self::I24(_) => 3,
            Self::I32(_) | Self::F32(_) => 4,
            Self::F64(_) => 8,
        }
    }

    /// Signed integers in containers of `container` bytes, as WAV, AIFF, CAF and QuickTime store them: fewer bits
    /// are in the upper part of the container. `None` if no format has such.
    pub(crate) fn integer(container: usize, endian: Endian) -> Option<Self> {
        Some(match container {
            1 => Self::I8,
            2 => Self::I16(endian),
            3 => Self::I24(endian),
            4 => Self::I32(endian),
            _ => return None,
        })
    }

    /// Floats of `container` bytes.
    pub(crate) fn float(container: usize, endian: Endian) -> Option<Self> {
        Some(match container {
            4 => Self::F32(endian),
            8 => Self::F64(endian),
            _ => return None,
        })
    }

    /// The uncompressed encodings that AIFC, QuickTime and CAF name by four characters; `bits` is the sample
    /// size in the header, which some names need.
    pub(crate) fn by_name(name: [u8; 4], bits: u32) -> Option<Self> {
        use Endian::{Big, Little};
        let container = (bits as usize).div_ceil(8);
        match &name {
            b"NONE" | b"none" | b"twos" | b"\0\0\0\0" => Self::integer(container, Big),
            b"sowt" | b"SOWT" => Self::integer(container, Little),
            b"raw " if bits <= 8 => Some(Self::U8),
            b"raw " => Self::integer(container, Big),
            b"in24" | b"IN24" | b"ni24" => Some(Self::I24(Big)),
            b"in32" | b"IN32" => Some(Self::I32(Big)),
            b"42ni" => Some(Self::I24(Little)),
            b"23ni" => Some(Self::I32(Little)),
            b"fl32" | b"FL32" => Some(Self::F32(Big)),
            b"fl64" | b"FL64" => Some(Self::F64(Big)),
            b"ulaw" | b"ULAW" => Some(Self::MuLaw),
            b"alaw" | b"ALAW" => Some(Self::ALaw),
            _ => None,
        }
    }

    /// The same with the other byte order.
    pub(crate) fn swapped(self) -> Self {
        let other = |e| match e {
            Endian::Little => Endian::Big,
            Endian::Big => Endian::Little,
        };
        match self {
            Self::I16(e) => Self::I16(other(e)),
            Self::I24(e) => Self::I24(other(e)),
            Self::I32(e) => Self::I32(other(e)),
            Self::F32(e) => Self::F32(other(e)),
            Self::F64(e) => Self::F64(other(e)),
            same => same,
        }
    }

    /// Fills `out` from `width * out.len()` bytes; an integer of b bits is divided by 2^(b-1).
    pub(crate) fn decode(self, bytes: &[u8], out: &mut [f32]) {
        use Endian::{Big, Little};
        match self {
            Self::U8 => each(bytes, out, |[b]| (f32::from(b) - 128.0) / 128.0),
            Self::I8 => each(bytes, out, |[b]| f32::from(b.cast_signed()) / 128.0),
            Self::I16(Little) => each(bytes, out, |b| scale16(i16::from_le_bytes(b))),
            Self::I16(Big) => each(bytes, out, |b| scale16(i16::from_be_bytes(b))),
            // In the upper three bytes of an i32 the number is multiplied by 2^8.
            Self::I24(Little) => each(bytes, out, |[a, b, c]| {
                scale32(i32::from_le_bytes([0, a, b, c]))
            }),
            Self::I24(Big) => each(bytes, out, |[a, b, c]| {
                scale32(i32::from_be_bytes([a, b, c, 0]))
            }),
            Self::I32(Little) => each(bytes, out, |b| scale32(i32::from_le_bytes(b))),
            Self::I32(Big) => each(bytes, out, |b| scale32(i32::from_be_bytes(b))),
            Self::F32(Little) => each(bytes, out, f32::from_le_bytes),
            Self::F32(Big) => each(bytes, out, f32::from_be_bytes),
            Self::F64(Little) => each(bytes, out, |b| f64::from_le_bytes(b) as f32),
            Self::F64(Big) => each(bytes, out, |b| f64::from_be_bytes(b) as f32),
            Self::MuLaw => each(bytes, out, |[b]| scale16(mu_law(b))),
            Self::ALaw => each(bytes, out, |[b]| scale16(a_law(b))),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], out: &mut [f32], sample: impl Fn([u8; N]) -> f32) {
    for (o, b) in out.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *o = sample(*b);
    }
}

fn scale16(x: i16) -> f32 {
    f32::from(x) / 32_768.0
}

/// The conversion rounds to 24 bits, the division is exact.
fn scale32(x: i32) -> f32 {
    x as f32 / 2_147_483_648.0
}

/// ITU-T G.711 mu-law: sign, 3-bit segment s, 4-bit step q; magnitude (2q + 33) 2^s - 33, here
/// times 4 to fill 16 bits.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let step = i16::from(code & 15);
    let magnitude = (((2 * step + 33) << segment) - 33) * 4;
    if code & 0x80 != 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// ITU-T G.711 A-law: every other bit inverted; magnitude 2q + 1 in segment 0, else
/// (2q + 33) 2^(s-1), here times 8 to fill 16 bits.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = i16::from(code & 15);
    let magnitude = match segment {
        0 => 2 * step + 1,
        s => (2 * step + 33) << (s - 1),
    } * 8;
    if code & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(encoding: Encoding, bytes: &[u8]) -> f32 {
        assert_eq!(bytes.len(), encoding.width());
        let mut out = [0.0];
        encoding.decode(bytes, &mut out);
        out[0]
    }

    #[test]
    fn the_extremes_and_zero_of_each_integer_width() {
        use Endian::{Big, Little};
        assert_eq!(one(Encoding::U8, &[0]), -1.0);
        assert_eq!(one(Encoding::U8, &[128]), 0.0);
        assert_eq!(one(Encoding::U8, &[255]), 127.0 / 128.0);
        assert_eq!(one(Encoding::I8, &[0x80]), -1.0);
        assert_eq!(one(Encoding::I16(Little), &[0, 0x80]), -1.0);
        assert_eq!(one(Encoding::I16(Big), &[0x80, 0]), -1.0);
        assert_eq!(one(Encoding::I16(Big), &[0x7f, 0xff]), 32_767.0 / 32_768.0);
        assert_eq!(one(Encoding::I24(Little), &[0, 0, 0x80]), -1.0);
        assert_eq!(one(Encoding::I24(Little), &[1, 0, 0]), 1.0 / 8_388_608.0);
        assert_eq!(
            one(Encoding::I24(Big), &[0xff, 0xff, 0xff]),
            -1.0 / 8_388_608.0
        );
        assert_eq!(one(Encoding::I32(Big), &[0x80, 0, 0, 0]), -1.0);
        assert_eq!(one(Encoding::I32(Little), &[0, 0, 0, 0x40]), 0.5);
    }

    /// The decision values of ITU-T G.711 tables 1a and 2a, scaled to 16 bits.
    #[test]
    fn g711_codes_at_both_ends() {
        for (code, value) in [
            (0x00, -32_124),
            (0x80, 32_124),
            (0x0f, -16_764),
            (0x70, -120),
            (0x7e, -8),
            (0x7f, 0),
            (0xff, 0),
            (0xf0, 120),
        ] {
            assert_eq!(mu_law(code), value, "mu-law {code:#04x}");
        }
        for (code, value) in [
            (0x2a, -32_256),
            (0xaa, 32_256),
            (0x55, -8),
            (0xd5, 8),
            (0x5a, -248),
            (0x45, -264),
        ] {
            assert_eq!(a_law(code), value, "A-law {code:#04x}");
        }
    }

    /// 256 distinct values (255 for mu-law, which has two zeros), one half the negative of the other.
    #[test]
    fn g711_codes_are_distinct_and_symmetric() {
        for (name, law, distinct) in [
            ("mu-law", mu_law as fn(u8) -> i16, 255),
            ("A-law", a_law as fn(u8) -> i16, 256),
        ] {
            let mut values: Vec<i16> = (0..=255).map(law).collect();
            for code in 0..=255u8 {
                assert_eq!(law(code), -law(code ^ 0x80), "{name} {code}");
            }
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), distinct, "{name}");
        }
    }
}
