use timbral_core::InvalidParameter;

/// The reasons why the arguments of a metric, a split or a significance test are invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// There are more folds than rows or groups.
    #[error("n_splits = {n_splits}: the number of {unit} is only {n}; lower n_splits")]
    TooManyFolds {
        /// The number of folds.
        n_splits: usize,
        /// The number of rows or groups.
        n: usize,
        /// `rows` or `groups`.
        unit: &'static str,
    },
    /// There are more stratified folds than the largest class has rows.
    #[error(
        "n_splits = {n_splits}: the largest class, {class}, has only {n_rows} rows; lower n_splits or \
         add rows of that class"
    )]
    FoldsExceedClass {
        /// The number of folds.
        n_splits: usize,
        /// The largest class.
        class: String,
        /// Its rows.
        n_rows: usize,
    },
    /// A class has fewer than the two rows that a stratified split needs.
    #[error(
        "class {class} has {n_rows} row, but a stratified split needs 2 of every class; add rows of \
         that class or leave it out"
    )]
    ClassTooSmall {
        /// The first such class.
        class: String,
        /// Its rows.
        n_rows: usize,
    },
    /// Two arguments that must have the same length differ.
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
