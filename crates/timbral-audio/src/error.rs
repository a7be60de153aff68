use std::io;

/// What can be wrong with a sound file, or with a parameter.
///
/// Every variant about a file names it: its path, or the label that was passed with a reader.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused: no such file, no permission, a broken disk.
    #[error("{file}: {reason}")]
    Io {
        /// The file.
        file: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The path leads to a directory, a pipe or a device.
    #[error("{file}: not a regular file")]
    NotAFile {
        /// The path.
        file: String,
    },
    /// The file has no bytes at all.
    #[error("{file}: the file is empty (0 bytes)")]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// The first bytes are those of no known sound format.
    #[error("{file}: not a sound file: no known format signature (first bytes {first_bytes})")]
    UnknownFormat {
        /// The file.
        file: String,
        /// Up to 12 bytes in hexadecimal and, where printable, as text.
        first_bytes: String,
    },
    /// A known format, or a variant of one, that this build does not decode.
    #[error("{file}: {format} file not supported: {reason}")]
    Unsupported {
        /// The file.
        file: String,
        /// The format its first bytes announce.
        format: &'static str,
        /// What is missing.
        reason: String,
    },
    /// The file breaks the rules of its format.
    #[error("{file}: malformed {format} file: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// The format its first bytes announce.
        format: &'static str,
        /// The rule it breaks.
        reason: String,
    },
    /// The header promises more frames than the file has.
    #[error("{file}: truncated {format} file: the header promises {expected} frames, found {got}")]
    Truncated {
        /// The file.
        file: String,
        /// The format its first bytes announce.
        format: &'static str,
        /// Frames (samples per channel) the header promises.
        expected: u64,
        /// Frames that are there.
        got: u64,
    },
    /// A valid header, and no samples after it.
    #[error("{file}: {format} file without a single sample")]
    NoSamples {
        /// The file.
        file: String,
        /// The format its first bytes announce.
        format: &'static str,
    },
    /// The header's sample rate or channel count is outside the accepted range.
    #[error("{file}: {format} file with {name} = {value}, accepted are {low} to {high}")]
    HeaderRange {
        /// The file.
        file: String,
        /// The format its first bytes announce.
        format: &'static str,
        /// `sample_rate` or `channels`.
        name: &'static str,
        /// The value in the header.
        value: u32,
        /// The least accepted value.
        low: u32,
        /// The largest accepted value.
        high: u32,
    },
    /// A sample is NaN or infinite.
    #[error("{file}: frame {frame}, channel {channel} is {value}, not a finite number")]
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
    /// A parameter is outside the range where the function is defined.
    #[error("{name} = {value}: {reason}")]
    InvalidParameter {
        /// The parameter's name as in the code.
        name: &'static str,
        /// Its value, printed.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

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

/// `Ok` when `holds`, else the parameter error: one line a rule.
pub(crate) fn check(
    holds: bool,
    name: &'static str,
    value: impl std::fmt::Display,
    reason: &'static str,
) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::InvalidParameter {
            name,
            value: value.to_string(),
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_file_and_the_numbers() {
        let e = Error::Truncated {
            file: "a.wav".into(),
            format: "WAV",
            expected: 10,
            got: 7,
        };
        assert_eq!(
            e.to_string(),
            "a.wav: truncated WAV file: the header promises 10 frames, found 7"
        );
    }
}
