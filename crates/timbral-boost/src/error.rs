use std::path::PathBuf;

/// What can go wrong with boosted trees.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside the range where it has a meaning.
    #[error("{name} = {value}: {reason}")]
    InvalidParameter {
        /// The parameter's name as in the code.
        name: &'static str,
        /// Its value, printed.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// There are no rows or no columns to learn from.
    #[error("{name} is empty")]
    Empty {
        /// Which argument.
        name: &'static str,
    },
    /// Two arguments that must be as long as each other are not.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// The argument whose length is wrong.
        name: &'static str,
        /// The length that would fit.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// A table has another number of columns than the model has features.
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
        /// Which argument.
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
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// A model file is damaged, or holds something that is no model of trees.
    #[error("not a valid model: {place}: {reason}")]
    Format {
        /// Where in the model, such as `trees[3].left_children[7]`.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A model uses a part of XGBoost that is not supported here.
    #[error("not supported: {what}")]
    Unsupported {
        /// The part, such as `categorical splits`.
        what: String,
    },
    /// A failure of linfa's own, such as in its cross-validation.
    #[cfg(feature = "linfa")]
    #[error(transparent)]
    Linfa(#[from] ::linfa::Error),
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an I/O error.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}
