use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, StructArray, UInt64Array,
};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, UInt64Type};
use datafusion::common::exec_err;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::async_udf::AsyncScalarUDFImpl;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use timbral::{Columns, Extractor};
use tokio::sync::Semaphore;

use super::arrays::{RowArrays, gaps_text, tail_arrays, tail_fields};
use super::features::{ExtractorCache, whole_row};
use super::literals::{text_of_column, texts};
use crate::error::Result;
use crate::location::Location;
use crate::manifest_part::{ManifestRow, read_part};
use crate::parquet_bytes;
use crate::tracks::{Tracks, UNREADABLE};

pub(crate) const NAME: &str = "extract_shard";

/// Shards under way in a process: while the last tracks of one are computed, the next one begins.
const AT_ONCE: usize = 2;

/// Makes the shard of a part of a manifest, or leaves it as it is if nothing has changed.
pub(super) struct ExtractShard {
    tracks: Arc<Tracks>,
    extractors: Arc<ExtractorCache>,
    executor: String,
    at_once: Semaphore,
    signature: Signature,
}

/// What was done for a shard.
struct Done {
    rows: usize,
    errors: usize,
    computed: usize,
    seconds: f64,
}

impl ExtractShard {
    pub(super) fn new(
        tracks: Arc<Tracks>,
        extractors: Arc<ExtractorCache>,
        executor: &str,
    ) -> Self {
        Self {
            tracks,
            extractors,
            executor: executor.to_owned(),
            at_once: Semaphore::new(AT_ONCE),
            signature: Signature::string(3, Volatility::Volatile),
        }
    }

