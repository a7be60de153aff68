use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::{ParquetReadOptions, SessionContext, col, get_field, lit};
use futures::StreamExt;
use timbral::{InvalidParameter, Monitor, Progress};

use crate::error::{Error, Result};
use crate::functions::EXTRACT_SHARD;
use crate::location::Location;
use crate::parquet_bytes;
use crate::session::Session;

/// The folder below the shards in which the work of a run is described; it is removed at its end.
const WORK: &str = "_todo";

/// How often the number of shards is looked up, for every thousand of them, which is a request to a bucket.
const LOOK: Duration = Duration::from_secs(1);

/// Computes the features of every track of a manifest, in Parquet files (shards).
///
/// Part `part-0000000.parquet` of the manifest becomes the shard `part-0000000.parquet`, with one row per track in the same
/// order: `path`, `size`, `hash`, then the columns of the published tables (`filename`, `length`, the features,
/// `label`, which is the folder of the file), then `damaged`, `reason`, `error`, `seconds` and `executor`
/// ([`Functions`](crate::Functions)). Shards are written atomically.
///
/// A run computes only what is missing. A row whose path, size and hash are already in the shard is kept, unless the
/// file could not be read in the earlier run; a shard in which nothing has changed is not written. With other
/// features or another version of this crate everything is computed again. Shards whose part no longer exists are
/// removed. Only one run at a time may work on a folder of shards.
///
/// It runs in this process or on a cluster, as the [`Session`] does.
///
/// ```
/// use timbral_synth::{SynthCorpus, SynthParams};
/// use timbral_cluster::{ExtractParams, ManifestParams, Session};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let path = |name: &str| folder.path().join(name).display().to_string();
/// let params = SynthParams { recordings_per_genre: 1, seconds: 1.0, ..SynthParams::default() };
/// SynthCorpus::new(params)?.write(folder.path().join("music"), &mut ())?;
/// ManifestParams::default().run(&path("music"), &path("manifest"), &mut ()).await?;
/// let session = Session::local()?;
/// let params = ExtractParams::default();
/// let report = params.run(&session, &path("manifest"), &path("shards"), &mut ()).await?;
/// assert_eq!((report.rows, report.computed, report.errors), (10, 10, 0));
/// let again = params.run(&session, &path("manifest"), &path("shards"), &mut ()).await?;
/// assert_eq!((again.rows, again.computed), (10, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractParams {
    /// The features: a preset or a set, as in [`Functions`](crate::Functions); default `librosa`.
    pub features: String,
    /// Number of pieces into which the work for the executors is divided, at least 1; default 64. Use several per
    /// core of the cluster to balance the load.
    pub partitions: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ExtractParams {
    fn default() -> Self {
        Self {
            features: "librosa".to_owned(),
            partitions: 64,
            _non_exhaustive: (),
        }
    }
}

/// The counts of a run.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ExtractReport {
    /// Shards, one per part of the manifest.
    pub shards: usize,
    /// Rows of all shards, as many as the manifest has.
    pub rows: u64,
    /// Rows with an error.
    pub errors: u64,
    /// Rows that were computed by the completed tasks of this run; the others are from earlier runs.
    pub computed: u64,
    /// The rows that each executor computed.
    pub executors: BTreeMap<String, u64>,
}

/// Counts in one line.
impl fmt::Display for ExtractReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shards, rows, .. } = self;
        let (errors, computed) = (self.errors, self.computed);
        write!(
            f,
            "{rows} rows in {shards} shards, {errors} with errors, {computed} computed"
        )
    }
}

