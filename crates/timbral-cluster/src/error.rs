use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use timbral::InvalidParameter;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A monitor stopped the work; files that are already written are kept.
    #[error("stopped; run it again to continue")]
    Stopped,
    /// A text is not a path or URL.
    #[error("{text}: {reason}")]
    Location {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or object cannot be read or written.
    #[error("{location}: {reason}")]
    Store {
        /// The file or object.
        location: String,
        /// What the store reported.
        reason: object_store::Error,
    },
    /// A part of a manifest cannot be used.
    #[error("{location}: {reason}; make the manifest again")]
    Manifest {
        /// The part.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A model cannot be used, or does not fit the features that it is given.
    #[error("{location}: {reason}")]
    Model {
        /// The file or object.
        location: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no input, such as no sound file in a folder.
    #[error("{location}: {reason}")]
    Empty {
        /// The folder or bucket.
        location: String,
        /// What is missing.
        reason: &'static str,
    },
    /// The rows of the shards are not those of the manifest.
    #[error("the manifest has {expected} rows, the shards have {got}; run it again")]
    Rows {
        /// Rows of the manifest.
        expected: u64,
        /// Rows of the shards.
        got: u64,
    },
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// Features or predictions are not possible.
    #[error(transparent)]
    Timbral(#[from] timbral::Error),
    /// The engine failed.
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
    /// A scheduler or an executor cannot run.
    #[error("{address}: {reason}")]
    Node {
        /// Where it listens.
        address: String,
        /// The reason.
        reason: String,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        DataFusionError::from(error).into()
    }
}

/// Inside a function of DataFusion.
impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::DataFusion(error) => error,
            other => Self::External(Box::new(other)),
        }
    }
}
