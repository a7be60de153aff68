//! Vorbis comments (xiph.org, "Ogg Vorbis I format specification: comment field").

use super::{Field, Fields};

/// The texts of a comment header, from the name of the program on; it may be cut short.
pub(super) fn read(mut bytes: &[u8], fields: &mut Fields) {
    // The name of the program that wrote it.
    if text(&mut bytes).is_none() {
        return;
    }
    let Some(n) = number(&mut bytes) else {
        return;
    };
    for _ in 0..n {
        let Some(comment) = text(&mut bytes) else {
            return;
        };
        let Some(equals) = comment.iter().position(|b| *b == b'=') else {
            continue;
        };
        let (key, value) = (&comment[..equals], &comment[equals + 1..]);
        if let Some(field) = Field::of_name(key) {
            fields.set(field, &String::from_utf8_lossy(value));
        }
    }
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

/// A length, then a text of that length.
fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(bytes)? as usize;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(text)
}
