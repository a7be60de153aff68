use std::io::{ErrorKind, Read, Seek, SeekFrom};

use crate::error::{Error, Result};
use crate::source::Input;

/// The bytes of one file, with its name for messages. No number in a file sizes an allocation: [`Bytes::vec`]
/// checks it against the bytes that are left.
pub(crate) struct Bytes {
    pub(crate) file: String,
    pub(crate) format: &'static str,
    input: Box<dyn Input>,
    /// The first byte of the sound file; what is before it is a tag.
    start: u64,
    at: u64,
    end: u64,
}

impl Bytes {
    /// The bytes of `input` from `start` on.
    pub(crate) fn new(
        file: &str,
        format: &'static str,
        mut input: Box<dyn Input>,
        start: u64,
    ) -> Result<Self> {
        let io = |e| Error::io(file, e);
        let end = input.seek(SeekFrom::End(0)).map_err(io)?.max(start);
        input.seek(SeekFrom::Start(start)).map_err(io)?;
        Ok(Self {
            file: file.to_owned(),
            format,
            input,
            start,
            at: start,
            end,
        })
    }

    /// The offset of the next byte in the file.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The offset of the sound file's first byte.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The length of the file.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Bytes after the position.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// Goes to an offset in the file, at most its end.
    pub(crate) fn seek(&mut self, to: u64) -> Result<()> {
        let to = to.min(self.end);
        if to != self.at {
            self.input
                .seek(SeekFrom::Start(to))
                .map_err(|e| Error::io(&self.file, e))?;
            self.at = to;
        }
        Ok(())
    }

    /// Passes over `n` bytes, or to the end.
    pub(crate) fn skip(&mut self, n: u64) -> Result<()> {
        self.seek(self.at.saturating_add(n))
    }

    /// Reads until `out` is full or the file ends; returns the number of bytes.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match self.input.read(&mut out[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(&self.file, e)),
            }
        }
        self.at += filled as u64;
        // A file that another program shortens while it is read.
        if filled < out.len() {
            self.end = self.end.min(self.at);
        }
        self.end = self.end.max(self.at);
        Ok(filled)
    }

    /// Reads `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        if self.read(&mut out)? < N {
            return Err(self.ends_early());
        }
        Ok(out)
    }

    /// Reads `n` bytes, if the file has them.
    pub(crate) fn vec(&mut self, n: u64) -> Result<Vec<u8>> {
        if n > self.left() {
            return Err(self.ends_early());
        }
        let mut out = vec![0; n as usize];
        if (self.read(&mut out)? as u64) < n {
            return Err(self.ends_early());
        }
        Ok(out)
    }

    pub(crate) fn malformed(&self, reason: impl ToString) -> Error {
        Error::malformed(&self.file, self.format, reason)
    }

    pub(crate) fn unsupported(&self, reason: impl ToString) -> Error {
        Error::unsupported(&self.file, self.format, reason)
    }

    fn ends_early(&self) -> Error {
        self.malformed("the file ends too early")
    }
}

/// Whether a size is a placeholder that programs write before they know the size: 0, or nearly 2^31 or 2^32 if
/// the file is shorter. (ffmpeg writes 2^32 - 1, sox 0x7ffff000 or 0x7f000008, arecord 0x80000000.)
///
/// A true size of this kind belongs to a file of 2 or 4 GiB, which is long enough for it.
pub(crate) fn is_placeholder(size: u64, left: u64) -> bool {
    let near = matches!(size, 0x7f00_0000..=0x8000_ffff | 0xff00_0000..=0xffff_ffff);
    size == 0 || size > left && near
}

/// Parts of a file that are read as one stream.
pub(crate) struct Regions {
    pub(crate) bytes: Bytes,
    list: Vec<(u64, u64)>,
    index: usize,
    used: u64,
}

impl Regions {
    /// The regions `(offset, length)`, cut at the end of the file. All together are as long as the file at most:
    /// a table of a thousand chunks at the same place would make a thousand times its sound.
    pub(crate) fn new(bytes: Bytes, mut list: Vec<(u64, u64)>) -> Self {
        let mut left = bytes.end();
        for (at, n) in &mut list {
            *n = (*n).min(bytes.end().saturating_sub(*at)).min(left);
            left -= *n;
        }
        Self {
            bytes,
            list,
            index: 0,
            used: 0,
        }
    }

    /// From the position to the end of the file.
    pub(crate) fn rest(bytes: Bytes) -> Self {
        let all = (bytes.at(), bytes.left());
        Self::new(bytes, vec![all])
    }

    /// Bytes in all regions.
    pub(crate) fn total(&self) -> u64 {
        self.list.iter().map(|r| r.1).sum()
    }

    /// Reads until `out` is full or the last region ends; returns the number of bytes.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            let Some(&(at, n)) = self.list.get(self.index) else {
                break;
            };
            if self.used >= n {
                self.index += 1;
                self.used = 0;
                continue;
            }
            let wanted = (n - self.used).min((out.len() - filled) as u64) as usize;
            self.bytes.seek(at + self.used)?;
            let got = self.bytes.read(&mut out[filled..filled + wanted])?;
            filled += got;
            self.used += got as u64;
            if got < wanted {
                self.index = self.list.len();
            }
        }
        Ok(filled)
    }

    /// The offset in the file of the next byte.
    pub(crate) fn at(&self) -> u64 {
        match self.list.get(self.index) {
            Some(&(at, _)) => at + self.used,
            None => self.bytes.end(),
        }
    }
}

/// A stream whose next bytes can be read before they are consumed, for formats without a table of their
/// packets.
pub(crate) struct Window {
    regions: Regions,
    buffer: Vec<u8>,
    start: usize,
    /// The offset in the file of `buffer[start]`.
    at: u64,
    ended: bool,
}

impl Window {
    const BLOCK: usize = 1 << 15;

    pub(crate) fn new(regions: Regions) -> Self {
        let at = regions.at();
        Self {
            regions,
            buffer: Vec::new(),
            start: 0,
            at,
            ended: false,
        }
    }

    /// The next bytes: at least `n`, fewer only at the end.
    pub(crate) fn peek(&mut self, n: usize) -> Result<&[u8]> {
        while self.buffer.len() - self.start < n && !self.ended {
            self.buffer.drain(..self.start);
            self.start = 0;
            let old = self.buffer.len();
            self.buffer.resize(old + Self::BLOCK.max(n - old), 0);
            let got = self.regions.read(&mut self.buffer[old..])?;
            self.ended = old + got < self.buffer.len();
            self.buffer.truncate(old + got);
        }
        Ok(&self.buffer[self.start..])
    }

    /// Consumes `n` bytes, or all that are left.
    pub(crate) fn advance(&mut self, n: u64) -> Result<()> {
        let buffered = (self.buffer.len() - self.start) as u64;
        if n <= buffered {
            self.start += n as usize;
            self.at += n;
            return Ok(());
        }
        // Rare (a large tag): read and dropped.
        let mut left = n;
        while left > 0 {
            let have = self.peek(1)?.len() as u64;
            if have == 0 {
                break;
            }
            let used = have.min(left);
            self.start += used as usize;
            self.at += used;
            left -= used;
        }
        Ok(())
    }

    /// The file's name, for messages.
    pub(crate) fn file(&self) -> &str {
        &self.regions.bytes.file
    }

    /// The format, for messages.
    pub(crate) fn format(&self) -> &'static str {
        self.regions.bytes.format
    }

    /// The offset in the file of the next byte (exact while the stream is one region).
    pub(crate) fn at(&self) -> u64 {
        self.at
    }
}
