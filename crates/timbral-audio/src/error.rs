use std::io;

use timbral_core::InvalidParameter;

/// Why a sound file cannot be read, or a parameter is refused.
///
/// Every variant about a file names it: its path, or the label that was passed with a reader. The
/// message ends with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system reported an error: no such file, no permission, a disk error.
    #[error("{file}: {reason}{}", advice(reason.kind()))]
    Io {
        /// The file.
        file: String,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// The path is that of a folder, a pipe or a device.
    #[error(
        "{file}: not a regular file; give the path of a sound file, not of a folder, pipe or device"
    )]
    NotAFile {
        /// The path.
        file: String,
    },
    /// The file has no bytes.
    #[error("{file}: the file is empty (0 bytes); copy or download it again")]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// The first bytes are those of no known sound format.
    #[error(
        "{file}: not a sound file: no known format signature (first bytes {first_bytes}); \
         if it is one, convert it to WAV"
    )]
    UnknownFormat {
        /// The file.
        file: String,
        /// Up to 12 bytes in hexadecimal and, where printable, as text.
        first_bytes: String,
    },
    /// A known format, or a variant of one, that this build does not decode.
    #[error("{file}: {format} file not supported: {reason}; convert it to PCM WAV")]
    Unsupported {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
        /// What is not supported.
        reason: String,
    },
    /// The file breaks the rules of its format.
    #[error("{file}: malformed {format} file: {reason}; replace it with an intact copy")]
    Malformed {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
        /// The rule it breaks.
        reason: String,
    },
    /// A packet of compressed sound cannot be decoded.
    #[error(
        "{file}: damaged {format} file: a damaged packet at {seconds:.3} s (byte {byte}): {reason}; replace it \
         with an intact copy, or fill such gaps with silence (`OpenParams::lenient`, `--lenient`)"
    )]
    Damaged {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
        /// Where the packet starts, in seconds from the start of the sound.
        seconds: f64,
        /// Where it starts, in bytes from the start of the file.
        byte: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The header declares frames, but no sound could be read.
    #[error(
        "{file}: truncated {format} file: the header declares {expected} frames, the file has {got}; \
         copy or download it again"
    )]
    Truncated {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
        /// Frames (samples per channel) that the header declares.
        expected: u64,
        /// Frames that the file has.
        got: u64,
    },
    /// The header is valid, but no samples follow.
    #[error("{file}: {format} file without samples; export it again or leave it out")]
    NoSamples {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
    },
    /// The header's sample rate or channel count is outside the accepted range.
    #[error(
        "{file}: {format} file with {name} = {value}, accepted are {low} to {high}; \
         convert it, or replace it with an intact copy"
    )]
    HeaderRange {
        /// The file.
        file: String,
        /// The format, by the first bytes.
        format: &'static str,
        /// `sample_rate` or `channels`.
        name: &'static str,
        /// The value in the header.
        value: u32,
        /// The smallest accepted value.
        low: u32,
        /// The largest accepted value.
        high: u32,
    },
    /// A sample is NaN or infinite.
    #[error(
        "{file}: frame {frame}, channel {channel} is {value}, not a finite number; \
         export it again without NaN and infinite samples"
    )]
    NotFinite {
        /// The file.
        file: String,
        /// Index of the frame.
        frame: u64,
        /// Index of the channel.
        channel: usize,
        /// The value.
        value: f32,
    },
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What to do about an error of the operating system; empty if that is not known.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied => "; check the permissions",
        _ => "",
    }
}

impl Error {
    pub(crate) fn io(file: &str, reason: io::Error) -> Self {
        Self::Io {
            file: file.to_owned(),
            reason,
        }
    }

    pub(crate) fn unsupported(file: &str, format: &'static str, reason: impl ToString) -> Self {
        Self::Unsupported {
            file: file.to_owned(),
            format,
            reason: reason.to_string(),
        }
    }

    pub(crate) fn malformed(file: &str, format: &'static str, reason: impl ToString) -> Self {
        Self::Malformed {
            file: file.to_owned(),
            format,
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_file_the_numbers_and_the_remedy() {
        let e = Error::Truncated {
            file: "a.wav".into(),
            format: "WAV",
            expected: 10,
            got: 7,
        };
        assert_eq!(
            e.to_string(),
            "a.wav: truncated WAV file: the header declares 10 frames, the file has 7; \
             copy or download it again"
        );

        for (kind, remedy) in [
            (io::ErrorKind::NotFound, "; check the path"),
            (io::ErrorKind::PermissionDenied, "; check the permissions"),
        ] {
            let message = Error::io("a.wav", kind.into()).to_string();
            assert!(message.starts_with("a.wav: "), "{message}");
            assert!(message.ends_with(remedy), "{message}");
        }
    }
}
