use std::path::PathBuf;

/// What can go wrong between a sound file and a table of features.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sound file cannot be decoded.
    #[error(transparent)]
    Audio(#[from] timbral_audio::Error),
    /// Parameters are out of range, or a signal has no features.
    #[error("{}{source}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
    Features {
        /// The sound file, if there is one to blame.
        path: Option<PathBuf>,
        /// The reason.
        source: timbral_dsp::Error,
    },
    /// A table cannot be written.
    #[error(transparent)]
    Table(#[from] timbral_data::Error),
    /// An input folder or file cannot be read.
    #[error("{}: {reason}", path.display())]
    Input {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A sound file is shorter than one segment.
    #[error("{}: {got} samples are less than one segment of {needed}", path.display())]
    TooShort {
        /// The sound file.
        path: PathBuf,
        /// Samples of a segment.
        needed: usize,
        /// Samples of the file.
        got: usize,
    },
    /// Segments of nothing, or that never move on.
    #[error("segments of {length} samples every {stride}: both must be at least 1")]
    Segments {
        /// Samples of a segment.
        length: usize,
        /// Samples from one start to the next.
        stride: usize,
    },
    /// Threads cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// The number asked for.
        threads: usize,
        /// The reason.
        reason: String,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl From<timbral_dsp::Error> for Error {
    fn from(source: timbral_dsp::Error) -> Self {
        Self::Features { path: None, source }
    }
}
