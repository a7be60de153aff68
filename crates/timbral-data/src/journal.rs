use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at};

/// A CSV table in the making: rows are kept beside it as they come, and the table appears under
/// its own name only when it is whole.
///
/// The journal is `TABLE.partial`: a line of settings, then one JSON line per key with the rows
/// of that key, flushed at once. A process that is killed leaves the journal and no table; a line
/// cut short is dropped on resuming.
///
/// ```
/// use timbral_data::TableJournal;
///
/// let folder = tempfile::tempdir()?;
/// let table = folder.path().join("t.csv");
/// let columns = vec!["name".to_owned(), "x".to_owned()];
/// let mut journal = TableJournal::create(&table, &columns, "v1")?;
/// journal.append("b", &[vec!["b".to_owned(), "2".to_owned()]])?;
/// journal.append("a", &[vec!["a".to_owned(), "1".to_owned()]])?;
/// assert!(!table.exists());
/// assert_eq!(journal.finish(["a", "b"])?, 2);
/// assert_eq!(std::fs::read_to_string(&table)?, "name,x\na,1\nb,2\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableJournal {
    table: PathBuf,
    path: PathBuf,
    file: File,
    columns: Vec<String>,
    entries: HashMap<String, Vec<Vec<String>>>,
}

#[derive(Serialize, Deserialize)]
struct Settings {
    settings: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    rows: Vec<Vec<String>>,
}

impl TableJournal {
    /// Starts the table anew; a journal left by an earlier run is overwritten, an earlier table
    /// stays until [`TableJournal::finish`].
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn create(table: &Path, columns: &[String], settings: &str) -> Result<Self> {
        let path = journal_path(table);
        let mut file = File::create(&path).map_err(at(&path))?;
        let head = Settings {
            settings: settings.to_owned(),
            columns: columns.to_vec(),
        };
        write_line(&mut file, &head).map_err(at(&path))?;
        let (table, columns) = (table.to_owned(), columns.to_vec());
        Ok(Self {
            table,
            path,
            file,
            columns,
            entries: HashMap::new(),
        })
    }

    /// Goes on with the journal of an earlier run, or starts one if there is none.
    ///
    /// # Errors
    ///
    /// The journal cannot be read or written, is none, or was made with other settings or columns.
    pub fn resume(table: &Path, columns: &[String], settings: &str) -> Result<Self> {
        let path = journal_path(table);
        if !path.exists() {
            return Self::create(table, columns, settings);
        }
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(at(&path))?;
        let mut lines = BufReader::new(&file);
        let mut line = Vec::new();
        let mut whole = lines.read_until(b'\n', &mut line).map_err(at(&path))?;
        if !line.ends_with(b"\n") {
            // Killed before the first line was out: there is nothing to keep.
            return Self::create(table, columns, settings);
        }
        let head: Settings =
            serde_json::from_slice(&line).map_err(|_| Error::NotAJournal { path: path.clone() })?;
        if head.settings != settings || head.columns != columns {
            let (found, expected) = (head.settings, settings.to_owned());
            return Err(Error::OtherSettings {
                path,
                found,
                expected,
            });
        }
        let mut entries = HashMap::new();
        loop {
            line.clear();
            let n = lines.read_until(b'\n', &mut line).map_err(at(&path))?;
            match serde_json::from_slice::<Entry>(&line) {
                Ok(entry) if line.ends_with(b"\n") => {
                    entries.insert(entry.key, entry.rows);
                    whole += n;
                }
                _ => break,
            }
        }
        file.set_len(whole as u64).map_err(at(&path))?;
        file.seek(SeekFrom::End(0)).map_err(at(&path))?;
        let (table, columns) = (table.to_owned(), columns.to_vec());
        Ok(Self {
            table,
            path,
            file,
            columns,
            entries,
        })
    }

    /// Whether the rows of `key` are there.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The rows of `key`, if they are there.
    pub fn rows(&self, key: &str) -> Option<&[Vec<String>]> {
        self.entries.get(key).map(Vec::as_slice)
    }

    /// Keeps the rows of `key`; they are with the operating system when this returns, so that they
    /// survive the end of the process, however it comes.
    ///
    /// # Errors
    ///
    /// A row with another number of cells than columns, or the journal cannot be written.
    pub fn append(&mut self, key: &str, rows: &[Vec<String>]) -> Result<()> {
        if let Some(row) = rows.iter().find(|row| row.len() != self.columns.len()) {
            return Err(Error::Cells {
                expected: self.columns.len(),
                got: row.len(),
            });
        }
        let entry = Entry {
            key: key.to_owned(),
            rows: rows.to_vec(),
        };
        let end = self.file.stream_position().map_err(at(&self.path))?;
        if let Err(error) = write_line(&mut self.file, &entry) {
            // Half a line must not stay before the next one.
            let _ = self.file.set_len(end);
            let _ = self.file.seek(SeekFrom::Start(end));
            return Err(at(&self.path)(error));
        }
        self.entries.insert(entry.key, entry.rows);
        Ok(())
    }

