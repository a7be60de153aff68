use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use crate::clip::Clip;
use crate::error::{Error, Result, check};
use crate::header::Header;
use crate::mono::MonoReader;
use crate::sniff::{HEAD_BYTES, Signature, describe, sniff};
use crate::{au, wav};

/// Where bytes come from.
pub(crate) trait Stream: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Stream for T {}

/// Where decoded samples come from: one implementation a family of formats.
pub(crate) trait Source: Send {
    /// Writes some whole frames to the start of `out`, which has room for at least one; returns
    /// the number of values, 0 at the end.
    fn read(&mut self, out: &mut [f32]) -> Result<usize>;
}

/// A sound file read block by block, so that its length does not matter.
///
/// The format is found by the file's first bytes; a name that ends in `.mp3`, `.mp2` or `.aac` is
/// only a reason to search a file that begins with junk for a first frame.
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
    header: Header,
    source: Box<dyn Source>,
    frames_read: u64,
}

impl AudioReader {
    /// Values read at once by the functions built on [`read`](Self::read).
    pub(crate) const BLOCK_VALUES: usize = 1 << 15;

    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::NotAFile`] when it cannot be opened, and those of
    /// [`new`](Self::new).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let label = path.display().to_string();
        // Asked before opening: to open a pipe would wait for its writer.
        let metadata = path.metadata().map_err(|e| Error::io(&label, e))?;
        if !metadata.is_file() {
            return Err(Error::NotAFile { file: label });
        }
        let file = File::open(path).map_err(|e| Error::io(&label, e))?;
        Self::new(BufReader::new(file), label)
    }

    /// Reads a sound file from `reader`, starting at its first byte; `label` stands for the file's
    /// name in error messages.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyFile`], [`Error::UnknownFormat`], [`Error::Unsupported`],
    /// [`Error::Malformed`], [`Error::HeaderRange`] (a sample rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES), no channel or more than
    /// [`MAX_CHANNELS`](crate::MAX_CHANNELS)), [`Error::Truncated`] where the header tells,
    /// [`Error::NoSamples`], [`Error::Io`].
    pub fn new(
        reader: impl Read + Seek + Send + Sync + 'static,
        label: impl Into<String>,
    ) -> Result<Self> {
        let label = label.into();
        let (header, source) = open_source(&label, Box::new(reader))?;
        if header.frames == Some(0) {
            return Err(Error::NoSamples {
                file: label,
                format: header.format,
            });
        }
        Ok(Self {
            label,
            header,
            source,
            frames_read: 0,
        })
    }

    /// Frames per second, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.header.sample_rate
    }

    /// Samples per frame.
    pub fn channels(&self) -> u16 {
        self.header.channels
    }

    /// The number of frames where the header tells it reliably, for progress bars.
    pub fn frames(&self) -> Option<u64> {
        self.header.frames
    }

    /// The name of the format, such as `WAV` or `FLAC`.
    pub fn format(&self) -> &'static str {
        self.header.format
    }

    /// The file's path, or the label passed to [`new`](Self::new).
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Fills `block` with interleaved samples, nominally in -1 .. 1; returns how many values are
    /// new, always whole frames, less than `block` has room for only at the end, 0 after it.
    ///
    /// An integer of b bits is divided by 2^(b-1); floats come as they are in the file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] when `block` has no room for one frame; [`Error::Truncated`],
    /// [`Error::Malformed`], [`Error::NotFinite`], [`Error::NoSamples`], [`Error::Io`] by what the
    /// file holds. After an error the position in the file is unspecified.
    pub fn read(&mut self, block: &mut [f32]) -> Result<usize> {
        let channels = usize::from(self.header.channels);
        check(
            block.len() >= channels,
            "block.len()",
            block.len(),
            "must have room for one frame, a value per channel",
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
        // A header may lie about the length: it is believed up to 2^24 values (64 MiB).
        let promised = self
            .header
            .frames
            .map_or(0, |n| n.saturating_mul(u64::from(self.header.channels)));
        let mut samples = Vec::with_capacity(promised.min(1 << 24) as usize + Self::BLOCK_VALUES);
        loop {
            let start = samples.len();
            samples.resize(start + Self::BLOCK_VALUES, 0.0);
            let n = self.read(&mut samples[start..])?;
            samples.truncate(start + n);
            if n == 0 {
                break;
            }
        }
        Clip::new(samples, self.header.sample_rate, self.header.channels)
    }

    /// The file as one channel, the mean of its channels, at `sample_rate` Hz (`None`: the file's
    /// own), still block by block.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a rate outside [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    pub fn into_mono(self, sample_rate: Option<u32>) -> Result<MonoReader> {
        MonoReader::new(self, sample_rate)
    }

    /// At the end of the file: were there samples at all, and as many as promised?
    fn check_end(&self, frames: u64) -> Result<()> {
        let format = self.header.format;
        match self.header.frames {
            Some(expected) if frames < expected => Err(Error::Truncated {
                file: self.label.clone(),
                format,
                expected,
                got: frames,
            }),
            _ if frames == 0 => Err(Error::NoSamples {
                file: self.label.clone(),
                format,
            }),
            _ => Ok(()),
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
        let channels = usize::from(self.header.channels);
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
            .field("header", &self.header)
            .field("frames_read", &self.frames_read)
            .finish_non_exhaustive()
    }
}

