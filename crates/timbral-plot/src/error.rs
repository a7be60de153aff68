use std::path::PathBuf;

use timbral_core::InvalidParameter;

/// The reasons why a figure cannot be drawn or a file cannot be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to draw.
    #[error("{name} is empty")]
    Empty {
        /// The argument.
        name: &'static str,
    },
    /// The sizes of two arguments do not match.
    #[error("{name}: expected {expected}, got {got}")]
    Shape {
        /// The argument whose length, or number of rows or columns, is wrong.
        name: &'static str,
        /// The length that the other arguments require.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// A number is NaN, infinite or beyond 1e300 in magnitude.
    #[error("{name}[{index}] = {value} cannot be drawn")]
    NotFinite {
        /// The argument.
        name: &'static str,
        /// Index of the first such entry, in row order.
        index: usize,
        /// The number.
        value: f64,
    },
    /// A class index is not below the number of classes.
    #[error("{name}[{index}] = {class}, but there are {n_classes} classes")]
    ClassOutOfRange {
        /// The argument.
        name: &'static str,
        /// Index of the first such entry.
        index: usize,
        /// The entry.
        class: usize,
        /// The number of classes.
        n_classes: usize,
    },
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A metric that the figure shows could not be computed.
    #[error(transparent)]
    Metrics(#[from] timbral_metrics::Error),
    /// The picture could not be drawn or encoded.
    #[error("drawing failed: {reason}")]
    Draw {
        /// The message of the drawing library.
        reason: String,
    },
    /// A file could not be written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: std::io::Error,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;
