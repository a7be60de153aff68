//! The two encodings of a model file, JSON and UBJSON, without spaces.

use std::io::Write;

/// Takes a document part by part.
pub(super) trait Sink {
    fn begin_object(&mut self);
    fn key(&mut self, key: &str);
    fn end_object(&mut self);
    fn begin_array(&mut self, len: usize);
    fn end_array(&mut self);
    fn string(&mut self, value: &str);
    fn integer(&mut self, value: i64);
    /// An array of numbers of one type.
    fn typed<T: Number>(&mut self, values: impl ExactSizeIterator<Item = T>);
}

/// A number that typed arrays of XGBoost hold.
pub(super) trait Number: Copy {
    const MARKER: u8;
    fn json(self, out: &mut Vec<u8>);
    fn big_endian(self, out: &mut Vec<u8>);
}

macro_rules! number {
    ($type:ty, $marker:literal, $format:literal) => {
        impl Number for $type {
            const MARKER: u8 = $marker;

            fn json(self, out: &mut Vec<u8>) {
                // Writing to memory cannot fail.
                let _ = write!(out, $format, self);
            }

            fn big_endian(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    };
}

number!(u8, b'U', "{}");
number!(i32, b'l', "{}");
number!(i64, b'L', "{}");
// The shortest digits that give the number back, such as 1.5E-1.
number!(f32, b'd', "{:E}");

#[derive(Default)]
pub(super) struct Json(pub(super) Vec<u8>);

impl Json {
    /// A comma where something stands before within the same container.
    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }
}

impl Sink for Json {
    fn begin_object(&mut self) {
        self.separate();
        self.0.push(b'{');
    }

    fn key(&mut self, key: &str) {
        self.string(key);
        self.0.push(b':');
    }

    fn end_object(&mut self) {
        self.0.push(b'}');
    }

    fn begin_array(&mut self, _len: usize) {
        self.separate();
        self.0.push(b'[');
    }

    fn end_array(&mut self) {
        self.0.push(b']');
    }

    fn string(&mut self, value: &str) {
        self.separate();
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    fn integer(&mut self, value: i64) {
        self.separate();
        value.json(&mut self.0);
    }

    fn typed<T: Number>(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.begin_array(values.len());
        for value in values {
            self.separate();
            value.json(&mut self.0);
        }
        self.end_array();
    }
}

#[derive(Default)]
pub(super) struct Ubjson(pub(super) Vec<u8>);

impl Ubjson {
    fn length(&mut self, len: usize) {
        self.0.push(b'L');
        (len as i64).big_endian(&mut self.0);
    }
}

impl Sink for Ubjson {
    fn begin_object(&mut self) {
        self.0.push(b'{');
    }

    fn key(&mut self, key: &str) {
        self.length(key.len());
        self.0.extend_from_slice(key.as_bytes());
    }

    fn end_object(&mut self) {
        self.0.push(b'}');
    }

    fn begin_array(&mut self, len: usize) {
        self.0.extend_from_slice(b"[#");
        self.length(len);
    }

    fn end_array(&mut self) {}

    fn string(&mut self, value: &str) {
        self.0.push(b'S');
        self.key(value);
    }

    /// In the smallest of the types i, I, l and L.
    fn integer(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            self.0.push(b'i');
            self.0.extend_from_slice(&value.to_be_bytes());
        } else if let Ok(value) = i16::try_from(value) {
            self.0.push(b'I');
            self.0.extend_from_slice(&value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.0.push(b'l');
            value.big_endian(&mut self.0);
        } else {
            self.0.push(b'L');
            value.big_endian(&mut self.0);
        }
    }

    fn typed<T: Number>(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.0.extend_from_slice(&[b'[', b'$', T::MARKER, b'#']);
        self.length(values.len());
        for value in values {
            value.big_endian(&mut self.0);
        }
    }
}
