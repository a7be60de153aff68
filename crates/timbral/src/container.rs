//! Files with several entries: a zip archive with a `manifest.json` that has its kind and version.
//!
//! Entries are stored without compression, so that reading a file takes memory in proportion to its size,
//! whatever sizes it declares. Every entry has a checksum.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use timbral_core::write_atomic;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::error::{Error, Result};

const MANIFEST: &str = "manifest.json";

/// The first fields of every manifest.
#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// A manifest as it is written.
#[derive(Serialize)]
struct Manifest<'a, T> {
    #[serde(flatten)]
    head: Head,
    contents: &'a T,
}

/// A manifest as it is read, after its head is known.
#[derive(Deserialize)]
struct Contents<T> {
    contents: T,
}

/// A kind of file and the version that this build writes and reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
}

impl Format {
    /// Writes a file; on an error no incomplete file is left.
    pub(crate) fn write<T: Serialize>(
        self,
        path: &Path,
        contents: &T,
        members: &[(String, Vec<u8>)],
    ) -> Result<()> {
        let head = Head {
            format: self.name.to_owned(),
            version: self.version,
        };
        let write = |file: &mut File| {
            let manifest = serde_json::to_vec_pretty(&Manifest { head, contents })?;
            let mut zip = ZipWriter::new(BufWriter::new(file));
            let manifest = (MANIFEST, &manifest);
            let members = members.iter().map(|(name, bytes)| (&**name, bytes));
            for (name, bytes) in [manifest].into_iter().chain(members) {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Stored)
                    .large_file(bytes.len() >= 1 << 31);
                zip.start_file(name, options)?;
                zip.write_all(bytes)?;
            }
            zip.finish()?.flush()
        };
        write_atomic(path, write).map_err(|e| Error::saved(path, e.to_string()))
    }

    /// Opens a file and reads its manifest.
    pub(crate) fn open<T: DeserializeOwned>(self, path: &Path) -> Result<(T, Members<'_>)> {
        let file = File::open(path).map_err(|e| Error::saved(path, e.to_string()))?;
        let size = file.metadata().map_or(0, |m| m.len());
        self.read(path, Box::new(BufReader::new(file)), size)
    }

    /// As [`open`](Self::open), of the bytes of the file.
    pub(crate) fn open_bytes<'a, T: DeserializeOwned>(
        self,
        path: &'a Path,
        bytes: &'a [u8],
    ) -> Result<(T, Members<'a>)> {
        self.read(path, Box::new(Cursor::new(bytes)), bytes.len() as u64)
    }

    fn read<'a, T: DeserializeOwned>(
        self,
        path: &'a Path,
        reader: Box<dyn Bytes + 'a>,
        size: u64,
    ) -> Result<(T, Members<'a>)> {
        let other_kind = |reason: String| {
            let reason = format!("not a {} file: {reason}", self.name);
            Error::saved(path, reason)
        };
        let zip = ZipArchive::new(reader).map_err(|e| match e {
            ZipError::Io(e) => other_kind(e.to_string()),
            _ => other_kind("it is no zip archive, or its end is missing".to_owned()),
        })?;
        let left = size;
        let mut members = Members { path, zip, left };
        let manifest = members.read(MANIFEST)?;
        let head: Head = serde_json::from_slice(&manifest)
            .map_err(|e| other_kind(format!("{MANIFEST}: {e}")))?;
        if head.format != self.name {
            return Err(other_kind(format!("it is a {:.40} file", head.format)));
        }
        if head.version != self.version {
            let (got, known) = (head.version, self.version);
            let reason = format!("{} version {got}; this build reads {known}", self.name);
            return Err(Error::saved(path, reason));
        }
        let contents: Contents<T> = serde_json::from_slice(&manifest)
            .map_err(|e| Error::saved(path, format!("{MANIFEST}: {e}")))?;
        Ok((contents.contents, members))
    }
}

/// The bytes of a file, on the disk or in memory.
pub(crate) trait Bytes: Read + Seek + fmt::Debug {}

impl<T: Read + Seek + fmt::Debug> Bytes for T {}

/// The entries of a file.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    path: &'a Path,
    zip: ZipArchive<Box<dyn Bytes + 'a>>,
    /// Bytes that may still be read: no more than the file has, even if entries overlap.
    left: u64,
}

impl Members<'_> {
    /// The bytes of an entry; their checksum is verified.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let bad = |reason: String| Error::saved(self.path, format!("{name}: {reason}"));
        let entry = self.zip.by_name(name).map_err(|e| bad(e.to_string()))?;
        if entry.compression() != CompressionMethod::Stored {
            return Err(bad("it is compressed".to_owned()));
        }
        let mut bytes = Vec::new();
        let read = entry.take(self.left + 1).read_to_end(&mut bytes);
        read.map_err(|e| bad(e.to_string()))?;
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => self.left = left,
            None => return Err(bad("longer than the file".to_owned())),
        }
        Ok(bytes)
    }

    /// The value of an entry in JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let bytes = self.read(name)?;
        serde_json::from_slice(&bytes).map_err(|e| self.bad(name, &e))
    }

    /// An error that names the file and the entry.
    pub(crate) fn bad(&self, name: &str, reason: &dyn std::fmt::Display) -> Error {
        Error::saved(self.path, format!("{name}: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format {
        name: "timbral-test",
        version: 2,
    };

    #[test]
    fn a_written_file_is_read_and_files_of_other_kinds_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let members = [("a.bin".to_owned(), vec![1, 2, 3])];
        FORMAT.write(&path, &vec![7, 8], &members).unwrap();
        let (contents, mut read) = FORMAT.open::<Vec<u32>>(&path).unwrap();
        assert_eq!(contents, [7, 8]);
        assert_eq!(read.read("a.bin").unwrap(), [1, 2, 3]);
        let error = read.read("b.bin").unwrap_err().to_string();
        assert!(
            error.ends_with("x: b.bin: specified file not found in archive"),
            "{error}"
        );

        for (format, expected) in [
            (
                Format {
                    name: "timbral-other",
                    ..FORMAT
                },
                "x: not a timbral-other file: it is a timbral-test file",
            ),
            (
                Format {
                    version: 1,
                    ..FORMAT
                },
                "x: timbral-test version 2; this build reads 1",
            ),
        ] {
            let error = format.open::<Vec<u32>>(&path).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}");
        }
        let error = FORMAT.open::<String>(&path).unwrap_err().to_string();
        assert!(error.contains("x: manifest.json: invalid type"), "{error}");
        std::fs::write(&path, b"RIFF").unwrap();
        let error = FORMAT.open::<String>(&path).unwrap_err().to_string();
        assert!(error.contains("x: not a timbral-test file: "), "{error}");
    }

    #[test]
    fn a_compressed_entry_is_refused_before_it_is_decompressed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(MANIFEST, options).unwrap();
        zip.write_all(&vec![b' '; 1 << 20]).unwrap();
        zip.finish().unwrap();
        let error = FORMAT.open::<String>(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("bomb: manifest.json: it is compressed"),
            "{error}"
        );
    }
}
