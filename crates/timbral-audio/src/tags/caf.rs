//! The chunk `info` of CAF (Apple, "Core Audio Format specification").

use super::text::utf8_or_latin1;
use super::{Field, Fields};

/// The texts of the chunk: their number, then names and values that end with NUL; it may be cut short.
pub(super) fn read(info: &[u8], fields: &mut Fields) {
    let mut texts = info.get(4..).unwrap_or_default().split(|b| *b == 0);
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        if let Some(field) = Field::of_name(name) {
            fields.set(field, &utf8_or_latin1(value));
        }
    }
}
