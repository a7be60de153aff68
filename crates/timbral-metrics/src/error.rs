/// What can be wrong with the arguments of a metric, a split or a test.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// Two arguments that must be as long as each other are not.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// The argument whose length is wrong.
        name: &'static str,
        /// The length the other arguments have.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// An argument has no entries.
    #[error("{name} is empty")]
    Empty {
        /// Which argument.
        name: &'static str,
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
    /// A label is not among the labels of the classes.
    #[error("{name}[{index}] = {label:?} is not among the labels")]
    UnknownLabel {
        /// Which argument.
        name: &'static str,
        /// Index of the first such entry.
        index: usize,
        /// The label.
        label: String,
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
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;
