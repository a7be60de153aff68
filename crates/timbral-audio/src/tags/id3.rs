//! ID3v1, and ID3v2 of all versions (id3.org: ID3v2.2.0, 2.3.0, 2.4.0).

use std::borrow::Cow;

use super::text::{latin1, utf8_or_latin1, utf16};
use super::{Field, Fields};

/// The length of an ID3v1 tag, which is at the end of a file.
pub(super) const ID3V1_BYTES: usize = 128;

/// The texts of an ID3v1 tag.
pub(super) fn read_v1(tag: &[u8], fields: &mut Fields) {
    let Some(texts) = tag.strip_prefix(b"TAG") else {
        return;
    };
    let texts = texts.chunks_exact(30);
    for (field, text) in [Field::Title, Field::Artist, Field::Album]
        .into_iter()
        .zip(texts)
    {
        fields.set(field, &utf8_or_latin1(text));
    }
}

/// The texts of an ID3v2 tag, from its header on; it may be cut short.
pub(super) fn read_v2(tag: &[u8], fields: &mut Fields) {
    let (Some(head), Some(body)) = (tag.first_chunk::<10>(), tag.get(10..)) else {
        return;
    };
    let (version, flags) = (head[3], head[5]);
    if !head.starts_with(b"ID3") || !(2..=4).contains(&version) {
        return;
    }
    let body = match version < 4 && flags & 0x80 != 0 {
        true => synchronise(body),
        false => Cow::Borrowed(body),
    };
    let mut rest = &body[..];
    // Version 2.2 has a flag for a compression that was never defined in this place.
    if version > 2 && flags & 0x40 != 0 {
        let Some(size) = rest.first_chunk::<4>() else {
            return;
        };
        let size = match version {
            3 => 4 + u32::from_be_bytes(*size) as usize,
            _ => seven_bits(*size),
        };
        rest = rest.get(size..).unwrap_or_default();
    }
    while let Some((frame, after)) = Frame::read(rest, version, flags) {
        if let Some(field) = field(frame.id) {
            fields.set(field, &text(&frame.content));
        }
        rest = after;
    }
}

/// The field of a frame.
fn field(id: &[u8]) -> Option<Field> {
    Some(match id {
        b"TIT2" | b"TT2" => Field::Title,
        b"TPE1" | b"TP1" => Field::Artist,
        b"TPE2" | b"TP2" => Field::AlbumArtist,
        b"TALB" | b"TAL" => Field::Album,
        _ => return None,
    })
}

struct Frame<'a> {
    id: &'a [u8],
    content: Cow<'a, [u8]>,
}

impl<'a> Frame<'a> {
    /// The next frame, and what follows it; `None` at the padding, or where a frame is not complete.
    fn read(bytes: &'a [u8], version: u8, tag_flags: u8) -> Option<(Self, &'a [u8])> {
        let (id_bytes, head_bytes) = if version == 2 { (3, 6) } else { (4, 10) };
        let head = bytes.get(..head_bytes)?;
        let id = &head[..id_bytes];
        if !id
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        {
            return None;
        }
        let size = match (version, &head[id_bytes..]) {
            (2, [a, b, c]) => u32::from_be_bytes([0, *a, *b, *c]) as usize,
            (_, [a, b, c, d, ..]) => {
                let size = [*a, *b, *c, *d];
                let plain = u32::from_be_bytes(size) as usize;
                // Some programs wrote sizes of version 2.3 into tags of version 2.4.
                let is_plain = |n| is_frame_end(bytes, plain) && !is_frame_end(bytes, n);
                match seven_bits(size) {
                    n if version == 4 && !is_plain(n) => n,
                    _ => plain,
                }
            }
            _ => return None,
        };
        let end = head_bytes.checked_add(size)?;
        let (content, after) = (bytes.get(head_bytes..end)?, bytes.get(end..)?);
        let flags = head.get(9).copied().unwrap_or(0);
        let content = match version {
            // Compressed or encrypted; a byte of the group.
            3 if flags & 0xc0 != 0 => Cow::Borrowed(&[][..]),
            3 => Cow::Borrowed(
                content
                    .get(usize::from(flags & 0x20 != 0)..)
                    .unwrap_or_default(),
            ),
            4 if flags & 0x0c != 0 => Cow::Borrowed(&[][..]),
            4 => {
                let skipped = usize::from(flags & 0x40 != 0) + 4 * usize::from(flags & 0x01 != 0);
                let content = content.get(skipped..).unwrap_or_default();
                match flags & 0x02 != 0 || tag_flags & 0x80 != 0 {
                    true => synchronise(content),
                    false => Cow::Borrowed(content),
                }
            }
            _ => Cow::Borrowed(content),
        };
        Some((Self { id, content }, after))
    }
}

/// Whether a frame of version 2.4 with this size would end at another frame, at the padding or at the end.
fn is_frame_end(bytes: &[u8], size: usize) -> bool {
    let rest = size.checked_add(10).and_then(|end| bytes.get(end..));
    rest.is_some_and(|rest| match rest {
        [] | [0, ..] => true,
        id => id
            .iter()
            .take(4)
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
    })
}

/// The first text of a frame: its encoding, then the text.
fn text(content: &[u8]) -> String {
    let until_nul = |bytes: &[u8]| bytes.split(|b| *b == 0).next().unwrap_or_default().to_vec();
    match content {
        [0, text @ ..] => latin1(&until_nul(text)),
        [1, text @ ..] => utf16(text, false),
        [2, text @ ..] => utf16(text, true),
        [3, text @ ..] => utf8_or_latin1(text),
        _ => String::new(),
    }
}

/// A size in four groups of seven bits.
fn seven_bits(bytes: [u8; 4]) -> usize {
    bytes.iter().fold(0, |n, b| n << 7 | usize::from(b & 0x7f))
}

/// Removes the zero after each 0xff, by which no frame of MPEG is found in a tag.
fn synchronise(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.windows(2).any(|pair| pair == [0xff, 0]) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut last = 0;
    for byte in bytes {
        if !(last == 0xff && *byte == 0) {
            out.push(*byte);
        }
        last = *byte;
    }
    Cow::Owned(out)
}
