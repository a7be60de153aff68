use std::io;
use std::path::{Path, PathBuf};

use crate::temporary::{Folder, Temporary};

/// A folder that is filled under a temporary name, `.NAME.tmp` in the same folder as its target, and then
/// renamed to the target. So the target is complete or does not exist.
///
/// If it is dropped without [`rename`](Self::rename), it is removed with all its files. A folder that a killed
/// process left is removed by the next `TemporaryFolder` of the same target (on Unix).
///
/// ```
/// use timbral_core::TemporaryFolder;
///
/// let folder = tempfile::tempdir()?;
/// let target = folder.path().join("songs");
/// let new = TemporaryFolder::beside(&target)?;
/// std::fs::write(new.path().join("a.wav"), "RIFF")?;
/// assert!(!target.exists());
/// new.rename()?;
/// assert_eq!(std::fs::read(target.join("a.wav"))?, b"RIFF");
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TemporaryFolder {
    temporary: Temporary<Folder>,
    target: PathBuf,
}

impl TemporaryFolder {
    /// Makes a new, empty folder for a target, whose parent folder must exist.
    ///
    /// # Errors
    ///
    /// The parent folder does not exist or cannot be written.
    pub fn beside(target: impl AsRef<Path>) -> io::Result<Self> {
        let target = target.as_ref().to_owned();
        Ok(Self {
            temporary: Temporary::beside(&target)?,
            target,
        })
    }

    /// The temporary path of the folder, until it is renamed.
    pub fn path(&self) -> &Path {
        &self.temporary.path
    }

    /// Renames the folder to the target.
    ///
    /// # Errors
    ///
    /// The target exists and is not an empty folder; the temporary folder is then removed.
    pub fn rename(self) -> io::Result<()> {
        self.temporary.replace(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::temporary::tests::names;

    #[cfg(unix)]
    #[test]
    fn what_kills_left_goes_with_the_next_and_what_lives_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("songs");
        let alive = TemporaryFolder::beside(&target).unwrap();
        for name in [
            ".songs.1.tmp/a/b",
            ".songs.2.tmp",
            ".songs.3.tmp/c",
            ".other.tmp/d",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let new = TemporaryFolder::beside(&target).unwrap();
        let expected = [".other.tmp", ".songs.1.tmp", ".songs.tmp"];
        assert_eq!(names(folder.path()), expected);
        assert_eq!(new.path(), folder.path().join(".songs.1.tmp"));
        assert!(names(new.path()).is_empty());
        fs::write(alive.path().join("x"), "").unwrap();
        drop(alive);
        new.rename().unwrap();
        assert_eq!(names(folder.path()), [".other.tmp", "songs"]);
    }

    #[test]
    fn a_target_with_something_in_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("songs");
        let new = TemporaryFolder::beside(&target).unwrap();
        fs::write(new.path().join("new"), "").unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), "").unwrap();
        assert!(new.rename().is_err());
        assert_eq!(names(folder.path()), ["songs"]);
        assert_eq!(names(&target), ["old"]);
        assert!(TemporaryFolder::beside(folder.path().join("no/songs")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_file_of_that_name_is_no_temporary_folder() {
        let folder = tempfile::tempdir().unwrap();
        let [target, other] = ["songs", "other"].map(|name| folder.path().join(name));
        fs::create_dir(&other).unwrap();
        fs::write(other.join("mine"), "").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(".songs.tmp")).unwrap();
        fs::write(folder.path().join(".songs.1.tmp"), "").unwrap();
        TemporaryFolder::beside(&target).unwrap().rename().unwrap();
        let expected = [".songs.1.tmp", ".songs.tmp", "other", "songs"];
        assert_eq!(names(folder.path()), expected);
        assert_eq!(names(&other), ["mine"]);
    }
}
