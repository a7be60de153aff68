use std::path::{Path, PathBuf};

use timbral_core::InvalidParameter;

/// What can go wrong in training, prediction, explanation, and the reading and writing of models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A table has no rows or no columns.
    #[error("{name} is empty")]
    Empty {
        /// The argument.
        name: &'static str,
    },
    /// An argument has the wrong length.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// The argument.
        name: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// The number of columns of a table is not the number of features of the model.
    #[error("expected {expected} features, got {got}")]
    Features {
        /// Features of the model.
        expected: usize,
        /// Columns of the table.
        got: usize,
    },
    /// A number is NaN, infinite or outside the range of its argument.
    #[error("{name}[{index}] = {value}: {reason}")]
    InvalidValue {
        /// The argument.
        name: &'static str,
        /// Index of the first such entry.
        index: usize,
        /// The number.
        value: f64,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason that the operating system gives.
        reason: std::io::Error,
    },
    /// A model file is damaged, or does not hold a model of trees.
    #[error("{}not a valid model: {place}: {reason}", prefix(path))]
    Format {
        /// The file; `None` if the model was read from memory.
        path: Option<PathBuf>,
        /// The place in the model, such as `trees[3].left_children[7]`.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A model uses a part of XGBoost that is not supported here.
    #[error("{}not supported: {what}", prefix(path))]
    Unsupported {
        /// The file; `None` if there is none.
        path: Option<PathBuf>,
        /// The part, such as `categorical splits`.
        what: String,
    },
    /// A number became infinite or NaN in training: the steps are too large, or labels, weights or gradients
    /// are near the limits of `f32`.
    #[error(
        "training diverged in round {round}: {what} not finite; lower learning_rate, raise lambda, set \
         max_delta_step, or scale labels and weights down"
    )]
    Diverged {
        /// Index of the round, from 0.
        round: usize,
        /// What is not finite, such as `a gradient is`.
        what: &'static str,
    },
    /// A [`RowSource`](crate::RowSource) cannot read its rows, or returns other rows than it announced.
    #[error("cannot read rows: {0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// An error of linfa itself, for example in its cross-validation.
    #[cfg(feature = "linfa")]
    #[error(transparent)]
    Linfa(#[from] ::linfa::Error),
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Names the file in an error of reading a model.
    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        if let Self::Format { path, .. } | Self::Unsupported { path, .. } = &mut self {
            *path = Some(file.to_owned());
        }
        self
    }
}

/// Names the file in an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}

fn prefix(path: &Option<PathBuf>) -> String {
    path.as_ref()
        .map_or_else(String::new, |path| format!("{}: ", path.display()))
}
