use std::io::{Read, Seek};
use std::path::Path;

use timbral_core::check;

use crate::clip::Clip;
use crate::error::{Error, Result};
use crate::formats;
use crate::source::{Gaps, Input, Source, StreamInfo, open_file};

/// How a file is opened.
///
/// ```
/// use timbral_audio::OpenParams;
///
/// assert!(!OpenParams::default().lenient);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenParams {
    /// Whether a damaged packet is replaced by silence of the same length, instead of ending the reading with
    /// an error; default false. [`AudioReader::gaps`] counts these packets. The length of the file limits the
    /// total silence ([`Gaps::short`]).
    pub lenient: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl OpenParams {
    /// Checks the parameters; all values are valid.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn validate(&self) -> Result<()> {
        Ok(())
    }
}

/// A sound file that is read block by block, in bounded memory.
///
/// The first bytes of the file decide its format. If they belong to no known format, and the name ends in
/// `.mp3`, `.mp2` or `.aac`, the file is searched for a first frame.
///
/// ```
/// use std::io::Cursor;
/// use timbral_audio::AudioReader;
///
/// // A Sun AU file of two frames: magic, data offset, data bytes, 16-bit, 8 kHz, mono.
/// let mut file = b".snd".to_vec();
/// for word in [24u32, 4, 3, 8000, 1] {
///     file.extend(word.to_be_bytes());
/// }
/// file.extend([0x40, 0x00, 0xe0, 0x00]);
///
/// let mut reader = AudioReader::new(Cursor::new(file), "beep.au")?;
/// assert_eq!((reader.sample_rate(), reader.channels()), (8000, 1));
/// let mut block = [0.0; 16];
/// assert_eq!(reader.read(&mut block)?, 2);
/// assert_eq!(block[..2], [0.5, -0.25]);
/// assert_eq!(reader.read(&mut block)?, 0);
/// # Ok::<(), timbral_audio::Error>(())
/// ```
pub struct AudioReader {
    label: String,
    info: StreamInfo,
    source: Box<dyn Source>,
    frames_read: u64,
    /// Where the sound ends, in seconds, if its header says that there is more.
    cut_at: Option<f64>,
}

