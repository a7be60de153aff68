use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

use super::class_order::sort_classes;
use super::feature_table::FeatureTable;
use super::parquet::ParquetRows;
use super::schema::TableSchema;
use crate::error::{Error, Result, at};

/// A table in several Parquet files, the shards, that is read in blocks of rows and never as a whole.
///
/// The rows are those of the files in the order of their paths. All files have the same feature columns; the classes
/// are those of all files, in the order of [`sort_classes`].
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
    n_rows: usize,
    feature_names: Vec<String>,
    classes: Vec<String>,
}

impl TableShards {
    /// Rows looked at a time for the names of their classes.
    const LOOK: usize = 1 << 16;

    /// Opens a file, or all files of a folder that end in `.parquet`, by name, and reads the names of the classes.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read, [`Error::Malformed`] if it is not a Parquet table, and those of
    /// [`FeatureTable::read`] for the first rows and for the labels; [`Error::EmptyTable`] if there are no files, or no
    /// rows.
    pub fn open(schema: &TableSchema, path: impl AsRef<Path>) -> Result<Self> {
        let paths = files(path.as_ref())?;
        let mut shards = Self {
            schema: schema.clone(),
            paths,
            n_rows: 0,
            feature_names: Vec::new(),
            classes: Vec::new(),
        };
        let mut classes = BTreeSet::new();
        for path in &shards.paths {
            let mut rows = shards.rows(path)?;
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
            let mut rows = ParquetRows::open(&labels, open(path)?, path)?;
            while let Some(block) = rows.next_table(Self::LOOK)? {
                shards.n_rows += block.n_rows();
                classes.extend(block.classes().iter().cloned());
            }
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

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Calls `visit` with each block of up to `n_rows` rows of a file. [`FeatureTable::labels`] of a block are numbers of
    /// its own classes. A thread reads the next blocks meanwhile, at most two.
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
                // It ends when nobody receives.
                let send = |block| send.send(block).map_err(|_| ());
                self.paths
                    .iter()
                    .try_for_each(|path| self.read(path, n_rows.max(1), &send))
            });
            for block in blocks {
                visit(&block?)?;
            }
            Ok(())
        })
    }

    /// Sends the blocks of a file, or the error that ends them.
    fn read(
        &self,
        path: &Path,
        n_rows: usize,
        send: &impl Fn(Result<FeatureTable>) -> std::result::Result<(), ()>,
    ) -> std::result::Result<(), ()> {
        let mut rows = match self.rows(path) {
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

    fn rows(&self, path: &Path) -> Result<ParquetRows> {
        ParquetRows::open(&self.schema, open(path)?, path)
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

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(at(path))
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
    match files.is_empty() {
        true => Err(Error::EmptyTable {
            path: path.to_owned(),
            what: "files that end in .parquet",
        }),
        false => Ok(files),
    }
}
