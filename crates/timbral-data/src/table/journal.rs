use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use timbral_core::{Difference, JsonLines, JsonLinesError, differences, write_atomic};

use super::format::{check_write, is_csv};
use super::packed_rows::PackedRows;
use super::schema::TableSchema;
use crate::error::{Error, Result, at};

/// A table whose rows are collected in a log; the table is written when all rows are in the log.
///
/// The extension of the table gives its format, as for [`FeatureTable::write`](crate::FeatureTable::write). The
/// columns of a CSV table may have any names; those of the other formats have the published names ([`TableSchema`]).
///
/// The log is `TABLE.partial` ([`JsonLines`]): a line with the settings, then one JSON line per key with the
/// rows of that key. A process that is killed leaves the log and no table. When the log is resumed, an incomplete last
/// line is dropped.
///
/// ```
/// use timbral_data::TableJournal;
///
/// let folder = tempfile::tempdir()?;
/// let table = folder.path().join("t.csv");
/// let columns = vec!["name".to_owned(), "x".to_owned()];
/// let mut journal = TableJournal::create(&table, &columns, "v1")?;
/// journal.append("b", [vec!["b".to_owned(), "2".to_owned()]])?;
/// journal.append("a", [vec!["a".to_owned(), "1".to_owned()]])?;
/// assert!(!table.exists());
/// assert_eq!(journal.finish(["a", "b"])?, 2);
/// assert_eq!(std::fs::read_to_string(&table)?, "name,x\na,1\nb,2\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableJournal {
    table: PathBuf,
    log: JsonLines,
    columns: Vec<String>,
    entries: HashMap<String, PackedRows>,
}

#[derive(Serialize)]
struct Settings<'a> {
    settings: &'a str,
    columns: &'a [String],
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    rows: PackedRows,
}

impl TableJournal {
    /// Starts a new log. The log of an earlier run is overwritten; an earlier table is kept until
    /// [`TableJournal::finish`].
    ///
    /// # Errors
    ///
    /// [`Error::TableFormat`] if the extension of the table is not that of a format that is written, or the log
    /// cannot be written.
    pub fn create(table: impl AsRef<Path>, columns: &[String], settings: &str) -> Result<Self> {
        let table = table.as_ref();
        check_write(table)?;
        let path = log_path(table);
        File::create(&path).map_err(at(&path))?;
        Self::resume_at(table, columns, settings)
    }

    /// Continues the log of an earlier run, or starts one if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::TableFormat`] as [`create`](Self::create); the log cannot be read or written ([`Error::Io`]), is a file of another kind
    /// ([`Error::NotAJournal`]), belongs to other settings or columns ([`Error::OtherSettings`]), or has a
    /// damaged line before the last ([`Error::Line`]). The file is left as it is.
    pub fn resume(table: impl AsRef<Path>, columns: &[String], settings: &str) -> Result<Self> {
        Self::resume_at(table.as_ref(), columns, settings)
    }

    fn resume_at(table: &Path, columns: &[String], settings: &str) -> Result<Self> {
        check_write(table)?;
        let path = log_path(table);
        let head = Settings { settings, columns };
        let (log, entries) = JsonLines::open::<Entry>(&path, &head).map_err(log_error)?;
        let entries = entries.into_iter().map(|entry| (entry.key, entry.rows));
        Ok(Self {
            table: table.to_owned(),
            log,
            columns: columns.to_vec(),
            entries: entries.collect(),
        })
    }

    /// Whether the rows of `key` are in the log.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Adds the rows of `key`. When this returns, the rows have been passed to the operating system, so that they
    /// survive a kill of the process.
    ///
    /// # Errors
    ///
    /// [`Error::Cells`] for a row with another number of cells than columns, [`Error::Io`] if the log
    /// cannot be written.
    pub fn append(&mut self, key: &str, rows: impl IntoIterator<Item = Vec<String>>) -> Result<()> {
        let entry = Entry {
            key: key.to_owned(),
            rows: PackedRows::new(rows, self.columns.len())?,
        };
        let appended = self.log.append(&entry);
        appended.map_err(at(self.log.path()))?;
        self.entries.insert(entry.key, entry.rows);
        Ok(())
    }

