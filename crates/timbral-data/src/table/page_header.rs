//! The headers of Parquet's pages, which are structures of Thrift's compact protocol.
//!
//! When the crate `parquet` skips unknown fields, it does not check the end of the file: a list of 2^31 numbers in a
//! file of 1 kB took minutes. A header is therefore checked here first.

/// One after the last field, a 32-bit integer.
const FIELD: u8 = 0x15;

/// Structures and lists within each other; headers have three.
const MAX_DEPTH: usize = 8;

/// Whether bytes begin as all headers of pages do.
pub(super) fn begins(head: &[u8]) -> bool {
    head.first() == Some(&FIELD)
}

/// The sizes in the header of a page, unpacked and packed: the second and third field. `None` if they are negative, longer
/// than 32 bits, or not there, or if the header is not complete.
pub(super) fn sizes(head: &[u8]) -> Option<(u64, u64)> {
    let mut whole = Bytes(head);
    whole.skip_fields(MAX_DEPTH)?;
    let mut bytes = Bytes(head);
    let mut field = || {
        (bytes.next()? == FIELD).then_some(())?;
        let zigzag = bytes.varint()?;
        let is_valid = zigzag & 1 == 0 && zigzag <= u64::from(u32::MAX);
        is_valid.then_some(zigzag >> 1)
    };
    field()?;
    Some((field()?, field()?))
}

/// What is left of a header.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn skip(&mut self, n: usize) -> Option<()> {
        self.0 = self.0.get(n..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for i in 0..10 {
            let byte = self.next()?;
            value |= u64::from(byte & 0x7f).checked_shl(7 * i)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The fields of a structure and its end.
    fn skip_fields(&mut self, depth: usize) -> Option<()> {
        loop {
            let head = self.next()?;
            let kind = head & 0x0f;
            if head == 0 {
                return Some(());
            }
            // Without a distance from the field before, its number follows.
            if head >> 4 == 0 {
                self.varint()?;
            }
            // Truth values are in the head.
            if !matches!(kind, 1 | 2) {
                self.skip_value(kind, depth)?;
            }
        }
    }

    fn skip_value(&mut self, kind: u8, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(usize::try_from(length).ok()?)
            }
            9 | 10 => {
                let head = self.next()?;
                let n = match head >> 4 {
                    15 => self.varint()?,
                    n => u64::from(n),
                };
                // Each takes a byte at least.
                (n <= self.0.len() as u64).then_some(())?;
                (0..n).try_for_each(|_| self.skip_value(head & 0x0f, deeper))
            }
            12 => self.skip_fields(deeper),
            // Maps, of which headers have none, and what does not exist.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_head_of_a_page() {
        // A data page (0) of 300 bytes, packed 100.
        let sizes_of = [0x15, 0, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01];
        let with = |rest: &[u8]| sizes(&[&sizes_of[..], rest].concat());
        assert_eq!(with(&[0]), Some((300, 100)));
        // The largest: 2^31 - 1.
        let head = [0x15, 4, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 2, 0];
        assert_eq!(sizes(&head), Some((i32::MAX as u64, 1)));
        // Negative, another type, cut.
        for head in [
            &[0x15, 0, 0x15, 1, 0x15, 2, 0][..],
            &[0x15, 0, 0x16, 2, 0x15, 2, 0],
            &head[..8],
            &head[..10],
        ] {
            assert_eq!(sizes(head), None);
        }
        // A structure with two numbers, text, and a truth value; a list of two bytes.
        let structure = [0x2c, 0x15, 8, 0x15, 0, 0x18, 2, b'a', b'b', 0x11, 0];
        assert_eq!(with(&[&structure[..], &[0]].concat()), Some((300, 100)));
        assert_eq!(with(&[0x19, 0x23, 7, 7, 0]), Some((300, 100)));
        // A list of 2^31 numbers, lists within lists, and a map.
        assert_eq!(with(&[0x19, 0xf7, 0x80, 0x80, 0x80, 0x80, 8, 0]), None);
        assert_eq!(
            with(&[
                0x19, 0x19, 0x19, 0x19, 0x19, 0x19, 0x19, 0x19, 0x19, 0x19, 0x03, 0, 0
            ]),
            None
        );
        assert_eq!(with(&[0x1b, 0, 0]), None);
    }
}
