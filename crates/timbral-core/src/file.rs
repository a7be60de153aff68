use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::temporary::Temporary;

/// Links followed before a chain of them counts as a loop; that of Linux.
const MAX_LINKS: usize = 40;

/// Writes a file atomically: after a failure the file is unchanged, else it is complete.
///
/// The bytes go to a temporary file in the same folder, `.NAME.tmp`, which is then renamed to `path`. Until
/// then an earlier file of that name is unchanged. A temporary file that a killed process left is removed by
/// the next write to the same path (on Unix).
///
/// A symbolic link is followed: its target is replaced, and the link remains. A device, a pipe, or any other
/// path that is not a regular file, is written to and never replaced.
///
/// ```
/// use std::io::Write;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// timbral_core::write_atomic(&path, |file| file.write_all(b"first"))?;
/// let failed = timbral_core::write_atomic(&path, |file| {
///     file.write_all(b"sec")?;
///     Err(std::io::Error::other("disk full"))
/// });
/// assert!(failed.is_err());
/// assert_eq!(std::fs::read(&path)?, b"first");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// The folder or the device cannot be written, the path is a folder or a loop of links, or `write` fails. If
/// the path is that of a regular file, no new file remains after an error.
pub fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut write = Some(write);
    write_once(path, &mut |file| match write.take() {
        Some(write) => write(file),
        None => Ok(()),
    })
}

/// As [`write_atomic`], compiled once; `write` is called once.
fn write_once(path: &Path, write: &mut dyn FnMut(&mut File) -> io::Result<()>) -> io::Result<()> {
    let path = &follow_links(path)?;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            return write(&mut File::options().write(true).open(path)?);
        }
        _ => {}
    }
    let mut temporary = Temporary::<File>::beside(path)?;
    write(&mut temporary.made)?;
    temporary.made.sync_all()?;
    temporary.replace(path)
}

/// The path at the end of a chain of symbolic links; it need not exist.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        if !is_link {
            return Ok(path);
        }
        let target = fs::read_link(&path)?;
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Writes a value as indented JSON with [`write_atomic`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.json");
/// timbral_core::write_json(&path, &[0.5, 0.75])?;
/// assert_eq!(std::fs::read_to_string(&path)?, "[\n  0.5,\n  0.75\n]");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`write_atomic`], or the value cannot be represented in JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write_atomic(path, |file| Ok(serde_json::to_writer_pretty(file, value)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, "old").unwrap();
        let failed = write_atomic(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_atomic(&folder.path().join("no/t.csv"), |_| Ok(())).is_err());
        assert!(write_atomic(folder.path(), |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_refused() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let [target, link, second] = ["target", "link", "second"].map(|n| folder.path().join(n));
        symlink("target", &link).unwrap();
        symlink(&link, &second).unwrap();
        // The target of a dangling link is made.
        for text in ["one", "two"] {
            write_atomic(&second, |file| file.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        symlink("loop", folder.path().join("loop")).unwrap();
        assert!(write_atomic(&folder.path().join("loop"), |_| Ok(())).is_err());
    }

    /// A pipe, as an example of a file that is not regular: replacing a device would destroy it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_written_to_and_stays() {
        use std::io::Read;
        use std::os::unix::fs::FileTypeExt;

        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut text = String::new();
                File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        write_atomic(&pipe, |file| file.write_all(b"through")).unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }
}
