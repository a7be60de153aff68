use std::collections::HashSet;
use std::path::Path;

use super::cell::{missing, shown};
use super::feature_table::FeatureTable;
use super::recording::recording_of;
use super::schema::{ALBUM, ARTIST, GROUP, ID, LABEL, LENGTH, empty};
use crate::error::{Error, Result};

/// The type of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Length,
    Feature,
}

/// The columns of a table file apart from ids and features. The table was checked: it will be read back
/// unchanged.
pub(crate) struct Stored<'a> {
    feature_names: &'a [String],
    pub(crate) lengths: Option<&'a [u64]>,
    /// Only if they are not the recordings of the ids.
    pub(crate) groups: Option<Vec<&'a str>>,
    pub(crate) labels: Option<Vec<&'a str>>,
    /// Empty texts where unknown.
    pub(crate) artists: Option<Vec<&'a str>>,
    pub(crate) albums: Option<Vec<&'a str>>,
}

impl<'a> Stored<'a> {
    /// Checks the table.
    pub(crate) fn new(table: &'a FeatureTable, path: &Path) -> Result<Self> {
        let check = |ok, part, value: &str, reason| {
            let (path, value) = (path.to_owned(), shown(value));
            let error = || Error::NotStorable {
                path,
                part,
                value,
                reason,
            };
            if ok { Ok(()) } else { Err(error()) }
        };
        if table.n_features() == 0 {
            return Err(empty(path, "feature columns"));
        }
        if table.n_rows() == 0 {
            return Err(empty(path, "rows"));
        }
        const PLAIN: &str = "is empty, or has spaces around it or a NUL in it";
        let plain = |t: &str| !t.is_empty() && t.trim() == t && !t.contains('\0');
        let mut seen = HashSet::from([ID, LENGTH, GROUP, LABEL, ARTIST, ALBUM]);
        for name in table.feature_names() {
            let part = "feature";
            check(plain(name), part, name, PLAIN)?;
            check(
                seen.insert(name),
                part,
                name,
                "is the name of another column",
            )?;
        }
        for (part, texts) in [
            ("id", table.ids()),
            ("class", table.classes()),
            ("group", table.group_names()),
        ] {
            for text in texts {
                check(plain(text), part, text, PLAIN)?;
                check(!missing(text), part, text, "means a missing value")?;
            }
        }
        if let Some(x) = table.features().iter().find(|x| x.is_infinite()) {
            check(false, "value", &x.to_string(), "is infinite")?;
        }
        let names = |of: &[usize], names: &'a [String]| -> Vec<&'a str> {
            of.iter().map(|i| names[*i].as_str()).collect()
        };
        let groups = names(table.groups(), table.group_names());
        let texts = |texts: Option<&'a [String]>| {
            texts.map(|texts| texts.iter().map(String::as_str).collect())
        };
        let recordings = table.ids().iter().map(|id| recording_of(id));
        Ok(Self {
            feature_names: table.feature_names(),
            lengths: table.lengths(),
            artists: texts(table.artists()),
            albums: texts(table.albums()),
            labels: table.labels().map(|l| names(l, table.classes())),
            groups: (!recordings.eq(groups.iter().copied())).then_some(groups),
        })
    }

    /// All columns, in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, Kind)> {
        let head = [
            Some((ID, Kind::Text)),
            self.lengths.map(|_| (LENGTH, Kind::Length)),
        ];
        let names = self.feature_names.iter().map(String::as_str);
        let features = names.map(|name| (name, Kind::Feature));
        let tail = self.texts().map(|(name, _)| (name, Kind::Text));
        let head = head.into_iter().flatten();
        head.chain(features).chain(tail)
    }

    /// The columns of texts after the features, in order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &[&'a str])> {
        let columns = [
            (GROUP, &self.groups),
            (ARTIST, &self.artists),
            (ALBUM, &self.albums),
            (LABEL, &self.labels),
        ];
        let columns = columns.into_iter();
        columns.filter_map(|(name, texts)| Some((name, texts.as_deref()?)))
    }
}
