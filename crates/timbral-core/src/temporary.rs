//! The temporary file or folder that is written, and then renamed to its target.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Characters of the target's name in that of the temporary file; names may have 255 bytes.
const NAME_CHARS: usize = 50;

/// What is made for a target: a file or a folder.
pub(crate) trait Made: Sized {
    /// Makes a new one; an error if the path exists.
    fn make(path: &Path) -> io::Result<Self>;
    /// What is locked; `None` if the operating system cannot.
    fn handle(&self) -> Option<&File>;
    /// Opens one that is there.
    fn open(path: &Path) -> io::Result<File>;
    fn is(found: &Metadata) -> bool;
    fn remove(path: &Path) -> io::Result<()>;
}

impl Made for File {
    fn make(path: &Path) -> io::Result<Self> {
        File::options().write(true).create_new(true).open(path)
    }

    fn handle(&self) -> Option<&File> {
        Some(self)
    }

    fn open(path: &Path) -> io::Result<File> {
        File::options().write(true).open(path)
    }

    fn is(found: &Metadata) -> bool {
        found.is_file()
    }

    fn remove(path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// A folder, which is open where the operating system can lock one (on Unix).
pub(crate) struct Folder(Option<File>);

impl Made for Folder {
    fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir(path)?;
        if cfg!(not(unix)) {
            return Ok(Self(None));
        }
        match File::open(path) {
            Ok(file) => Ok(Self(Some(file))),
            // Another writer removed it before the lock: its name is taken for now.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(ErrorKind::AlreadyExists.into())
            }
            Err(error) => {
                drop(fs::remove_dir(path));
                Err(error)
            }
        }
    }

    fn handle(&self) -> Option<&File> {
        self.0.as_ref()
    }

    fn open(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn is(found: &Metadata) -> bool {
        found.is_dir()
    }

    fn remove(path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// A temporary file or folder for a target, `.NAME.tmp` or `.NAME.N.tmp` in the same folder. It is removed when
/// it is dropped.
///
/// It is locked as long as its owner exists. If it has no lock, a killed process left it, and the next
/// temporary of the same target and kind removes it. (With a random name instead, the folder would have to be
/// searched. Linux's files without a name cannot replace another file.)
pub(crate) struct Temporary<M: Made> {
    pub(crate) made: M,
    pub(crate) path: PathBuf,
    /// Whether it has the name of the target now; another writer may have made one of its own name since.
    is_renamed: bool,
}

impl<M: Made> Temporary<M> {
    /// A new one for a target, which need not exist.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let mut number = 0;
        loop {
            let path = name(target, number);
            match M::make(&path) {
                Ok(made) if made.handle().is_none_or(|file| lock(file, &path)) => {
                    // Others can be left of writers that ran side by side.
                    while remove_abandoned::<M>(&name(target, number + 1)) {
                        number += 1;
                    }
                    return Ok(Self {
                        made,
                        path,
                        is_renamed: false,
                    });
                }
                // Another writer came before the lock, and removed it.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !remove_abandoned::<M>(&path) {
                        number += 1;
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Renames it to the target; a file replaces an earlier one.
    pub(crate) fn replace(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl<M: Made> Drop for Temporary<M> {
    fn drop(&mut self) {
        if !self.is_renamed {
            // If that fails, the next write to the target tries it again.
            drop(M::remove(&self.path));
        }
    }
}

/// The path of a target's temporary file of a number.
fn name(target: &Path, number: usize) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    // Two targets of one name here are like two writers of one target.
    let start: String = name.chars().take(NAME_CHARS).collect();
    target.with_file_name(match number {
        0 => format!(".{start}.tmp"),
        _ => format!(".{start}.{number}.tmp"),
    })
}

/// Locks what was made; `false` if it is no longer that of its path.
fn lock(file: &File, path: &Path) -> bool {
    match file.lock() {
        Ok(()) => is_at(file, path) != Some(false),
        // No locks in this file system: nobody can lock it to remove it.
        Err(_) => true,
    }
}

/// Removes a temporary file or folder whose writer is gone.
fn remove_abandoned<M: Made>(path: &Path) -> bool {
    let is_kind = fs::symlink_metadata(path).is_ok_and(|found| M::is(&found));
    if !is_kind {
        return false;
    }
    let Ok(file) = M::open(path) else {
        return false;
    };
    // With the lock of what the path names, nobody else renames or removes it.
    file.try_lock().is_ok() && is_at(&file, path) == Some(true) && M::remove(path).is_ok()
}

/// Whether a path names this open file or folder; `None` where the operating system does not say.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;

    let both = (file.metadata(), fs::symlink_metadata(path));
    Some(matches!(both, (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino())))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> Option<bool> {
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What is in a folder, by name.
    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn writers_of_one_target_have_a_file_each() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("t.csv");
        let first = Temporary::<File>::beside(&target).unwrap();
        let second = Temporary::<File>::beside(&target).unwrap();
        assert_eq!(names(folder.path()), [".t.csv.1.tmp", ".t.csv.tmp"]);
        second.replace(&target).unwrap();
        assert_eq!(names(folder.path()), [".t.csv.tmp", "t.csv"]);
        drop(first);
        assert_eq!(names(folder.path()), ["t.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_kills_left_goes_with_the_next_write_and_what_lives_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("t.csv");
        let alive = Temporary::<File>::beside(&target).unwrap();
        for name in [".t.csv.1.tmp", ".t.csv.2.tmp", ".t.csv.3.tmp", ".u.csv.tmp"] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let new = Temporary::<File>::beside(&target).unwrap();
        let expected = [".t.csv.1.tmp", ".t.csv.tmp", ".u.csv.tmp"];
        assert_eq!(names(folder.path()), expected);
        assert_eq!(new.made.metadata().unwrap().len(), 0);
        drop((alive, new));
        assert_eq!(names(folder.path()), [".u.csv.tmp"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_folder_of_that_name_is_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let [target, other] = ["t.csv", "other"].map(|name| folder.path().join(name));
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(".t.csv.tmp")).unwrap();
        fs::create_dir(folder.path().join(".t.csv.1.tmp")).unwrap();
        Temporary::<File>::beside(&target)
            .unwrap()
            .replace(&target)
            .unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        let expected = [".t.csv.1.tmp", ".t.csv.tmp", "other", "t.csv"];
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn many_writers_at_once_write_whole_files() {
        use std::io::Write;

        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("t".repeat(200));
        std::thread::scope(|scope| {
            for byte in b'a'..b'i' {
                let target = &target;
                scope.spawn(move || {
                    for _ in 0..50 {
                        let mut temporary = Temporary::<File>::beside(target).unwrap();
                        temporary.made.write_all(&[byte; 1000]).unwrap();
                        temporary.replace(target).unwrap();
                        let found = fs::read(target).unwrap();
                        assert!(found.len() == 1000 && found.iter().all(|b| *b == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()).len(), 1);
    }
}
