//! The roles of the columns of a table file.

use std::collections::HashSet;
use std::path::Path;

use timbral_core::InvalidParameter;

use super::cell::shown;
use super::notice::Notice;
use super::schema::{ALBUM, ARTIST, GROUP, ID, LABEL, LENGTH, TableSchema, empty};
use crate::error::{Error, Result};

/// Names of the column of labels, the most usual first; any case.
const LABELS: [&str; 7] = [LABEL, "genre", "class", "target", "labels", "genres", "y"];
/// Names of the column of the rows' names.
const IDS: [&str; 8] = [
    ID,
    "file_name",
    "file",
    "filepath",
    "file_path",
    "path",
    "track_id",
    "id",
];
/// Columns of these names are indices if their values rise from row to row.
const COUNTERS: [&str; 5] = ["index", "level_0", "idx", "row", "row_number"];

/// The role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Length,
    Group,
    Label,
    Artist,
    Album,
    Ignored,
    /// Without a name of its own, as pandas writes an index.
    Index,
    /// With its index among the features.
    Feature(usize),
}

/// The roles of all columns.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) names: Vec<String>,
    pub(super) roles: Vec<Role>,
    pub(super) feature_names: Vec<String>,
    /// Features that may be indices: column and index among the features.
    pub(super) counters: Vec<(usize, usize)>,
    pub(super) notices: Vec<Notice>,
}

impl Roles {
    /// Finds the role of each column. `indices` are names that the file itself calls indices.
    pub(super) fn find(
        path: &Path,
        schema: &TableSchema,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        indices: &[String],
    ) -> Result<Self> {
        let trimmed = |name: &str| name.trim().to_owned();
        let names: Vec<String> = names.into_iter().map(|n| trimmed(n.as_ref())).collect();
        if names.is_empty() {
            return Err(empty(path, "header"));
        }
        check(path, schema, &names)?;
        let asked = |name: &String| {
            let roles = [&schema.id, &schema.label, &schema.group];
            roles.into_iter().flatten().any(|asked| asked == name)
                || schema.ignore.contains(name)
                || schema.features.iter().flatten().any(|f| f == name)
        };
        // The column of a role: the requested one, else the first with a usual name.
        let column = |role: &Option<String>, usual: &[&str]| match role {
            Some(name) => names.iter().position(|n| n == name),
            None => usual.iter().find_map(|usual| {
                let is = |name: &&String| name.eq_ignore_ascii_case(usual) && !asked(name);
                let exact = names.iter().position(|n| n == usual && !asked(n));
                exact.or_else(|| names.iter().position(|n| is(&n)))
            }),
        };
        let has_x = names.iter().any(|name| name.eq_ignore_ascii_case("x"));
        let usual_labels = &LABELS[..LABELS.len() - usize::from(has_x)];
        let label = column(&schema.label, usual_labels);
        let id = column(&schema.id, &IDS);
        let group = column(&schema.group, &[GROUP]);
        let artist = column(&None, &[ARTIST]);
        let album = column(&None, &[ALBUM]);

        let mut feature_names = schema.features.clone().unwrap_or_default();
        let (mut roles, mut counters) = (Vec::new(), Vec::new());
        for (i, name) in names.iter().enumerate() {
            let chosen = schema.features.as_ref();
            roles.push(if schema.ignore.contains(name) {
                Role::Ignored
            } else if let Some(place) = chosen.and_then(|f| f.iter().position(|f| f == name)) {
                Role::Feature(place)
            } else if Some(i) == id {
                Role::Id
            } else if Some(i) == label {
                Role::Label
            } else if Some(i) == group {
                Role::Group
            } else if Some(i) == artist {
                Role::Artist
            } else if Some(i) == album {
                Role::Album
            } else if is_index(name) || indices.contains(name) {
                Role::Index
            } else if name == LENGTH {
                Role::Length
            } else if chosen.is_some() {
                Role::Ignored
            } else {
                if COUNTERS.iter().any(|c| c.eq_ignore_ascii_case(name)) {
                    counters.push((i, feature_names.len()));
                }
                feature_names.push(name.clone());
                Role::Feature(feature_names.len() - 1)
            });
        }
        if feature_names.is_empty() {
            return Err(empty(path, "feature columns"));
        }
        let mut notices = Vec::new();
        let unusual = |role: &Option<String>, found: Option<usize>, usual| {
            let column = found.filter(|i| role.is_none() && names[*i] != usual)?;
            Some((column + 1, names[column].clone()))
        };
        if let Some((column, name)) = unusual(&schema.id, id, ID) {
            notices.push(Notice::Id { column, name });
        }
        if let Some((column, name)) = unusual(&schema.label, label, LABEL) {
            notices.push(Notice::Label { column, name });
        }
        Ok(Self {
            names,
            roles,
            feature_names,
            counters,
            notices,
        })
    }
}

/// Refuses names that appear twice, and requested columns that do not exist or are in two roles.
fn check(path: &Path, schema: &TableSchema, names: &[String]) -> Result<()> {
    let mut seen = HashSet::new();
    if let Some(i) = names.iter().position(|name| !seen.insert(name)) {
        return Err(Error::Header {
            path: path.to_owned(),
            column: i + 1,
            name: shown(&names[i]),
            reason: "another column has this name",
        });
    }
    let asked = [&schema.id, &schema.label, &schema.group];
    let asked = asked.into_iter().flatten().chain(&schema.ignore);
    let asked = asked.chain(schema.features.iter().flatten());
    let mut seen = HashSet::new();
    for name in asked {
        if !names.contains(name) {
            return Err(Error::NoColumn {
                path: path.to_owned(),
                name: name.clone(),
                columns: names.to_vec(),
            });
        }
        if !seen.insert(name) {
            let reason = "the column is named twice, or in two roles";
            return Err(InvalidParameter::new("schema", shown(name), reason).into());
        }
    }
    Ok(())
}

/// Whether a column has a name that pandas gives to an index without one.
fn is_index(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unnamed = |rest: &str| match rest.split_once('.') {
        Some((a, b)) => number(a) && number(b),
        None => number(rest),
    };
    name.is_empty()
        || name.strip_prefix("Unnamed: ").is_some_and(unnamed)
        || (name.strip_prefix("__index_level_"))
            .and_then(|rest| rest.strip_suffix("__"))
            .is_some_and(number)
}
