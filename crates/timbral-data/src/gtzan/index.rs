use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::track::{GENRES, TrackId};
use crate::error::{Result, at};

/// The clips in a folder `genres`, named `<genre>/<genre>.NNNNN.au` or `.wav`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Index {
    /// The clips that were found, ordered by genre and number.
    pub tracks: Vec<Track>,
    /// The clips that were not found.
    pub missing: Vec<TrackId>,
    /// Files and folders that are not a clip in its place, or a second file of a clip, ordered by path.
    pub surplus: Vec<PathBuf>,
}

/// One clip of the data set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Track {
    /// Its name.
    pub id: TrackId,
    /// Its file.
    pub path: PathBuf,
}

impl Index {
    /// Searches a folder, which may lack some of the clips. Files are not opened.
    ///
    /// # Errors
    ///
    /// The folder or the folder of a genre cannot be read.
    ///
    /// ```
    /// use timbral_data::gtzan::Index;
    ///
    /// let folder = tempfile::tempdir()?;
    /// std::fs::create_dir(folder.path().join("jazz"))?;
    /// std::fs::write(folder.path().join("jazz/jazz.00007.au"), "")?;
    /// let index = Index::read(folder.path())?;
    /// assert_eq!(index.tracks[0].id.to_string(), "jazz.00007");
    /// assert_eq!(index.missing.len(), 999);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(folder: impl AsRef<Path>) -> Result<Self> {
        Self::read_folder(folder.as_ref())
    }

    fn read_folder(folder: &Path) -> Result<Self> {
        let mut found = BTreeMap::new();
        let mut surplus = Vec::new();
        for path in entries(folder)? {
            if !GENRES.iter().any(|genre| path.ends_with(genre)) || !path.is_dir() {
                surplus.push(path);
                continue;
            }
            for file in entries(&path)? {
                match track(&file) {
                    Some(id) if !found.contains_key(&id) => drop(found.insert(id, file)),
                    _ => surplus.push(file),
                }
            }
        }
        let missing = TrackId::all()
            .filter(|id| !found.contains_key(id))
            .collect();
        let tracks = found.into_iter().map(|(id, path)| Track { id, path });
        Ok(Self {
            tracks: tracks.collect(),
            missing,
            surplus,
        })
    }
}

/// The clip that a file is, if the file is in the folder of its genre.
fn track(file: &Path) -> Option<TrackId> {
    let (name, extension) = file.file_name()?.to_str()?.rsplit_once('.')?;
    let id: TrackId = name.parse().ok()?;
    let whole = id.to_string() == name && ["au", "wav"].contains(&extension);
    (whole && file.parent()?.ends_with(id.genre()) && file.is_file()).then_some(id)
}

/// The entries of a folder, ordered by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(at(folder))?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|e| Ok(e?.path())).collect();
    let mut paths = paths.map_err(at(folder))?;
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_surplus_files_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "rock/rock.00016.wav",
            "blues/blues.00001.wav",
            "blues/blues.00000.au",
            "blues/blues.00000.wav",
            "blues/blues.00002.0.wav",
            "blues/blues.00100.wav",
            "blues/rock.00003.wav",
            "blues/blues.00004.mp3",
            "blues/.DS_Store",
            "polka/polka.00000.wav",
            "bextract_single.mf",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(folder.path().join("blues/blues.00005.wav")).unwrap();
        let index = Index::read(folder.path()).unwrap();
        let below = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_owned();
        let tracks: Vec<PathBuf> = index.tracks.iter().map(|t| below(&t.path)).collect();
        let expected = [
            "blues/blues.00000.au",
            "blues/blues.00001.wav",
            "rock/rock.00016.wav",
        ];
        assert_eq!(tracks, expected.map(PathBuf::from));
        assert_eq!(index.missing.len(), 997);
        let surplus: Vec<PathBuf> = index.surplus.iter().map(below).collect();
        let expected = [
            "bextract_single.mf",
            "blues/.DS_Store",
            "blues/blues.00000.wav",
            "blues/blues.00002.0.wav",
            "blues/blues.00004.mp3",
            "blues/blues.00005.wav",
            "blues/blues.00100.wav",
            "blues/rock.00003.wav",
            "polka",
        ];
        assert_eq!(surplus, expected.map(PathBuf::from));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Index::read("no/genres").unwrap_err().to_string();
        assert!(error.starts_with("no/genres: "), "{error}");
    }
}
