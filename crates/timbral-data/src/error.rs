use std::path::PathBuf;

use timbral_core::InvalidParameter;

/// Why a table or a data set cannot be read, written or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// There is a file of another kind under the name of the journal.
    #[error("{}: not the journal of a table; move the file away or start without resuming", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// A journal was made for another table.
    #[error("{}: made with other settings ({found}, now {expected}); delete the file or start without resuming", path.display())]
    OtherSettings {
        /// The journal.
        path: PathBuf,
        /// Its settings, or its columns if only they differ.
        found: String,
        /// Those of this run.
        expected: String,
    },
    /// The number of cells of a row differs from the number of columns.
    #[error("a row has {got} cells for {expected} columns")]
    Cells {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row.
        got: usize,
    },
    /// The length of a part of a table does not fit the table.
    #[error("{name}: expected length {expected}, got {got}")]
    Length {
        /// The part.
        name: &'static str,
        /// The length that fits.
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
    /// A cell of a table file cannot be used.
    #[error("{}, {place}, column {column} ({name:?}): {value:?} {reason}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// Where its row is.
        place: Place,
        /// Number of the column, from 1.
        column: usize,
        /// Name of the column.
        name: String,
        /// The cell, cut short if it is long.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A row of a table file has another number of cells than the header has names.
    #[error("{}, {place}: {got} cells for {expected} columns", path.display())]
    RowCells {
        /// The file.
        path: PathBuf,
        /// Where the row is.
        place: Place,
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        got: usize,
    },
    /// The name of a column of a table file cannot be used.
    #[error("{}, header, column {column} ({name:?}): {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// Number of the column, from 1.
        column: usize,
        /// Name of the column, cut short if it is long.
        name: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A table file lacks a column that the schema names.
    #[error("{}: no column {name:?}; the columns are {}", path.display(), listed(columns))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        name: String,
        /// The columns of the file.
        columns: Vec<String>,
    },
    /// A requested feature is not in the table.
    #[error("the table has no feature {name}")]
    NoFeature {
        /// The feature.
        name: String,
    },
    /// A table, read or to be written, has no header, no feature columns or no rows.
    #[error("{}: the table has no {what}", path.display())]
    EmptyTable {
        /// The file.
        path: PathBuf,
        /// The part that is missing.
        what: &'static str,
    },
    /// A line of a text file is not UTF-8.
    #[error("{}, line {line}: not UTF-8; save the file in that encoding", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
    },
    /// A record of a CSV file is longer than the limit.
    #[error("{}, line {line}: a record of more than {limit} bytes; is a quote left open?", path.display())]
    LongRecord {
        /// The file.
        path: PathBuf,
        /// The line where the record begins, from 1.
        line: u64,
        /// Most bytes of a record.
        limit: usize,
    },
    /// The extension of a table file is not that of a format that can be read or written.
    #[error("{}: {reason}", path.display())]
    TableFormat {
        /// The file.
        path: PathBuf,
        /// What is wrong with the ending.
        reason: &'static str,
    },
    /// The contents of a binary table file do not conform to its format or to the schema.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A part of a table would not be read back unchanged, so that the table is not written.
    #[error("{}: {part} {value:?} {reason}", path.display())]
    NotStorable {
        /// The file that was to be written.
        path: PathBuf,
        /// The part.
        part: &'static str,
        /// Its value.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A parameter is out of its range.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A table without labels cannot be stratified by class.
    #[error(
        "the table has no labels, which this split needs; add a column `label` or name one with \
         `TableSchema::label` (option --label)"
    )]
    NoLabels,
    /// The features of a table, or their order, differ from those that a scaler was fitted to.
    #[error("feature column {index} is {got:?}, the scaler was fitted to {expected:?}")]
    OtherColumns {
        /// The first column that differs, from 0.
        index: usize,
        /// The name that the scaler expects; empty past the last column.
        expected: String,
        /// The name in the table; empty past the last column.
        got: String,
    },
    /// A number cannot be transformed.
    #[error("row {row}, feature {name:?}: {value}: {reason}")]
    Value {
        /// Number of the row, from 0.
        row: usize,
        /// Name of the feature.
        name: String,
        /// The number.
        value: f32,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A scaler cannot be fitted to a column in which every cell is missing.
    #[error("feature {name:?} has no value to fit a scaler to; leave the column out")]
    NoValues {
        /// Name of the feature.
        name: String,
    },
    /// A line of a text file cannot be used.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A name is not that of a clip of GTZAN.
    #[error("{name:?} is not the name of a GTZAN clip, such as blues.00000")]
    NotATrack {
        /// The name.
        name: String,
    },
    /// A table cannot be split in that way.
    #[error(transparent)]
    Split(#[from] timbral_metrics::Error),
    /// No mirror delivered the archive.
    #[error("{}: {}", path.display(), reasons.join("; "))]
    NotFetched {
        /// The file that was to be written.
        path: PathBuf,
        /// The reason for each mirror, with its address.
        reasons: Vec<String>,
    },
    /// An archive has a member that must not be unpacked.
    #[error("{}: member {member:?}: {reason}", path.display())]
    Member {
        /// The archive.
        path: PathBuf,
        /// Name of the member.
        member: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// The monitor stopped the work before the end.
    #[error("stopped")]
    Stopped,
}

/// The place of a row in a table file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a text file: the line on which the row begins, from 1, as an editor shows it.
    Line(u64),
    /// In a binary file: the number of the row, from 1.
    Row(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// Names in quotes, of many only the first ones.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown: Vec<String> = names.iter().take(MOST).map(|n| format!("{n:?}")).collect();
    let rest = match names.len() > MOST {
        true => format!(" and {} more", names.len() - MOST),
        false => String::new(),
    };
    shown.join(", ") + &rest
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an I/O error.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error::Io { path, reason }
}
