/// A cyclic redundancy check of `BITS` (8 to 32) bits: highest bit first, start value 0, no inversion.
///
/// Eight bytes are taken at once, with a table for each (Kounavis and Berry 2005). The register is kept in the upper
/// bits of 32, so that all widths are the same.
pub(super) struct Crc<const BITS: u32> {
    tables: [[u32; 256]; 8],
}

impl<const BITS: u32> Crc<BITS> {
    /// With the polynomial without its highest power.
    pub(super) const fn new(polynomial: u32) -> Self {
        let mut tables = [[0; 256]; 8];
        let mut i = 0;
        while i < 256 {
            let mut crc = (i as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                let carry = crc >> 31;
                crc = (crc << 1) ^ (carry * (polynomial << (32 - BITS)));
                bit += 1;
            }
            tables[0][i] = crc;
            i += 1;
        }
        // The same followed by one to seven zeros.
        let mut zeros = 1;
        while zeros < 8 {
            let mut i = 0;
            while i < 256 {
                let crc = tables[zeros - 1][i];
                tables[zeros][i] = (crc << 8) ^ tables[0][(crc >> 24) as usize];
                i += 1;
            }
            zeros += 1;
        }
        Self { tables }
    }

    /// The checksum of what `crc` is that of, followed by `bytes`.
    pub(super) fn update(&self, crc: u32, bytes: &[u8]) -> u32 {
        let t = &self.tables;
        let mut crc = crc << (32 - BITS);
        let (eights, rest) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in eights {
            let [i, j, k, l] = crc.to_be_bytes();
            crc = t[7][usize::from(i ^ a)]
                ^ t[6][usize::from(j ^ b)]
                ^ t[5][usize::from(k ^ c)]
                ^ t[4][usize::from(l ^ d)]
                ^ t[3][usize::from(*e)]
                ^ t[2][usize::from(*f)]
                ^ t[1][usize::from(*g)]
                ^ t[0][usize::from(*h)];
        }
        for byte in rest {
            crc = (crc << 8) ^ t[0][usize::from((crc >> 24) as u8 ^ byte)];
        }
        crc >> (32 - BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of "123456789" in the catalogue of CRC parameters: CRC-8/SMBUS, CRC-16/UMTS, and
    /// CRC-32/MPEG-2 with its start value.
    #[test]
    fn check_values() {
        let text = b"123456789";
        assert_eq!(Crc::<8>::new(7).update(0, text), 0xf4);
        assert_eq!(Crc::<16>::new(0x8005).update(0, text), 0xfee8);
        let crc = Crc::<32>::new(0x04c1_1db7);
        assert_eq!(crc.update(u32::MAX, text), 0x0376_e6e7);
        for n in 0..9 {
            let (first, second) = text.split_at(n);
            assert_eq!(
                crc.update(crc.update(0, first), second),
                crc.update(0, text)
            );
        }
    }
}
