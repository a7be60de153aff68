use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An append-only log of JSON values, one per line, that survives a kill.
///
/// The first line holds the settings on which all entries depend. Each entry is written in one piece, and the
/// operating system has it when [`append`](Self::append) returns. If a kill cut the last line short, the line
/// is dropped when the log is opened again.
///
/// ```
/// use timbral_core::JsonLines;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.jsonl");
/// let (mut log, entries) = JsonLines::open::<(String, f64)>(&path, &"seed 42")?;
/// assert_eq!(entries, []);
/// log.append(&("trial 1", 0.75))?;
///
/// let (_, entries) = JsonLines::open::<(String, f64)>(&path, &"seed 42")?;
/// assert_eq!(entries, [("trial 1".to_owned(), 0.75)]);
/// assert!(JsonLines::open::<(String, f64)>(&path, &"seed 43").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonLinesError {
    /// The file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The log.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// The file is not a log of this kind.
    #[error("{}: is not a log of this kind; name another file", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// The log was made with other settings.
    #[error("{}: has results for other settings: {found}, not {expected}", path.display())]
    OtherSettings {
        /// The log.
        path: PathBuf,
        /// The settings of the log.
        found: Box<Value>,
        /// The settings that were passed to [`JsonLines::open`].
        expected: Box<Value>,
    },
    /// A line before the last is damaged.
    #[error("{}:{line}: {reason}", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    settings: Value,
}

impl JsonLines {
    /// Opens the log at `path` and returns its entries, or makes a new log if the file does not exist.
    ///
    /// # Errors
    ///
    /// [`JsonLinesError`]; the file is then unchanged.
    pub fn open<T: DeserializeOwned>(
        path: &Path,
        settings: &impl Serialize,
    ) -> Result<(Self, Vec<T>), JsonLinesError> {
        let settings = serde_json::to_value(settings).map_err(|e| io_error(path)(e.into()))?;
        let found = Found::at(path, Head { settings })?;
        let entries = entries(path, found.lines())?;
        Ok((found.open(path)?, entries))
    }

    /// Adds an entry as one line. After an error nothing is added.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the value cannot be represented in JSON.
    pub fn append(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let line = line(entry)?;
        let end = self.file.metadata()?.len();
        self.file.write_all(&line).inspect_err(|_| {
            // Half a line must not stay before the next one.
            let _ = self.file.set_len(end);
        })
    }

    /// The path of the log.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What is at the path of a log.
struct Found {
    bytes: Vec<u8>,
    /// The line with the settings.
    first: Vec<u8>,
    /// The length of the whole lines of `bytes`.
    whole: usize,
}

impl Found {
    /// Reads what is there, and checks that it is a log with these settings, or the beginning of one.
    fn at(path: &Path, head: Head) -> Result<Self, JsonLinesError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io_error(path)(error)),
        };
        let first = line(&head).map_err(io_error(path))?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        match bytes[..whole].split(|b| *b == b'\n').next() {
            _ if whole == 0 && first.starts_with(&bytes) => {}
            Some(line) if whole > 0 => {
                let Head { settings: found } =
                    serde_json::from_slice(line).map_err(|_| not_a_log(path))?;
                if found != head.settings {
                    return Err(JsonLinesError::OtherSettings {
                        path: path.to_owned(),
                        found: Box::new(found),
                        expected: Box::new(head.settings),
                    });
                }
            }
            _ => return Err(not_a_log(path)),
        }
        Ok(Self {
            bytes,
            first,
            whole,
        })
    }

    /// The lines of the entries.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.bytes[..self.whole].split_inclusive(|b| *b == b'\n');
        lines.skip(1)
    }

    /// The log, without a last line that was cut short.
    fn open(self, path: &Path) -> Result<JsonLines, JsonLinesError> {
        let mut options = File::options();
        let file = options.create(true).append(true).open(path);
        let mut file = file.map_err(io_error(path))?;
        file.set_len(self.whole as u64).map_err(io_error(path))?;
        if self.whole == 0 {
            file.write_all(&self.first).map_err(io_error(path))?;
        }
        let path = path.to_owned();
        Ok(JsonLines { path, file })
    }
}

fn entries<'a, T: DeserializeOwned>(
    path: &Path,
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<T>, JsonLinesError> {
    let entry = |(i, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|e| JsonLinesError::Damaged {
            path: path.to_owned(),
            line: i + 2,
            reason: e.to_string(),
        })
    };
    lines.enumerate().map(entry).collect()
}

fn not_a_log(path: &Path) -> JsonLinesError {
    let path = path.to_owned();
    JsonLinesError::NotALog { path }
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> JsonLinesError + '_ {
    |reason| JsonLinesError::Io {
        path: path.to_owned(),
        reason,
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<(JsonLines, Vec<u32>), JsonLinesError> {
        JsonLines::open(path, &("s", 1))
    }

    #[test]
    fn a_killed_run_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut log, _) = open(&path).unwrap();
        log.append(&1000).unwrap();
        log.append(&2000).unwrap();
        let bytes = fs::read(&path).unwrap();
        for length in 0..=bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let (mut log, entries) = open(&path).unwrap();
            let lines = bytes[..length].iter().filter(|b| **b == b'\n').count();
            assert_eq!(entries, [1000, 2000][..lines.saturating_sub(1)]);
            log.append(&3000).unwrap();
            let (_, entries) = open(&path).unwrap();
            assert_eq!(entries.last(), Some(&3000));
        }
    }

    #[test]
    fn what_is_not_this_log_is_named_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let cases = [
            (
                "my notes",
                "log: is not a log of this kind; name another file",
            ),
            (
                "my notes\n",
                "log: is not a log of this kind; name another file",
            ),
            (
                "{\"settings\":[\"s\",2]}\n",
                "log: has results for other settings: [\"s\",2], not [\"s\",1]",
            ),
            (
                "{\"settings\":[\"s\",1]}\n7\nx\n8\n",
                "log:3: expected value at line 1 column 1",
            ),
        ];
        for (text, message) in cases {
            fs::write(&path, text).unwrap();
            let error = open(&path).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
