//! The two encodings of a model file, JSON and UBJSON, without spaces.

use serde::Serialize;

/// Receives a document part by part.
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

/// An element of XGBoost's typed arrays.
pub(super) trait Number: Copy {
    const MARKER: u8;
    fn json(self, out: &mut Vec<u8>);
    fn big_endian(self, out: &mut Vec<u8>);
}

macro_rules! number {
    ($type:ty, $marker:literal, $json:expr) => {
        impl Number for $type {
            const MARKER: u8 = $marker;

            fn json(self, out: &mut Vec<u8>) {
                $json(self, out);
            }

            fn big_endian(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    };
}

number!(i8, b'i', plain);
number!(u8, b'U', plain);
number!(i16, b'I', plain);
number!(i32, b'l', plain);
number!(i64, b'L', plain);
// UBJSON has no other types without a sign.
number!(u16, b'I', plain);
number!(u32, b'l', plain);
number!(u64, b'L', plain);
number!(f32, b'd', scientific);

fn plain(value: impl Serialize, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

/// The shortest digits that are read back as the same number, as XGBoost writes them: `-1.5E-1`, `0E0`.
/// Exactly between two candidates the standard library rounds up, XGBoost and serde_json to even.
/// What JSON has no digits for is written as XGBoost writes it: `NaN`, `-Infinity`.
fn scientific(value: f32, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    if value == 0.0 {
        out.extend_from_slice(b"0E0");
        return;
    }
    // Digits with a point, then perhaps an exponent, in less than this.
    let mut text = [0; 32];
    let mut rest = text.as_mut_slice();
    let _ = serde_json::to_writer(&mut rest, &value.abs());
    let unused = rest.len();
    let text = &text[..text.len() - unused];
    let mut exponent = 0;
    let mut mantissa = text;
    if let Some(e) = text.iter().position(|&b| b == b'e') {
        mantissa = &text[..e];
        let digits = std::str::from_utf8(&text[e + 1..]).unwrap_or_default();
        exponent = digits.parse().unwrap_or(0);
    }
    let point = mantissa.iter().position(|&b| b == b'.');
    exponent += point.unwrap_or(mantissa.len()) as i32 - 1;
    let mut digits = mantissa.iter().copied().filter(|&b| b != b'.').peekable();
    while digits.next_if_eq(&b'0').is_some() {
        exponent -= 1;
    }
    out.extend(digits.next());
    out.push(b'.');
    out.extend(digits);
    while out.ends_with(b"0") {
        out.pop();
    }
    if out.ends_with(b".") {
        out.pop();
    }
    out.push(b'E');
    plain(exponent, out);
}

#[derive(Default)]
pub(super) struct Json(pub(super) Vec<u8>);

impl Json {
    /// Writes a comma before any element except the first of a container.
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

    /// In the smallest of the types i, I, l and L; like XGBoost, not at the ends of their ranges.
    fn integer(&mut self, value: i64) {
        const I8: i64 = i8::MAX as i64;
        const I16: i64 = i16::MAX as i64;
        const I32: i64 = i32::MAX as i64;
        let bytes = value.to_be_bytes();
        let (marker, n_bytes) = match value.unsigned_abs() as i64 {
            0..I8 => (b'i', 1),
            I8..I16 => (b'I', 2),
            I16..I32 => (b'l', 4),
            _ => (b'L', 8),
        };
        self.0.push(marker);
        self.0.extend_from_slice(&bytes[8 - n_bytes..]);
    }

    fn typed<T: Number>(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.0.extend_from_slice(&[b'[', b'$', T::MARKER, b'#']);
        self.length(values.len());
        for value in values {
            value.big_endian(&mut self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_xgboost_writes_them() {
        for (value, text) in [
            (0.0, "0E0"),
            (-0.0, "-0E0"),
            (1.0, "1E0"),
            (-60.0, "-6E1"),
            (1_234.5, "1.2345E3"),
            (0.15, "1.5E-1"),
            (1.010_1e-6, "1.0101E-6"),
            (f32::MAX, "3.4028235E38"),
            (f32::from_bits(1), "1E-45"),
            (f32::NEG_INFINITY, "-Infinity"),
            (f32::NAN, "NaN"),
            // Exactly between two numbers of eight digits.
            (1.0 + 45.0 / 256.0, "1.1757812E0"),
        ] {
            let mut out = Vec::new();
            scientific(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn every_number_is_read_back() {
        // Steps through all exponents and both signs.
        for bits in (0..u32::MAX).step_by(1_234_567) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                let mut out = Vec::new();
                scientific(value, &mut out);
                let text = String::from_utf8(out).unwrap();
                assert_eq!(text.parse::<f32>().unwrap().to_bits(), bits, "{text}");
            }
        }
    }

    #[test]
    fn integers_take_the_type_that_xgboost_takes() {
        for (value, bytes) in [
            (126, b"i\x7e".as_slice()),
            (127, b"I\0\x7f"),
            (-1, b"i\xff"),
            (32_766, b"I\x7f\xfe"),
            (32_767, b"l\0\0\x7f\xff"),
            (i64::MIN, b"L\x80\0\0\0\0\0\0\0"),
        ] {
            let mut out = Ubjson::default();
            out.integer(value);
            assert_eq!(out.0, bytes, "{value}");
        }
    }
}
