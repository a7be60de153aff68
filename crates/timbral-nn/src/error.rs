use std::path::{Path, PathBuf};

use timbral_core::InvalidParameter;

/// The errors of neural networks and of their training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// There are no rows or no columns.
    #[error("{name} is empty")]
    Empty {
        /// The argument.
        name: &'static str,
    },
    /// Two arguments that must have the same length have different lengths.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// The argument whose length is wrong.
        name: &'static str,
        /// The length that would fit.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// A table has another number of columns than the network has inputs.
    #[error("expected {expected} features, got {got}")]
    Features {
        /// Inputs of the network.
        expected: usize,
        /// Columns of the table.
        got: usize,
    },
    /// An image has another height than the network takes, or is too narrow.
    #[error(
        "expected {} bands and at least {} frames, got {} and {}",
        expected.height, expected.width, got.height, got.width
    )]
    Image {
        /// The network's input.
        expected: crate::Shape,
        /// The image.
        got: crate::Shape,
    },
    /// A number is NaN, infinite or outside the range of its argument.
    #[error("{name}[{index}] = {value}: {reason}")]
    InvalidValue {
        /// Which argument.
        name: &'static str,
        /// Index of the first such entry, counted row by row.
        index: usize,
        /// The number.
        value: f64,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// The loss or a weight became infinite or NaN; a smaller learning rate or `clip_norm` may help.
    #[error(
        "training diverged: the loss or a weight is not finite in epoch {epoch}; lower learning_rate or set \
         clip_norm"
    )]
    Diverged {
        /// The epoch, from 0.
        epoch: usize,
    },
    /// A network cannot run on a device: its name is unknown, this build does not support it, the
    /// machine does not have it, or it failed.
    #[error("{device}: {reason}")]
    Device {
        /// The device, as it is written in text.
        device: String,
        /// Why.
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
    /// A file is damaged, or is of another kind than the requested one.
    #[error("{}not a valid {what}: {reason}", prefix(path.as_deref()))]
    Format {
        /// The file; `None` for bytes in memory.
        path: Option<PathBuf>,
        /// `model` or `checkpoint`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Names the file in an error of its bytes.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Format { what, reason, .. } => Self::Format {
                path: Some(file.to_owned()),
                what,
                reason,
            },
            other => other,
        }
    }
}

fn prefix(path: Option<&Path>) -> String {
    path.map(|path| format!("{}: ", path.display()))
        .unwrap_or_default()
}

/// Names the file in an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}
