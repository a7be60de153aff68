use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use super::feature_table::FeatureTable;
use super::other_formats::{by_extension, by_start};
use super::schema::TableSchema;
use crate::error::{Error, Result, at};

/// A format of table files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    #[cfg(feature = "gzip")]
    CsvGz,
    #[cfg(feature = "npy")]
    Npz,
    #[cfg(feature = "parquet")]
    Parquet,
}

const ENDINGS: &str = "the name of a table must end in .csv, .tsv, .csv.gz, .npz or .parquet";

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let mut parts = name.rsplit('.');
        let last = parts.next().unwrap_or_default();
        let before = parts.next();
        let last = if before.is_none() { "" } else { last };
        let is_text = |extension: &str| ["csv", "tsv", "tab"].contains(&extension);
        let reason = match last {
            _ if is_text(last) => return Ok(Self::Csv),
            "gz" if before.is_some_and(is_text) && parts.next().is_some() => {
                #[cfg(feature = "gzip")]
                return Ok(Self::CsvGz);
                #[cfg(not(feature = "gzip"))]
                "compressed tables need the feature `gzip` of timbral-data"
            }
            #[cfg(feature = "npy")]
            "npz" => return Ok(Self::Npz),
            #[cfg(not(feature = "npy"))]
            "npz" => "NumPy files need the feature `npy` of timbral-data",
            #[cfg(feature = "parquet")]
            "parquet" | "pq" | "parq" => return Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            "parquet" | "pq" | "parq" => "Parquet files need the feature `parquet` of timbral-data",
            other => by_extension(other).unwrap_or(ENDINGS),
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
    /// | `.csv`, `.tsv`, `.tab` | as [`read_csv`](Self::read_csv) | |
    /// | `.csv.gz`, `.tsv.gz` | the same, compressed | `gzip` |
    /// | `.parquet`, `.pq` | columns as in the CSV table; uncompressed or by snappy, gzip, LZ4 or zstd | `parquet` |
    /// | `.npz` | NumPy arrays `features` or `X` (n, f), and optionally `feature_names` (else `f0`, `f1`, ..), `ids`, `groups`, `lengths` and `labels` or `y` | `npy` |
    ///
    /// # Errors
    /// As [`TableSchema::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        TableSchema::default().read(path)
    }

    /// Whether a file has the name of a table that [`read`](Self::read) reads, or one whose feature is not
    /// enabled.
    ///
    /// ```
    /// use timbral_data::FeatureTable;
    /// assert!(FeatureTable::is_table("songs.CSV") && FeatureTable::is_table("songs.tsv.gz"));
    /// assert!(!FeatureTable::is_table("song.wav"));
    /// ```
    pub fn is_table(path: impl AsRef<Path>) -> bool {
        match Format::of(path.as_ref()) {
            Ok(_) => true,
            Err(Error::TableFormat { reason, .. }) => reason.contains("need the feature"),
            Err(_) => false,
        }
    }

    /// Writes the table in the format that the extension gives, as [`read`](Self::read) reads it; `.tsv`
    /// and `.gz` are only read.
    ///
    /// What is read back has the same rows, values and names. A part of a table
    /// ([`select`](Self::select)) is read back with the classes and groups of its own rows only.
    ///
    /// # Errors
    /// [`Error::TableFormat`], or as [`write_csv`](Self::write_csv).
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        writer(path)?(self, path)
    }
}

/// What writes a table to a file.
type Writer = fn(&FeatureTable, &Path) -> Result<()>;

/// The format that the extension gives, for writing.
///
/// # Errors
/// [`Error::TableFormat`]: the format is unknown, is only read, or needs a feature of the crate.
fn writer(path: &Path) -> Result<Writer> {
    let only_read = |reason| Error::TableFormat {
        path: path.to_owned(),
        reason,
    };
    match Format::of(path)? {
        Format::Csv if is_csv(path) => Ok(|table, path| table.write_csv(path)),
        Format::Csv => Err(only_read("tables are written as .csv, not with tabs")),
        #[cfg(feature = "gzip")]
        Format::CsvGz => Err(only_read("tables are written as .csv, not compressed")),
        #[cfg(feature = "npy")]
        Format::Npz => Ok(super::npz::write),
        #[cfg(feature = "parquet")]
        Format::Parquet => Ok(super::parquet::write),
    }
}

/// Refuses the name of a file that [`FeatureTable::write`] would refuse.
pub(super) fn check_write(path: &Path) -> Result<()> {
    writer(path).map(|_| ())
}

pub(super) fn is_csv(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
}

impl TableSchema {
    /// Reads a table of this schema; the extension gives the format, as for
    /// [`FeatureTable::read`].
    ///
    /// # Errors
    /// [`Error::TableFormat`] for another extension, one whose feature is not enabled, or a text table that is
    /// really a file of another kind,
    /// [`Error::Malformed`] for a file that its format cannot read, or as
    /// [`read_csv_from`](Self::read_csv_from).
    pub fn read(&self, path: impl AsRef<Path>) -> Result<FeatureTable> {
        self.read_by_extension(path.as_ref())
    }

    fn read_by_extension(&self, path: &Path) -> Result<FeatureTable> {
        let format = Format::of(path)?;
        let file = File::open(path).map_err(at(path))?;
        match format {
            Format::Csv => {
                let mut start = Vec::new();
                (&file).take(8).read_to_end(&mut start).map_err(at(path))?;
                if let Some(reason) = by_start(&start) {
                    let path = path.to_owned();
                    return Err(Error::TableFormat { path, reason });
                }
                self.read_csv_from(Cursor::new(start).chain(file), path)
            }
            #[cfg(feature = "gzip")]
            Format::CsvGz => self.read_csv_from(flate2::read::MultiGzDecoder::new(file), path),
            #[cfg(feature = "npy")]
            Format::Npz => super::npz::read(self, file, path),
            #[cfg(feature = "parquet")]
            Format::Parquet => super::parquet::read(self, file, path),
        }
    }
}
