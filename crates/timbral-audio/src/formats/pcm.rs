use std::io::{ErrorKind, Read};

use super::encoding::Encoding;
use crate::error::{Error, Result};
use crate::source::{Input, Source, StreamInfo};

/// Uncompressed samples that start at the input's position.
pub(crate) struct PcmSource {
    file: String,
    info: StreamInfo,
    encoding: Encoding,
    input: Box<dyn Input>,
    frames_total: u64,
    frames_read: u64,
    bytes: Vec<u8>,
}

impl PcmSource {
    /// Bytes read from the input at once.
    const BLOCK_BYTES: usize = 1 << 16;

    /// Reads `data_bytes` bytes of samples (`None`: as many as there are) of the `available` bytes
    /// from the input's position to its end. The frame count of `info` is set from them.
    pub(crate) fn new(
        file: &str,
        info: StreamInfo,
        encoding: Encoding,
        input: Box<dyn Input>,
        data_bytes: Option<u64>,
        available: u64,
    ) -> Result<Self> {
        let frame_bytes = (encoding.width() * usize::from(info.channels)) as u64;
        let frames_total = match data_bytes {
            None => available / frame_bytes,
            Some(n) if n % frame_bytes != 0 => {
                return Err(Error::malformed(
                    file,
                    info.format,
                    format_args!(
                        "{n} bytes of samples are not a whole number of {frame_bytes}-byte frames"
                    ),
                ));
            }
            Some(n) if n > available => {
                return Err(Error::Truncated {
                    file: file.to_owned(),
                    format: info.format,
                    expected: n / frame_bytes,
                    got: available / frame_bytes,
                });
            }
            Some(n) => n / frame_bytes,
        };
        let info = StreamInfo {
            frames: Some(frames_total),
            ..info
        };
        Ok(Self {
            file: file.to_owned(),
            info,
            encoding,
            input,
            frames_total,
            frames_read: 0,
            bytes: Vec::new(),
        })
    }
}

impl Source for PcmSource {
    fn info(&self) -> StreamInfo {
        self.info
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize> {
        let channels = usize::from(self.info.channels);
        let width = self.encoding.width();
        let block_frames = (Self::BLOCK_BYTES / (width * channels)).max(1);
        let left = usize::try_from(self.frames_total - self.frames_read).unwrap_or(usize::MAX);
        let frames = (out.len() / channels).min(left).min(block_frames);
        let values = frames * channels;
        self.bytes.resize(values * width, 0);
        if let Err(e) = self.input.read_exact(&mut self.bytes) {
            return Err(match e.kind() {
                ErrorKind::UnexpectedEof => Error::Truncated {
                    file: self.file.clone(),
                    format: self.info.format,
                    expected: self.frames_total,
                    got: self.frames_read,
                },
                _ => Error::io(&self.file, e),
            });
        }
        self.encoding.decode(&self.bytes, &mut out[..values]);
        self.frames_read += frames as u64;
        Ok(values)
    }
}
