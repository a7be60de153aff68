use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use timbral_core::parse_name;

use super::cell::missing;
use super::feature_table::{FeatureTable, fits};
use crate::error::{Error, Result};

/// The rows of a table that a split must not divide.
///
/// Recordings of one artist, and even more of one album, are more alike than those of one genre (same voice, players,
/// studio). A model that was trained on some of them recognises the others by this likeness, and its score on them is
/// too good. This is the album effect (Whitman et al. 2001; Flexer 2007).
///
/// Reads from and prints as `recording`, `album`, `artist` or `folder`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GroupBy {
    /// The recordings: the [groups](FeatureTable::groups) of the table.
    #[default]
    Recording,
    /// The first folder below the one that is named like the label of a recording: in `genre/artist/album/song` that
    /// of the artist. If no folder is named like the label, the folder that the recording is in. Folders are taken
    /// from the path of the recording in the table.
    Folder,
    /// The [albums](FeatureTable::albums).
    Album,
    /// The [artists](FeatureTable::artists).
    Artist,
}

impl GroupBy {
    /// All, the widest first.
    pub const ALL: [Self; 4] = [Self::Artist, Self::Album, Self::Folder, Self::Recording];
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Recording => "recording",
            Self::Folder => "folder",
            Self::Album => "album",
            Self::Artist => "artist",
        })
    }
}

impl FromStr for GroupBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let reason = "must be recording, album, artist or folder";
        Ok(parse_name("group_by", name, Self::ALL, reason)?)
    }
}

/// Artists, albums, and the groups of splits.
impl FeatureTable {
    /// The same table with the artist of each row; an empty text, or a word for a missing value such as `NA`, is an
    /// unknown artist.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one text per row.
    pub fn with_artists<S: AsRef<str>>(
        mut self,
        artists: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        self.artists = Some(self.texts("artists", artists)?);
        Ok(self)
    }

    /// The same table with the album of each row; an empty text is an unknown album.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one text per row.
    pub fn with_albums<S: AsRef<str>>(
        mut self,
        albums: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        self.albums = Some(self.texts("albums", albums)?);
        Ok(self)
    }

    fn texts<S: AsRef<str>>(
        &self,
        name: &'static str,
        texts: impl IntoIterator<Item = S>,
    ) -> Result<Vec<String>> {
        let clean = |text: S| match text.as_ref().trim() {
            text if missing(text) => String::new(),
            text => text.replace('\0', " "),
        };
        let texts: Vec<String> = texts.into_iter().map(clean).collect();
        fits(name, texts.len(), self.n_rows())?;
        Ok(texts)
    }

    /// Artist of each row, empty where unknown; `None` if the table has no artists.
    pub fn artists(&self) -> Option<&[String]> {
        self.artists.as_deref()
    }

    /// Album of each row, empty where unknown; `None` if the table has no albums.
    pub fn albums(&self) -> Option<&[String]> {
        self.albums.as_deref()
    }

    /// The same table, whose splits keep recordings of one artist, album or folder together; the recordings themselves
    /// do not change.
    ///
    /// Names are compared by their words in lower case, so that `Earth, Wind & Fire` and `Earth Wind And Fire` are one
    /// artist. A recording whose artist (album, folder) is unknown is a group of its own.
    ///
    /// ```
    /// use timbral_data::{GroupBy, TableSchema};
    ///
    /// let text = "filename,artist,tempo,label\na.wav,Ann,100,jazz\nb.wav,ANN,120,jazz\nc.wav,,90,rock\n";
    /// let table = TableSchema::default().read_csv_from(text.as_bytes(), "t.csv")?;
    /// assert_eq!(table.split_groups(), [0, 1, 2]);
    /// let table = table.grouped_by(GroupBy::Artist);
    /// assert_eq!((table.split_groups(), table.n_split_groups()), (&[0, 0, 2][..], 2));
    /// assert_eq!(table.groups(), [0, 1, 2]);
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    #[must_use]
    pub fn grouped_by(mut self, by: GroupBy) -> Self {
        self.split_groups = match by {
            GroupBy::Recording => None,
            _ => Some(joined(self.groups(), &self.keys(by))),
        };
        self
    }

