//! ADPCM of the IMA, in blocks of WAV and of Apple (AIFC, CAF, QuickTime).
//!
//! Symphonia's decoder is not used: it multiplies before it shifts, `(2 code + 1) step / 8`, as ffmpeg does for
//! WAV. The standard shifts the step for each bit of the code and drops the remainder each time, as libsndfile
//! does for both forms, and ffmpeg for Apple's form. The difference adds up to 4e-4 within a block.

use super::codec::{CodecParams, Decoded, Failure, Kind, interleave};

const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10_442, 11_487, 12_635, 13_899, 15_289, 16_818, 18_500, 20_350, 22_385, 24_623, 27_086, 29_794,
    32_767,
];

/// How the index of the step changes, by the lower three bits of a code.
const CHANGES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// Bytes per packet and channel of Apple's form.
const APPLE: usize = 34;

/// The state of one channel.
#[derive(Debug, Clone, Copy)]
struct Predictor {
    value: i32,
    index: i32,
}

impl Predictor {
    /// The next sample, of 16 bits.
    fn next(&mut self, code: u8) -> f32 {
        let step = STEPS[self.index.clamp(0, 88) as usize];
        let mut difference = step >> 3;
        for (bit, shift) in [(1, 2), (2, 1), (4, 0)] {
            if code & bit != 0 {
                difference += step >> shift;
            }
        }
        if code & 8 != 0 {
            difference = -difference;
        }
        self.value = (self.value + difference).clamp(i16::MIN.into(), i16::MAX.into());
        self.index = (self.index + CHANGES[usize::from(code & 7)]).clamp(0, 88);
        self.sample()
    }

    fn sample(self) -> f32 {
        self.value as f32 / 32_768.0
    }

    /// The two samples of a byte, the lower half first.
    fn pair(&mut self, byte: u8) -> [f32; 2] {
        [self.next(byte & 15), self.next(byte >> 4)]
    }
}

/// A decoder of blocks.
pub(crate) struct ImaBlocks {
    apple: bool,
    sample_rate: u32,
    channels: usize,
}

impl ImaBlocks {
    pub(crate) fn new(params: &CodecParams) -> Self {
        Self {
            apple: params.kind == Kind::AdpcmImaQt,
            sample_rate: params.sample_rate,
            channels: params.channels.max(1) as usize,
        }
    }

    pub(crate) fn decode(&self, block: &[u8], out: &mut Vec<f32>) -> Decoded {
        let planes = match self.apple {
            true => self.apple(block)?,
            false => self.wav(block)?,
        };
        interleave(&planes, out);
        Ok((self.sample_rate, self.channels as u32))
    }

    /// One packet per channel: nine bits of the predictor, seven of the index, 64 codes.
    fn apple(&self, block: &[u8]) -> Result<Vec<Vec<f32>>, Failure> {
        if block.len() != APPLE * self.channels {
            return Err(Failure::Damaged("a packet of another length".into()));
        }
        let plane = |packet: &[u8]| {
            let mut state = Predictor {
                value: i16::from_be_bytes([packet[0], packet[1] & 0x80]).into(),
                index: i32::from(packet[1] & 0x7f).min(88),
            };
            packet[2..].iter().flat_map(|b| state.pair(*b)).collect()
        };
        Ok(block.chunks_exact(APPLE).map(plane).collect())
    }

    /// The first sample and the index of every channel, then words of eight codes, channel by channel.
    fn wav(&self, block: &[u8]) -> Result<Vec<Vec<f32>>, Failure> {
        let too_short = || Failure::Damaged("a block that is too short".into());
        let (heads, words) = block
            .split_at_checked(4 * self.channels)
            .ok_or_else(too_short)?;
        let mut planes = Vec::with_capacity(self.channels);
        let mut states = Vec::with_capacity(self.channels);
        for head in heads.chunks_exact(4) {
            if head[2] > 88 {
                return Err(Failure::Damaged(format!("step index {}", head[2])));
            }
            let state = Predictor {
                value: i16::from_le_bytes([head[0], head[1]]).into(),
                index: head[2].into(),
            };
            planes.push(vec![state.sample()]);
            states.push(state);
        }
        for row in words.chunks_exact(4 * self.channels) {
            let words = row.chunks_exact(4).zip(&mut states).zip(&mut planes);
            for ((word, state), plane) in words {
                plane.extend(word.iter().flat_map(|b| state.pair(*b)));
            }
        }
        Ok(planes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: Kind, channels: u32, block: &[u8]) -> Vec<i32> {
        let decoder = ImaBlocks::new(&CodecParams::new(kind, 8000, channels, Vec::new()));
        let mut out = Vec::new();
        assert_eq!(decoder.decode(block, &mut out).unwrap(), (8000, channels));
        out.iter().map(|x| (x * 32_768.0) as i32).collect()
    }

    /// Worked by hand with the rule of the IMA's recommended practice (1992): step 7 loses its fractions.
    #[test]
    fn steps_are_shifted_one_by_one() {
        // Code 7 of step 7: 0 + 1 + 3 + 7 = 11 (not 13), and the index grows by 8, to step 16.
        // Code 1 of step 16: 2 + 4 = 6; code 15 of step 14, the one below: -(1 + 3 + 7 + 14) = -25.
        let block = [100, 0, 0, 0, 0x17, 0x0f, 0, 0];
        let got = decode(Kind::AdpcmImaWav, 1, &block);
        assert_eq!(got[..4], [100, 111, 117, 117 - 25]);
        assert_eq!(got.len(), 9);
    }

    #[test]
    fn apples_packets_and_two_channels() {
        let mut packet = vec![0; 68];
        // Predictor -32768 + 128, index 3; the other channel is silent but for half a step per sample.
        (packet[0], packet[1], packet[2]) = (0x80, 0x83, 0x07);
        let got = decode(Kind::AdpcmImaQt, 2, &packet);
        assert_eq!(got.len(), 128);
        // Step 10: 1 + 2 + 5 + 10.
        assert_eq!(got[..2], [-32_640 + 18, 0]);
        assert!(
            ImaBlocks::new(&CodecParams::new(Kind::AdpcmImaQt, 8000, 1, Vec::new()))
                .decode(&packet[..33], &mut Vec::new())
                .is_err()
        );
    }

    #[test]
    fn damaged_blocks_are_errors() {
        let decoder = ImaBlocks::new(&CodecParams::new(Kind::AdpcmImaWav, 8000, 1, Vec::new()));
        for block in [&[0, 0, 89, 0][..], &[0; 3]] {
            assert!(decoder.decode(block, &mut Vec::new()).is_err());
        }
    }
}
