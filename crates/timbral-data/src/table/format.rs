use std::path::Path;

use super::feature_table::FeatureTable;
use super::schema::TableSchema;
use crate::error::{Error, Result};

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
            Some("npz") => "NumPy files need the feature `npy` of timbral-data",
            #[cfg(feature = "parquet")]
            Some("parquet") => return Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Some("parquet") => "Parquet files need the feature `parquet` of timbral-data",
            _ => "the name of a table must end in .csv, .npz or .parquet",
        };
        let path = path.to_owned();
        Err(Error::TableFormat { path, reason })
    }
}

impl FeatureTable {
    /// Reads a table in the published schema; the extension gives the format.
    ///
    /// | extension | format | feature of the crate |
    /// |---|---|---|
    /// | `.csv` | as [`read_csv`](Self::read_csv) | |
    /// | `.parquet` | columns as in the CSV table | `parquet` |
    /// | `.npz` | NumPy arrays `features` (n, f), `feature_names`, `ids`, `groups`, and optionally `lengths` and `labels` | `npy` |
    ///
    /// # Errors
    /// As [`TableSchema::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        TableSchema::default().read(path)
    }

    /// Writes the table in the format that the extension gives, as [`read`](Self::read) reads it.
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
            Format::Npz => super::npz::write(self, path),
            #[cfg(feature = "parquet")]
            Format::Parquet => super::parquet::write(self, path),
        }
    }
}

impl TableSchema {
    /// Reads a table of this schema; the extension gives the format, as for
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
            Format::Npz => super::npz::read(self, file, path),
            #[cfg(feature = "parquet")]
            Format::Parquet => super::parquet::read(self, file, path),
        }
    }
}