impl AudioReader {
    /// Values per block of the functions that are built on [`read`](Self::read).
    pub(crate) const BLOCK_VALUES: usize = 1 << 15;

    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::NotAFile`] if the file cannot be opened, and those of
    /// [`new`](Self::new).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &OpenParams::default())
    }

    /// Opens the file at `path` with these parameters.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, params: &OpenParams) -> Result<Self> {
        let (file, label) = open_file(path.as_ref())?;
        Self::new_with(file, label, params)
    }

    /// Reads a sound file from `reader`, whose position must be the first byte of the file. `label` is the name
    /// of the file in error messages.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyFile`], [`Error::UnknownFormat`], [`Error::Unsupported`],
    /// [`Error::Malformed`], [`Error::HeaderRange`] (a sample rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES), no channel or more than
    /// [`MAX_CHANNELS`](crate::MAX_CHANNELS)), [`Error::Truncated`] or [`Error::NoSamples`] if no sound
    /// follows the header, [`Error::Damaged`], [`Error::Io`].
    pub fn new(
        reader: impl Read + Seek + Send + Sync + 'static,
        label: impl Into<String>,
    ) -> Result<Self> {
        Self::new_with(reader, label, &OpenParams::default())
    }

    /// Reads a sound file from `reader` with these parameters; see [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn new_with(
        reader: impl Read + Seek + Send + Sync + 'static,
        label: impl Into<String>,
        params: &OpenParams,
    ) -> Result<Self> {
        Self::open_input(Box::new(reader), label.into(), params)
    }

    fn open_input(input: Box<dyn Input>, label: String, params: &OpenParams) -> Result<Self> {
        params.validate()?;
        let source = formats::open(&label, input, params.lenient)?;
        let info = source.info();
        if info.frames == Some(0) {
            return Err(Error::NoSamples {
                file: label,
                format: info.format,
            });
        }
        Ok(Self {
            label,
            info,
            source,
            frames_read: 0,
            cut_at: None,
        })
    }

    /// What is missing so far in the part that was read: damaged packets that were replaced by silence, if the
    /// file was opened with [`OpenParams::lenient`], and an end that is cut off.
    pub fn gaps(&self) -> Gaps {
        let gaps = self.source.gaps();
        Gaps {
            cut_at: self.cut_at.or(gaps.cut_at),
            ..gaps
        }
    }

    /// Frames per second, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.info.sample_rate
    }

    /// Samples per frame.
    pub fn channels(&self) -> u16 {
        self.info.channels
    }

    /// The number of frames, for progress bars; `None` if the header has no reliable one.
    pub fn frames(&self) -> Option<u64> {
        self.info.frames
    }

    /// The name of the format, such as `WAV` or `FLAC`.
    pub fn format(&self) -> &'static str {
        self.info.format
    }

    /// The file's path, or the label passed to [`new`](Self::new).
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Fills `block` with interleaved samples, nominally in -1..1, and returns the number of values written. It
    /// writes whole frames, as many as fit. There are fewer only at the end of the file, and 0 after it.
    ///
    /// An integer of b bits is divided by 2^(b-1); floats are unchanged.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `block` is shorter than one frame. [`Error::Damaged`],
    /// [`Error::Malformed`], [`Error::Truncated`], [`Error::Unsupported`], [`Error::NotFinite`],
    /// [`Error::NoSamples`] or [`Error::Io`] if the next block of the file is not valid. After an error the
    /// position in the file is unspecified.
    pub fn read(&mut self, block: &mut [f32]) -> Result<usize> {
        let channels = usize::from(self.info.channels);
        check(
            block.len() >= channels,
            "block.len()",
            block.len(),
            "must have room for one frame, one value per channel",
        )?;
        let room = block.len() - block.len() % channels;
        let mut filled = 0;
        while filled < room {
            let n = self.source.read(&mut block[filled..room])?;
            if n == 0 {
                self.check_end(self.frames_read + (filled / channels) as u64)?;
                break;
            }
            filled += n;
        }
        self.check_finite(&block[..filled])?;
        self.frames_read += (filled / channels) as u64;
        Ok(filled)
    }

    /// The rest of the file as one [`Clip`].
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_to_end(mut self) -> Result<Clip> {
        // The length in a header may be wrong: at most 2^24 values (64 MiB) are allocated for it.
        let expected = self
            .info
            .frames
            .map_or(0, |n| n.saturating_mul(u64::from(self.info.channels)));
        let mut samples = Vec::with_capacity(expected.min(1 << 24) as usize + Self::BLOCK_VALUES);
        loop {
            let start = samples.len();
            samples.resize(start + Self::BLOCK_VALUES, 0.0);
            let n = self.read(&mut samples[start..])?;
            samples.truncate(start + n);
            if n == 0 {
                break;
            }
        }
        Clip::new(samples, self.info.sample_rate, self.info.channels)
    }

    /// Checks, at the end of the file, that it had samples, and notes if its header declares more.
    fn check_end(&mut self, frames: u64) -> Result<()> {
        let (file, format) = (&self.label, self.info.format);
        match (frames, self.info.frames) {
            (0, Some(expected)) if expected > 0 => Err(Error::Truncated {
                file: file.clone(),
                format,
                expected,
                got: 0,
            }),
            (0, _) => Err(Error::NoSamples {
                file: file.clone(),
                format,
            }),
            (_, expected) => {
                if expected.is_some_and(|n| frames < n) {
                    self.cut_at = Some(frames as f64 / f64::from(self.info.sample_rate));
                }
                Ok(())
            }
        }
    }

    fn check_finite(&self, values: &[f32]) -> Result<()> {
        // No early exit inside a chunk, so that the compiler vectorises it.
        let clean = values
            .chunks(1024)
            .all(|c| c.iter().fold(true, |ok, v| ok & v.is_finite()));
        if clean {
            return Ok(());
        }
        let channels = usize::from(self.info.channels);
        match values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(Error::NotFinite {
                file: self.label.clone(),
                frame: self.frames_read + (i / channels) as u64,
                channel: i % channels,
                value: values[i],
            }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for AudioReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioReader")
            .field("label", &self.label)
            .field("info", &self.info)
            .field("frames_read", &self.frames_read)
            .finish_non_exhaustive()
    }
}