/// Decodes the whole file at `path`.
///
/// # Errors
///
/// Those of [`AudioReader::open`] and [`AudioReader::read`].
pub fn decode(path: impl AsRef<Path>) -> Result<Clip> {
    AudioReader::open(path)?.read_to_end()
}

/// Decodes a whole sound file from `reader`; `label` stands for its name in error messages.
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

/// Finds the format and lets its decoder parse the header.
fn open_source(file: &str, mut stream: Box<dyn Stream>) -> Result<(Header, Box<dyn Source>)> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let io = |e| Error::io(file, e);
    (&mut stream)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(io)?;
    stream.rewind().map_err(io)?;
    if head.is_empty() {
        return Err(Error::EmptyFile {
            file: file.to_owned(),
        });
    }
    match sniff(&head) {
        Some(Signature::Wav) => match wav::open(file, stream) {
            Ok((header, source)) => Ok((header, Box::new(source))),
            Err(wav::Refusal::Final(e)) => Err(e),
            Err(wav::Refusal::TryOther(stream, e)) => open_other_wav(file, stream, e),
        },
        Some(Signature::Au) => {
            let (header, source) = au::open(file, stream)?;
            Ok((header, Box::new(source)))
        }
        Some(Signature::Coded(format)) => open_coded(file, format, stream),
        Some(Signature::Foreign(format)) => Err(Error::unsupported(
            file,
            format,
            "no decoder for this format",
        )),
        None => {
            let unknown = Error::UnknownFormat {
                file: file.to_owned(),
                first_bytes: describe(&head),
            };
            if !mpeg_by_name(file) {
                return Err(unknown);
            }
            open_coded(file, "MPEG", stream).map_err(|e| match e {
                Error::Malformed { .. } => unknown,
                other => other,
            })
        }
    }
}

/// MPEG streams may start with junk; then the name is the only hint worth a search for a frame.
fn mpeg_by_name(file: &str) -> bool {
    let extension = Path::new(file).extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| ["mp3", "mp2", "aac"].contains(&e.to_ascii_lowercase().as_str()))
}

#[cfg(feature = "symphonia")]
fn open_coded(
    file: &str,
    format: &'static str,
    stream: Box<dyn Stream>,
) -> Result<(Header, Box<dyn Source>)> {
    let (header, source) = crate::coded::open(file, format, stream)?;
    Ok((header, Box::new(source)))
}

#[cfg(not(feature = "symphonia"))]
fn open_coded(
    file: &str,
    format: &'static str,
    _: Box<dyn Stream>,
) -> Result<(Header, Box<dyn Source>)> {
    let reason = "this build has no codecs: the feature `symphonia` is off";
    Err(Error::unsupported(file, format, reason))
}

/// A WAV file that needs a codec, or whose chunks the first parser does not follow.
#[cfg(feature = "symphonia")]
fn open_other_wav(
    file: &str,
    stream: Box<dyn Stream>,
    refused: Error,
) -> Result<(Header, Box<dyn Source>)> {
    // When neither can read it, the first parser knows the format better.
    open_coded(file, wav::FORMAT, stream).map_err(|e| match e {
        Error::Malformed { .. } | Error::Unsupported { .. } => refused,
        other => other,
    })
}

#[cfg(not(feature = "symphonia"))]
fn open_other_wav(
    _: &str,
    _: Box<dyn Stream>,
    refused: Error,
) -> Result<(Header, Box<dyn Source>)> {
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out constant frames of two channels, one at a time, with one bad value.
    struct Frames {
        left: usize,
        bad: usize,
    }

    impl Source for Frames {
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

    fn reader(frames: usize, bad: usize, promised: Option<u64>) -> AudioReader {
        AudioReader {
            label: "x".into(),
            header: Header::new("x", "TEST", 8000, 2, promised).unwrap(),
            source: Box::new(Frames { left: frames, bad }),
            frames_read: 0,
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
    fn fewer_frames_than_promised_are_an_error_and_more_are_not() {
        let e = reader(5, usize::MAX, Some(6)).read_to_end().unwrap_err();
        assert!(
            matches!(
                e,
                Error::Truncated {
                    expected: 6,
                    got: 5,
                    ..
                }
            ),
            "{e}"
        );
        assert_eq!(
            reader(5, usize::MAX, Some(4))
                .read_to_end()
                .unwrap()
                .frames(),
            5
        );
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
