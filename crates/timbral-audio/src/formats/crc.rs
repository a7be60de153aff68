/// A cyclic redundancy check of `BITS` (8 to 32) bits: highest bit first, start value 0, no inversion.
pub(super) struct Crc<const BITS: u32> {
    table: [u32; 256],
}

impl<const BITS: u32> Crc<BITS> {
    const MASK: u32 = u32::MAX >> (32 - BITS);

    /// With the polynomial without its highest power.
    pub(super) const fn new(polynomial: u32) -> Self {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = (i as u32) << (BITS - 8);
            let mut bit = 0;
            while bit < 8 {
                let carry = crc >> (BITS - 1) & 1;
                crc = (crc << 1 ^ (carry * polynomial)) & Self::MASK;
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        Self { table }
    }

    /// The checksum of what `crc` is that of, followed by `bytes`.
    pub(super) fn update(&self, crc: u32, bytes: &[u8]) -> u32 {
        bytes.iter().fold(crc, |crc, byte| {
            let index = (crc >> (BITS - 8)) as u8 ^ byte;
            (crc << 8 ^ self.table[usize::from(index)]) & Self::MASK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of "123456789" in the catalogue of CRC parameters: CRC-8/SMBUS, CRC-16/UMTS, and
    /// CRC-32/MPEG-2 without its start value.
    #[test]
    fn check_values() {
        let text = b"123456789";
        assert_eq!(Crc::<8>::new(7).update(0, text), 0xf4);
        assert_eq!(Crc::<16>::new(0x8005).update(0, text), 0xfee8);
        let crc = Crc::<32>::new(0x04c1_1db7);
        assert_eq!(crc.update(u32::MAX, text), 0x0376_e6e7);
        assert_eq!(
            crc.update(crc.update(0, b"12345"), b"6789"),
            crc.update(0, text)
        );
    }
}
