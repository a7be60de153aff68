use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use timbral_core::InvalidParameter;

use super::feature_table::FeatureTable;
use super::recording::recording_of;
use crate::error::{Error, Place, Result};

/// Columns of the published schema, by name.
pub(crate) const ID: &str = "filename";
pub(crate) const LENGTH: &str = "length";
pub(crate) const GROUP: &str = "group";
pub(crate) const LABEL: &str = "label";

/// The roles of the columns of a table file; the default reads the published GTZAN tables.
///
/// The columns may be in any order. A column `length` has numbers of samples and is not a feature; every
/// other column without a role here is a feature and must be numeric. Spaces around a cell or a name are
/// ignored. A cell that is empty, `NaN`, `nan` or `NA` is missing: a missing number becomes NaN; a missing
/// name or label is an error, as is an infinite number.
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
    /// Column of the rows' names; default `filename`, or numbers from 0 if there is none.
    pub id: Option<String>,
    /// Column of the labels; default `label`, or no labels if there is none.
    pub label: Option<String>,
    /// Column of the groups; default `group`, or [`recording_of`] each row's name if there is
    /// none.
    pub group: Option<String>,
    /// Columns to leave out, including those with a default role.
    pub ignore: Vec<String>,
    /// The feature columns, in this order; default all columns without another role. Columns that are
    /// neither here nor in another role are left out.
    pub features: Option<Vec<String>>,
}

/// The role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Id,
    Length,
    Group,
    Label,
    Ignored,
    /// With its index among the features.
    Feature(usize),
}

/// A cell as read from a file format.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(any(feature = "npy", feature = "parquet")), expect(dead_code))]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Number(f32),
    Whole(u64),
    /// Of a type that no role accepts.
    #[cfg_attr(all(feature = "npy", not(feature = "parquet")), expect(dead_code))]
    Other,
}

/// Builds a table row by row, from any file format.
#[derive(Debug)]
pub(crate) struct TableReader {
    path: PathBuf,
    names: Vec<String>,
    roles: Vec<Role>,
    feature_names: Vec<String>,
    features: Vec<f32>,
    n_rows: usize,
    ids: Vec<String>,
    lengths: Vec<u64>,
    groups: Vec<String>,
    labels: Vec<String>,
}

impl TableReader {
    /// Finds the role of each column.
    pub(crate) fn new(
        path: &Path,
        schema: &TableSchema,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self> {
        let trimmed = |name: &str| name.trim().to_owned();
        let names: Vec<String> = names.into_iter().map(|n| trimmed(n.as_ref())).collect();
        if names.is_empty() {
            return Err(empty(path, "header"));
        }
        let header = |i: usize, name: &str, reason| Error::Header {
            path: path.to_owned(),
            column: i + 1,
            name: shown(name),
            reason,
        };
        let mut seen = HashSet::new();
        if let Some(i) = names.iter().position(|name| !seen.insert(name)) {
            return Err(header(i, &names[i], "another column has this name"));
        }
        let asked = [&schema.id, &schema.label, &schema.group];
        let asked = asked.into_iter().flatten().chain(&schema.ignore);
        let asked = asked.chain(schema.features.iter().flatten());
        let mut seen = HashSet::new();
        for name in asked {
            if !names.contains(name) {
                let (path, name) = (path.to_owned(), name.clone());
                return Err(Error::NoColumn { path, name });
            }
            if !seen.insert(name) {
                let reason = "the column is named twice, or in two roles";
                return Err(InvalidParameter::new("schema", shown(name), reason).into());
            }
        }

        let mut feature_names = schema.features.clone().unwrap_or_default();
        let is = |asked: &Option<String>, default, name: &str| match asked {
            Some(asked) => asked == name,
            None => default == name,
        };
        let role = |name: &String| {
            if schema.ignore.contains(name) {
                Role::Ignored
            } else if let Some(features) = &schema.features
                && let Some(place) = features.iter().position(|f| f == name)
            {
                Role::Feature(place)
            } else if is(&schema.id, ID, name) {
                Role::Id
            } else if is(&schema.label, LABEL, name) {
                Role::Label
            } else if is(&schema.group, GROUP, name) {
                Role::Group
            } else if name == LENGTH {
                Role::Length
            } else if schema.features.is_some() {
                Role::Ignored
            } else {
                feature_names.push(name.clone());
                Role::Feature(feature_names.len() - 1)
            }
        };
        let roles: Vec<Role> = names.iter().map(role).collect();
        if feature_names.is_empty() {
            return Err(empty(path, "feature columns"));
        }
        let nameless =
            |(name, role): (&String, &Role)| name.is_empty() && matches!(role, Role::Feature(_));
        if let Some(i) = names.iter().zip(&roles).position(nameless) {
            let reason =
                "a feature without a name; leave it out with `ignore: vec![String::new()]`";
            return Err(header(i, "", reason));
        }
        Ok(Self {
            path: path.to_owned(),
            names,
            roles,
            feature_names,
            features: Vec::new(),
            n_rows: 0,
            ids: Vec::new(),
            lengths: Vec::new(),
            groups: Vec::new(),
            labels: Vec::new(),
        })
    }

    /// Adds a row; there must be as many cells as columns.
    pub(crate) fn push<'a>(
        &mut self,
        place: Place,
        cells: impl ExactSizeIterator<Item = Cell<'a>>,
    ) -> Result<()> {
        let (expected, got) = (self.names.len(), cells.len());
        if got != expected {
            let path = self.path.clone();
            return Err(Error::RowCells {
                path,
                place,
                expected,
                got,
            });
        }
        let row = self.features.len();
        self.features
            .resize(row + self.feature_names.len(), f32::NAN);
        self.n_rows += 1;
        for (i, cell) in cells.enumerate() {
            let read = match self.roles[i] {
                Role::Ignored => Ok(()),
                Role::Feature(place) => number(cell).map(|x| self.features[row + place] = x),
                Role::Length => length(cell).map(|n| self.lengths.push(n)),
                Role::Id => text(cell).map(|t| self.ids.push(t)),
                Role::Group => text(cell).map(|t| self.groups.push(t)),
                Role::Label => text(cell).map(|t| self.labels.push(t)),
            };
            read.map_err(|reason| Error::Cell {
                path: self.path.clone(),
                place,
                column: i + 1,
                name: shown(&self.names[i]),
                value: match cell {
                    Cell::Text(t) => shown(t),
                    Cell::Number(x) => x.to_string(),
                    Cell::Whole(n) => n.to_string(),
                    Cell::Other => String::new(),
                },
                reason,
            })?;
        }
        Ok(())
    }

