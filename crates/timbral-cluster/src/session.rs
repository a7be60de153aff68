use std::sync::Arc;

use ballista::prelude::SessionContextExt;
use ballista_core::config::BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK;
use ballista_core::extension::SessionConfigExt;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::Result;
use crate::functions::{BATCH_SIZE, Functions};
use crate::nested_calls::NestedCalls;
use crate::stores::Stores;

/// A session of DataFusion with the [`Functions`], in this process or on a cluster.
///
/// Tables in files and buckets are opened with the settings of the environment (`AWS_ENDPOINT` and so on).
/// Batches have 16 rows: a batch of audio is 16 files, not 16 numbers.
///
/// ```
/// use timbral_cluster::Session;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let session = Session::local()?;
/// let rows = session.context().sql("SELECT array_length([1, 2, 3]) AS n").await?.to_string().await?;
/// assert!(rows.contains("| 3 |"), "{rows}");
/// # Ok(())
/// # }
/// ```
pub struct Session {
    context: SessionContext,
    functions: Functions,
}

impl Session {
    /// Queries run in this process.
    ///
    /// # Errors
    ///
    /// The functions cannot be registered.
    pub fn local() -> Result<Self> {
        let functions = Functions::new("local");
        let state = state(SessionConfig::new(), &functions)?;
        let context = SessionContext::new_with_state(state);
        Ok(Self { context, functions })
    }

    /// Queries run on the executors of the scheduler at `scheduler`, a URL such as `df://localhost:50050`.
    ///
    /// # Errors
    ///
    /// `scheduler` is not a URL. If no scheduler answers there, the first query fails.
    pub async fn remote(scheduler: &str) -> Result<Self> {
        let functions = Functions::new("client");
        let config = SessionConfig::new_with_ballista()
            .set_usize(BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, 1);
        let state = state(config, &functions)?;
        let context = SessionContext::remote_with_state(scheduler, state).await?;
        // Ballista has replaced the functions.
        functions.register(&mut *context.state_ref().write())?;
        Ok(Self { context, functions })
    }

    /// The session, for SQL and data frames.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    pub(crate) fn stores(&self) -> &Arc<Stores> {
        self.functions.stores()
    }
}

/// The state of a session with the functions and the stores of this process.
pub(crate) fn state(config: SessionConfig, functions: &Functions) -> Result<SessionState> {
    let mut state = SessionStateBuilder::new()
        .with_config(config.with_batch_size(BATCH_SIZE))
        .with_runtime_env(runtime(functions)?)
        .with_default_features()
        .with_optimizer_rule(Arc::new(NestedCalls))
        .build();
    functions.register(&mut state)?;
    Ok(state)
}

/// An environment whose tables are in the stores of this process. Folders are listed anew for every query: a list
/// that is kept would miss the shards of a later run.
pub(crate) fn runtime(functions: &Functions) -> datafusion::error::Result<Arc<RuntimeEnv>> {
    let stores = Arc::clone(functions.stores());
    let builder = RuntimeEnvBuilder::new()
        .with_object_store_registry(stores)
        .with_object_list_cache_limit(0);
    Ok(Arc::new(builder.build()?))
}
