use std::path::Path;

use crate::error::Error;

/// Columns of the published schema, by name.
pub(crate) const ID: &str = "filename";
pub(crate) const LENGTH: &str = "length";
pub(crate) const GROUP: &str = "group";
pub(crate) const LABEL: &str = "label";
pub(crate) const ARTIST: &str = "artist";
pub(crate) const ALBUM: &str = "album";

/// The roles of the columns of a table file; the default reads the published GTZAN tables.
///
/// The columns may be in any order. A column `length` has numbers of samples and is not a feature; every
/// other column without a role here is a feature and must be numeric. Spaces around a cell or a name are
/// ignored.
///
/// | cell | read as |
/// |---|---|
/// | empty, `NA`, `NaN`, `nan`, `null`, `NULL`, `None`, `N/A`, `n/a`, `<NA>`, `#N/A` and the other words of `pandas.read_csv` | missing: a feature is NaN; a name or a label is an error; if a length is missing none are used |
/// | `True`, `TRUE`, `true`, `False`, `FALSE`, `false` of a feature | 1, 0 |
/// | `661794.0` in `length` | 661794 |
/// | `3.0`, if all labels are whole numbers | the label `3` |
/// | infinite, or beyond `f32` | an error |
///
/// Columns `artist` and `album` (in any case) are texts, not features; their cells may be empty.
///
/// Columns are left out, with a [`Notice`](crate::Notice), if they are an index as pandas writes it: without
/// name, `Unnamed: 0`, `__index_level_0__`, or `index`, `level_0`, `idx`, `row`, `row_number` with numbers that
/// rise from row to row. An index of texts has the names of the rows if no other column does. A column that
/// this schema names is never left out.
///
/// ```
/// use timbral_data::TableSchema;
/// let schema = TableSchema {
///     id: Some("track".into()),
///     label: Some("genre".into()),
///     group: Some("artist".into()),
///     ignore: vec!["title".into()],
///     ..TableSchema::default()
/// };
/// let text = "track,artist,title,genre,tempo\n1,Ann,Hot,jazz,98.5\n2,Ann,Cold,jazz,NA\n";
/// let table = schema.read_csv_from(text.as_bytes(), "songs.csv")?;
/// assert_eq!(table.feature_names(), ["tempo"]);
/// assert_eq!(table.features()[[0, 0]], 98.5);
/// assert!(table.features()[[1, 0]].is_nan());
/// assert_eq!(table.group_names(), ["Ann"]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSchema {
    /// Column of the rows' names; default `filename`, `file_name`, `file`, `filepath`, `file_path`, `path`,
    /// `track_id` or `id` (the first of these that is there, in any case), or numbers from 0 if there is none.
    pub id: Option<String>,
    /// Column of the labels; default `label`, `genre`, `class`, `target`, `labels`, `genres` or, in a table
    /// without a column `x`, `y` (the first of these that is there, in any case), or no labels if there is
    /// none.
    pub label: Option<String>,
    /// Column of the groups; default `group`, or [`recording_of`](crate::recording_of) each row's name if there is
    /// none.
    pub group: Option<String>,
    /// Columns to leave out, which may have a default role; default none.
    pub ignore: Vec<String>,
    /// The feature columns, in this order; default all columns without another role. Columns that are
    /// neither here nor in another role are left out.
    pub features: Option<Vec<String>>,
}

pub(crate) fn empty(path: &Path, what: &'static str) -> Error {
    let path = path.to_owned();
    Error::EmptyTable { path, what }
}
