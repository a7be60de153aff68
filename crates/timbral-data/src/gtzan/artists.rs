use std::collections::BTreeMap;
use std::path::Path;

use super::track::TrackId;
use crate::error::{Error, Result};
use crate::table::{FeatureTable, words};
use crate::text_file::read_text;

/// Most bytes of an index file; that of all 1000 clips has 56 000.
const FILE_LIMIT: u64 = 1 << 20;

/// The artist of each clip.
///
/// Read from an index such as that of Sturm (2012, "An analysis of the GTZAN music genre
/// dataset"): one line per clip, `blues.00000.wav ::: artist ::: title`, where artist and title may
/// be empty; empty lines and lines that begin with `#` are skipped.
///
/// Names are compared by their words in lower case: `&` is the word `and`, any other character but
/// letters and digits is a space. `Earth, Wind & Fire` is `earth wind and fire`. Two artists together
/// are different from each alone.
///
/// ```
/// use timbral_data::gtzan::Artists;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("artists.txt");
/// std::fs::write(&path, "pop.00000.wav ::: The Band ::: A Song\npop.00001.wav ::: :::\n")?;
/// let artists = Artists::read(&path)?;
/// assert_eq!(artists.get("pop.00000".parse()?), Some("the band"));
/// assert_eq!(artists.get("pop.00001".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Artists {
    names: BTreeMap<TrackId, String>,
}

impl Artists {
    /// Reads an index file.
    ///
    /// # Errors
    ///
    /// [`Error::Line`] for a line without a separator, with a name that is not that of a clip, or
    /// with a clip that appeared before; the file cannot be read, is longer than 1 MiB or not UTF-8.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_index(path.as_ref())
    }

    fn read_index(path: &Path) -> Result<Self> {
        let text = read_text(path, FILE_LIMIT)?;
        let mut lines = BTreeMap::new();
        for (i, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |reason: String| Error::Line {
                path: path.to_owned(),
                line: i + 1,
                reason,
            };
            let mut fields = line.splitn(3, ":::");
            let (Some(clip), Some(artist)) = (fields.next(), fields.next()) else {
                return Err(wrong("no \":::\" after the name of the clip".to_owned()));
            };
            let track: TrackId = clip
                .trim()
                .parse()
                .map_err(|e: Error| wrong(e.to_string()))?;
            if lines.insert(track, words(artist)).is_some() {
                return Err(wrong(format!("{track} appears for the second time")));
            }
        }
        let known = |(track, artist): (TrackId, Option<String>)| Some((track, artist?));
        let names = lines.into_iter().filter_map(known).collect();
        Ok(Self { names })
    }

    /// The artist of a clip in normalised words; `None` if unknown.
    pub fn get(&self, track: TrackId) -> Option<&str> {
        self.names.get(&track).map(String::as_str)
    }

    /// The table with its rows grouped by artist; a clip whose artist is unknown is a group of
    /// its own.
    ///
    /// # Errors
    ///
    /// [`Error::NotATrack`] for a row whose id is not the name of a clip.
    pub fn group(&self, table: FeatureTable) -> Result<FeatureTable> {
        let tracks: Result<Vec<TrackId>> = table.ids().iter().map(|id| id.parse()).collect();
        let name = |track| {
            let artist = self.get(track).map(str::to_owned);
            artist.unwrap_or_else(|| track.to_string())
        };
        table.with_groups(tracks?.into_iter().map(name))
    }

    /// The table with the [artist](FeatureTable::artists) of each row, empty where it is unknown or the id is not the
    /// name of a clip.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn add_to(&self, table: FeatureTable) -> Result<FeatureTable> {
        let artist = |id: &String| {
            let artist = id.parse().ok().and_then(|track| self.get(track));
            artist.unwrap_or_default().to_owned()
        };
        let artists: Vec<String> = table.ids().iter().map(artist).collect();
        table.with_artists(artists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Artists> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("artists.txt");
        std::fs::write(&path, text).unwrap();
        Artists::read(&path)
    }

    #[test]
    fn spellings_of_a_name_are_one_artist() {
        assert_eq!(words("Earth, Wind & Fire"), words(" EARTH  Wind and Fire "));
        assert_eq!(words("AC/DC").as_deref(), Some("ac dc"));
        assert_eq!(words("Motörhead").as_deref(), Some("motörhead"));
        assert_eq!(words(" ... "), None);
    }

    #[test]
    fn rows_of_an_artist_are_one_group_and_unknown_ones_are_not() {
        let artists = read(
            "## notes\n\npop.00000.wav ::: B ::: x ::: y\r\npop.00001.wav:::b\npop.00002.wav ::: ::: \n",
        );
        let ids = [
            "pop.00000.0.wav",
            "pop.00002.wav",
            "pop.00001.wav",
            "pop.00003",
            "pop.00002.1.wav",
        ];
        let features = ndarray::Array2::zeros((5, 0));
        let table = FeatureTable::new(vec![], features, ids.map(str::to_owned).to_vec()).unwrap();
        let table = artists.unwrap().group(table).unwrap();
        assert_eq!(table.groups(), [0, 1, 0, 2, 1]);
        assert_eq!(table.group_names(), ["b", "pop.00002", "pop.00003"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, message) in [
            ("# a\nblues.00000.wav John\n", "line 2: no \":::\""),
            (
                "polka.00000.wav ::: x ::: y\n",
                "line 1: \"polka.00000.wav\" is not",
            ),
            (
                "pop.00000.wav ::: x :::\n\npop.00000.au ::: y :::\n",
                "line 3: pop.00000 appears for the second time",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        let error = read(b"pop.00000.wav ::: x\npop.00001.wav ::: \xff\n").unwrap_err();
        assert!(matches!(error, Error::NotUtf8 { line: 2, .. }), "{error}");
        let error = read(vec![b'#'; 1 + FILE_LIMIT as usize])
            .unwrap_err()
            .to_string();
        assert!(error.contains("longer than 1048576 bytes"), "{error}");
    }
}
