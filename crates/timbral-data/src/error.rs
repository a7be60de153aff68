use std::path::PathBuf;

/// What can go wrong with tables and data sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file that stands where the journal should does not begin as one.
    #[error("{}: not the journal of a table; move it away or start without resuming", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// A journal was made for another table.
    #[error("{}: made with other settings ({found}, now {expected}); delete it or start without resuming", path.display())]
    OtherSettings {
        /// The journal.
        path: PathBuf,
        /// The settings it was made with.
        found: String,
        /// The settings of this run.
        expected: String,
    },
    /// A row has another number of cells than there are columns.
    #[error("a row has {got} cells for {expected} columns")]
    Cells {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row.
        got: usize,
    },
    /// A part of a table has another length than the table.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// Which part.
        name: &'static str,
        /// The length that fits the table.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// There is no such row.
    #[error("row {row} of a table of {n_rows} rows")]
    Row {
        /// Number of the row, from 0.
        row: usize,
        /// Rows of the table.
        n_rows: usize,
    },
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an I/O error.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
