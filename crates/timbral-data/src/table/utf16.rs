use std::io::{self, Read};

/// A byte that never appears in UTF-8: it stands for invalid UTF-16, so that the reader of UTF-8 reports it.
const INVALID: u8 = 0xff;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 13;

/// The order of the two bytes of a unit.
type Order = fn([u8; 2]) -> u16;

/// Text in UTF-16, as spreadsheets save "Unicode text", read as UTF-8.
pub(super) struct Utf16<R> {
    inner: R,
    order: Order,
    /// The first half of a pair, until the second one comes.
    high: Option<u16>,
    /// UTF-8 that was not taken yet, and how much of it was.
    text: Vec<u8>,
    taken: usize,
}

/// The order of the bytes of a text that begins with the byte order mark of UTF-16.
pub(super) fn order(start: &[u8]) -> Option<Order> {
    match start {
        // That of UTF-32.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(inner: R, order: Order) -> Self {
        Self {
            inner,
            order,
            high: None,
            text: Vec::new(),
            taken: 0,
        }
    }

    /// Reads the next block; there is no text after it at the end.
    fn refill(&mut self) -> io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK);
        self.inner
            .by_ref()
            .take(BLOCK as u64)
            .read_to_end(&mut block)?;
        self.text.clear();
        self.taken = 0;
        for unit in block.chunks(2) {
            match *unit {
                [a, b] => self.push((self.order)([a, b])),
                _ => self.text.push(INVALID),
            }
        }
        if block.len() < BLOCK && self.high.take().is_some() {
            self.text.push(INVALID);
        }
        Ok(())
    }

    fn push(&mut self, unit: u16) {
        let low = matches!(unit, 0xdc00..=0xdfff);
        let point = match self.high.take() {
            Some(high) if low => {
                0x1_0000 + (u32::from(high & 0x3ff) << 10 | u32::from(unit & 0x3ff))
            }
            Some(_) => {
                self.text.push(INVALID);
                u32::from(unit)
            }
            None => u32::from(unit),
        };
        match char::from_u32(point) {
            Some(c) => self.text.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            None if low => self.text.push(INVALID),
            None => self.high = Some(unit),
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.text.len() {
            self.refill()?;
        }
        let left = &self.text[self.taken..];
        let n = left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&left[..n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(units: &[u16]) -> Vec<u8> {
        let bytes: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        let mut out = Vec::new();
        let mut text = Utf16::new(&bytes[..], u16::from_be_bytes);
        text.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn every_text_is_the_same() {
        // Pairs on the edges of blocks, too.
        for before in [0, 1, BLOCK / 2 - 1, BLOCK / 2] {
            let text = "a".repeat(before) + "\u{feff}é漢\u{1f3b5}\u{ffff}\u{10ffff}\n";
            let units: Vec<u16> = text.encode_utf16().collect();
            assert_eq!(read(&units), text.as_bytes(), "{before}");
        }
    }

    #[test]
    fn halves_of_pairs_are_not_valid() {
        assert_eq!(read(&[0xd834]), [INVALID]);
        assert_eq!(read(&[0xdd1e, 97]), [INVALID, 97]);
        assert_eq!(read(&[0xd834, 97]), [INVALID, 97]);
        assert_eq!(
            read(&[0xd834, 0xd834, 0xdd1e]),
            [&[INVALID], "𝄞".as_bytes()].concat()
        );
        let mut out = Vec::new();
        let mut odd = Utf16::new(&b"\0a\0"[..], u16::from_be_bytes);
        odd.read_to_end(&mut out).unwrap();
        assert_eq!(out, [b'a', INVALID]);
    }

    #[test]
    fn the_mark_gives_the_order() {
        assert_eq!(order(b"\xff\xfea\0").map(|f| f([97, 0])), Some(97));
        assert_eq!(order(b"\xfe\xff\0a").map(|f| f([0, 97])), Some(97));
        assert!(order(b"\xff\xfe\0\0a\0\0\0").is_none() && order(b"a,b").is_none());
    }
}