    /// Writes the table with the rows in the order of `keys`, removes the log, and returns the number of
    /// rows. Keys without rows are skipped.
    ///
    /// # Errors
    ///
    /// The table cannot be written; the log is then kept. Formats other than CSV need at least one row, and columns
    /// with the published names.
    pub fn finish<K: AsRef<str>>(self, keys: impl IntoIterator<Item = K>) -> Result<usize> {
        let keys = keys.into_iter();
        let rows = keys.filter_map(|key| self.entries.get(key.as_ref()));
        let n_rows = self.write(&rows.collect::<Vec<_>>())?;
        self.discard()?;
        Ok(n_rows)
    }

    /// Writes the table and returns its number of rows.
    fn write(&self, rows: &[&PackedRows]) -> Result<usize> {
        let write = |to: &mut dyn Write| {
            let mut csv = ::csv::Writer::from_writer(&mut *to);
            csv.write_record(&self.columns)?;
            csv.flush()?;
            drop(csv);
            rows.iter().try_for_each(|rows| to.write_all(rows.lines()))
        };
        if is_csv(&self.table) {
            write_atomic(&self.table, |file| write(file)).map_err(at(&self.table))?;
        } else {
            let mut text = Vec::new();
            write(&mut text).map_err(at(&self.table))?;
            let table = TableSchema::default().read_csv_from(&text[..], &self.table)?;
            table.write(&self.table)?;
        }
        Ok(rows.iter().map(|rows| rows.len()).sum())
    }

    /// Removes the log without writing a table.
    ///
    /// # Errors
    ///
    /// The log cannot be removed.
    pub fn discard(self) -> Result<()> {
        let path = self.log.path();
        fs::remove_file(path).map_err(at(path))
    }
}

