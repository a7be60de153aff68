//! `SeekHead`, `Info` and `Tags` of Matroska and WebM (RFC 9559, sections 5.1.1, 5.1.2 and 5.1.8; matroska.org,
//! "Tagging").

use std::io::Cursor;

use super::text::utf8_or_latin1;
use super::{Field, Fields};
use crate::error::Result;
use crate::formats::bytes::Bytes;
use crate::formats::matroska::ebml::{Element, ids, unsigned};

/// `TargetTypeValue` of an album and of a piece.
const ALBUM: u64 = 50;
const TRACK: u64 = 30;

/// Adds the places of elements with tags, or of more of itself, that `SeekHead` names, counted from the start
/// of the segment's content.
pub(super) fn read_seek_head(content: &[u8], positions: &mut Vec<u64>) -> Result<()> {
    const WANTED: [u32; 3] = [ids::INFO, ids::TAGS, ids::SEEK_HEAD];
    each(content, |id, content| {
        if id != ids::SEEK {
            return Ok(());
        }
        let (mut name, mut position) = (0, None);
        each(content, |id, content| {
            match id {
                ids::SEEK_ID => name = unsigned(content),
                ids::SEEK_POSITION => position = Some(unsigned(content)),
                _ => {}
            }
            Ok(())
        })?;
        if WANTED.map(u64::from).contains(&name) {
            positions.extend(position);
        }
        Ok(())
    })
}

/// The title of the file.
pub(super) fn read_info(content: &[u8], fields: &mut Fields) -> Result<()> {
    each(content, |id, content| {
        if id == ids::TITLE {
            fields.set(Field::Title, &utf8_or_latin1(content));
        }
        Ok(())
    })
}

/// The texts of the tags; they may be cut short.
pub(super) fn read_tags(content: &[u8], fields: &mut Fields) -> Result<()> {
    each(content, |id, content| match id {
        ids::TAG => read_tag(content, fields),
        _ => Ok(()),
    })
}

/// One tag: what it is about, and texts. Where that is not said, the standard means the album, but the programs that do
/// not say it (ffmpeg) mean the piece, and name the album.
fn read_tag(content: &[u8], fields: &mut Fields) -> Result<()> {
    let (mut target, mut is_of_part) = (TRACK, false);
    let mut texts = Fields::default();
    each(content, |id, content| match id {
        ids::TARGETS => each(content, |id, content| {
            match id {
                ids::TARGET_TYPE_VALUE => target = unsigned(content),
                // Of a chapter or an attached picture.
                ids::TAG_EDITION_UID | ids::TAG_CHAPTER_UID | ids::TAG_ATTACHMENT_UID => {
                    is_of_part |= unsigned(content) != 0;
                }
                _ => {}
            }
            Ok(())
        }),
        ids::SIMPLE_TAG => {
            let (mut name, mut value) = (None, String::new());
            each(content, |id, content| {
                match id {
                    ids::TAG_NAME => name = Field::of_name(content),
                    ids::TAG_STRING => value = utf8_or_latin1(content),
                    _ => {}
                }
                Ok(())
            })?;
            if let Some(field) = name {
                texts.set(field, &value);
            }
            Ok(())
        }
        _ => Ok(()),
    })?;
    let album = [
        (&texts.title, Field::Album),
        (&texts.artist, Field::AlbumArtist),
    ];
    let track = [(&texts.title, Field::Title), (&texts.artist, Field::Artist)];
    let of_target = match target {
        _ if is_of_part => return Ok(()),
        ALBUM => album,
        TRACK => track,
        _ => return Ok(()),
    };
    let named = [
        (&texts.album, Field::Album),
        (&texts.album_artist, Field::AlbumArtist),
    ];
    for (text, field) in of_target.into_iter().chain(named) {
        if let Some(text) = text {
            fields.set(field, text);
        }
    }
    Ok(())
}

/// Calls `visit` with the identifier and the content of each element.
fn each(content: &[u8], mut visit: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
    let mut bytes = Bytes::new("", "", Box::new(Cursor::new(content.to_vec())), 0)?;
    while let Some(element) = Element::read(&mut bytes)? {
        let end = element.end(bytes.end());
        let inside = content.get(element.body as usize..end as usize);
        visit(element.id, inside.unwrap_or_default())?;
        bytes.seek(end)?;
    }
    Ok(())
}