    /// Group of each row that splits keep together: numbers of [groups](Self::groups), of which several may be joined
    /// ([`grouped_by`](Self::grouped_by)).
    pub fn split_groups(&self) -> &[usize] {
        self.split_groups.as_deref().unwrap_or(self.groups())
    }

    /// Number of groups that splits keep together.
    pub fn n_split_groups(&self) -> usize {
        distinct(self.split_groups().iter()).len()
    }

    /// The groupings that the rows support, the widest first: artist, album, folder, recording. A grouping is
    /// supported if it is known for most recordings and every class has at least `min_groups` groups, so that folds
    /// can hold some of them out. `recording` is always supported.
    pub fn supported_groupings(&self, min_groups: usize) -> Vec<GroupBy> {
        let n_recordings = distinct(self.groups().iter()).len();
        let supports = |by: &GroupBy| {
            let (keys, rows) = (self.keys(*by), 0..self.n_rows());
            let known = rows.clone().filter(|row| keys[*row].is_some());
            let known = distinct(known.map(|row| &self.groups()[row])).len();
            let groups = joined(self.groups(), &keys);
            let has_groups = (0..self.classes().len()).all(|class| {
                let of_class =
                    |row: &usize| self.labels().is_some_and(|labels| labels[*row] == class);
                let mut of_class = rows.clone().filter(of_class).peekable();
                of_class.peek().is_none()
                    || distinct(of_class.map(|row| &groups[row])).len() >= min_groups
            });
            *by == GroupBy::Recording || 2 * known > n_recordings && has_groups
        };
        GroupBy::ALL.into_iter().filter(supports).collect()
    }

    /// A key for each row that is the same for rows of one group; `None` where unknown.
    fn keys(&self, by: GroupBy) -> Vec<Option<String>> {
        let of_texts = |texts: Option<&[String]>| match texts {
            Some(texts) => texts.iter().map(|text| words(text)).collect(),
            None => vec![None; self.n_rows()],
        };
        match by {
            GroupBy::Artist => of_texts(self.artists()),
            GroupBy::Album => of_texts(self.albums()),
            GroupBy::Folder => (0..self.n_rows())
                .map(|row| {
                    let label = self.labels().map(|labels| &*self.classes()[labels[row]]);
                    folder(&self.group_names()[self.groups()[row]], label)
                })
                .collect(),
            GroupBy::Recording => {
                let number = |group: &usize| Some(group.to_string());
                self.groups().iter().map(number).collect()
            }
        }
    }
}

/// The first folder below the one that is named like the label, with all that are above it; that of the recording if
/// none is named so; `None` if the recording is in that one itself.
fn folder(recording: &str, label: Option<&str>) -> Option<String> {
    let (folders, _) = recording.rsplit_once(['/', '\\'])?;
    let names: Vec<&str> = folders.split(['/', '\\']).collect();
    let (last, above) = names.split_last()?;
    let is_label = |name: &&str| Some(*name) == label;
    match above.iter().rposition(is_label) {
        Some(at) => {
            let bytes: usize = names[..=at + 1].iter().map(|name| name.len() + 1).sum();
            Some(folders[..bytes - 1].to_owned())
        }
        None => (!is_label(last)).then(|| folders.to_owned()),
    }
}

/// The words of a name in lower case: `&` is the word `and`, any other character but letters and digits is a space.
/// `None` if there are none.
pub(crate) fn words(name: &str) -> Option<String> {
    let words = name.replace('&', " and ").to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn distinct<'a>(numbers: impl Iterator<Item = &'a usize>) -> std::collections::HashSet<usize> {
    numbers.copied().collect()
}

