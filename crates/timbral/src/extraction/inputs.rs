use std::collections::HashSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, Result};

/// Extensions of sound files. The format of a file is found from its bytes; the extension only separates
/// sound files from covers, notes and playlists in the same folder.
const EXTENSIONS: [&str; 22] = [
    "wav", "wave", "au", "snd", "flac", "mp3", "mp2", "mp1", "ogg", "oga", "m4a", "m4b", "mp4",
    "aac", "aif", "aiff", "aifc", "caf", "mkv", "mka", "webm", "alac",
];

/// The sound files among some files and folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inputs {
    /// Each file once: in the order of the arguments, within a folder by path.
    pub files: Vec<PathBuf>,
    /// Number of files in the folders whose extensions are not those of sound files.
    pub passed_over: usize,
}

impl Inputs {
    /// Finds the sound files: a file is taken whatever its name is, a folder is searched recursively for
    /// files with the extension of a sound file; hidden files and folders are left out.
    ///
    /// # Errors
    ///
    /// An argument that does not exist or a folder that cannot be read.
    pub fn find<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut inputs = Self::default();
        let mut seen = HashSet::new();
        for path in paths {
            let path = path.as_ref();
            let metadata = std::fs::metadata(path).map_err(|e| Error::Input {
                path: path.to_owned(),
                reason: e.to_string(),
            })?;
            if !metadata.is_dir() {
                if seen.insert(path.to_owned()) {
                    inputs.files.push(path.to_owned());
                }
                continue;
            }
            let visible = |e: &walkdir::DirEntry| {
                e.depth() == 0 || !e.file_name().as_encoded_bytes().starts_with(b".")
            };
            let walk = WalkDir::new(path).follow_links(true).sort_by_file_name();
            for entry in walk.into_iter().filter_entry(visible) {
                let entry = entry.map_err(|e| Error::Input {
                    path: e.path().unwrap_or(path).to_owned(),
                    reason: e
                        .into_io_error()
                        .map_or("a loop of links".to_owned(), |e| e.to_string()),
                })?;
                if entry.file_type().is_dir() {
                    continue;
                }
                if !has_sound_extension(entry.path()) {
                    inputs.passed_over += 1;
                } else if seen.insert(entry.path().to_owned()) {
                    inputs.files.push(entry.into_path());
                }
            }
        }
        Ok(inputs)
    }
}

fn has_sound_extension(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .map(str::to_ascii_lowercase);
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_are_searched_in_order_and_files_taken_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "b/2.WAV",
            "b/1.flac",
            "b/cover.jpg",
            "a/3.mp3",
            ".hidden/4.wav",
            "a/.5.wav",
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let inputs =
            Inputs::find([root.join("b/cover.jpg"), root.to_owned(), root.join("b")]).unwrap();
        let names: Vec<_> = inputs
            .files
            .iter()
            .map(|p| p.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["b/cover.jpg", "a/3.mp3", "b/1.flac", "b/2.WAV"]);
        assert_eq!(inputs.passed_over, 2);
    }

    #[test]
    fn a_missing_argument_is_named() {
        let error = Inputs::find(["no/such/folder"]).unwrap_err().to_string();
        assert!(error.starts_with("no/such/folder: "), "{error}");
    }
}
