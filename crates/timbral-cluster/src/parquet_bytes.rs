//! Small Parquet files as bytes.

use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;

use crate::error::Result;

/// The key under which a file says what its rows were computed with.
const SETTINGS: &str = "timbral.settings";

/// All rows of a file, and its settings.
pub(crate) fn read(bytes: Bytes) -> Result<(RecordBatch, Option<String>)> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata();
    let mut pairs = pairs.into_iter().flatten();
    let settings = pairs.find(|pair| pair.key == SETTINGS);
    let settings = settings.and_then(|pair| pair.value.clone());
    let schema = builder.schema().clone();
    let batches = builder
        .build()?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    Ok((concat_batches(&schema, &batches)?, settings))
}

/// A file of these rows.
pub(crate) fn write(
    schema: SchemaRef,
    rows: &RecordBatch,
    settings: Option<String>,
) -> Result<Vec<u8>> {
    let settings = settings.map(|value| vec![KeyValue::new(SETTINGS.to_owned(), value)]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(settings)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(rows)?;
    Ok(writer.into_inner()?)
}
