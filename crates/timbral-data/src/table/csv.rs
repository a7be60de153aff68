use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use ::csv::{ByteRecord, ReaderBuilder};
use timbral_core::write_atomic;

use super::cell::Cell;
use super::feature_table::FeatureTable;
use super::reader::TableReader;
use super::schema::TableSchema;
use super::separator::separator;
use super::stored::Stored;
use super::utf16::{self, Utf16};
use crate::error::{Error, Place, Result, at};

/// Most bytes of a record: far more than any table has, far less than the memory.
const RECORD_LIMIT: usize = 16 << 20;
/// Bytes from which the separator is found.
const START: u64 = 1 << 16;

impl FeatureTable {
    /// Reads a CSV table in the published schema, whatever the file is called; see
    /// [`TableSchema`] for other schemas.
    ///
    /// Numbers are rounded to `f32` once, from their decimal digits.
    ///
    /// # Errors
    /// As [`TableSchema::read_csv_from`], or the file cannot be opened.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(at(path))?;
        TableSchema::default().read_csv_from(file, path)
    }

    /// Writes a CSV table in the published schema, with these columns in this order: `filename`, `length` if it is
    /// known, the features, `group` if the groups are not the [`recording_of`] each row, and `artist`, `album` and
    /// `label` if the table has them.
    ///
    /// Every number has as many digits as are needed to read it back with the same bits. The file is
    /// written atomically.
    ///
    /// [`recording_of`]: crate::recording_of
    ///
    /// # Errors
    /// [`Error::NotStorable`] for a part that would be read back differently, such as an infinite number
    /// or a feature called `label`, [`Error::EmptyTable`], or the file cannot be written.
    ///
    /// ```
    /// # use timbral_data::FeatureTable;
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("t.csv");
    /// let ids = vec!["pop.00001.0.wav".into(), "pop.00001.1.wav".into()];
    /// let table = FeatureTable::new(vec!["x".into()], ndarray::array![[0.1], [f32::NAN]], ids)?
    ///     .with_groups(["pop.00001"; 2])?
    ///     .with_labels(["pop"; 2])?;
    /// table.write_csv(&path)?;
    /// let text = "filename,x,label\npop.00001.0.wav,0.1,pop\npop.00001.1.wav,NaN,pop\n";
    /// assert_eq!(std::fs::read_to_string(&path)?, text);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write_csv_to(path.as_ref())
    }

    fn write_csv_to(&self, path: &Path) -> Result<()> {
        let stored = Stored::new(self, path)?;
        let write = write_atomic(path, |file| {
            let mut csv = ::csv::Writer::from_writer(file);
            csv.write_record(stored.columns().map(|(name, _)| name))?;
            for (row, numbers) in self.features().rows().into_iter().enumerate() {
                csv.write_field(&self.ids()[row])?;
                if let Some(lengths) = stored.lengths {
                    csv.write_field(lengths[row].to_string())?;
                }
                for x in numbers {
                    csv.write_field(format!("{x:?}"))?;
                }
                for (_, texts) in stored.texts() {
                    csv.write_field(texts[row])?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
            csv.flush()
        });
        write.map_err(at(path))
    }
}

impl TableSchema {
    /// Reads a CSV table from anything that can be read; `name` appears in the errors.
    ///
    /// The text is UTF-8, with or without byte order mark, or UTF-16 with it. Lines end in LF or CRLF. Cells may be
    /// quoted; empty lines are skipped. The cells are separated by commas, semicolons, tabs or `|`, whichever appears
    /// most often in the header. With semicolons, numbers may have a comma as the decimal point. Memory is bounded by
    /// the size of the table and the length of a record, at most 16 MiB.
    ///
    /// # Errors
    /// With file, line and column: a cell that is not a number, infinite, or missing where a value
    /// is required ([`Error::Cell`]), a ragged row, a record that is too long, text that is not UTF-8, a
    /// column that appears twice or is not there, and a table without header, feature columns or rows.
    pub fn read_csv_from(
        &self,
        mut text: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<FeatureTable> {
        self.read_text(&mut text, name.as_ref())
    }

    fn read_text(&self, text: &mut dyn Read, path: &Path) -> Result<FeatureTable> {
        let (start, text) = start_of(text).map_err(at(path))?;
        let (start, text): (_, Box<dyn Read + '_>) = match utf16::order(&start) {
            Some(order) => {
                let units = Cursor::new(start).chain(text);
                let (start, text) = start_of(Utf16::new(units, order)).map_err(at(path))?;
                (start, Box::new(text))
            }
            None => (start, Box::new(text)),
        };
        let separator = separator(&start);
        let mut records = Records {
            path,
            csv: ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(separator)
                .from_reader(Lines::new(Cursor::new(start).chain(text))),
            cells: ByteRecord::new(),
        };
        let header = records.next()?.map_or(Vec::new(), |(_, names)| names);
        let table = TableReader::new(path, self, header, &[])?;
        let mut table = table.with_decimal_commas(separator == b';');
        while let Some((line, cells)) = records.next()? {
            table.push(Place::Line(line), cells.into_iter().map(Cell::Text))?;
        }
        table.finish()
    }
}

/// The first bytes of a text, and the rest of it.
fn start_of<R: Read>(mut text: R) -> io::Result<(Vec<u8>, R)> {
    let mut start = Vec::new();
    text.by_ref().take(START).read_to_end(&mut start)?;
    Ok((start, text))
}

struct Records<'a, R> {
    path: &'a Path,
    csv: ::csv::Reader<Lines<R>>,
    cells: ByteRecord,
}

impl<R: Read> Records<'_, R> {
    /// The line on which the next record begins, and its cells.
    fn next(&mut self) -> Result<Option<(u64, Vec<&str>)>> {
        let path = || self.path.to_owned();
        self.csv.get_mut().record = 0;
        let read = self.csv.read_byte_record(&mut self.cells);
        let &Lines { first, record, .. } = self.csv.get_ref();
        if record > RECORD_LIMIT {
            let (path, line, limit) = (path(), first, RECORD_LIMIT);
            return Err(Error::LongRecord { path, line, limit });
        }
        if !read.map_err(|error| at(self.path)(error.into()))? {
            return Ok(None);
        }
        let newlines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count() as u64;
        let mut line = first;
        let text = |cell| match std::str::from_utf8(cell) {
            Ok(text) => {
                line += newlines(cell);
                Ok(text)
            }
            Err(error) => Err(Error::NotUtf8 {
                path: path(),
                line: line + newlines(&cell[..error.valid_up_to()]),
            }),
        };
        let cells = self.cells.iter().map(text).collect::<Result<_>>()?;
        Ok(Some((first, cells)))
    }
}

/// Returns at most one line per read, so that the line of a record is known, and at most
/// [`RECORD_LIMIT`] bytes of one record.
struct Lines<R> {
    inner: BufReader<R>,
    /// The line of the last byte returned, from 1.
    line: u64,
    /// Whether that byte ended the line.
    ended: bool,
    /// Bytes returned for the current record, without empty lines before it.
    record: usize,
    /// The line of the first of them.
    first: u64,
}

impl<R: Read> Lines<R> {
    fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            line: 0,
            ended: true,
            record: 0,
            first: 1,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.record > RECORD_LIMIT {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let given = self.inner.fill_buf()?;
        let end = given.iter().position(|b| *b == b'\n').map(|i| i + 1);
        let n = end.unwrap_or(given.len()).min(buffer.len());
        let given = &given[..n];
        buffer[..n].copy_from_slice(given);
        if n > 0 && self.ended {
            self.line += 1;
        }
        if self.record > 0 || given.iter().any(|b| !b"\r\n".contains(b)) {
            if self.record == 0 {
                self.first = self.line;
            }
            self.record += n;
        }
        self.ended = given.last().map_or(self.ended, |b| *b == b'\n');
        self.inner.consume(n);
        Ok(n)
    }
}
