use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result, at};

/// Reads a text file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(at(path))?;
    let n = file
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(at(path))?;
    let too_long = || std::io::Error::other(format!("longer than {limit} bytes"));
    if n as u64 > limit {
        return Err(at(path)(too_long()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|b| **b == b'\n').count() as u64;
        let path = path.to_owned();
        Error::NotUtf8 { path, line }
    })
}
