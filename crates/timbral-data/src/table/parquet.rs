use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::metadata::FileMetaData;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::FileReader;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use timbral_core::write_atomic;

use super::feature_table::FeatureTable;
use super::pages::Reader;
use super::parquet_columns::Columns;
use super::parquet_input::Input;
use super::reader::TableReader;
use super::roles::{Role, Roles};
use super::schema::{TableSchema, empty};
use super::stored::{Kind, Stored};
use crate::error::{Error, Place, Result, at};

/// Most cells of a table: a small file can claim any number of repeated ones.
const CELL_LIMIT: u64 = 1 << 28;
/// Most bytes of text, for the same reason.
const TEXT_LIMIT: usize = 1 << 30;

pub(crate) fn read(schema: &TableSchema, file: File, path: &Path) -> Result<FeatureTable> {
    let mut rows = ParquetRows::open(schema, file.into(), path)?;
    if rows.n_rows.saturating_mul(rows.names.len() as u64) > CELL_LIMIT {
        return Err(malformed(path, "more than 2^28 cells"));
    }
    let table = rows.next_table(usize::MAX)?;
    table.ok_or_else(|| empty(path, "rows"))
}

/// The rows of a file, one after the other.
pub(super) struct ParquetRows {
    schema: TableSchema,
    path: PathBuf,
    names: Vec<String>,
    /// Names that the file itself calls indices.
    indices: Vec<String>,
    pub(super) n_rows: u64,
    n_read: u64,
    columns: Columns,
}

impl ParquetRows {
    pub(super) fn open(schema: &TableSchema, file: Input, path: &Path) -> Result<Self> {
        guarded(path, || {
            let file = Reader::new(file)?;
            if let Some(codec) = unknown_codec(&file) {
                return Err(ReadError::Codec(codec));
            }
            let metadata = file.metadata().file_metadata();
            let columns = metadata.schema_descr().root_schema().get_fields();
            let names: Vec<String> = columns.iter().map(|c| c.name().to_owned()).collect();
            let indices = indices(metadata);
            let roles = Roles::find(path, schema, &names, &indices)?.roles;
            let is_read: Vec<bool> = roles.iter().map(|role| *role != Role::Ignored).collect();
            Ok(Self {
                schema: schema.clone(),
                path: path.to_owned(),
                names,
                indices,
                n_rows: u64::try_from(metadata.num_rows()).unwrap_or(u64::MAX),
                n_read: 0,
                columns: Columns::new(file, &is_read),
            })
        })
    }

    /// A table of the next rows, `most` or what there is; `None` at the end.
    pub(super) fn next_table(&mut self, most: usize) -> Result<Option<FeatureTable>> {
        let path = self.path.clone();
        guarded(&path, || {
            let mut table = TableReader::new(&path, &self.schema, &self.names, &self.indices)?;
            let (mut text, mut n) = (0, 0);
            while n < most {
                let Some(n_text) = self.columns.fill()? else {
                    break;
                };
                text += n_text;
                let (n_rows, columns) = self.columns.take(most - n);
                let first = self.n_read + 1;
                self.n_read += n_rows as u64;
                if text > TEXT_LIMIT || self.n_read > self.n_rows {
                    return Err(ReadError::Limit("more rows or text than the file says"));
                }
                n += n_rows;
                let places = (first..=self.n_read).map(Place::Row);
                table.push_columns(places, columns)?;
            }
            match n == 0 && self.n_read > 0 {
                true => Ok(None),
                // Without any row this names the file.
                false => Ok(Some(table.finish()?)),
            }
        })
    }
}

