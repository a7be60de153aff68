/// The header of an MPEG audio frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1.
    pub(crate) version: u8,
    /// 1 to 3.
    pub(crate) layer: u8,
    pub(crate) sample_rate: u32,
    pub(crate) channels: u8,
    /// Samples per channel.
    pub(crate) samples: u32,
    /// The length of the frame; `None` for free format.
    pub(crate) bytes: Option<usize>,
    padding: bool,
    /// A checksum of two bytes follows the header.
    pub(crate) crc: bool,
}

const KBIT: [[usize; 15]; 5] = [
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

impl Header {
    /// The header at the start of `b`.
    pub(crate) fn parse(b: &[u8]) -> Option<Self> {
        let [b0, b1, b2, b3] = *b.first_chunk::<4>()?;
        if b0 != 0xff || b1 & 0xe0 != 0xe0 {
            return None;
        }
        let version = (b1 >> 3) & 3;
        let layer = 4 - ((b1 >> 1) & 3);
        if version == 1 || layer == 4 || b2 >> 4 == 15 {
            return None;
        }
        let sample_rate = *[44_100, 48_000, 32_000].get(usize::from((b2 >> 2) & 3))?
            / match version {
                3 => 1,
                2 => 2,
                _ => 4,
            };
        let samples = match (layer, version) {
            (1, _) => 384,
            (3, 0 | 2) => 576,
            _ => 1152,
        };
        let table = match (version, layer) {
            (3, 1) => 0,
            (3, 2) => 1,
            (3, _) => 2,
            (_, 1) => 3,
            _ => 4,
        };
        let padding = b2 & 2 != 0;
        let bits_per_second = 1000 * KBIT[table][usize::from(b2 >> 4)];
        let bytes = match layer {
            1 => (12 * bits_per_second / sample_rate as usize + usize::from(padding)) * 4,
            _ => {
                samples as usize / 8 * bits_per_second / sample_rate as usize + usize::from(padding)
            }
        };
        Some(Self {
            version,
            layer,
            sample_rate,
            channels: if b3 >> 6 == 3 { 1 } else { 2 },
            samples,
            bytes: (bits_per_second > 0).then_some(bytes),
            padding,
            crc: b1 & 1 == 0,
        })
    }

    /// Whether both can be of one stream: the bit rate and the channels may change in it.
    pub(crate) fn same_stream(&self, other: &Self) -> bool {
        (self.version, self.layer, self.sample_rate)
            == (other.version, other.layer, other.sample_rate)
            && self.bytes.is_some() == other.bytes.is_some()
    }

    /// Bytes that the padding bit adds.
    pub(crate) fn padding_bytes(&self) -> usize {
        match (self.padding, self.layer) {
            (false, _) => 0,
            (true, 1) => 4,
            (true, _) => 1,
        }
    }

    /// The length of layer III's side information.
    pub(crate) fn side_info_bytes(&self) -> usize {
        match (self.version, self.channels) {
            (3, 1) => 17,
            (3, _) => 32,
            (_, 1) => 9,
            _ => 17,
        }
    }
}

/// Whether a frame starts `b` and another follows it, or `b` is a whole file that ends there.
pub(crate) fn two_frames(b: &[u8], whole: bool) -> bool {
    let Some(first) = Header::parse(b) else {
        return false;
    };
    let follows = |n: usize| match b.get(n..) {
        Some([]) => whole,
        Some(rest) => Header::parse(rest).is_some_and(|h| h.same_stream(&first)),
        None => false,
    };
    match first.bytes {
        Some(n) => follows(n),
        // Three at equal distances, up to padding.
        None => (32..b.len() / 2).any(|n| follows(n) && (follows(2 * n) || follows(2 * n + 1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_standard() {
        // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 = 417 bytes.
        let header = Header::parse(&[0xff, 0xfb, 0x90, 0x00]).unwrap();
        assert_eq!((header.bytes, header.samples), (Some(417), 1152));
        // Layer I, 384 kbit/s, 48 kHz: 12 * 384000 / 48000 = 96 slots of four bytes.
        let header = Header::parse(&[0xff, 0xff, 0xc4, 0x00]).unwrap();
        assert_eq!((header.bytes, header.samples), (Some(384), 384));
        assert_eq!(Header::parse(&[0xff, 0xfb, 0xf0, 0x00]), None);
    }
}
