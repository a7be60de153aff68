use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::Bytes;

use super::class_order::sort_classes;
use super::feature_table::FeatureTable;
use super::parquet::ParquetRows;
use super::parquet_input::Input;
use super::schema::{TableSchema, empty};
use crate::error::{Error, Result, at};

/// A table in several Parquet files, the shards, that is read in blocks of rows and never as a whole.
///
/// The rows are those of the files in the order of their paths, or of shards that are elsewhere, such as in an object
/// store ([`open_with`](Self::open_with)). All files have the same feature columns; the classes are those of all
/// files, in the order of [`sort_classes`].
///
/// ```
/// use timbral_data::{FeatureTable, TableSchema, TableShards};
/// let folder = tempfile::tempdir()?;
/// for (name, label) in [("a", "jazz"), ("b", "blues")] {
///     let features = ndarray::array![[0.5_f32, 1.0], [0.25, 2.0]];
///     let names = vec!["tempo".to_owned(), "centroid".to_owned()];
///     let ids = vec![format!("{name}1"), format!("{name}2")];
///     let table = FeatureTable::new(names, features, ids)?.with_labels([label, label])?;
///     table.write(folder.path().join(name).with_extension("parquet"))?;
/// }
/// let shards = TableShards::open(&TableSchema::default(), folder.path())?;
/// assert_eq!(shards.n_rows(), 4);
/// assert_eq!(shards.classes(), ["blues", "jazz"]);
/// let mut sum = 0.0;
/// shards.visit(3, |block| {
///     sum += block.features().sum();
///     Ok::<(), timbral_data::Error>(())
/// })?;
/// assert_eq!(sum, 7.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TableShards {
    schema: TableSchema,
    paths: Vec<PathBuf>,
    place: Place,
    n_rows: usize,
    feature_names: Vec<String>,
    classes: Vec<String>,
}

/// Reads the bytes of the shard of a number.
type Read = dyn Fn(usize) -> std::io::Result<Bytes> + Send + Sync;

/// Where the shards are.
#[derive(Clone)]
enum Place {
    Files,
    Elsewhere(Arc<Read>),
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Files => "Files",
            Self::Elsewhere(_) => "Elsewhere",
        })
    }
}

impl TableShards {
    /// Rows looked at a time for the names of their classes.
    const LOOK: usize = 1 << 16;

    /// Opens a file, or all files of a folder that end in `.parquet`, by name, and reads the names of the classes.
    ///
    /// Files without rows, as engines write them, are passed over.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read, [`Error::Malformed`] if it is not a Parquet table, and those of
    /// [`FeatureTable::read`] for the first rows and for the labels; [`Error::EmptyTable`] if there are no files, or no
    /// rows.
    pub fn open(schema: &TableSchema, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of(schema, path, files(path)?, Place::Files)
    }

