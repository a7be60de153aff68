use std::path::{Path, PathBuf};

use timbral_core::InvalidParameter;

/// The reasons why a corpus cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// The folder has a synthetic corpus with other parameters.
    #[error("{}: the folder has another corpus ({found}, now {expected}); choose another folder", path.display())]
    OtherCorpus {
        /// The file that describes the corpus.
        path: PathBuf,
        /// Its contents.
        found: String,
        /// The contents for the current parameters.
        expected: String,
    },
    /// The monitor stopped the work before the end.
    #[error("stopped")]
    Stopped,
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}
