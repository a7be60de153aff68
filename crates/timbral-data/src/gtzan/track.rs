use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::table::recording_of;

/// The genres, sorted by name.
pub const GENRES: [&str; 10] = [
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
];

/// Clips of each genre, numbered from 0.
pub const TRACKS_PER_GENRE: u8 = 100;

/// Identifies one of the 1000 clips, such as `blues.00000`.
///
/// It is parsed from the name of a clip, of its file or of a segment; only the [`recording_of`] the name matters.
///
/// ```
/// use timbral_data::gtzan::TrackId;
///
/// for name in ["rock.00016", "genres/rock/rock.00016.au", "rock.00016.3.wav"] {
///     assert_eq!(name.parse::<TrackId>()?.to_string(), "rock.00016");
/// }
/// assert!("rock.00100".parse::<TrackId>().is_err());
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId {
    genre: u8,
    number: u8,
}

impl TrackId {
    /// All clips, ordered by genre and number.
    pub fn all() -> impl Iterator<Item = Self> {
        let genres = 0..GENRES.len() as u8;
        genres.flat_map(|genre| (0..TRACKS_PER_GENRE).map(move |number| Self { genre, number }))
    }

    /// Name of the genre.
    pub fn genre(self) -> &'static str {
        GENRES[usize::from(self.genre)]
    }

    /// Number of the genre, an index into [`GENRES`].
    pub fn label(self) -> usize {
        usize::from(self.genre)
    }

    /// Number within the genre, below [`TRACKS_PER_GENRE`].
    pub fn number(self) -> u8 {
        self.number
    }

    fn parse(name: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next()?;
        let (genre, digits) = recording_of(name).split_once('.')?;
        let plain = digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit());
        let number: u8 = digits.parse().ok()?;
        let genre = GENRES.iter().position(|g| *g == genre)? as u8;
        (plain && number < TRACKS_PER_GENRE).then_some(Self { genre, number })
    }
}

/// `genre.NNNNN`
impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:05}", self.genre(), self.number)
    }
}

impl FromStr for TrackId {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::parse(name).ok_or_else(|| Error::NotATrack {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_thousand_names_read_back() {
        let all: Vec<TrackId> = TrackId::all().collect();
        assert_eq!(all.len(), 1000);
        assert!(all.is_sorted_by(|a, b| a < b));
        for track in all {
            assert_eq!(track.to_string().parse::<TrackId>().unwrap(), track);
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "blues",
            "blues.",
            "blues.0",
            "blues.000000",
            "blues.00100",
            "blues.+0001",
            "blues.00001wav",
            "blues.00001.",
            "Blues.00001.wav",
            "polka.00001.wav",
            ".blues.00001.wav",
            "blues.00001.wav.gz",
            "blues.0000\u{0661}",
        ] {
            let error = name.parse::<TrackId>().unwrap_err();
            assert!(matches!(error, Error::NotATrack { .. }), "{name}");
        }
    }
}
