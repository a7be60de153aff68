use std::path::PathBuf;

/// What can be wrong with the data of a figure, or go wrong in drawing or saving it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to draw.
    #[error("{name} is empty")]
    Empty {
        /// Which argument.
        name: &'static str,
    },
    /// Two arguments do not fit each other.
    #[error("{name}: expected {expected}, got {got}")]
    Shape {
        /// The argument whose length, or number of rows or columns, is wrong.
        name: &'static str,
        /// What the other arguments ask for.
        expected: usize,
        /// What it is.
        got: usize,
    },
    /// A number has no place in a picture: NaN, infinite or beyond 1e300.
    #[error("{name}[{index}] = {value} cannot be drawn")]
    NotFinite {
        /// Which argument.
        name: &'static str,
        /// Index of the first such entry, in row order.
        index: usize,
        /// The number.
        value: f64,
    },
    /// A class index is not below the number of classes.
    #[error("{name}[{index}] = {class}, but there are {n_classes} classes")]
    ClassOutOfRange {
        /// Which argument.
        name: &'static str,
        /// Index of the first such entry.
        index: usize,
        /// The entry.
        class: usize,
        /// The number of classes.
        n_classes: usize,
    },
    /// A parameter is outside the range where the figure is defined.
    #[error("{name} = {value}: {reason}")]
    InvalidParameter {
        /// The parameter's name as in the code.
        name: &'static str,
        /// Its value, printed.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A metric that the figure shows could not be calculated.
    #[error(transparent)]
    Metrics(#[from] timbral_metrics::Error),
    /// The picture could not be drawn or encoded.
    #[error("drawing failed: {reason}")]
    Draw {
        /// What the drawing library said.
        reason: String,
    },
    /// A file could not be written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;