    /// Writes the table with the rows in the order of `keys` (those not in the journal are passed
    /// over), removes the journal, and tells the number of rows.
    ///
    /// # Errors
    ///
    /// The table cannot be written; then the journal stays.
    pub fn finish<K: AsRef<str>>(self, keys: impl IntoIterator<Item = K>) -> Result<usize> {
        let mut n_rows = 0;
        write_whole(&self.table, |file| {
            let mut csv = csv::Writer::from_writer(file);
            csv.write_record(&self.columns)?;
            for key in keys {
                for row in self.entries.get(key.as_ref()).into_iter().flatten() {
                    csv.write_record(row)?;
                    n_rows += 1;
                }
            }
            csv.flush()
        })?;
        fs::remove_file(&self.path).map_err(at(&self.path))?;
        Ok(n_rows)
    }

    /// Removes the journal without making a table.
    ///
    /// # Errors
    ///
    /// The journal cannot be removed.
    pub fn discard(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(at(&self.path))
    }
}

fn journal_path(table: &Path) -> PathBuf {
    let mut name = table.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// One JSON value and a line feed in a single write.
fn write_line(file: &mut File, value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Writes a file through a temporary one in the same folder, so that it is there whole or not at
/// all.
///
/// # Errors
///
/// The folder cannot be written, or `write` fails; then nothing is left.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let attempt = || {
        let mut builder = tempfile::Builder::new();
        // A temporary file is private; the one that stays has the permissions of any new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder)?;
        write(temporary.as_file_mut())?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    attempt().map_err(at(path))
}

/// Writes a value as indented JSON by way of [`write_whole`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.json");
/// timbral_data::write_json(&path, &[0.5, 0.75])?;
/// assert_eq!(std::fs::read_to_string(&path)?, "[\n  0.5,\n  0.75\n]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`write_whole`], or the value has no form in JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_whole(path, |file| Ok(serde_json::to_writer_pretty(file, value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<String> {
        vec!["name".to_owned(), "x".to_owned()]
    }

    fn row(name: &str, x: &str) -> Vec<Vec<String>> {
        vec![vec![name.to_owned(), x.to_owned()]]
    }

    #[test]
    fn a_killed_run_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let mut journal = TableJournal::create(&table, &columns(), "s").unwrap();
        journal.append("a", &row("a, \"quoted\"", "1")).unwrap();
        journal.append("b", &row("b", "2")).unwrap();
        drop(journal);
        // The kill cut the last line short.
        let path = journal_path(&table);
        let bytes = fs::read(&path).unwrap();
        for cut in 1..bytes.len() {
            fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            let mut journal = TableJournal::resume(&table, &columns(), "s").unwrap();
            assert!(!journal.contains("b"), "cut {cut}");
            journal.append("b", &row("b", "2")).unwrap();
            let kept = journal.contains("a");
            drop(journal);
            let journal = TableJournal::resume(&table, &columns(), "s").unwrap();
            assert_eq!(journal.contains("a"), kept);
            assert!(journal.contains("b"), "cut {cut}");
            assert_eq!(journal.rows("b"), Some(&row("b", "2")[..]));
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
    fn other_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        TableJournal::create(&table, &columns(), "s").unwrap();
        let other = TableJournal::resume(&table, &columns(), "t");
        assert!(
            matches!(other, Err(Error::OtherSettings { .. })),
            "{other:?}"
        );
        let other = TableJournal::resume(&table, &columns()[..1], "s");
        assert!(
            matches!(other, Err(Error::OtherSettings { .. })),
            "{other:?}"
        );
    }

    #[test]
    fn a_file_that_is_no_journal_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        fs::write(journal_path(&table), "my notes\n").unwrap();
        let got = TableJournal::resume(&table, &columns(), "s");
        assert!(matches!(got, Err(Error::NotAJournal { .. })), "{got:?}");
        assert_eq!(
            fs::read_to_string(journal_path(&table)).unwrap(),
            "my notes\n"
        );
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let mut journal = TableJournal::create(&table, &columns(), "s").unwrap();
        let got = journal.append("a", &[vec!["a".to_owned()]]);
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

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, "old").unwrap();
        let failed = write_whole(&path, |file| {
            file.write_all(b"half")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = write_whole(&folder.path().join("no/t.csv"), |_| Ok(()));
        assert!(nowhere.is_err());
    }
}
