//! Universal Binary JSON (draft 12, ubjson.org) as XGBoost writes it: read through serde.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value,
};
use serde::forward_to_deserialize_any;

/// The deepest nesting of containers; serde_json has the same limit.
const MAX_DEPTH: usize = 128;

/// What is wrong, and at which byte.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) byte: usize,
    pub(super) reason: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.byte)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self {
            byte: 0,
            reason: reason.to_string(),
        }
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Whether the bytes start like an object of UBJSON and not of JSON.
pub(super) fn is_ubjson(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..])
}

/// The one value that the bytes hold.
pub(super) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = Reader {
        bytes,
        at: 0,
        depth: 0,
    };
    // Errors of the type of the value have no position.
    let value = T::deserialize(Value::next(&mut reader)).map_err(|mut e| {
        e.byte = e.byte.max(reader.at);
        e
    })?;
    if reader.at < bytes.len() {
        return Err(reader.error("bytes after the end"));
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error {
            byte: self.at,
            reason: reason.into(),
        }
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.left() {
            return Err(self.error("the file ends too early"));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn integer(&mut self, marker: u8) -> Result<i64> {
        Ok(match marker {
            b'i' => i8::from_be_bytes(self.array()?).into(),
            b'U' => self.byte()?.into(),
            b'I' => i16::from_be_bytes(self.array()?).into(),
            b'l' => i32::from_be_bytes(self.array()?).into(),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Err(self.error(format!("expected a length, got {}", show(marker)))),
        })
    }

    /// A length; the rest of the file must have at least one byte per item.
    fn length(&mut self) -> Result<usize> {
        let marker = self.byte()?;
        let length = self.integer(marker)?;
        usize::try_from(length)
            .ok()
            .filter(|&n| n <= self.left())
            .ok_or_else(|| self.error(format!("a length of {length}, {} bytes left", self.left())))
    }

    fn string(&mut self) -> Result<&'a str> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("a string is not UTF-8"))
    }

    fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deep"));
        }
        Ok(())
    }
}

fn show(marker: u8) -> String {
    format!("'{}'", marker.escape_ascii())
}

/// The next value. Its marker comes first, except in an array that gives the marker of all items.
struct Value<'r, 'a> {
    reader: &'r mut Reader<'a>,
    marker: Option<u8>,
}

