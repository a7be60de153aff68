//! Small Parquet files as bytes.

use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::{concat_batches, filter_record_batch, is_null};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::metadata::{KeyValue, RowGroupMetaData};
use datafusion::parquet::file::properties::WriterProperties;

use crate::error::Result;

/// The key of the settings with which the rows of a file were computed.
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

/// A file without the rows in which a column has a value; the same bytes if there are none or no such column.
pub(crate) fn without(bytes: Bytes, column: &str) -> Result<Bytes> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes.clone())?;
    let metadata = builder.metadata();
    let columns = metadata.file_metadata().schema_descr().columns();
    let Some(place) = columns.iter().position(|c| c.path().string() == column) else {
        return Ok(bytes);
    };
    let has_none = |group: &RowGroupMetaData| {
        let nulls = group
            .column(place)
            .statistics()
            .and_then(|s| s.null_count_opt());
        nulls == u64::try_from(group.num_rows()).ok()
    };
    if metadata.row_groups().iter().all(has_none) {
        return Ok(bytes);
    }
    let (rows, settings) = read(bytes.clone())?;
    let Some(values) = rows.column_by_name(column) else {
        return Ok(bytes);
    };
    let kept = filter_record_batch(&rows, &is_null(values)?)?;
    Ok(write(kept.schema(), &kept, settings)?.into())
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
