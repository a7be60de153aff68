//! Tags that are not part of the sound: ID3v1, ID3v2, APEv2, Lyrics3.

/// Bytes that [`length`] examines.
pub(crate) const HEAD: usize = 32;

/// The length of the tag that starts `b`.
pub(crate) fn length(b: &[u8]) -> Option<u64> {
    if let Some(n) = id3v2_bytes(b) {
        return Some(n);
    }
    if b.starts_with(b"TAG+") {
        return Some(227);
    }
    if b.starts_with(b"TAG") {
        return Some(128);
    }
    if b.starts_with(b"APETAGEX") {
        let word = |i: usize| {
            let bytes = b.get(i..i + 4)?;
            Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let (size, flags) = (u64::from(word(12)?), word(20)?);
        // At the header, the size counts the items and the footer; at a lone footer, nothing is left.
        let is_header = flags & (1 << 29) != 0;
        return Some(32 + if is_header { size } else { 0 });
    }
    if b.starts_with(b"LYRICSBEGIN") {
        return Some(11);
    }
    None
}

/// The length of the ID3v2 tag that starts `b`: 10 bytes, the size in 7-bit groups, a footer.
pub(crate) fn id3v2_bytes(b: &[u8]) -> Option<u64> {
    let head = b.first_chunk::<10>()?;
    let size = &head[6..];
    let valid = head.starts_with(b"ID3") && head[3] < 0xff && size.iter().all(|s| s & 0x80 == 0);
    let size = size.iter().fold(0, |n, s| n << 7 | u64::from(*s));
    let footer = if head[5] & 0x10 != 0 { 10 } else { 0 };
    valid.then_some(10 + size + footer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(length(b"ID3\x04\0\0\0\0\x02\x01----"), Some(10 + 257));
        assert_eq!(length(b"ID3\x04\0\x10\0\0\0\0"), Some(20));
        assert_eq!(length(b"TAGtitle"), Some(128));
        let mut ape = b"APETAGEX\xd0\x07\0\0\x40\0\0\0\x01\0\0\0\0\0\0\xa0".to_vec();
        assert_eq!(length(&ape), Some(32 + 64));
        ape[23] = 0x80;
        assert_eq!(length(&ape), Some(32));
        assert_eq!(length(b"ID3\x04\0\0\x80\0\0\0"), None);
    }
}
