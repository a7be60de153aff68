use std::fmt;

/// A decision about a table that was made while it was read, which the caller may print for the user.
///
/// ```
/// use timbral_data::TableSchema;
/// let text = "Unnamed: 0,tempo,genre\n0,98.5,jazz\n1,120,rock\n";
/// let table = TableSchema::default().read_csv_from(text.as_bytes(), "songs.csv")?;
/// let notices: Vec<String> = table.notices().iter().map(ToString::to_string).collect();
/// assert_eq!(notices, [
///     "column 1 (\"Unnamed: 0\") is an index of the rows, not a feature: left out",
///     "column 3 (\"genre\") has the labels",
/// ]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A column is an index of the rows, as pandas writes it, and was left out.
    Index {
        /// Number of the column, from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// A column without a name of its own has texts: the names of the rows.
    Names {
        /// Number of the column, from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// The labels are in a column with another name than `label`.
    Label {
        /// Number of the column, from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// The names of the rows are in a column with another name than `filename`.
    Id {
        /// Number of the column, from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// Some lengths are missing, so that no lengths are used.
    Lengths,
}

impl Notice {
    /// The number of its column, for their order.
    pub(super) fn column(&self) -> usize {
        match self {
            Self::Index { column, .. }
            | Self::Names { column, .. }
            | Self::Label { column, .. }
            | Self::Id { column, .. } => *column,
            Self::Lengths => usize::MAX,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { column, name } => write!(
                f,
                "column {column} ({name:?}) is an index of the rows, not a feature: left out"
            ),
            Self::Names { column, name } => {
                write!(f, "column {column} ({name:?}) has the names of the rows")
            }
            Self::Label { column, name } => {
                write!(f, "column {column} ({name:?}) has the labels")
            }
            Self::Id { column, name } => {
                write!(f, "column {column} ({name:?}) has the names of the rows")
            }
            Self::Lengths => f.write_str("some lengths are missing: none are used"),
        }
    }
}
