use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use timbral_core::write_atomic;

use crate::error::{Error, Result};

/// Writes a file atomically.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    save_by(path, |file| file.write_all(bytes))
}

/// Writes a file atomically, part by part.
pub(crate) fn save_by(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    write_atomic(path, write).map_err(|reason| Error::Io {
        path: path.to_owned(),
        reason,
    })
}