    /// Opens shards that are elsewhere, such as in an object store. `names` are their names, in the order of the rows;
    /// `read(i)` returns all bytes of the shard `names[i]`.
    ///
    /// Each shard is read once here and once in each [`visit`](Self::visit), and is in memory only while it is read.
    /// Errors contain its name.
    ///
    /// ```
    /// use timbral_data::{FeatureTable, TableSchema, TableShards};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("a.parquet");
    /// let names = vec!["tempo".to_owned()];
    /// let table = FeatureTable::new(names, ndarray::array![[98.5]], vec!["song".to_owned()])?;
    /// table.write(&path)?;
    /// let store = vec![std::fs::read(&path)?; 2];
    /// let names = ["s3://music/a.parquet", "s3://music/b.parquet"];
    /// let schema = TableSchema::default();
    /// let shards = TableShards::open_with(&schema, names, move |i| Ok(store[i].clone()))?;
    /// assert_eq!(shards.n_rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `read` as [`Error::Io`], and as [`open`](Self::open).
    pub fn open_with<B: AsRef<[u8]> + Send + 'static>(
        schema: &TableSchema,
        names: impl IntoIterator<Item = impl Into<PathBuf>>,
        read: impl Fn(usize) -> std::io::Result<B> + Send + Sync + 'static,
    ) -> Result<Self> {
        let names = names.into_iter().map(Into::into).collect();
        let read = move |i| read(i).map(Bytes::from_owner);
        let place = Place::Elsewhere(Arc::new(read));
        Self::of(schema, Path::new("the store"), names, place)
    }

    fn of(schema: &TableSchema, all: &Path, paths: Vec<PathBuf>, place: Place) -> Result<Self> {
        let mut shards = Self {
            schema: schema.clone(),
            paths,
            place,
            n_rows: 0,
            feature_names: Vec::new(),
            classes: Vec::new(),
        };
        let mut classes = BTreeSet::new();
        for (i, path) in shards.paths.iter().enumerate() {
            let input = shards.input(i)?;
            let again = input.try_clone().map_err(at(path))?;
            let mut rows = ParquetRows::open(schema, input, path)?;
            if rows.n_rows == 0 {
                continue;
            }
            // The names of the features are known from a row; the labels need all rows.
            if let Some(first) = rows.next_table(1)? {
                if shards.feature_names.is_empty() {
                    shards.feature_names = first.feature_names().to_vec();
                }
                shards.fits(path, &first)?;
            }
            let labels = TableSchema {
                features: Some(shards.feature_names[..1].to_vec()),
                ..schema.clone()
            };
            let mut rows = ParquetRows::open(&labels, again, path)?;
            while let Some(block) = rows.next_table(Self::LOOK)? {
                shards.n_rows += block.n_rows();
                classes.extend(block.classes().iter().cloned());
            }
        }
        if shards.n_rows == 0 {
            let what = match (shards.paths.is_empty(), &shards.place) {
                (false, _) => "rows",
                (true, Place::Files) => "files that end in .parquet",
                (true, Place::Elsewhere(_)) => "shards",
            };
            return Err(empty(all, what));
        }
        shards.classes = classes.into_iter().collect();
        sort_classes(&mut shards.classes);
        Ok(shards)
    }

    /// Number of rows of all files.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The names of the feature columns.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The names of the classes of all files; empty without labels.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The files, or the names of shards that are elsewhere.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Calls `visit` with each block of up to `n_rows` rows of a file. [`FeatureTable::labels`] of a block are
    /// indices into the classes of that block. Meanwhile a thread reads the next blocks, at most two.
    ///
    /// # Errors
    /// Those of `visit`, and as [`open`](Self::open) for all rows.
    pub fn visit<E: From<Error>>(
        &self,
        n_rows: usize,
        mut visit: impl FnMut(&FeatureTable) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        thread::scope(|scope| {
            let (send, blocks) = sync_channel(1);
            scope.spawn(move || {
                // It ends with an error, and when nobody receives.
                let send = |block: Result<FeatureTable>| {
                    let is_last = block.is_err();
                    let sent = send.send(block).map_err(|_| ());
                    if is_last { Err(()) } else { sent }
                };
                (0..self.paths.len()).try_for_each(|i| self.read(i, n_rows.max(1), &send))
            });
            for block in blocks {
                visit(&block?)?;
            }
            Ok(())
        })
    }

    /// Sends the blocks of a shard, or the error that ends them.
    fn read(
        &self,
        shard: usize,
        n_rows: usize,
        send: &impl Fn(Result<FeatureTable>) -> std::result::Result<(), ()>,
    ) -> std::result::Result<(), ()> {
        let path = &self.paths[shard];
        let input = self.input(shard);
        let rows = input.and_then(|input| ParquetRows::open(&self.schema, input, path));
        let mut rows = match rows {
            Ok(rows) if rows.n_rows == 0 => return Ok(()),
            Ok(rows) => rows,
            Err(error) => return send(Err(error)),
        };
        let mut next = || {
            let block = rows.next_table(n_rows)?;
            block.iter().try_for_each(|block| self.fits(path, block))?;
            Ok(block)
        };
        while let Some(block) = next().transpose() {
            send(block)?;
        }
        Ok(())
    }

    fn input(&self, shard: usize) -> Result<Input> {
        let path = &self.paths[shard];
        let input = match &self.place {
            Place::Files => File::open(path).map(Input::File),
            Place::Elsewhere(read) => read(shard).map(Input::Bytes),
        };
        input.map_err(at(path))
    }

    fn fits(&self, path: &Path, block: &FeatureTable) -> Result<()> {
        if block.feature_names() == self.feature_names {
            return Ok(());
        }
        let (own, first) = (block.feature_names(), &self.feature_names);
        let missing = first.iter().find(|name| !own.contains(name));
        let further = own.iter().find(|name| !first.contains(name));
        let what = match (missing, further) {
            (Some(name), _) => format!("no column `{name}`"),
            (None, Some(name)) => format!("a further column `{name}`"),
            (None, None) => "the columns in another order".to_owned(),
        };
        let first = self.paths[0].display();
        Err(Error::Malformed {
            path: path.to_owned(),
            reason: format!("not a shard of the table that begins with {first}: {what}"),
        })
    }
}

/// The shards of a folder, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(at(path))? {
        let file = entry.map_err(at(path))?.path();
        if file.extension().is_some_and(|e| e == "parquet") && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
