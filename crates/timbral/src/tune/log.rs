use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

/// Results kept by what they are the results of, in memory or in a file, so that a search that
/// was stopped or killed goes on without computing them again.
///
/// The file has a line of settings, then one JSON line a result, written in one piece when it is
/// there. A search draws the same trials from the same scores; so one that is killed and started
/// again with the log ends with the trials of a search that was never killed.
///
/// ```
/// use std::ops::ControlFlow;
/// use timbral::Error;
/// use timbral::tune::TrialLog;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trials.jsonl");
/// let mut log = TrialLog::open(&path, &("my search", 42))?;
/// let dear = || Ok::<_, Error>(ControlFlow::Continue(0.75));
/// assert_eq!(log.recall(&"trial 1", dear)?, ControlFlow::Continue(0.75));
///
/// let mut log = TrialLog::open(&path, &("my search", 42))?;
/// assert_eq!(log.len(), 1);
/// let known: ControlFlow<(), f64> = log.recall(&"trial 1", || Err(Error::NoLabels))?;
/// assert_eq!(known, ControlFlow::Continue(0.75));
/// assert!(TrialLog::open(&path, &("my search", 43)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct TrialLog {
    file: Option<(PathBuf, File)>,
    results: HashMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    settings: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: Value,
    value: Value,
}

impl TrialLog {
    /// In memory only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with the log at `path`, or starts it if there is none. A last line that a kill cut
    /// short is dropped.
    ///
    /// `settings` should say all that results depend on besides their keys: the table, the
    /// search with its seed.
    ///
    /// # Errors
    ///
    /// [`Error::TrialLog`]: the file cannot be read or written, is no log, has other settings, or
    /// is damaged before its last line. It is left as it is then.
    pub fn open(path: impl AsRef<Path>, settings: &impl Serialize) -> Result<Self> {
        let path = path.as_ref();
        let settings = serde_json::to_value(settings).map_err(failed(path))?;
        let head = line(&Head { settings }).map_err(failed(path))?;
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(path)(error)),
        };
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let results = match whole {
            0 if head.starts_with(&bytes) => HashMap::new(),
            0 => return Err(failed(path)("is not a log of trials")),
            _ => read(path, &head, &bytes[..whole])?,
        };
        let mut options = File::options();
        let options = options.create(true).append(true);
        let mut file = options.open(path).map_err(failed(path))?;
        file.set_len(whole as u64).map_err(failed(path))?;
        if whole == 0 {
            file.write_all(&head).map_err(failed(path))?;
        }
        Ok(Self {
            file: Some((path.to_owned(), file)),
            results,
        })
    }

    /// Results kept.
    pub fn len(&self) -> usize {
        self.results.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The result kept under `key`, or else what `compute` gives, which is kept from then on. A
    /// `Break` and an error are passed on and not kept, and neither is what JSON cannot hold, such
    /// as an infinite score.
    ///
    /// The result is with the operating system when this returns, so that it survives the end of
    /// the process, however it comes.
    ///
    /// # Errors
    ///
    /// [`Error::TrialLog`]: the file cannot be written, or keeps something else than a `T` under
    /// this key; and those of `compute`.
    pub fn recall<T, E>(
        &mut self,
        key: &impl Serialize,
        compute: impl FnOnce() -> std::result::Result<ControlFlow<(), T>, E>,
    ) -> std::result::Result<ControlFlow<(), T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        let path = self.file.as_ref().map(|(path, _)| path.clone());
        let path = path.unwrap_or_default();
        let key = serde_json::to_value(key).map_err(failed(&path))?;
        let name = key.to_string();
        if let Some(value) = self.results.get(&name) {
            let known = T::deserialize(value).map_err(failed(&path))?;
            return Ok(ControlFlow::Continue(known));
        }
        let ControlFlow::Continue(result) = compute()? else {
            return Ok(ControlFlow::Break(()));
        };
        let value = serde_json::to_value(&result).map_err(failed(&path))?;
        if T::deserialize(&value).is_ok() {
            if let Some((path, file)) = &mut self.file {
                let entry = Entry {
                    key,
                    value: value.clone(),
                };
                append(file, &line(&entry).map_err(failed(path))?).map_err(failed(path))?;
            }
            self.results.insert(name, value);
        }
        Ok(ControlFlow::Continue(result))
    }
}

