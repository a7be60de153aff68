use std::collections::HashSet;
use std::path::{Path, PathBuf};

use timbral_data::is_sound_extension;
use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, Result};

/// The sound files among some files and folders.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// Each file once: in the order of the arguments, within a folder by path.
    pub files: Vec<PathBuf>,
    /// Number of files in the folders whose extensions are not those of sound files.
    pub passed_over: usize,
    /// What could not be searched or is no file: links to nothing, links that form a loop, folders without
    /// permission, pipes and devices in a folder; each error names it.
    pub unreadable: Vec<Error>,
}

impl Inputs {
    /// Finds the sound files: a file is taken whatever its name is, a folder is searched recursively for
    /// files with the extension of a sound file; hidden files and folders are left out. What cannot be
    /// read is in [`unreadable`](Self::unreadable); the rest is found.
    ///
    /// # Errors
    ///
    /// The first unreadable entry, if there is no sound file.
    pub fn find<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut inputs = Self::default();
        let mut seen = HashSet::new();
        for path in paths {
            inputs.add(path.as_ref(), &mut seen);
        }
        match inputs.unreadable.is_empty() || !inputs.files.is_empty() {
            true => Ok(inputs),
            false => Err(inputs.unreadable.swap_remove(0)),
        }
    }

    fn add(&mut self, path: &Path, seen: &mut HashSet<PathBuf>) {
        match path.metadata() {
            Err(e) => return self.unreadable.push(unreadable(path, e.to_string())),
            Ok(metadata) if metadata.is_dir() => (),
            Ok(_) => return self.take(path.to_owned(), seen),
        }
        let is_visible =
            |e: &DirEntry| e.depth() == 0 || !e.file_name().as_encoded_bytes().starts_with(b".");
        let walk = WalkDir::new(path).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(is_visible) {
            match entry {
                Err(e) => {
                    let at = e.path().unwrap_or(path).to_owned();
                    let is_hidden = at
                        .file_name()
                        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
                    let is_loop = e.loop_ancestor().is_some();
                    // Links are only followed where the walk passes them on, so a link to nothing is
                    // an error even if it is hidden.
                    let is_other = at.is_symlink() && !is_loop && !has_sound_extension(&at);
                    match () {
                        () if is_hidden => (),
                        () if is_other => self.passed_over += 1,
                        () if is_loop => {
                            self.unreadable
                                .push(unreadable(&at, "a loop of links".to_owned()));
                        }
                        () => {
                            let reason = e.io_error().map_or(e.to_string(), ToString::to_string);
                            self.unreadable.push(unreadable(&at, reason));
                        }
                    }
                }
                Ok(entry) if entry.file_type().is_dir() => (),
                Ok(entry) if !has_sound_extension(entry.path()) => self.passed_over += 1,
                Ok(entry) if !entry.file_type().is_file() => {
                    let reason = "is a pipe or device, not a file".to_owned();
                    self.unreadable.push(unreadable(entry.path(), reason));
                }
                Ok(entry) => self.take(entry.into_path(), seen),
            }
        }
    }

    fn take(&mut self, path: PathBuf, seen: &mut HashSet<PathBuf>) {
        if seen.insert(path.clone()) {
            self.files.push(path);
        }
    }
}

fn unreadable(path: &Path, reason: String) -> Error {
    Error::Input {
        path: path.to_owned(),
        reason,
    }
}

/// Whether a file has the extension of a sound file. The format is found from the bytes later; the extension only
/// separates sound files from covers, notes and playlists in the same folder. Formats that cannot be decoded are
/// included, so that such files are reported and not silently left out.
fn has_sound_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(is_sound_extension)
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

    #[test]
    fn formats_that_cannot_be_decoded_are_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "1.OPUS",
            "2.wma",
            "3.wav",
            "4.ape",
            "cover.jpg",
            "notes.txt",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let inputs = Inputs::find([folder.path()]).unwrap();
        assert_eq!((inputs.files.len(), inputs.passed_over), (4, 2));
    }

    #[test]
    #[cfg(unix)]
    fn one_bad_entry_does_not_end_the_search() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/1.wav"), "").unwrap();
        fs::write(root.join("z.wav"), "").unwrap();
        symlink("nowhere.wav", root.join("a/2.wav")).unwrap();
        symlink("nowhere.jpg", root.join("a/2.jpg")).unwrap();
        symlink("..", root.join("a/loop")).unwrap();
        symlink("self.wav", root.join("self.wav")).unwrap();
        symlink(root.join("z.wav"), root.join("y.wav")).unwrap();
        let pipe = root.join("pipe.wav");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let inputs = Inputs::find([root]).unwrap();
        let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        let files: Vec<_> = inputs.files.iter().map(|path| name(path)).collect();
        assert_eq!(files, ["a/1.wav", "y.wav", "z.wav"]);
        let text: Vec<String> = inputs.unreadable.iter().map(ToString::to_string).collect();
        assert_eq!(inputs.unreadable.len(), 4, "{text:?}");
        for (entry, reason) in [
            ("a/2.wav", "No such file"),
            ("a/loop", "a loop of links"),
            ("pipe.wav", "is a pipe or device"),
            ("self.wav", "levels of symbolic links"),
        ] {
            let found = |line: &String| line.contains(entry) && line.contains(reason);
            assert!(text.iter().any(found), "{entry}: {text:?}");
        }
        assert_eq!(inputs.passed_over, 1);
        // An argument that is not there does not end it, either.
        let inputs = Inputs::find([&root.join("missing"), &root.join("z.wav")]).unwrap();
        assert_eq!((inputs.files.len(), inputs.unreadable.len()), (1, 1));
    }
}
