use super::bytes::Regions;
use super::encoding::Encoding;
use crate::error::{Error, Result};
use crate::source::{Source, StreamInfo};

/// Uncompressed samples.
pub(crate) struct PcmSource {
    info: StreamInfo,
    encoding: Encoding,
    data: Regions,
    frames_total: u64,
    frames_read: u64,
    bytes: Vec<u8>,
}

impl PcmSource {
    /// Bytes read from the input at once.
    const BLOCK_BYTES: usize = 1 << 16;

    /// Reads the whole frames in `data`. `declared` is the number of bytes that the header declares; `None` if
    /// the header has no number.
    ///
    /// An incomplete frame at the end is dropped, as ffmpeg and libsndfile do.
    pub(crate) fn new(
        info: StreamInfo,
        encoding: Encoding,
        data: Regions,
        declared: Option<u64>,
    ) -> Self {
        let frame_bytes = (encoding.width() * usize::from(info.channels)) as u64;
        let frames_total = data.total() / frame_bytes;
        let expected = declared.map_or(frames_total, |n| n / frame_bytes);
        Self {
            // The reader compares the declared number with what is read.
            info: StreamInfo {
                frames: Some(expected),
                ..info
            },
            encoding,
            data,
            frames_total,
            frames_read: 0,
            bytes: Vec::new(),
        }
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
        if self.data.read(&mut self.bytes)? < self.bytes.len() {
            return Err(Error::Truncated {
                file: self.data.bytes.file.clone(),
                format: self.info.format,
                expected: self.info.frames.unwrap_or(self.frames_total),
                got: self.frames_read,
            });
        }
        self.encoding.decode(&self.bytes, &mut out[..values]);
        self.frames_read += frames as u64;
        Ok(values)
    }
}