/// Decodes the whole file at `path`. A file whose end is missing is decoded as far as it goes;
/// [`AudioReader::gaps`] reports what is missing.
///
/// # Errors
///
/// Those of [`AudioReader::open`] and [`AudioReader::read`].
pub fn decode(path: impl AsRef<Path>) -> Result<Clip> {
    AudioReader::open(path)?.read_to_end()
}

/// Decodes a whole sound file from `reader`; `label` is the name of the file in error messages.
///
/// # Errors
///
/// Those of [`AudioReader::new`] and [`AudioReader::read`].
pub fn decode_reader(
    reader: impl Read + Seek + Send + Sync + 'static,
    label: impl Into<String>,
) -> Result<Clip> {
    AudioReader::new(reader, label)?.read_to_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels of constant samples, one frame per call, with one NaN.
    struct Frames {
        info: StreamInfo,
        left: usize,
        bad: usize,
    }

    impl Source for Frames {
        fn info(&self) -> StreamInfo {
            self.info
        }

        fn read(&mut self, out: &mut [f32]) -> Result<usize> {
            if self.left == 0 {
                return Ok(0);
            }
            self.left -= 1;
            out[0] = 0.5;
            out[1] = if self.left == self.bad {
                f32::NAN
            } else {
                0.25
            };
            Ok(2)
        }
    }

    fn reader(frames: usize, bad: usize, declared: Option<u64>) -> AudioReader {
        let info = StreamInfo::new("x", "TEST", 8000, 2, declared).unwrap();
        let source = Frames {
            info,
            left: frames,
            bad,
        };
        AudioReader {
            label: "x".into(),
            info,
            source: Box::new(source),
            frames_read: 0,
            cut_at: None,
        }
    }

    #[test]
    fn a_block_is_filled_from_many_packets() {
        let mut r = reader(5, usize::MAX, Some(5));
        let mut block = [0.0; 7];
        assert_eq!(r.read(&mut block).unwrap(), 6);
        assert_eq!(r.read(&mut block).unwrap(), 4);
        assert_eq!(r.read(&mut block).unwrap(), 0);
    }

    #[test]
    fn an_end_that_is_missing_is_noted() {
        let read = |declared: Option<u64>| {
            let mut reader = reader(5, usize::MAX, declared);
            let mut block = [0.0; 64];
            assert_eq!(reader.read(&mut block).unwrap(), 10);
            assert_eq!(reader.gaps().count, 0);
            reader.gaps().cut_at
        };
        assert_eq!(read(Some(6)), Some(5.0 / 8000.0));
        // Fewer are no harm.
        assert_eq!(read(Some(4)), None);
        assert_eq!(read(None), None);
        assert!(matches!(
            reader(0, usize::MAX, Some(3)).read_to_end(),
            Err(Error::Truncated {
                expected: 3,
                got: 0,
                ..
            })
        ));
        assert!(matches!(
            reader(0, usize::MAX, None).read_to_end(),
            Err(Error::NoSamples { .. })
        ));
    }

    #[test]
    fn a_bad_sample_is_found_in_any_block() {
        let mut r = reader(5, 0, None);
        let mut block = [0.0; 4];
        assert_eq!(r.read(&mut block).unwrap(), 4);
        assert_eq!(r.read(&mut block).unwrap(), 4);
        let e = r.read(&mut block).unwrap_err();
        assert!(
            matches!(
                e,
                Error::NotFinite {
                    frame: 4,
                    channel: 1,
                    ..
                }
            ),
            "{e}"
        );
    }
}
