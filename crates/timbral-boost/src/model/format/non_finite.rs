//! `NaN` and `Infinity` in JSON. XGBoost writes and reads them, JSON has no such words.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// The text with these words in quotes, or `None` if there are none outside of strings.
pub(super) fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut in_string) = (0, false);
    // Bytes before this one are in `out`.
    let mut copied = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'I' | b'N' if !in_string => {
                if let Some(word) = WORDS.iter().find(|word| text[at..].starts_with(word)) {
                    let out = out.get_or_insert_with(|| Vec::with_capacity(text.len() + 64));
                    out.extend_from_slice(&text[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(word);
                    out.push(b'"');
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    out.map(|mut out| {
        out.extend_from_slice(&text[copied..]);
        out
    })
}

/// A number, or one of the words as a string.
#[derive(Clone, Copy)]
pub(super) struct AnyNumber(f32);

impl From<AnyNumber> for f32 {
    fn from(number: AnyNumber) -> Self {
        number.0
    }
}

impl<'de> Deserialize<'de> for AnyNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = AnyNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, NaN or Infinity")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<AnyNumber, E> {
                let number = value as f32;
                match number.is_finite() {
                    true => Ok(AnyNumber(number)),
                    false => Err(E::custom("number out of range")),
                }
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<AnyNumber, E> {
                Ok(AnyNumber(value as f32))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<AnyNumber, E> {
                Ok(AnyNumber(value as f32))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AnyNumber, E> {
                match text {
                    "NaN" => Ok(AnyNumber(f32::NAN)),
                    "Infinity" => Ok(AnyNumber(f32::INFINITY)),
                    "-Infinity" => Ok(AnyNumber(f32::NEG_INFINITY)),
                    _ => Err(E::custom(format!("{text:?} is not a number"))),
                }
            }
        }
        // The digits go through f64. XGBoost writes the shortest ones, which are never so near the middle
        // between two f32 that this rounds to another number.
        deserializer.deserialize_any(NumberVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_of_strings_are_quoted() {
        for (text, expected) in [
            ("[1,-2]", None),
            (r#"{"NaN":"a\"NaN","I":-1}"#, None),
            (r#"{"a\\":NaN}"#, Some(r#"{"a\\":"NaN"}"#)),
            (
                "[NaN,-Infinity,1,Infinity]",
                Some(r#"["NaN","-Infinity",1,"Infinity"]"#),
            ),
        ] {
            let quoted = quoted(text.as_bytes()).map(|out| String::from_utf8(out).unwrap());
            assert_eq!(quoted.as_deref(), expected, "{text}");
        }
    }
}