fn log_path(table: &Path) -> PathBuf {
    let mut name = table.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn log_error(error: JsonLinesError) -> Error {
    match error {
        JsonLinesError::Io { path, reason } => Error::Io { path, reason },
        JsonLinesError::NotALog { path } => Error::NotAJournal { path },
        JsonLinesError::OtherSettings {
            path,
            found,
            expected,
        } => {
            // Whichever differs.
            let part = match found.get("settings") == expected.get("settings") {
                true => "columns",
                false => "settings",
            };
            let text = |head: &Value| match head.get(part) {
                Some(Value::String(text)) => text.clone(),
                other => other.unwrap_or(head).to_string(),
            };
            let (mut found, mut expected) = (text(&found), text(&expected));
            // Of settings as JSON only what differs.
            let json = |text: &str| serde_json::from_str(text).ok().filter(Value::is_object);
            if let (Some(a), Some(b)) = (json(&found), json(&expected)) {
                let all = differences(&a, &b);
                let list = |value: fn(&Difference) -> &Value| {
                    let parts = all.iter().map(|d| format!("{} {}", d.name, value(d)));
                    parts.collect::<Vec<_>>().join(", ")
                };
                (found, expected) = (list(|d| &d.found), list(|d| &d.expected));
            }
            Error::OtherSettings {
                path,
                found,
                expected,
            }
        }
        JsonLinesError::Damaged { path, line, reason } => Error::Line { path, line, reason },
        error => Error::Malformed {
            path: PathBuf::new(),
            reason: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureTable;

    fn columns() -> Vec<String> {
        vec!["name".to_owned(), "x".to_owned()]
    }

    fn row(name: &str, x: &str) -> Vec<Vec<String>> {
        vec![vec![name.to_owned(), x.to_owned()]]
    }

    #[test]
    fn a_killed_run_continues_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let mut journal = TableJournal::create(&table, &columns(), "s").unwrap();
        journal.append("a", row("a, \"quoted\"", "1")).unwrap();
        journal.append("b", row("b", "2")).unwrap();
        drop(journal);
        // The kill cut the last line short.
        let path = log_path(&table);
        let bytes = fs::read(&path).unwrap();
        for cut in 1..bytes.len() {
            fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            let mut journal = TableJournal::resume(&table, &columns(), "s").unwrap();
            assert!(!journal.contains("b"), "cut {cut}");
            journal.append("b", row("b", "2")).unwrap();
            let kept = journal.contains("a");
            drop(journal);
            let journal = TableJournal::resume(&table, &columns(), "s").unwrap();
            assert_eq!(journal.contains("a"), kept);
            assert!(journal.contains("b"), "cut {cut}");
            let rows = PackedRows::new(row("b", "2"), 2).unwrap();
            assert_eq!(journal.entries["b"], rows);
        }
        fs::write(&path, &bytes).unwrap();
        let journal = TableJournal::resume(&table, &columns(), "s").unwrap();
        assert_eq!(journal.finish(["b", "a", "c"]).unwrap(), 2);
        let text = fs::read_to_string(&table).unwrap();
        assert_eq!(text, "name,x\nb,2\n\"a, \"\"quoted\"\"\",1\n");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "only the table is left"
        );
    }

    #[test]
    fn the_extension_gives_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let columns = ["filename", "length", "tempo", "label"].map(str::to_owned);
        let cells = ["a.wav", "3", "0.1", "jazz"].map(str::to_owned).to_vec();
        let mut tables = Vec::new();
        for name in ["t.csv", "t.npz", "t.parquet"] {
            let path = folder.path().join(name);
            if !FeatureTable::is_table(&path) || check_write(&path).is_err() {
                continue;
            }
            let mut journal = TableJournal::create(&path, &columns, "s").unwrap();
            journal.append("a", [cells.clone()]).unwrap();
            assert_eq!(journal.finish(["a"]).unwrap(), 1);
            tables.push(FeatureTable::read(&path).unwrap());
        }
        assert!(tables.iter().all(|table| *table == tables[0]));
        // Before any work, and without a log.
        for name in ["t", "t.tsv", "t.csv.gz", "t.xlsx"] {
            let path = folder.path().join(name);
            let got = TableJournal::create(&path, &columns, "s");
            assert!(matches!(got, Err(Error::TableFormat { .. })), "{got:?}");
            assert!(!log_path(&path).exists());
        }
    }

    #[test]
    fn other_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        TableJournal::create(&table, &columns(), "s").unwrap();
        let other = TableJournal::resume(&table, &columns(), "t");
        assert!(
            matches!(other, Err(Error::OtherSettings { .. })),
            "{other:?}"
        );
        drop(TableJournal::create(&table, &columns(), r#"{"n_fft":512,"hop":9}"#).unwrap());
        let other = TableJournal::resume(&table, &columns(), r#"{"n_fft":1024,"hop":9}"#);
        let text = other.unwrap_err().to_string();
        assert!(text.contains("(n_fft 512, now n_fft 1024)"), "{text}");
        TableJournal::create(&table, &columns(), "s").unwrap();
        let other = TableJournal::resume(&table, &columns()[..1], "s");
        assert!(
            matches!(other, Err(Error::OtherSettings { .. })),
            "{other:?}"
        );
    }

    #[test]
    fn a_file_of_another_kind_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        fs::write(log_path(&table), "my notes\n").unwrap();
        let got = TableJournal::resume(&table, &columns(), "s");
        assert!(matches!(got, Err(Error::NotAJournal { .. })), "{got:?}");
        assert_eq!(fs::read_to_string(log_path(&table)).unwrap(), "my notes\n");
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let mut journal = TableJournal::create(&table, &columns(), "s").unwrap();
        let got = journal.append("a", [vec!["a".to_owned()]]);
        assert!(
            matches!(
                got,
                Err(Error::Cells {
                    expected: 2,
                    got: 1
                })
            ),
            "{got:?}"
        );
        assert!(!journal.contains("a"));
    }
}
