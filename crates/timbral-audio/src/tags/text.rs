//! Texts of tags.

use super::Field;

/// The longest text that is kept, in characters.
const LONGEST: usize = 500;

/// Texts that programs write where nothing is known, in small letters.
const UNKNOWN: [&str; 8] = [
    "unknown",
    "<unknown>",
    "[unknown]",
    "unknown artist",
    "unknown album",
    "various",
    "various artists",
    "va",
];

/// A text without control characters and without spaces around it; `None` if it names nothing.
pub(super) fn clean(text: &str, field: Field) -> Option<String> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| *c != '\u{feff}')
        .take(LONGEST)
        .collect();
    let text = text.trim();
    let says_nothing = field != Field::Title && UNKNOWN.contains(&text.to_lowercase().as_str());
    (!text.is_empty() && !says_nothing).then(|| text.to_owned())
}

/// UTF-8, or else Latin-1, up to the first NUL.
pub(super) fn utf8_or_latin1(bytes: &[u8]) -> String {
    let bytes = bytes.split(|b| *b == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => latin1(bytes),
    }
}

pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// UTF-16 up to the first NUL. A byte order mark decides on the order of the bytes, else `big_endian`.
pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> String {
    let (bytes, big_endian) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, false),
        [0xfe, 0xff, rest @ ..] => (rest, true),
        _ => (bytes, big_endian),
    };
    let unit = |pair: &[u8]| match big_endian {
        true => u16::from_be_bytes([pair[0], pair[1]]),
        false => u16::from_le_bytes([pair[0], pair[1]]),
    };
    let units = bytes.chunks_exact(2).map(unit);
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}
