//! Files to write: they are checked with the arguments, so that no work is done that cannot be written.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Endings of the tables that can be written.
pub(crate) const TABLES: &[&str] = &[".csv", ".parquet", ".npz"];
/// Other endings of Parquet tables.
const PARQUET: [&str; 2] = [".pq", ".parq"];
/// Endings of models of boosted trees.
pub(crate) const MODELS: &[&str] = &[".json", ".ubj"];
/// Endings of pages.
pub(crate) const PAGES: &[&str] = &[".html"];

/// A file to write, in a folder that is there.
pub(crate) fn output() -> impl TypedValueParser<Value = PathBuf> {
    output_of(&[])
}

/// The same with one of these endings, or any if there is none.
pub(crate) fn output_of(endings: &'static [&str]) -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(move |path| check(path, endings))
}

/// A folder to write to, which need not be there.
pub(crate) fn output_folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(check_folder)
}

fn check_folder(path: PathBuf) -> Result<PathBuf, &'static str> {
    match path.exists() && !path.is_dir() {
        true => Err("is a file; name a folder"),
        false => Ok(path),
    }
}

fn check(path: PathBuf, endings: &[&str]) -> Result<PathBuf, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    // A device or a pipe is written to, whatever its name.
    let is_special = path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir());
    let is_parquet = endings.contains(&".parquet") && PARQUET.iter().any(|e| name.ends_with(e));
    let fits = endings.is_empty() || is_parquet || endings.iter().any(|e| name.ends_with(e));
    if !fits && !is_special {
        return Err(format!("its name must end in {}", endings.join(" or ")));
    }
    if path.is_dir() {
        return Err("is a folder; name a file".to_owned());
    }
    match path.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => Err(format!(
            "there is no folder {}; make it first",
            folder.display()
        )),
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, endings: &[&str]| check(folder.path().join(name), endings);
        assert!(check("a.json", &[]).is_ok());
        assert!(check("A.NPZ", &[".csv", ".npz"]).is_ok());
        assert!(check("a.pq", TABLES).is_ok() && check("a.pq", PAGES).is_err());
        let error = check("a.txt", &[".csv", ".npz"]).unwrap_err();
        assert!(error.ends_with("must end in .csv or .npz"), "{error}");
        assert!(check("", &[]).unwrap_err().contains("is a folder"));
        let error = check("missing/a.json", &[]).unwrap_err();
        assert!(error.contains("there is no folder"), "{error}");
        assert!(super::check("a.json".into(), &[]).is_ok());
        std::fs::write(folder.path().join("song.mp3"), "").unwrap();
        let check_folder = |name: &str| super::check_folder(folder.path().join(name));
        assert!(check_folder("").is_ok() && check_folder("new/one").is_ok());
        assert!(check_folder("song.mp3").unwrap_err().contains("is a file"));
        #[cfg(unix)]
        assert!(super::check("/dev/null".into(), &[".html"]).is_ok());
    }
}