    /// The table of all rows.
    pub(crate) fn finish(self) -> Result<FeatureTable> {
        let n_rows = self.n_rows;
        if n_rows == 0 {
            return Err(empty(&self.path, "rows"));
        }
        let has = |role| self.roles.contains(&role);
        let (has_ids, has_groups) = (has(Role::Id), has(Role::Group));
        let (has_lengths, has_labels) = (has(Role::Length), has(Role::Label));
        let ids = if has_ids {
            self.ids
        } else {
            (0..n_rows).map(|row| row.to_string()).collect()
        };
        let groups = if has_groups {
            self.groups
        } else {
            ids.iter().map(|id| recording_of(id).to_owned()).collect()
        };
        let shape = (n_rows, self.feature_names.len());
        let features = Array2::from_shape_vec(shape, self.features).map_err(|_| Error::Length {
            name: "features",
            expected: shape.1,
            got: n_rows,
        })?;
        let mut table =
            FeatureTable::new(self.feature_names, features, ids)?.with_groups(groups)?;
        if has_lengths {
            table = table.with_lengths(self.lengths)?;
        }
        if has_labels {
            table = table.with_labels(self.labels)?;
        }
        Ok(table)
    }
}

/// Whether the trimmed text means a missing value.
pub(crate) fn missing(text: &str) -> bool {
    matches!(text, "" | "NaN" | "nan" | "NA")
}

/// A text for an error message: its first characters.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

pub(crate) fn empty(path: &Path, what: &'static str) -> Error {
    let path = path.to_owned();
    Error::EmptyTable { path, what }
}

const NO_NUMBER: &str =
    "is not a number; if the column is not a feature, leave it out with `TableSchema::ignore`";

/// A number in text is rounded once, from its decimal digits.
fn number(cell: Cell<'_>) -> std::result::Result<f32, &'static str> {
    let number = match cell {
        Cell::Text(text) if missing(text.trim()) => f32::NAN,
        Cell::Text(text) => text.trim().parse().map_err(|_| NO_NUMBER)?,
        Cell::Number(x) => x,
        Cell::Whole(n) => n as f32,
        Cell::Other => return Err(NO_NUMBER),
    };
    if number.is_infinite() {
        return Err("is infinite or beyond the range of 32 bits");
    }
    Ok(number)
}

fn length(cell: Cell<'_>) -> std::result::Result<u64, &'static str> {
    let whole = match cell {
        Cell::Text(text) => text.trim().parse().ok(),
        Cell::Whole(n) => Some(n),
        Cell::Number(_) | Cell::Other => None,
    };
    whole.ok_or("is not a whole number of samples")
}

fn text(cell: Cell<'_>) -> std::result::Result<String, &'static str> {
    match cell {
        Cell::Text(text) if missing(text.trim()) => Err("is missing: every row must have one"),
        Cell::Text(text) => Ok(text.trim().to_owned()),
        Cell::Whole(n) => Ok(n.to_string()),
        Cell::Number(_) | Cell::Other => Err("is not a text"),
    }
}
