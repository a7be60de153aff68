//! Paths of files as texts.

use std::path::{Path, PathBuf};

/// The absolute path of a file, by which journals know it; bytes that are not UTF-8 are escaped.
pub(crate) fn absolute_text(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match whole.to_str() {
        Some(name) => name.to_owned(),
        None => format!("{whole:?}"),
    }
}

/// The path of each file below the folder that all files are in.
pub(crate) fn below_common_folder(files: &[PathBuf]) -> Vec<String> {
    let texts: Vec<String> = files.iter().map(|file| absolute_text(file)).collect();
    let mut common = texts.first().map_or(0, |first| folder_len(first));
    for name in &texts {
        let equal = texts[0][..common].chars().zip(name.chars());
        let equal = equal.take_while(|(a, b)| a == b);
        let n = equal.map(|(c, _)| c.len_utf8()).sum();
        common = folder_len(&texts[0][..n]);
    }
    texts.iter().map(|text| text[common..].to_owned()).collect()
}

/// Bytes of a path up to its last separator.
fn folder_len(path: &str) -> usize {
    path.rfind(std::path::is_separator).map_or(0, |at| at + 1)
}
