//! What a killed command leaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cases::Case;

const OLD: &[u8] = b"as it was before\n";

/// The complete outputs of a command, by their paths in the folder.
pub(super) struct Outputs(BTreeMap<PathBuf, Vec<u8>>);

impl Outputs {
    pub(super) fn of(folder: &Path, case: &Case) -> Self {
        let mut outputs = BTreeMap::new();
        for output in case.outputs {
            for path in files(&folder.join(output)) {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                outputs.insert(name, std::fs::read(path).unwrap());
            }
        }
        assert!(
            case.outputs.is_empty() || !outputs.is_empty(),
            "{}",
            case.args
        );
        Self(outputs)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Removes the outputs, or puts old ones in their places. What is made file by file goes on instead.
    pub(super) fn put_old(&self, folder: &Path, has_old: bool) {
        for name in self.0.keys().filter(|name| !name.starts_with("corpus")) {
            let path = folder.join(name);
            match has_old {
                true => {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, OLD).unwrap();
                }
                false => drop(std::fs::remove_file(path)),
            }
        }
    }

    /// Each output is absent, old or complete; how many of each.
    pub(super) fn check(&self, folder: &Path, has_old: bool, case: &Case) -> [usize; 3] {
        let mut counts = [0; 3];
        for (name, expected) in &self.0 {
            let found = std::fs::read(folder.join(name)).ok();
            let kind = match found {
                None => 0,
                Some(found) if found == OLD => 1,
                Some(found) => {
                    let same = is_same(name, &found, expected);
                    assert!(same, "{}: {} is not complete", case.args, name.display());
                    2
                }
            };
            let was_removed = kind == 0 && has_old && !name.starts_with("corpus");
            assert!(
                !was_removed,
                "{}: the old {} is gone",
                case.args,
                name.display()
            );
            counts[kind] += 1;
        }
        counts
    }
}

/// Whether a file is that of an undisturbed run; times may differ.
fn is_same(name: &Path, found: &[u8], expected: &[u8]) -> bool {
    match name.extension().and_then(|e| e.to_str()) {
        Some("json") => without_times(found) == without_times(expected),
        // With the time of its training.
        Some("timbral") => is_classifier(found) && is_classifier(expected),
        // A page contains times.
        Some("html") => found.ends_with(&expected[expected.len() - 8..]),
        _ => found == expected,
    }
}

fn is_classifier(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.timbral");
    std::fs::write(&path, bytes).unwrap();
    timbral::Classifier::load(path).is_ok()
}

fn without_times(json: &[u8]) -> serde_json::Value {
    let mut value = serde_json::from_slice(json).expect("JSON is complete");
    remove_times(&mut value);
    value
}

fn remove_times(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(items) => {
            items.retain(|key, _| !key.ends_with("seconds"));
            items.values_mut().for_each(remove_times);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(remove_times),
        _ => {}
    }
}

/// The complete lines of the logs.
pub(super) struct Kept(Vec<Vec<u8>>);

impl Kept {
    pub(super) fn of(folder: &Path, case: &Case) -> Self {
        let read = |log: &&str| {
            let mut bytes = std::fs::read(folder.join(log)).unwrap_or_default();
            let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
            bytes.truncate(whole);
            bytes
        };
        Self(case.logs.iter().map(read).collect())
    }

    /// Nothing that was there is lost, but with the log of an extraction when its table is complete.
    pub(super) fn check(&self, after: &Self, case: &Case) {
        for (before, after) in self.0.iter().zip(&after.0) {
            let is_done = after.is_empty() && case.args.contains("--resume");
            assert!(
                after.starts_with(before) || is_done,
                "{}: the log lost lines",
                case.args
            );
        }
    }
}

/// The number of temporary files in a folder; no target has two.
pub(super) fn temporary(folder: &Path) -> usize {
    let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let all = files(folder).into_iter().map(name);
    let temporary = all.filter(|name| name.starts_with('.') && name.ends_with(".tmp"));
    temporary
        .inspect(|name| assert!(!name.ends_with(".1.tmp"), "{name} beside another"))
        .count()
}

/// The files at or below a path.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files(&path)).collect()
}