    async fn make(&self, part: &str, shard: &str, features: &str) -> Result<Done> {
        // Never closed.
        let _permit = self.at_once.acquire().await;
        let start = Instant::now();
        let extractor = self.extractors.get(features)?;
        let (part, shard): (Location, Location) = (part.parse()?, shard.parse()?);
        let stores = &self.tracks.stores;
        let wanted = read_part(stores.read(&part).await?, &part)?;
        let schema = schema(extractor.names());
        let settings = settings(&extractor);
        let old = match stores.read_if_there(&shard).await? {
            Some(bytes) => usable(parquet_bytes::read(bytes), &schema, &settings),
            None => None,
        };
        let old = old.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
        let known = rows_of(&old);
        let reused: Vec<Option<usize>> = wanted
            .iter()
            .map(|row| known.get(&(&*row.path, row.size, &*row.hash)).copied())
            .collect();
        let missing: Vec<&ManifestRow> = wanted
            .iter()
            .zip(&reused)
            .filter_map(|(row, old)| old.is_none().then_some(row))
            .collect();
        let is_as_it_was = missing.is_empty() && old.num_rows() == wanted.len();
        let computed = missing.len();
        let rows = match is_as_it_was {
            true => old,
            false => {
                let new = self.compute(&missing, &extractor, &schema).await?;
                let mut next = 0;
                let mut take_new = || {
                    next += 1;
                    (1, next - 1)
                };
                let order = reused.iter().map(|old| match old {
                    Some(row) => (0, *row),
                    None => take_new(),
                });
                let order: Vec<_> = order.collect();
                let rows = interleave_record_batch(&[&old, &new], &order)?;
                let bytes = parquet_bytes::write(schema, &rows, Some(settings))?;
                stores.write(&shard, bytes).await?;
                rows
            }
        };
        let errors = rows.column_by_name("error");
        Ok(Done {
            rows: rows.num_rows(),
            errors: errors.map_or(0, |e| e.len() - e.null_count()),
            computed,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// The rows of tracks.
    async fn compute(
        &self,
        wanted: &[&ManifestRow],
        extractor: &Arc<Extractor>,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let tracks = wanted
            .iter()
            .map(|row| Some((row.path.clone(), Some(row.size))));
        let tracks: Vec<_> = tracks.collect();
        let for_threads = Arc::clone(extractor);
        let outcomes = self
            .tracks
            .map(tracks, move |sound| whole_row(&for_threads, sound))
            .await;
        let rows: Vec<_> = outcomes.iter().map(|o| o.result.as_ref().ok()).collect();
        let damaged = rows.iter().map(|row| gaps_text(&(*row)?.1));
        let values: Vec<_> = rows.iter().map(|row| row.map(|(row, _)| row)).collect();
        let text = |of: &dyn Fn(&ManifestRow) -> String| -> ArrayRef {
            let texts = wanted.iter().map(|row| Some(of(row)));
            Arc::new(texts.collect::<StringArray>())
        };
        let place = |row: &ManifestRow| row.path.parse::<Location>().ok();
        let name = |row: &ManifestRow| place(row).map_or(String::new(), |p| p.file_name().into());
        let label = |row: &ManifestRow| place(row).map_or(String::new(), |p| p.folder().into());
        let sizes = wanted.iter().map(|row| Some(row.size));
        let mut columns = vec![
            text(&|row| row.path.clone()),
            Arc::new(sizes.collect::<UInt64Array>()) as ArrayRef,
            text(&|row| row.hash.clone()),
            text(&name),
        ];
        columns.extend(RowArrays::arrays(extractor.names().len(), &values));
        columns.push(text(&label));
        columns.extend(tail_arrays(&outcomes, damaged, &self.executor));
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// The columns of a shard: path, size and hash of the manifest, those of the published tables, and those of all
/// functions.
fn schema(names: &[String]) -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let mut fields = vec![
        text("path"),
        Field::new("size", DataType::UInt64, true),
        text("hash"),
        text("filename"),
    ];
    fields.extend(RowArrays::fields(names));
    fields.push(text("label"));
    fields.extend(tail_fields());
    Arc::new(Schema::new(fields))
}

/// The columns of a shard that are neither features nor have a role in a table that is trained on.
pub(crate) fn columns_beside_features() -> Vec<String> {
    let fields = schema(&[]);
    let names = fields.fields().iter().map(|field| field.name().as_str());
    let others = names.filter(|name| !["filename", "length", "label"].contains(name));
    others.map(str::to_owned).collect()
}

/// What the values depend on, apart from the file.
fn settings(extractor: &Extractor) -> String {
    let mut settings = Columns::settings(extractor);
    settings["version"] = env!("CARGO_PKG_VERSION").into();
    settings.to_string()
}

/// The rows of a shard, if they were computed with these settings.
fn usable(
    read: Result<(RecordBatch, Option<String>)>,
    schema: &SchemaRef,
    settings: &str,
) -> Option<RecordBatch> {
    let (batch, found) = read.ok()?;
    let is_same = found.as_deref() == Some(settings) && batch.schema().fields() == schema.fields();
    is_same.then_some(batch)
}

/// The numbers of the rows of a shard that need not be computed again, by path, size and hash.
fn rows_of(shard: &RecordBatch) -> HashMap<(&str, u64, &str), usize> {
    let column = |name| shard.column_by_name(name);
    let columns = ["path", "hash", "reason", "size"].map(column);
    let [Some(paths), Some(hashes), Some(reasons), Some(sizes)] = columns else {
        return HashMap::new();
    };
    let texts = [paths, hashes, reasons].map(|column| column.as_string::<i32>());
    let [paths, hashes, reasons] = texts;
    let sizes = sizes.as_primitive::<UInt64Type>();
    let is_final = |i: &usize| {
        let is_unreadable = !reasons.is_null(*i) && reasons.value(*i) == UNREADABLE;
        !is_unreadable
    };
    let key = |i| ((paths.value(i), sizes.value(i), hashes.value(i)), i);
    (0..shard.num_rows()).filter(is_final).map(key).collect()
}

impl fmt::Debug for ExtractShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(NAME).field(&self.executor).finish()
    }
}

impl PartialEq for ExtractShard {
    fn eq(&self, other: &Self) -> bool {
        self.executor == other.executor
    }
}

impl Eq for ExtractShard {}

impl Hash for ExtractShard {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (NAME, &self.executor).hash(state);
    }
}

fn done_fields() -> Fields {
    let count = |name| Field::new(name, DataType::UInt64, false);
    vec![
        count("rows"),
        count("errors"),
        count("computed"),
        Field::new("seconds", DataType::Float64, false),
        Field::new("executor", DataType::Utf8, false),
    ]
    .into()
}

impl ScalarUDFImpl for ExtractShard {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(done_fields()))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        exec_err!("{NAME} is asynchronous")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for ExtractShard {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(1)
    }

    async fn invoke_async_with_args(
        &self,
        args: ScalarFunctionArgs,
    ) -> DataFusionResult<ColumnarValue> {
        let [parts, shards, features] = &args.args[..] else {
            return exec_err!("{NAME} takes a part, a shard and features");
        };
        let column = |column: &ColumnarValue| texts(&column.to_array(args.number_rows)?);
        let (parts, shards) = (column(parts)?, column(shards)?);
        let Some(features) = text_of_column(features) else {
            return exec_err!("{NAME}: the features must be a text literal");
        };
        let mut done = Vec::new();
        for pair in parts.iter().zip(&shards) {
            let (Some(part), Some(shard)) = pair else {
                return exec_err!("{NAME}: a part or a shard is null");
            };
            done.push(self.make(part, shard, &features).await?);
        }
        let count = |of: fn(&Done) -> usize| -> ArrayRef {
            let counts = done.iter().map(|done| of(done) as u64);
            Arc::new(UInt64Array::from_iter_values(counts))
        };
        let seconds = done.iter().map(|done| done.seconds);
        let executors = done.iter().map(|_| &*self.executor);
        let columns: Vec<ArrayRef> = vec![
            count(|done| done.rows),
            count(|done| done.errors),
            count(|done| done.computed),
            Arc::new(Float64Array::from_iter_values(seconds)),
            Arc::new(StringArray::from_iter_values(executors)),
        ];
        let array = StructArray::try_new(done_fields(), columns, None)?;
        Ok(ColumnarValue::Array(Arc::new(array)))
    }
}
