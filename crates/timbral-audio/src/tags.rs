//! Title, artist and album from the tags of a sound file.
//!
//! `id3`, `ape`, `vorbis`, `matroska` and `caf` read tags from memory; `find` locates them in each container.

mod ape;
mod caf;
mod find;
mod id3;
mod matroska;
mod text;
mod vorbis;

use std::io::{Read, Seek};
use std::path::Path;

use crate::error::Result;
use crate::source::open_file;

/// Title, artist and album of a piece of music, from the tags of its file.
///
/// | tags | where they are read |
/// |---|---|
/// | ID3v2.2, 2.3, 2.4 | MP3, AAC, and before any other format; the chunks `id3 ` of WAV and `ID3 ` of AIFF |
/// | ID3v1 | the end of a file |
/// | APEv2 | the end of a file (MP3, WavPack, Monkey's Audio, Musepack), before ID3v1, and its start |
/// | Vorbis comments | FLAC; OGG with Vorbis, Opus or FLAC |
/// | `ilst` | MP4 |
/// | `INFO` | WAV |
/// | `NAME`, `AUTH` | AIFF |
/// | `info` | CAF |
/// | `Tags`, and the title in `Info` | Matroska, WebM |
///
/// If a file has several tags, each field comes from the first tag that has it; ID3v1 is the last. If a tag has
/// several values of a field, the first one is used. Spaces around a text and control characters are removed.
/// Texts that stand for an unknown value (`Unknown Artist`, `Various Artists`) are left out. A damaged tag is
/// no error: what can be read of it is used. At most 16 MiB of a tag are read.
///
/// ```
/// use std::io::Cursor;
/// use timbral_audio::SoundTags;
///
/// let mut file = vec![0; 100];
/// file.extend(b"TAG");
/// for text in ["Blue in Green", "Miles Davis", "Kind of Blue"] {
///     file.extend(format!("{text:\0<30}").bytes());
/// }
/// file.extend([0; 35]);
/// let tags = SoundTags::from_reader(Cursor::new(file));
/// assert_eq!(tags.artist.as_deref(), Some("Miles Davis"));
/// assert_eq!(tags.album.as_deref(), Some("Kind of Blue"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SoundTags {
    /// The title of the piece.
    pub title: Option<String>,
    /// The artist of the piece; if there is none, the artist of the album.
    pub artist: Option<String>,
    /// The album.
    pub album: Option<String>,
}

impl SoundTags {
    /// Reads the tags of a file. Fields that the file does not have, or that cannot be read, are `None`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) and [`Error::NotAFile`](crate::Error::NotAFile) if the file cannot be opened.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let (file, _) = open_file(path.as_ref())?;
        Ok(Self::from_reader(file))
    }

    /// Reads the tags of a sound file from `reader`, whose position must be the first byte of the file.
    pub fn from_reader(reader: impl Read + Seek + Send + Sync + 'static) -> Self {
        find::tags(Box::new(reader))
    }
}

/// The fields while they are collected: the first text of each counts.
#[derive(Debug, Default, PartialEq)]
struct Fields {
    title: Option<String>,
    artist: Option<String>,
    album_artist: Option<String>,
    album: Option<String>,
}

/// Which field a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Artist,
    AlbumArtist,
    Album,
}

impl Field {
    /// The field of an item by its name, in capitals or not.
    fn of_name(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        Some(match () {
            () if is(b"TITLE") => Self::Title,
            () if is(b"ARTIST") => Self::Artist,
            () if is(b"ALBUMARTIST") || is(b"ALBUM ARTIST") || is(b"ALBUM_ARTIST") => {
                Self::AlbumArtist
            }
            () if is(b"ALBUM") => Self::Album,
            () => return None,
        })
    }
}

impl Fields {
    /// Whether there is a title, an artist and an album.
    fn are_complete(&self) -> bool {
        self.title.is_some() && self.artist.is_some() && self.album.is_some()
    }

    fn set(&mut self, field: Field, text: &str) {
        let place = match field {
            Field::Title => &mut self.title,
            Field::Artist => &mut self.artist,
            Field::AlbumArtist => &mut self.album_artist,
            Field::Album => &mut self.album,
        };
        if place.is_none() {
            *place = text::clean(text, field);
        }
    }

    fn finish(self) -> SoundTags {
        SoundTags {
            title: self.title,
            artist: self.artist.or(self.album_artist),
            album: self.album,
        }
    }
}

#[cfg(test)]
mod tests;
