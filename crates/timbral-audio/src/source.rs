//! What formats produce and readers consume: bytes in ([`Input`]), samples out ([`Source`]), and
//! the description of a stream of samples ([`StreamInfo`]).

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use timbral_core::{InvalidParameter, check};

use crate::error::{Error, Result};

/// Sample rates accepted in a file and by the resampler, in Hz: 1 kHz (music needs more) to 768 kHz
/// (the highest rate of commercial converters).
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// The largest channel count accepted in a file.
pub const MAX_CHANNELS: u16 = 1024;

/// The bytes of a file.
pub(crate) trait Input: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Input for T {}

/// Opens a regular file; with its name for messages.
pub(crate) fn open_file(path: &Path) -> Result<(BufReader<File>, String)> {
    let label = path.display().to_string();
    // Checked before opening, because opening a pipe waits for its writer.
    let metadata = path.metadata().map_err(|e| Error::io(&label, e))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { file: label });
    }
    let file = File::open(path).map_err(|e| Error::io(&label, e))?;
    Ok((BufReader::new(file), label))
}

/// Decoded samples, interleaved; one implementation per family of formats.
pub(crate) trait Source: Send {
    /// Format, sample rate, channels and length.
    fn info(&self) -> StreamInfo;

    /// Writes whole frames to the start of `out`, which has room for at least one, and returns the
    /// number of values written: 0 only at the end.
    fn read(&mut self, out: &mut [f32]) -> Result<usize>;

    /// What is missing so far.
    fn gaps(&self) -> Gaps {
        Gaps::default()
    }
}

/// What is missing in a sound.
///
/// `Display` writes a part of a sentence: `2 gaps filled with silence, the first at 3.100 s`, or
/// `ends early, at 12.500 s`, or both. If [`short`](Self::short) is 2 it is
/// `5 gaps filled with silence (2 of them not in full), ..`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Gaps {
    /// Damaged packets that were replaced by silence or left out; 0 unless the file was opened with
    /// [`OpenParams::lenient`](crate::OpenParams::lenient).
    pub count: u64,
    /// How many of these packets were replaced by less silence than they had sound, or by none. These are
    /// packets before the first intact one, and packets after the limit of the silence: 48 000 frames, and 64
    /// more per byte of the file up to there. Common files have fewer than 10 frames of sound per byte; those
    /// of the lowest bit rates have 64.
    pub short: u64,
    /// The start of the first gap, in seconds from the start of the sound; `None` without gaps.
    pub first: Option<f64>,
    /// The time at which the sound ends, in seconds, if its header or its packets declare more sound; else
    /// `None`.
    pub cut_at: Option<f64>,
}

impl std::fmt::Display for Gaps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(first) = self.first {
            let s = if self.count == 1 { "" } else { "s" };
            write!(f, "{} gap{s} filled with silence", self.count)?;
            if self.short > 0 {
                write!(f, " ({} of them not in full)", self.short)?;
            }
            write!(f, ", the first at {first:.3} s")?;
        }
        if let Some(end) = self.cut_at {
            let and = if self.count > 0 { "; " } else { "" };
            write!(f, "{and}ends early, at {end:.3} s")?;
        }
        Ok(())
    }
}

impl Gaps {
    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.cut_at.is_none()
    }

    pub(crate) fn note(&mut self, seconds: f64) {
        self.count += 1;
        self.first.get_or_insert(seconds);
    }
}

/// A description of a stream of samples, with values in the accepted ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    /// The format's name, for messages.
    pub(crate) format: &'static str,
    /// Frames per second.
    pub(crate) sample_rate: u32,
    /// Samples per frame.
    pub(crate) channels: u16,
    /// Frames the stream must have; `None` if the format does not store an exact number.
    pub(crate) frames: Option<u64>,
}

impl StreamInfo {
    /// Checks the values of a header.
    pub(crate) fn new(
        file: &str,
        format: &'static str,
        sample_rate: u32,
        channels: u32,
        frames: Option<u64>,
    ) -> Result<Self> {
        let range = |name, value, low: u32, high: u32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::HeaderRange {
                file: file.to_owned(),
                format,
                name,
                value,
                low,
                high,
            })
        };
        range(
            "sample_rate",
            sample_rate,
            *SAMPLE_RATES.start(),
            *SAMPLE_RATES.end(),
        )?;
        range("channels", channels, 1, u32::from(MAX_CHANNELS))?;
        Ok(Self {
            format,
            sample_rate,
            channels: channels as u16,
            frames,
        })
    }
}

/// Checks a sample rate that was passed as a parameter.
pub(crate) fn check_sample_rate(
    name: &'static str,
    sample_rate: u32,
) -> std::result::Result<(), InvalidParameter> {
    check(
        SAMPLE_RATES.contains(&sample_rate),
        name,
        sample_rate,
        "must be in 1000..=768000 Hz",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_in_words() {
        let mut gaps = Gaps::default();
        assert!(gaps.is_empty() && gaps.to_string().is_empty());
        gaps.cut_at = Some(12.5);
        assert_eq!(gaps.to_string(), "ends early, at 12.500 s");
        gaps.note(3.1);
        assert!(!gaps.is_empty());
        assert_eq!(
            gaps.to_string(),
            "1 gap filled with silence, the first at 3.100 s; ends early, at 12.500 s"
        );
        gaps.note(4.0);
        (gaps.short, gaps.cut_at) = (1, None);
        assert_eq!(
            gaps.to_string(),
            "2 gaps filled with silence (1 of them not in full), the first at 3.100 s"
        );
    }

    #[test]
    fn both_ends_of_each_range() {
        for (rate, channels, ok) in [
            (1_000, 1, true),
            (768_000, 1024, true),
            (999, 1, false),
            (768_001, 1, false),
            (44_100, 0, false),
            (44_100, 1025, false),
        ] {
            let got = StreamInfo::new("x", "AU", rate, channels, None);
            assert_eq!(got.is_ok(), ok, "{rate} {channels} {got:?}");
        }
    }
}