impl<'r, 'a> Value<'r, 'a> {
    fn next(reader: &'r mut Reader<'a>) -> Self {
        Self {
            reader,
            marker: None,
        }
    }
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let reader = self.reader;
        let marker = match self.marker {
            Some(marker) => marker,
            None => reader.byte()?,
        };
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'i' | b'U' | b'I' | b'l' | b'L' => visitor.visit_i64(reader.integer(marker)?),
            b'd' => visitor.visit_f32(f32::from_be_bytes(reader.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(reader.array()?)),
            b'S' => visitor.visit_borrowed_str(reader.string()?),
            b'[' => {
                reader.enter()?;
                let mut array = Array::begin(reader)?;
                let value = visitor.visit_seq(&mut array)?;
                if array.left != Some(0) {
                    return Err(reader.error("an array is too long"));
                }
                reader.depth -= 1;
                Ok(value)
            }
            b'{' => {
                reader.enter()?;
                let value = visitor.visit_map(Object { reader })?;
                reader.depth -= 1;
                Ok(value)
            }
            _ => Err(reader.error(format!("unknown marker {}", show(marker)))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.marker.is_none() && self.reader.peek() == Some(b'Z') {
            self.reader.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Array<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// The marker of all items, if the array gives it.
    marker: Option<u8>,
    /// Number of remaining items; `None` if a `]` ends the array.
    left: Option<usize>,
}

impl<'r, 'a> Array<'r, 'a> {
    fn begin(reader: &'r mut Reader<'a>) -> Result<Self> {
        let mut marker = None;
        if reader.peek() == Some(b'$') {
            reader.at += 1;
            let item = reader.byte()?;
            // With items of no bytes a short file could declare any number of them.
            if !b"iUIlLdDS[{".contains(&item) {
                return Err(reader.error(format!("no type for an array: {}", show(item))));
            }
            if reader.peek() != Some(b'#') {
                return Err(reader.error("an array with a type but no count"));
            }
            marker = Some(item);
        }
        let mut left = None;
        if reader.peek() == Some(b'#') {
            reader.at += 1;
            left = Some(reader.length()?);
        }
        Ok(Self {
            reader,
            marker,
            left,
        })
    }
}

impl<'a> SeqAccess<'a> for Array<'_, 'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.reader.peek() == Some(b']') => {
                self.reader.at += 1;
                self.left = Some(0);
                return Ok(None);
            }
            None => {}
        }
        let value = Value {
            reader: self.reader,
            marker: self.marker,
        };
        seed.deserialize(value).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

struct Object<'r, 'a> {
    reader: &'r mut Reader<'a>,
}

impl<'a> MapAccess<'a> for Object<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if self.reader.peek() == Some(b'}') {
            self.reader.at += 1;
            return Ok(None);
        }
        let key = value::BorrowedStrDeserializer::new(self.reader.string()?);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(Value::next(self.reader))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(bytes: &[u8]) -> Result<Json> {
        from_slice(bytes)
    }

    #[test]
    fn every_kind_of_value() {
        let bytes = b"{i\x01aZU\x01bTI\0\x01cFl\0\0\0\x01di\xfeL\0\0\0\0\0\0\0\x01eU\xfe\
            i\x01fI\xff\0i\x01gl\0\x01\0\0i\x01hL\0\0\0\x01\0\0\0\0i\x01id\x3f\xc0\0\0\
            i\x01jD\x3f\xf8\0\0\0\0\0\0i\x01kSi\x02\xc3\xa9i\x01l[i\x01{}[]]\
            i\x01m[#i\x02i\x01Zi\x01n[$l#i\x02\0\0\0\x01\xff\xff\xff\xff}";
        let expected = json!({
            "a": null, "b": true, "c": false, "d": -2, "e": 254, "f": -256, "g": 65536,
            "h": 4_294_967_296_i64, "i": 1.5, "j": 1.5, "k": "é", "l": [1, {}, []],
            "m": [1, null], "n": [1, -1],
        });
        assert_eq!(read(bytes).unwrap(), expected);
    }

    #[test]
    fn an_option_is_null_or_a_value() {
        assert_eq!(
            from_slice::<Vec<Option<i8>>>(b"[Zi\x05]").unwrap(),
            [None, Some(5)]
        );
        assert_eq!(
            from_slice::<Vec<Option<i8>>>(b"[$i#i\x01\x05").unwrap(),
            [Some(5)]
        );
    }

    #[test]
    fn errors_give_the_damaged_byte() {
        for (bytes, byte, reason) in [
            (b"".as_slice(), 0, "the file ends too early"),
            (b"{", 1, "the file ends too early"),
            (b"{S", 2, "expected a length"),
            (b"{i\x01a", 4, "the file ends too early"),
            (b"{i\x01aX}", 5, "unknown marker 'X'"),
            (b"Si\x02\xff\xff", 5, "not UTF-8"),
            (b"Si\x05ab", 3, "a length of 5, 2 bytes left"),
            (b"Si\xff", 3, "a length of -1"),
            (b"[#L\x7f\xff\xff\xff\xff\xff\xff\xff", 11, "a length of 92"),
            (b"[$Z#L\0\0\xff\xff\xff\xff\xff\xff", 3, "no type"),
            (b"[$d\0", 3, "a type but no count"),
            (b"[$d#i\x02\0\0", 6, "the file ends too early"),
            (b"[i\x01", 3, "the file ends too early"),
            (b"ZZ", 1, "bytes after the end"),
            (b"{#i\x00", 2, "expected a length, got '#'"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.reason.contains(reason), "{bytes:?}: {error}");
            assert_eq!(error.byte, byte, "{bytes:?}: {error}");
        }
        let deep = vec![b'['; 100_000];
        assert!(read(&deep).unwrap_err().reason.contains("too deep"));
        let typed = b"[$[#i\x01".repeat(1000);
        assert!(read(&typed).unwrap_err().reason.contains("too deep"));
        let error = from_slice::<Vec<u8>>(b"[i\x01i\xff]").unwrap_err();
        assert!(error.reason.contains("-1"), "{error}");
        assert_eq!(error.byte, 5);
    }
}