/// The numbers of rows, joined where rows have the same key; each is the smallest of those joined with it.
pub(crate) fn joined<K: Eq + std::hash::Hash>(numbers: &[usize], keys: &[Option<K>]) -> Vec<usize> {
    let n = numbers.iter().max().map_or(0, |n| n + 1);
    let mut parents: Vec<usize> = (0..n).collect();
    fn root(parents: &mut [usize], mut number: usize) -> usize {
        while parents[number] != number {
            parents[number] = parents[parents[number]];
            number = parents[number];
        }
        number
    }
    let mut first_of_key = HashMap::new();
    for (number, key) in numbers.iter().zip(keys) {
        if let Some(key) = key {
            let first = *first_of_key.entry(key).or_insert(*number);
            let (a, b) = (root(&mut parents, first), root(&mut parents, *number));
            parents[a.max(b)] = a.min(b);
        }
    }
    numbers.iter().map(|n| root(&mut parents, *n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &str, &str)]) -> FeatureTable {
        let ids = (0..rows.len()).map(|row| row.to_string()).collect();
        let features = ndarray::Array2::zeros((rows.len(), 0));
        FeatureTable::new(vec![], features, ids)
            .and_then(|table| table.with_groups(rows.iter().map(|row| row.0)))
            .and_then(|table| table.with_labels(rows.iter().map(|row| row.1)))
            .and_then(|table| table.with_artists(rows.iter().map(|row| row.2)))
            .unwrap()
    }

    #[test]
    fn groups_join_recordings_and_artists() {
        let table = table(&[
            ("a", "jazz", "Ann"),
            ("b", "jazz", "Bob"),
            // Another artist in the same recording joins the two.
            ("b", "jazz", "ann & co"),
            ("c", "rock", "Ann and  Co."),
            ("d", "rock", ""),
            ("e", "rock", "N/A"),
            ("f", "rock", "bob"),
        ]);
        let grouped = table.clone().grouped_by(GroupBy::Artist);
        assert_eq!(grouped.split_groups(), [0, 1, 1, 1, 3, 4, 1]);
        assert_eq!(grouped.n_split_groups(), 4);
        assert_eq!(grouped.select(&[6, 5]).unwrap().split_groups(), [1, 4]);
        let back = grouped.grouped_by(GroupBy::Recording);
        assert_eq!(back.split_groups(), table.groups());
        // Without albums every recording is one.
        assert_eq!(
            table.clone().grouped_by(GroupBy::Album).split_groups(),
            table.groups()
        );
    }

    #[test]
    fn folders_are_those_below_the_genre() {
        for (recording, label, expected) in [
            ("jazz/01", "jazz", None),
            ("jazz/Ann/01", "jazz", Some("jazz/Ann")),
            ("music\\jazz\\Ann\\1\\01", "jazz", Some("music\\jazz\\Ann")),
            ("jazz/jazz/01", "jazz", Some("jazz/jazz")),
            ("jazz/rock/1/01", "jazz", Some("jazz/rock")),
            ("Ann/1/01", "jazz", Some("Ann/1")),
            ("Ann/01", "jazz", Some("Ann")),
            ("01", "jazz", None),
        ] {
            assert_eq!(
                folder(recording, Some(label)).as_deref(),
                expected,
                "{recording}"
            );
        }
        let table = table(&[
            ("jazz/a/1", "jazz", ""),
            ("jazz/a/2", "jazz", ""),
            ("jazz/b/1", "jazz", ""),
            ("rock/1", "rock", ""),
        ]);
        let table = table.grouped_by(GroupBy::Folder);
        assert_eq!(table.split_groups(), [0, 0, 2, 3]);
    }

    #[test]
    fn the_widest_grouping_is_known_of_most_and_leaves_some_of_each_class() {
        let jazz = ["a/1", "a/2", "b/3", "b/4"].map(|r| (r, "jazz"));
        let rock = ["c/5", "c/6", "d/7", "d/8"].map(|r| (r, "rock"));
        let with = |artists: [&'static str; 8]| {
            let rows = jazz.into_iter().chain(rock).zip(artists);
            let rows: Vec<_> = rows.map(|((r, l), a)| (r, l, a)).collect();
            table(&rows).supported_groupings(2)[0]
        };
        let known = ["Ann", "Ann", "Bob", "", "Cy", "Di", "Di", ""];
        assert_eq!(with(known), GroupBy::Artist);
        // Of half of the recordings is not of most.
        let half = ["Ann", "", "Bob", "", "Cy", "", "Di", ""];
        assert_eq!(with(half), GroupBy::Folder);
        // All of jazz is by one artist.
        let one = ["Ann", "Ann", "Ann", "Ann", "Cy", "Di", "Di", ""];
        assert_eq!(with(one), GroupBy::Folder);
        let names = GroupBy::ALL.map(|by| by.to_string().parse::<GroupBy>().unwrap());
        assert_eq!(names, GroupBy::ALL);
        assert!("label".parse::<GroupBy>().is_err());
    }
}
