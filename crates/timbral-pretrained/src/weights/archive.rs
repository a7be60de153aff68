//! The user's copy of weights: a wheel, an unpacked folder or a safetensors file.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::published::Published;

/// Most bytes of the index of a checkpoint, and of its numbers. That of musicnn has 4948 and 9 465 596.
const MAX_INDEX: u64 = 1 << 20;
const MAX_DATA: u64 = 1 << 26;
/// Most bytes of a safetensors file in addition to its numbers.
const MAX_HEADER: u64 = 1 << 20;

const INDEX: &str = ".index";
const DATA: &str = ".data-00000-of-00001";

/// The bytes of a copy.
pub(super) enum Copy {
    Checkpoint { index: Vec<u8>, data: Vec<u8> },
    Safetensors(Vec<u8>),
}

/// Reads a copy of the weights.
///
/// # Errors
///
/// A sentence: what there is instead.
pub(super) fn read_copy(path: &Path, published: &Published) -> Result<Copy, String> {
    let metadata = path.metadata().map_err(|e| e.to_string())?;
    if metadata.is_dir() {
        return read_folder(path, published);
    }
    if !metadata.is_file() {
        return Err("neither a file nor a folder".to_owned());
    }
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read(&mut magic));
    let n = read.map_err(|e| e.to_string())?;
    let is = |extension| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case(extension))
    };
    if is_zip(&magic[..n]) || is("whl") || is("zip") {
        let file = File::open(path).map_err(|e| e.to_string())?;
        return read_zip(BufReader::new(file), published);
    }
    let most = MAX_HEADER
        + 4 * (published.layout)()
            .iter()
            .map(|s| s.len() as u64)
            .sum::<u64>();
    Ok(Copy::Safetensors(read_file(path, most)?))
}

fn read_folder(path: &Path, published: &Published) -> Result<Copy, String> {
    let stored = path.join(published.file_name());
    let wheel = path.join(published.wheel);
    let nested: PathBuf = [published.package, published.files.folder].iter().collect();
    let folders = [
        path.join(nested),
        path.join(published.files.folder),
        path.to_owned(),
    ];
    if let Some(folder) = folders.iter().find(|folder| folder.join(INDEX).is_file()) {
        return Ok(Copy::Checkpoint {
            index: read_file(&folder.join(INDEX), MAX_INDEX)?,
            data: read_file(&folder.join(DATA), MAX_DATA)?,
        });
    }
    match () {
        () if stored.is_file() => read_copy(&stored, published),
        () if wheel.is_file() => read_copy(&wheel, published),
        () => Err(format!(
            "the folder has neither {}/{INDEX} nor {} nor {}",
            published.files.folder,
            published.wheel,
            published.file_name()
        )),
    }
}

/// Whether bytes begin as those of a wheel do.
fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// A copy in the bytes of a wheel or a safetensors file.
///
/// # Errors
///
/// A sentence: what is wrong with it.
pub(super) fn copy_of(bytes: &[u8], published: &Published) -> Result<Copy, String> {
    match is_zip(bytes) {
        true => read_zip(Cursor::new(bytes), published),
        false => Ok(Copy::Safetensors(bytes.to_vec())),
    }
}

fn read_zip(file: impl Read + Seek, published: &Published) -> Result<Copy, String> {
    let damaged = |e: zip::result::ZipError| {
        format!(
            "not a complete zip archive ({e}); get it again by `{}`",
            published.obtain
        )
    };
    let mut zip = ZipArchive::new(file).map_err(damaged)?;
    let mut member = |name: &str, most: u64| {
        let name = format!("{}/{}/{name}", published.package, published.files.folder);
        let entry = match zip.by_name(&name) {
            Ok(entry) => entry,
            Err(zip::result::ZipError::FileNotFound) => {
                return Err(format!("it has no {name}, as {} has", published.wheel));
            }
            Err(e) => return Err(damaged(e)),
        };
        read_bounded(entry, most).map_err(|reason| format!("{name}: {reason}"))
    };
    Ok(Copy::Checkpoint {
        index: member(INDEX, MAX_INDEX)?,
        data: member(DATA, MAX_DATA)?,
    })
}

fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let named = |reason: String| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}: {reason}")
    };
    // Opening a pipe would wait for its writer.
    if !path.is_file() {
        return Err(named("not a file".to_owned()));
    }
    let file = File::open(path).map_err(|e| named(e.to_string()))?;
    read_bounded(file, most).map_err(named)
}

/// All bytes; memory grows with what is there, not with what is declared.
fn read_bounded(reader: impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = reader.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|e| e.to_string())?;
    match bytes.len() as u64 <= most {
        true => Ok(bytes),
        false => Err(format!("more than {most} bytes")),
    }
}
