//! Where the tags are in a file.

use super::id3::{ID3V1_BYTES, read_v1, read_v2};
use super::text::{utf8_or_latin1, utf16};
use super::{Field, Fields, SoundTags, ape, caf, matroska, vorbis};
use crate::error::Result;
use crate::formats::bytes::Bytes;
use crate::formats::chunks::Chunk;
use crate::formats::encoding::Endian;
use crate::formats::matroska::ebml::{Element, ids};
use crate::formats::mp4::boxes::{Header, each};
use crate::formats::tags::{self, id3v2_bytes};
use crate::source::Input;

/// Most bytes of a tag that are read: covers may come before texts.
const MOST_BYTES: u64 = 16 << 20;
/// Most tags before and after the sound, and most chunks, blocks and pages that are looked at.
const MOST_TAGS: usize = 8;
const MOST_PARTS: usize = 10_000;

/// The tags of a file that is at its first byte.
pub(super) fn tags(input: Box<dyn Input>) -> SoundTags {
    let mut fields = Fields::default();
    // What was read before an error counts.
    if let Ok(mut bytes) = Bytes::new("", "", input, 0) {
        let _ = at_start(&mut bytes, &mut fields);
        let _ = at_end(&mut bytes, &mut fields);
    }
    fields.finish()
}

fn at_start(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    for _ in 0..MOST_TAGS {
        let start = bytes.at();
        let mut head = [0; tags::HEAD];
        let n = bytes.read(&mut head)?;
        bytes.seek(start)?;
        let length = if let Some(length) = id3v2_bytes(&head[..n]) {
            read_v2(&some(bytes, length)?, fields);
            length
        } else if head.starts_with(b"APETAGEX")
            && let Some(length) = tags::length(&head[..n])
        {
            bytes.skip(ape::HEAD_BYTES)?;
            ape::read(&some(bytes, length - ape::HEAD_BYTES)?, fields);
            length
        } else {
            return container(bytes, &head, fields);
        };
        bytes.seek(start.saturating_add(length))?;
    }
    Ok(())
}

/// From the last tag to the first. Texts of ID3v1 count last: they are cut at 30 bytes.
fn at_end(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    let (mut end, mut v1) = (bytes.end(), None);
    for _ in 0..MOST_TAGS {
        let start = end.saturating_sub(ID3V1_BYTES as u64);
        bytes.seek(start)?;
        let tail = some(bytes, end - start)?;
        let length = if let Some((items, length)) = ape::before_footer(&tail) {
            let Some(first) = end.checked_sub(items + ape::HEAD_BYTES) else {
                break;
            };
            bytes.seek(first)?;
            ape::read(&some(bytes, items)?, fields);
            length
        } else if let Some(length) = lyrics3_bytes(&tail) {
            length
        } else if tail.starts_with(b"TAG") && v1.is_none() {
            v1 = Some(tail);
            ID3V1_BYTES as u64
        } else {
            break;
        };
        end = end.saturating_sub(length);
    }
    read_v1(&v1.unwrap_or_default(), fields);
    Ok(())
}

/// The length of a Lyrics3v2 tag that ends here: six digits, before a word, are the number of bytes before
/// them.
fn lyrics3_bytes(tail: &[u8]) -> Option<u64> {
    let before = tail.strip_suffix(b"LYRICS200")?;
    let digits = std::str::from_utf8(before.last_chunk::<6>()?).ok()?;
    digits.parse::<u32>().ok().map(|n| u64::from(n) + 15)
}

/// As many of `n` bytes as there are and as are read of a tag.
fn some(bytes: &mut Bytes, n: u64) -> Result<Vec<u8>> {
    bytes.vec(n.min(bytes.left()).min(MOST_BYTES))
}

