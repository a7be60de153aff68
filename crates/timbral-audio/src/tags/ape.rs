//! APEv2 and its first version (wiki.hydrogenaud.io, "APEv2 specification").

use super::text::utf8_or_latin1;
use super::{Field, Fields};

/// Bytes of a header and of a footer.
pub(super) const HEAD_BYTES: u64 = 32;

/// The longest name of an item.
const LONGEST_NAME: usize = 255;

/// The bytes of the items before a footer, and those of all the tag; `None` if the bytes do not end with a footer.
pub(super) fn before_footer(bytes: &[u8]) -> Option<(u64, u64)> {
    let footer = bytes.last_chunk::<{ HEAD_BYTES as usize }>()?;
    let [size, flags] = [12, 20].map(|at| {
        let word = footer[at..].first_chunk::<4>();
        word.map_or(0, |word| u32::from_le_bytes(*word))
    });
    let is_footer = footer.starts_with(b"APETAGEX") && flags & (1 << 29) == 0;
    let items = u64::from(size)
        .checked_sub(HEAD_BYTES)
        .filter(|_| is_footer)?;
    let header = if flags & (1 << 31) != 0 {
        HEAD_BYTES
    } else {
        0
    };
    Some((items, header + items + HEAD_BYTES))
}

/// The texts of items; they may be cut short.
pub(super) fn read(mut items: &[u8], fields: &mut Fields) {
    while let Some(([a, b, c, d, flags, ..], rest)) = items.split_first_chunk::<8>() {
        let size = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let end = rest.iter().take(LONGEST_NAME + 1).position(|b| *b == 0);
        let Some((name, rest)) = end.map(|end| (&rest[..end], &rest[end + 1..])) else {
            return;
        };
        let Some((value, after)) = rest.split_at_checked(size) else {
            return;
        };
        // Others are binary, or addresses.
        let is_text = flags & 0x06 == 0;
        if let Some(field) = Field::of_name(name).filter(|_| is_text) {
            fields.set(field, &utf8_or_latin1(value));
        }
        items = after;
    }
}
