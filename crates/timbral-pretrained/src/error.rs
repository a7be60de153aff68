use std::path::{Path, PathBuf};

use timbral_core::InvalidParameter;

/// The errors of reading weights and of computing embeddings of sound files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range, or a name is not known.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// There is no copy of the weights.
    #[error(
        "{network}: no weights; get them by `{obtain}`, then give the file (--weights of the commands, or TIMBRAL_WEIGHTS)"
    )]
    NoWeights {
        /// The network.
        network: &'static str,
        /// The command that gets them.
        obtain: &'static str,
    },
    /// A file is not a copy of the weights of the network, or is damaged.
    #[error("{}: not the weights of {network}: {reason}", path.display())]
    Weights {
        /// The file or folder.
        path: PathBuf,
        /// The network.
        network: String,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// A network cannot run on its device.
    #[error("{network}: {reason}")]
    Network {
        /// The network.
        network: String,
        /// The reason of candle.
        reason: String,
    },
    /// A sound file cannot be decoded.
    #[error(transparent)]
    Audio(#[from] timbral_audio::Error),
    /// A signal has no spectrum: a sample is not finite.
    #[error("{label}: {reason}")]
    Signal {
        /// The sound file, or `the samples`.
        label: String,
        /// The reason.
        reason: timbral_dsp::Error,
    },
    /// A sound is shorter than one window of the network.
    #[error("{label}: {got:.2} s are less than one window of {needed:.2} s")]
    TooShort {
        /// The sound file, or `the samples`.
        label: String,
        /// Seconds of a window.
        needed: f64,
        /// Seconds of the sound.
        got: f64,
    },
    /// A result of the network is NaN or infinite.
    #[error("{label}: the output {output} of the window at {start:.2} s is not finite")]
    NotFinite {
        /// The sound file, or `the samples`.
        label: String,
        /// The output.
        output: &'static str,
        /// The start of the window, in seconds.
        start: f64,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an error of the operating system.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}

/// The error of candle without its backtrace, which would fill the screen.
pub(crate) fn candle_error(network: &str, mut error: &candle_core::Error) -> Error {
    while let candle_core::Error::WithBacktrace { inner, .. } = error {
        error = inner;
    }
    Error::Network {
        network: network.to_owned(),
        reason: error.to_string(),
    }
}