/// The results of whole lines.
fn read(path: &Path, head: &[u8], bytes: &[u8]) -> Result<HashMap<String, Value>> {
    let mut lines = bytes.split_inclusive(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    if first != head {
        let reason = match serde_json::from_slice::<Head>(first) {
            Ok(_) => "has trials of another search, table or seed",
            Err(_) => "is not a log of trials",
        };
        return Err(failed(path)(reason));
    }
    let mut results = HashMap::new();
    for (i, line) in lines.enumerate() {
        let entry: Entry = serde_json::from_slice(line)
            .map_err(|error| failed(path)(format!("line {}: {error}", i + 2)))?;
        results.insert(entry.key.to_string(), entry.value);
    }
    Ok(results)
}

fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Adds a line in one piece, or nothing.
fn append(file: &mut File, line: &[u8]) -> std::io::Result<()> {
    let end = file.metadata()?.len();
    file.write_all(line).inspect_err(|_| {
        // Half a line must not stay before the next one.
        let _ = file.set_len(end);
    })
}

fn failed<R: ToString>(path: &Path) -> impl Fn(R) -> Error + '_ {
    |reason| Error::TrialLog {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(log: &mut TrialLog, key: usize, fresh: f64) -> f64 {
        let asked = log.recall(&key, || Ok::<_, Error>(ControlFlow::Continue(fresh)));
        asked.unwrap().continue_value().unwrap()
    }

    fn message(path: &Path) -> String {
        TrialLog::open(path, &"s").unwrap_err().to_string()
    }

    #[test]
    fn a_line_cut_short_is_dropped_wherever_it_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = TrialLog::open(&path, &"s").unwrap();
        assert!(log.is_empty());
        for key in 0..2 {
            ask(&mut log, key, 0.1 + 0.2);
        }
        drop(log);
        let bytes = fs::read(&path).unwrap();
        let ends: Vec<usize> = (1..=bytes.len())
            .filter(|n| bytes[n - 1] == b'\n')
            .collect();
        assert_eq!(ends.len(), 3);
        for cut in 0..=bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let mut log = TrialLog::open(&path, &"s").unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(log.len(), whole.saturating_sub(1), "cut at {cut}");
            // The same results make the same file again, to the byte.
            for key in 0..2 {
                assert_eq!(ask(&mut log, key, 0.1 + 0.2), 0.1 + 0.2);
            }
            assert_eq!(fs::read(&path).unwrap(), bytes, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_log_of_this_search_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let head = "{\"settings\":\"s\"}\n";
        let entry = "{\"key\":1,\"value\":2}\n";
        for (text, expected) in [
            ("my notes".to_owned(), "is not a log of trials"),
            ("my notes\n".to_owned(), "is not a log of trials"),
            ("{\"a\":1}\n".to_owned(), "is not a log of trials"),
            (
                "{\"settings\":\"t\"}\n".to_owned(),
                "has trials of another search, table or seed",
            ),
            (format!("{head}{entry}garbage\n{entry}"), "line 3: "),
            (
                format!("{head}{{\"key\":1}}\n"),
                "line 2: missing field `value`",
            ),
        ] {
            fs::write(&path, &text).unwrap();
            let message = message(&path);
            let tail = message.split_once("log.jsonl: ").unwrap().1;
            assert!(tail.starts_with(expected), "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, format!("{head}{{\"key\":1,\"value\":\"x\"}}\n")).unwrap();
        let mut log = TrialLog::open(&path, &"s").unwrap();
        let asked = log.recall(&1, || Ok::<_, Error>(ControlFlow::Continue(1.0)));
        assert!(matches!(asked, Err(Error::TrialLog { .. })));
        assert!(message(&folder.path().join("no/log")).contains("log"));
    }

    #[test]
    fn only_results_are_kept() {
        let mut log = TrialLog::new();
        let stopped = log.recall(&0, || {
            Ok::<ControlFlow<(), f64>, Error>(ControlFlow::Break(()))
        });
        assert!(stopped.unwrap().is_break());
        let failed = log.recall(&0, || Err::<ControlFlow<(), f64>, _>(Error::NoLabels));
        assert!(failed.is_err());
        assert_eq!(ask(&mut log, 0, f64::INFINITY), f64::INFINITY);
        assert_eq!((log.len(), ask(&mut log, 0, 1.0)), (0, 1.0));
        assert_eq!((log.len(), ask(&mut log, 0, 2.0)), (1, 1.0));
    }
}
