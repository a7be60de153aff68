//! Numbers of protocol buffers and of sorted tables.

/// Bytes that are read from the front; every read fails rather than go beyond the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of seven bits per byte, the lowest first.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A length that the bytes can have.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    /// The next field of a message: its number and value.
    pub(super) fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let n = self.length()?;
                Value::Bytes(self.take(n)?)
            }
            5 => Value::Number(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_fields_are_read() {
        assert_eq!(Bytes(&[0xac, 0x02]).varint(), Some(300));
        let greatest = [[0xff; 9].as_slice(), &[1]].concat();
        assert_eq!(Bytes(&greatest).varint(), Some(u64::MAX));
        for bad in [
            &[][..],
            &[0x80],
            &[0xff; 11],
            &[[0xff; 9].as_slice(), &[2]].concat(),
        ] {
            assert_eq!(Bytes(bad).varint(), None, "{bad:?}");
        }
        let mut message = Bytes(&[0x08, 0x01, 0x12, 0x02, b'a', b'b', 0x35, 1, 0, 0, 0]);
        assert_eq!(message.field(), Some((1, Value::Number(1))));
        assert_eq!(message.field(), Some((2, Value::Bytes(b"ab"))));
        assert_eq!(message.field(), Some((6, Value::Number(1))));
        assert!(message.is_empty());
        assert_eq!(Bytes(&[0x12, 0x03, b'a']).field(), None);
        assert_eq!(Bytes(&[0x0b]).field(), None);
    }
}
