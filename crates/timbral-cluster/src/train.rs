use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use bytes::Bytes;
use datafusion::common::exec_datafusion_err;
use timbral::boost::{BoostParams, Model};
use timbral::data::{TableSchema, TableShards};
use timbral::{InvalidParameter, Monitor, Progress};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::error::{Error, Result};
use crate::functions::columns_beside_features;
use crate::location::Location;
use crate::parquet_bytes;
use crate::session::Session;
use crate::stores::Stores;

/// Trains boosted trees on all rows of the shards in a folder or bucket, which are never in memory as a whole.
///
/// The trees equal those of [`timbral::train_on_shards`] on the same files. Rows with an `error`, which have no
/// features, are left out. Training runs in this process, not on the executors of a cluster.
///
/// ```
/// use timbral_cluster::timbral::boost::BoostParams;
/// use timbral_cluster::{ExtractParams, ManifestParams, Session, TrainParams};
/// use timbral_synth::{SynthCorpus, SynthParams};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let path = |name: &str| folder.path().join(name).display().to_string();
/// let params = SynthParams { recordings_per_genre: 2, seconds: 1.0, ..SynthParams::default() };
/// SynthCorpus::new(params)?.write(folder.path().join("music"), &mut ())?;
/// ManifestParams::default().run(&path("music"), &path("manifest"), &mut ()).await?;
/// let session = Session::local()?;
/// ExtractParams::default().run(&session, &path("manifest"), &path("shards"), &mut ()).await?;
///
/// let boost = BoostParams { n_rounds: 5, ..BoostParams::default() };
/// let params = TrainParams { boost, ..TrainParams::default() };
/// let model = params.run(&session, &path("shards"), &path("genres.ubj"), &mut ()).await?;
/// assert_eq!((model.n_features(), model.n_rounds()), (57, 5));
///
/// session.register_shards("shards", &path("shards")).await?;
/// let query = format!(
///     "SELECT count(*) AS n FROM (SELECT label, predict_features(features, '{}') AS p FROM shards) \
///      WHERE p.label = label", path("genres.ubj"));
/// let right = session.context().sql(&query).await?.to_string().await?;
/// assert!(right.contains("| 20 |"), "{right}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TrainParams {
    /// The trees; the objective follows from the number of classes.
    pub boost: BoostParams,
    /// The roles of the columns; default those of the shards of [`ExtractParams`](crate::ExtractParams): `label` is trained on,
    /// the features are the columns between `length` and `label`.
    pub schema: TableSchema,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for TrainParams {
    fn default() -> Self {
        let schema = TableSchema {
            ignore: columns_beside_features(),
            ..TableSchema::default()
        };
        Self {
            boost: BoostParams::default(),
            schema,
            _non_exhaustive: (),
        }
    }
}

/// A report of the thread that trains, and where the answer goes.
type Report = (Progress, SyncSender<ControlFlow<()>>);

impl TrainParams {
    /// Trains on the shards of a folder or bucket, and writes the model, in XGBoost's format: `model` ends in `.json` or
    /// `.ubj`.
    ///
    /// Each shard is read three times (for labels, histogram bounds and bins), or four times if values are missing;
    /// one shard is in memory at a time. `monitor` is called as by [`timbral::train_on_shards`]. If this future is
    /// dropped, the work ends at its next report.
    ///
    /// # Errors
    ///
    /// There are no shards, or they cannot be read; those of [`timbral::train_on_shards`]; the model cannot be
    /// written; [`Error::Stopped`] on `Break` while rows are read. A later `Break` ends the training; the model has
    /// the rounds so far.
    pub async fn run(
        &self,
        session: &Session,
        shards: &str,
        model: &str,
        monitor: &mut dyn Monitor,
    ) -> Result<Model> {
        let (folder, target): (Location, Location) = (shards.parse()?, model.parse()?);
        let name = target.file_name();
        let is_json = name.ends_with(".json");
        if !is_json && !name.ends_with(".ubj") {
            let reason = "must end in .json or .ubj";
            return Err(InvalidParameter::new("model", model, reason).into());
        }
        let stores = session.stores();
        let files = stores.parquet_files(&folder).await?;
        if files.is_empty() {
            return Err(Error::Empty {
                location: folder.to_string(),
                reason: "has no shards",
            });
        }
        let runtime = Handle::try_current().map_err(|e| exec_datafusion_err!("{e}"))?;
        let (reports, mut progress) = unbounded_channel();
        let (params, for_reading) = (self.clone(), (Arc::clone(stores), runtime.clone()));
        // Reading waits for the asynchronous threads, which therefore must not be those that wait.
        let training = runtime.spawn_blocking(move || params.train(files, for_reading, &reports));
        while let Some((progress, answer)) = progress.recv().await {
            // It waits for the answer.
            let _ = answer.send(monitor.report(&progress));
        }
        let trained = training.await;
        let trained = trained.map_err(|e| exec_datafusion_err!("the training: {e}"))??;
        let bytes = match is_json {
            true => trained.to_json().into_bytes(),
            false => trained.to_ubjson(),
        };
        stores.write(&target, bytes).await?;
        Ok(trained)
    }

    fn train(
        &self,
        files: Vec<Location>,
        (stores, runtime): (Arc<Stores>, Handle),
        reports: &UnboundedSender<Report>,
    ) -> Result<Model> {
        let names: Vec<_> = files.iter().map(Location::to_string).collect();
        let read = move |i: usize| runtime.block_on(read_shard(&stores, &files[i]));
        let shards = TableShards::open_with(&self.schema, names, read);
        let shards = shards.map_err(timbral::Error::from)?;
        let mut monitor = |progress: &Progress| {
            let (answer, answered) = sync_channel(1);
            // Nobody is there any more if the future was dropped.
            match reports.send((progress.clone(), answer)) {
                Ok(()) => answered.recv().unwrap_or(ControlFlow::Break(())),
                Err(_) => ControlFlow::Break(()),
            }
        };
        match timbral::train_on_shards(&self.boost, &shards, &mut monitor) {
            Err(timbral::Error::Stopped) => Err(Error::Stopped),
            other => Ok(other?),
        }
    }
}

/// The bytes of a shard without the rows that have an error. The name is that of the shards in errors.
async fn read_shard(stores: &Stores, shard: &Location) -> std::io::Result<Bytes> {
    let bytes = stores.read(shard).await.map_err(|e| match e {
        Error::Store { reason, .. } => std::io::Error::other(reason),
        other => std::io::Error::other(other),
    })?;
    parquet_bytes::without(bytes, "error").map_err(std::io::Error::other)
}
