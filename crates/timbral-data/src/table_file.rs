use std::collections::HashSet;
use std::path::Path;

use crate::error::{Error, Result};
use crate::recording::recording_of;
use crate::schema::{GROUP, ID, LABEL, LENGTH, TableSchema, empty, missing, shown};
use crate::table::FeatureTable;

/// A format of table files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    #[cfg(feature = "npy")]
    Npz,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let reason = match extension.to_str() {
            Some("csv") => return Ok(Self::Csv),
            #[cfg(feature = "npy")]
            Some("npz") => return Ok(Self::Npz),
            #[cfg(not(feature = "npy"))]
            Some("npz") => "this build is without the feature `npy`",
            #[cfg(feature = "parquet")]
            Some("parquet") => return Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Some("parquet") => "this build is without the feature `parquet`",
            _ => "the name of a table ends in .csv, .npz or .parquet",
        };
        let path = path.to_owned();
        Err(Error::TableFormat { path, reason })
    }
}

impl FeatureTable {
    /// Reads a table in the published schema; the extension tells the format.
    ///
    /// | extension | format | feature of the crate |
    /// |---|---|---|
    /// | `.csv` | as [`read_csv`](Self::read_csv) | |
    /// | `.parquet` | columns as in the CSV table | `parquet` |
    /// | `.npz` | NumPy arrays `features` (n, f), `feature_names`, `ids`, `groups`, and if there are any `lengths` and `labels` | `npy` |
    ///
    /// # Errors
    /// As [`TableSchema::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        TableSchema::default().read(path)
    }

    /// Writes the table in the format that the extension tells, as [`read`](Self::read) reads it.
    ///
    /// What is read back has the same rows, values and names. A part of a table
    /// ([`select`](Self::select)) is read back with the classes and groups of its own rows only.
    ///
    /// # Errors
    /// [`Error::TableFormat`], or as [`write_csv`](Self::write_csv).
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match Format::of(path)? {
            Format::Csv => self.write_csv(path),
            #[cfg(feature = "npy")]
            Format::Npz => crate::table_npz::write(self, path),
            #[cfg(feature = "parquet")]
            Format::Parquet => crate::table_parquet::write(self, path),
        }
    }
}

impl TableSchema {
    /// Reads a table of this schema; the extension tells the format, as for
    /// [`FeatureTable::read`].
    ///
    /// # Errors
    /// [`Error::TableFormat`] for another extension or one whose feature is not enabled,
    /// [`Error::Malformed`] for a file that its format cannot read, or as
    /// [`read_csv_from`](Self::read_csv_from).
    pub fn read(&self, path: impl AsRef<Path>) -> Result<FeatureTable> {
        let path = path.as_ref();
        let format = Format::of(path)?;
        let file = std::fs::File::open(path).map_err(crate::error::at(path))?;
        match format {
            Format::Csv => self.read_csv_from(file, path),
            #[cfg(feature = "npy")]
            Format::Npz => crate::table_npz::read(self, file, path),
            #[cfg(feature = "parquet")]
            Format::Parquet => crate::table_parquet::read(self, file, path),
        }
    }
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Length,
    Feature,
}

/// The columns of a table file beside ids and features, of a table that will be read back the same.
pub(crate) struct Stored<'a> {
    feature_names: &'a [String],
    pub(crate) lengths: Option<&'a [u64]>,
    /// Only where they are not the recordings of the ids.
    pub(crate) groups: Option<Vec<&'a str>>,
    pub(crate) labels: Option<Vec<&'a str>>,
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
        let mut seen = HashSet::from([ID, LENGTH, GROUP, LABEL]);
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
        let recordings = table.ids().iter().map(|id| recording_of(id));
        Ok(Self {
            feature_names: table.feature_names(),
            lengths: table.lengths(),
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
        let tail = [
            self.groups.as_ref().map(|_| (GROUP, Kind::Text)),
            self.labels.as_ref().map(|_| (LABEL, Kind::Text)),
        ];
        let head = head.into_iter().flatten();
        head.chain(features).chain(tail.into_iter().flatten())
    }
}