/// The tags of a file of this head; the position is at its first byte.
fn container(bytes: &mut Bytes, head: &[u8], fields: &mut Fields) -> Result<()> {
    match head {
        [b'f', b'L', b'a', b'C', ..] => {
            bytes.skip(4)?;
            flac(bytes, fields)
        }
        [b'O', b'g', b'g', b'S', ..] => ogg(bytes, fields),
        [b'c', b'a', b'f', b'f', ..] => caf_chunks(bytes, fields),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => elements(bytes, fields),
        [b'R', b'I', b'F', b'F', ..] | [b'R', b'F', b'6', b'4', ..] => {
            chunks(bytes, Endian::Little, fields)
        }
        [b'R', b'I', b'F', b'X', ..] | [b'F', b'O', b'R', b'M', ..] => {
            chunks(bytes, Endian::Big, fields)
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [_, _, _, _, b'm', b'o', b'o', b'v', ..] => {
            while let Some(header) = Header::read(bytes)? {
                if &header.name == b"moov" {
                    return boxes(bytes, header, fields);
                }
                bytes.seek(header.end)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The blocks of FLAC after its name.
fn flac(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    for _ in 0..MOST_PARTS {
        let [kind, a, b, c] = bytes.array()?;
        let length = u64::from(u32::from_be_bytes([0, a, b, c]));
        let after = bytes.at() + length;
        if kind & 0x7f == 4 {
            vorbis::read(&some(bytes, length)?, fields);
        }
        bytes.seek(after)?;
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(())
}

/// The second packet of the first stream of OGG whose first one is known; of FLAC in OGG each packet is a block.
fn ogg(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    let mut stream = None;
    let mut packet = Vec::new();
    let mut total = 0;
    for _ in 0..MOST_PARTS {
        let head: [u8; 27] = bytes.array()?;
        if !head.starts_with(b"OggS") {
            return Ok(());
        }
        let serial = [head[14], head[15], head[16], head[17]];
        let lacing = some(bytes, head[26].into())?;
        let length: u64 = lacing.iter().map(|n| u64::from(*n)).sum();
        total += length;
        if stream.is_some_and(|(known, _)| known != serial) || total > MOST_BYTES {
            if total > MOST_BYTES {
                return Ok(());
            }
            bytes.skip(length)?;
            continue;
        }
        let body = some(bytes, length)?;
        let mut at = 0;
        for n in lacing {
            packet.extend(body.iter().skip(at).take(n.into()));
            at += usize::from(n);
            if n == 255 {
                continue;
            }
            match stream {
                None => {
                    let prefix = match &packet[..] {
                        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => 7,
                        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => 8,
                        [0x7f, b'F', b'L', b'A', b'C', ..] => 4,
                        _ => 0,
                    };
                    stream = (prefix > 0).then_some((serial, prefix));
                }
                Some((_, prefix)) => {
                    let is_flac = prefix == 4;
                    if !is_flac || packet.first().is_some_and(|kind| kind & 0x7f == 4) {
                        vorbis::read(packet.get(prefix..).unwrap_or_default(), fields);
                        return Ok(());
                    }
                    if packet.first().is_none_or(|kind| kind & 0x80 != 0) {
                        return Ok(());
                    }
                }
            }
            packet.clear();
        }
    }
    Ok(())
}

/// The chunks of RIFF, RF64 and RIFX (WAV) and of FORM (AIFF).
fn chunks(bytes: &mut Bytes, endian: Endian, fields: &mut Fields) -> Result<()> {
    bytes.skip(12)?;
    let mut data_bytes = None;
    for _ in 0..MOST_PARTS {
        let Some(Chunk { name, size, at }) = Chunk::read(bytes, endian)? else {
            break;
        };
        let size = match (&name, data_bytes) {
            // The true size is in another chunk.
            (b"data", Some(n)) if size == u64::from(u32::MAX) => n,
            _ => size,
        };
        match &name {
            b"ds64" => {
                let sizes: [u8; 16] = bytes.array()?;
                let n = sizes[8..].first_chunk().copied().unwrap_or_default();
                data_bytes = Some(u64::from_le_bytes(n));
            }
            b"LIST" => info(&some(bytes, size)?, endian, fields),
            b"id3 " | b"ID3 " => read_v2(&some(bytes, size)?, fields),
            b"NAME" => fields.set(Field::Title, &utf8_or_latin1(&some(bytes, size)?)),
            b"AUTH" => fields.set(Field::Artist, &utf8_or_latin1(&some(bytes, size)?)),
            _ => {}
        }
        bytes.seek(at.saturating_add(size).saturating_add(size & 1))?;
    }
    Ok(())
}

/// The texts of a chunk `LIST`.
fn info(list: &[u8], endian: Endian, fields: &mut Fields) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else {
        return;
    };
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [name @ .., a, b, c, d] = head;
        let size = match endian {
            Endian::Little => u32::from_le_bytes([*a, *b, *c, *d]),
            Endian::Big => u32::from_be_bytes([*a, *b, *c, *d]),
        } as usize;
        let text = utf8_or_latin1(&after[..size.min(after.len())]);
        match name {
            b"INAM" => fields.set(Field::Title, &text),
            b"IART" => fields.set(Field::Artist, &text),
            b"IPRD" | b"IALB" => fields.set(Field::Album, &text),
            _ => {}
        }
        rest = after
            .get(size.saturating_add(size & 1)..)
            .unwrap_or_default();
    }
}

/// The chunks of CAF, whose sizes have 64 bits; that of sound up to the end is -1.
fn caf_chunks(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    bytes.skip(8)?;
    for _ in 0..MOST_PARTS {
        let name: [u8; 4] = bytes.array()?;
        let Ok(size) = u64::try_from(i64::from_be_bytes(bytes.array()?)) else {
            break;
        };
        let next = bytes.at().saturating_add(size);
        if &name == b"info" {
            caf::read(&some(bytes, size)?, fields);
        }
        bytes.seek(next)?;
    }
    Ok(())
}

/// The elements of Matroska. A cluster of unknown size is entered, as its end is not known. As there may be more clusters
/// than are looked at, elements that `SeekHead` names are read before the first one.
fn elements(bytes: &mut Bytes, fields: &mut Fields) -> Result<()> {
    let (mut segment, mut named) = (0, Vec::new());
    for _ in 0..MOST_PARTS {
        let Some(element) = Element::read(bytes)? else {
            break;
        };
        match element.id {
            ids::SEGMENT => {
                segment = element.body;
                continue;
            }
            ids::CLUSTER => {
                named_elements(bytes, segment, std::mem::take(&mut named), fields);
                if fields.are_complete() {
                    break;
                }
                bytes.seek(element.body)?;
                if element.size.is_none() {
                    continue;
                }
            }
            _ => read_element(bytes, element, &mut named, fields)?,
        }
        bytes.seek(element.end(bytes.end()))?;
    }
    Ok(())
}

/// Reads the elements at positions in a segment, from the first to the last; where there is none, nothing is read.
fn named_elements(bytes: &mut Bytes, segment: u64, mut named: Vec<u64>, fields: &mut Fields) {
    named.sort_unstable();
    named.dedup();
    let mut next = 0;
    while let Some(position) = named.get(next).filter(|_| next < MOST_TAGS) {
        let at = segment.saturating_add(*position);
        if bytes.seek(at).is_ok()
            && let Ok(Some(element)) = Element::read(bytes)
        {
            let _ = read_element(bytes, element, &mut named, fields);
        }
        next += 1;
    }
}

/// Reads an element if it has tags, or names elements that have.
fn read_element(
    bytes: &mut Bytes,
    element: Element,
    named: &mut Vec<u64>,
    fields: &mut Fields,
) -> Result<()> {
    let n = element.end(bytes.end()) - element.body;
    match element.id {
        ids::SEEK_HEAD => matroska::read_seek_head(&some(bytes, n)?, named),
        ids::INFO => matroska::read_info(&some(bytes, n)?, fields),
        ids::TAGS => matroska::read_tags(&some(bytes, n)?, fields),
        _ => Ok(()),
    }
}

/// `moov`, `udta`, `meta`, `ilst`, and an item for each field with a box `data`.
fn boxes(bytes: &mut Bytes, parent: Header, fields: &mut Fields) -> Result<()> {
    each(bytes, parent, &mut |bytes, header| match &header.name {
        b"udta" | b"ilst" => boxes(bytes, header, fields),
        b"meta" => {
            // Of MP4 a version comes before its boxes, of QuickTime not.
            let head: [u8; 8] = bytes.array()?;
            let version_bytes = if head.ends_with(b"hdlr") { 0 } else { 4 };
            boxes(bytes, header.without(version_bytes), fields)
        }
        b"\xa9nam" => item(bytes, header, Field::Title, fields),
        b"\xa9ART" => item(bytes, header, Field::Artist, fields),
        b"aART" => item(bytes, header, Field::AlbumArtist, fields),
        b"\xa9alb" => item(bytes, header, Field::Album, fields),
        _ => Ok(()),
    })
}

fn item(bytes: &mut Bytes, parent: Header, field: Field, fields: &mut Fields) -> Result<()> {
    each(bytes, parent, &mut |bytes, header| {
        if &header.name == b"data" {
            let data = some(bytes, header.end - header.body)?;
            // The type of the text, the country and language, the text.
            if let (Some([_, _, _, kind]), Some(text)) = (data.first_chunk::<4>(), data.get(8..)) {
                match kind {
                    2 => fields.set(field, &utf16(text, true)),
                    _ => fields.set(field, &utf8_or_latin1(text)),
                }
            }
        }
        Ok(())
    })
}