impl ExtractParams {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`], or the features are not known.
    pub fn validate(&self) -> Result<()> {
        if self.partitions == 0 {
            let reason = "must be at least 1";
            return Err(InvalidParameter::new("partitions", 0, reason).into());
        }
        let params: std::result::Result<timbral::dsp::FeatureSetParams, _> = self.features.parse();
        params.map_err(timbral::Error::from)?;
        Ok(())
    }

    /// Makes the shards of a manifest.
    ///
    /// `monitor` is called every second, with many shards less often, with the number of existing shards; the unit is
    /// `shards`.
    ///
    /// # Errors
    ///
    /// Parameters out of range; the manifest has no parts or is damaged; a shard cannot be written; the cluster fails;
    /// [`Error::Stopped`] on `Break`. The shards written before stay. Tracks that cannot be used are rows.
    pub async fn run(
        &self,
        session: &Session,
        manifest: &str,
        shards: &str,
        monitor: &mut dyn Monitor,
    ) -> Result<ExtractReport> {
        self.validate()?;
        let stores = session.stores();
        let (manifest, shards): (Location, Location) = (manifest.parse()?, shards.parse()?);
        let parts = stores.parquet_files(&manifest).await?;
        if parts.is_empty() {
            return Err(Error::Empty {
                location: manifest.to_string(),
                reason: "has no parts of a manifest",
            });
        }
        let names: HashSet<_> = parts.iter().map(Location::file_name).collect();
        for shard in stores.parquet_files(&shards).await? {
            if !names.contains(shard.file_name()) {
                stores.remove(&shard).await?;
            }
        }
        let all = shards.join(WORK);
        self.clear(session, &all).await?;
        // A unique name, because engines cache properties of files under their names.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        let todo = all.join(&format!("{now}-{}", std::process::id()));
        let pieces = self.partitions.min(parts.len());
        for piece in 0..pieces {
            let own = parts.iter().skip(piece).step_by(pieces);
            let bytes = describe(own, &shards)?;
            let file = todo.join(&format!("piece-{piece:06}.parquet"));
            stores.write(&file, bytes).await?;
        }
        let done = self.run_pieces(session, (&todo, pieces), &shards, parts.len(), monitor);
        let done = done.await;
        self.clear(session, &all).await?;
        let report = done?;
        if report.shards != parts.len() {
            return Err(Error::Rows {
                expected: parts.len() as u64,
                got: report.shards as u64,
            });
        }
        Ok(report)
    }

    async fn clear(&self, session: &Session, todo: &Location) -> Result<()> {
        let stores = session.stores();
        for file in stores.list(todo).await? {
            stores.remove(&todo.with_key(file.location)).await?;
        }
        Ok(())
    }

    async fn run_pieces(
        &self,
        session: &Session,
        (todo, pieces): (&Location, usize),
        shards: &Location,
        n_shards: usize,
        monitor: &mut dyn Monitor,
    ) -> Result<ExtractReport> {
        let mut state = session.context().state();
        let config = state.config().clone().with_batch_size(1);
        *state.config_mut() = config.with_target_partitions(pieces);
        let context = SessionContext::new_with_state(state);
        let function = context.udf(EXTRACT_SHARD)?;
        let call = function.call(vec![col("part"), col("shard"), lit(&*self.features)]);
        // Of one type, whatever the engine makes of a struct on the way.
        let field = |name: &str| get_field(col("done"), name).alias(name);
        let frame = context
            .read_parquet(format!("{todo}/"), ParquetReadOptions::default())
            .await?
            .select(vec![col("part"), call.alias("done")])?
            .select(vec![
                col("part"),
                field("rows"),
                field("errors"),
                field("computed"),
                field("executor"),
            ])?;
        let mut stream = frame.execute_stream().await?;
        let mut tick = tokio::time::interval(LOOK * (1 + n_shards as u32 / 1000));
        let mut report = ExtractReport::default();
        loop {
            tokio::select! {
                batch = stream.next() => match batch {
                    None => return Ok(report),
                    Some(batch) => report.add(&batch?)?,
                },
                _ = tick.tick() => {
                    let there = session.stores().parquet_files(shards).await?.len();
                    if monitor.report(&Progress::new(there, n_shards, "shards")).is_break() {
                        return Err(Error::Stopped);
                    }
                }
            }
        }
    }
}

impl ExtractReport {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let column = |name: &str| {
            let column = batch.column_by_name(name);
            column.ok_or_else(|| exec_datafusion_err!("no column {name} in the results"))
        };
        let counts = |name: &str| Ok::<_, Error>(column(name)?.as_primitive::<UInt64Type>());
        let computed = counts("computed")?;
        let executors = column("executor")?.as_string::<i32>();
        self.shards += batch.num_rows();
        let sum = |name| Ok::<_, Error>(counts(name)?.values().iter().sum::<u64>());
        self.rows += sum("rows")?;
        self.errors += sum("errors")?;
        self.computed += sum("computed")?;
        for (executor, computed) in executors.iter().zip(computed.values()) {
            let executor = executor.unwrap_or_default().to_owned();
            *self.executors.entry(executor).or_default() += computed;
        }
        Ok(())
    }
}

/// Parts and the shards that they become, as a Parquet file.
fn describe<'a>(parts: impl Iterator<Item = &'a Location>, shards: &Location) -> Result<Vec<u8>> {
    let pairs = parts.map(|part| (part.to_string(), shards.join(part.file_name()).to_string()));
    let (parts, shards): (Vec<_>, Vec<_>) = pairs.unzip();
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![text("part"), text("shard")]));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(parts)),
        Arc::new(StringArray::from(shards)),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    parquet_bytes::write(schema, &batch, None)
}
