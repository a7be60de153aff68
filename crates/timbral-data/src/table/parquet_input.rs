use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use ::bytes::Bytes;
use ::parquet::errors::Result;
use ::parquet::file::reader::{ChunkReader, Length};

/// What a Parquet file is read from.
#[derive(Debug)]
pub(super) enum Input {
    /// A file, of which the parts are read that are needed.
    File(File),
    /// All bytes of one.
    Bytes(Bytes),
}

impl Input {
    /// Another one of the same content.
    pub(super) fn try_clone(&self) -> std::io::Result<Self> {
        Ok(match self {
            Self::File(file) => Self::File(file.try_clone()?),
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
        })
    }
}

impl From<File> for Input {
    fn from(file: File) -> Self {
        Self::File(file)
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => Length::len(file),
            Self::Bytes(bytes) => Length::len(bytes),
        }
    }
}

impl ChunkReader for Input {
    type T = InputReader;

    fn get_read(&self, start: u64) -> Result<InputReader> {
        Ok(match self {
            Self::File(file) => InputReader::File(file.get_read(start)?),
            Self::Bytes(bytes) => InputReader::Bytes(ChunkReader::get_read(bytes, start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Bytes(bytes) => ChunkReader::get_bytes(bytes, start, length),
        }
    }
}

/// Reads from a place on.
pub(super) enum InputReader {
    File(BufReader<File>),
    Bytes(::bytes::buf::Reader<Bytes>),
}

impl Read for InputReader {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(reader) => reader.read(out),
            Self::Bytes(reader) => reader.read(out),
        }
    }
}

impl BufRead for InputReader {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        match self {
            Self::File(reader) => reader.fill_buf(),
            Self::Bytes(reader) => reader.fill_buf(),
        }
    }

    fn consume(&mut self, n: usize) {
        match self {
            Self::File(reader) => reader.consume(n),
            Self::Bytes(reader) => reader.consume(n),
        }
    }
}