/// Runs what reads a file, whose errors name it.
fn guarded<T>(path: &Path, read: impl FnOnce() -> std::result::Result<T, ReadError>) -> Result<T> {
    // The crate panics on some damaged files, such as one with a column of negative length.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ReadError::Table(error))) => Err(error),
        Ok(Err(ReadError::Parquet(error))) => Err(malformed(path, error)),
        Ok(Err(ReadError::Limit(reason))) => Err(malformed(path, reason)),
        Ok(Err(ReadError::Codec(codec))) => Err(Error::Malformed {
            path: path.to_owned(),
            reason: format!(
                "not supported: Parquet compressed by {codec}; in pandas \
                 `df.to_parquet(\"t.parquet\", compression=\"snappy\")`, in polars \
                 `df.write_parquet(\"t.parquet\", compression=\"snappy\")`"
            ),
        }),
        Err(_) => Err(malformed(path, "the file is damaged")),
    }
}

enum ReadError {
    Table(Error),
    Parquet(ParquetError),
    Limit(&'static str),
    Codec(String),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Table(error)
    }
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

fn malformed(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        reason: format!("not a Parquet table: {reason}"),
    }
}

/// The codec of a column, if it cannot be decompressed.
fn unknown_codec(file: &Reader) -> Option<String> {
    let groups = file.metadata().row_groups().iter();
    let mut codecs = groups.flat_map(|g| g.columns()).map(|c| c.compression());
    let unknown = codecs.find(|codec| matches!(codec, Compression::BROTLI(_) | Compression::LZO));
    unknown.map(|codec| {
        codec
            .to_string()
            .split('(')
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}

/// The columns that pandas wrote as the index of its frame.
fn indices(metadata: &FileMetaData) -> Vec<String> {
    let entries = metadata.key_value_metadata().into_iter().flatten();
    let pandas = entries.filter(|entry| entry.key == "pandas");
    let pandas = pandas.filter_map(|entry| serde_json::from_str(entry.value.as_ref()?).ok());
    let columns = pandas.filter_map(|value: serde_json::Value| {
        let columns = value.get("index_columns")?.as_array()?.clone();
        Some(columns.into_iter())
    });
    // An index that is a range is described by an object and has no column.
    (columns.flatten())
        .filter_map(|column| column.as_str().map(str::to_owned))
        .collect()
}

/// Strings are annotated as such, lengths are signed 64-bit integers, nothing is optional.
pub(crate) fn write(table: &FeatureTable, path: &Path) -> Result<()> {
    let stored = Stored::new(table, path)?;
    let write = write_atomic(path, |file| {
        write_columns(table, &stored, file).map_err(std::io::Error::other)
    });
    write.map_err(at(path))
}

fn write_columns(table: &FeatureTable, stored: &Stored<'_>, file: &mut File) -> ParquetResult<()> {
    let fields = stored.columns().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Length => (Physical::INT64, Some(LogicalType::integer(64, false))),
            Kind::Feature => (Physical::FLOAT, None),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(logical);
        Ok(Arc::new(field.build()?))
    });
    let fields = fields.collect::<ParquetResult<_>>()?;
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let mut file = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties.build()))?;
    let mut columns = file.next_row_group()?;
    write_texts(&mut columns, table.ids().iter().map(String::as_str))?;
    if let Some(lengths) = stored.lengths {
        let signed: Vec<i64> = lengths.iter().map(|n| *n as i64).collect();
        write_column::<Int64Type>(&mut columns, &signed)?;
    }
    for feature in table.features().columns() {
        write_column::<FloatType>(&mut columns, &feature.to_vec())?;
    }
    for (_, texts) in stored.texts() {
        write_texts(&mut columns, texts.iter().copied())?;
    }
    columns.close()?;
    file.close()?;
    Ok(())
}

fn write_texts<'a>(
    columns: &mut SerializedRowGroupWriter<'_, &mut File>,
    texts: impl Iterator<Item = &'a str>,
) -> ParquetResult<()> {
    let texts: Vec<ByteArray> = texts.map(ByteArray::from).collect();
    write_column::<ByteArrayType>(columns, &texts)
}

fn write_column<T: DataType>(
    columns: &mut SerializedRowGroupWriter<'_, &mut File>,
    values: &[T::T],
) -> ParquetResult<()> {
    let Some(mut column) = columns.next_column()? else {
        return Err(ParquetError::General("a column too many".to_owned()));
    };
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}
