//! Valid files of every kind, small enough to be damaged many times: written here, by the library, or kept with
//! the tests of its crates.

pub(crate) mod audio;
pub(crate) mod classifiers;
pub(crate) mod features;
pub(crate) mod logs;
pub(crate) mod models;
pub(crate) mod networks;
pub(crate) mod tables;

use std::path::{Path, PathBuf};

use crate::engine::{Form, Seed};

/// The longest file that is taken from a folder.
const LONGEST: u64 = 100_000;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")
}

/// Files below `crates/`.
fn kept(form: Form, folder: &str, names: &[&str]) -> Vec<Seed> {
    let folder = crates().join(folder);
    let read = |name: &&str| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Seed::new(form, bytes)
    };
    names.iter().map(read).collect()
}

/// The short files of a folder below `crates/` whose names end so.
fn kept_with_ending(form: Form, folder: &str, ending: &str) -> Vec<Seed> {
    of_folder(form, &crates().join(folder), &[ending])
}

/// The short files of a folder whose names end in one of `endings`, sorted by name; none if there is no folder.
pub(crate) fn of_folder(form: Form, folder: &Path, endings: &[&str]) -> Vec<Seed> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let is_wanted = |path: &PathBuf| {
        let name = path.to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending))
            && path
                .metadata()
                .is_ok_and(|m| m.is_file() && m.len() <= LONGEST)
    };
    let wanted = paths.into_iter().filter(is_wanted);
    wanted
        .filter_map(|path| Some(Seed::new(form, std::fs::read(path).ok()?)))
        .collect()
}

/// The bytes that `write` leaves in a file with the ending `ending`.
fn written(form: Form, ending: &str, write: impl FnOnce(&Path)) -> Seed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("seed{ending}"));
    write(&path);
    Seed::new(form, std::fs::read(path).unwrap())
}
