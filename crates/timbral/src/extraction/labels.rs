use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use timbral_core::parse_name;

use super::paths::below_common_folder;
use crate::error::{Error, Result};

/// The folder whose name is the genre of a file.
///
/// Reads from and prints as `parent` or `top`.
///
/// ```
/// use timbral::GenreFolder;
///
/// assert_eq!("top".parse::<GenreFolder>()?, GenreFolder::Top);
/// assert_eq!(GenreFolder::default().to_string(), "parent");
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GenreFolder {
    /// The folder that the file is in, as in `genre/song` and `set/genre/song`.
    #[default]
    Parent,
    /// The first folder below the one that all files are in, as in `genre/artist/album/song`.
    Top,
}

impl GenreFolder {
    const ALL: [Self; 2] = [Self::Parent, Self::Top];

    /// The genre of each file.
    pub(crate) fn labels(self, files: &[PathBuf]) -> Vec<String> {
        let parents = files.iter().map(|file| label(file));
        if self == Self::Parent {
            return parents.collect();
        }
        let below = below_common_folder(files);
        let top = |(path, parent): (String, String)| {
            let first = path.split_once(std::path::is_separator);
            first.map_or(parent, |(first, _)| first.to_owned())
        };
        below.into_iter().zip(parents).map(top).collect()
    }
}

impl fmt::Display for GenreFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Parent => "parent",
            Self::Top => "top",
        })
    }
}

impl FromStr for GenreFolder {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let reason = "must be parent or top";
        Ok(parse_name("genre_folder", name, Self::ALL, reason)?)
    }
}

/// The name of the folder that the file is in, as spelled in the path; empty in the root.
pub(crate) fn label(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(folder) = whole.parent() else {
        return String::new();
    };
    // `..` is not a name: ask the file system.
    let named = |folder: &Path| folder.file_name().map(|f| f.to_string_lossy().into_owned());
    let found = || folder.canonicalize().ok().as_deref().and_then(named);
    named(folder).or_else(found).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_the_folder() {
        assert_eq!(label(Path::new("/music/blues/blues.00000.wav")), "blues");
        assert_eq!(label(Path::new("/x.wav")), "");
        let here = std::env::current_dir().unwrap();
        let folder = here.parent().unwrap().file_name().unwrap();
        assert_eq!(label(Path::new("../x.wav")), folder.to_str().unwrap());
    }

    #[test]
    fn the_genre_is_the_folder_of_the_file_or_the_one_at_the_top() {
        let files = [
            "music/jazz/Ann/Hot/01.wav",
            "music/jazz/Bob/02.wav",
            "music/rock/03.wav",
            "music/04.wav",
        ];
        let files = files.map(PathBuf::from);
        let parents = ["Hot", "Bob", "rock", "music"];
        assert_eq!(GenreFolder::Parent.labels(&files), parents);
        let tops = ["jazz", "jazz", "rock", "music"];
        assert_eq!(GenreFolder::Top.labels(&files), tops);
        assert!(GenreFolder::Top.labels(&[]).is_empty());
        assert!("genre".parse::<GenreFolder>().is_err());
    }
}
