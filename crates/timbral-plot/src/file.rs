use std::io::Write;
use std::path::Path;

use timbral_core::write_atomic;

use crate::error::{Error, Result};

/// Writes a file atomically.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic(path, |file| file.write_all(bytes)).map_err(|reason| Error::Io {
        path: path.to_owned(),
        reason,
    })
}
