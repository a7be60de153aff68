//! The processes of a cluster.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::start_server;
use datafusion::prelude::SessionConfig;
use timbral::InvalidParameter;

use crate::error::{Error, Result};
use crate::functions::Functions;
use crate::session::{runtime, state};

/// Parameters of a scheduler: its address, and the time after which it treats an executor as lost.
///
/// A cluster has one scheduler. It keeps its state in memory, so that its jobs end when it ends. The shards that are
/// already written are kept, and a job that is started again does the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulerParams {
    /// The address to listen at; default 127.0.0.1. There is no password: listen only in a network that you trust.
    pub bind: IpAddr,
    /// The port; default 50050.
    pub port: u16,
    /// The name by which executors and clients reach it; default `localhost`.
    pub host: String,
    /// Seconds without a message from an executor after which its work is given to other executors, at least 2;
    /// default 30.
    pub executor_timeout: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for SchedulerParams {
    fn default() -> Self {
        Self {
            bind: IpAddr::from([127, 0, 0, 1]),
            port: 50050,
            host: "localhost".to_owned(),
            executor_timeout: 30,
            _non_exhaustive: (),
        }
    }
}

impl SchedulerParams {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        at_least("executor_timeout", self.executor_timeout, 2)
    }

    /// Runs a scheduler until the process ends.
    ///
    /// # Errors
    ///
    /// Parameters out of range; the port is taken.
    pub async fn run(&self) -> Result<()> {
        self.validate()?;
        let address = SocketAddr::new(self.bind, self.port);
        let bad = |e: ballista_core::error::BallistaError| Error::Node {
            address: address.to_string(),
            reason: e.to_string(),
        };
        let functions = Functions::new("scheduler");
        let builder = Arc::new(move |config: SessionConfig| Ok(state(config, &functions)?));
        let config = SchedulerConfig {
            bind_host: self.bind.to_string(),
            bind_port: self.port,
            external_host: self.host.clone(),
            scheduling_policy: TaskSchedulingPolicy::PullStaged,
            // Executors of many cores do not take all of a small job.
            task_distribution: TaskDistributionPolicy::RoundRobin,
            executor_timeout_seconds: self.executor_timeout,
            expire_dead_executor_interval_seconds: (self.executor_timeout / 2).max(1),
            no_executors_grace_period_seconds: 10 * self.executor_timeout,
            override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
            override_session_builder: Some(builder),
            ..SchedulerConfig::default()
        };
        let cluster = BallistaCluster::new_from_config(&config)
            .await
            .map_err(bad)?;
        start_server(cluster, address, Arc::new(config))
            .await
            .map_err(bad)
    }
}

/// Parameters of an executor: its scheduler, its addresses and its number of threads.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutorParams {
    /// The id that is in the rows that it computes; default `executor-` and the number of the process.
    pub id: String,
    /// The host of the scheduler; default `localhost`.
    pub scheduler_host: String,
    /// The port of the scheduler; default 50050.
    pub scheduler_port: u16,
    /// The address to listen at; default 127.0.0.1. There is no password: listen only in a network that you trust.
    pub bind: IpAddr,
    /// The name by which the scheduler and clients reach it; default `localhost`.
    pub host: String,
    /// The port from which results are fetched; default 50051.
    pub port: u16,
    /// Threads, at least 1; default one per core.
    pub threads: usize,
    /// The folder of results and temporary files; default one that is removed at the end.
    pub work_folder: Option<String>,
    /// Seconds between the messages by which the scheduler notices that the executor still runs, at least 1; default
    /// 5.
    pub heartbeat: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ExecutorParams {
    fn default() -> Self {
        Self {
            id: format!("executor-{}", std::process::id()),
            scheduler_host: "localhost".to_owned(),
            scheduler_port: 50050,
            bind: IpAddr::from([127, 0, 0, 1]),
            host: "localhost".to_owned(),
            port: 50051,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            work_folder: None,
            heartbeat: 5,
            _non_exhaustive: (),
        }
    }
}

impl ExecutorParams {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        at_least("threads", self.threads as u64, 1)?;
        at_least("heartbeat", self.heartbeat, 1)
    }

    /// Runs an executor until the process is asked to end. Computations run on the threads of rayon's global pool; a
    /// program must set its size to [`threads`](Self::threads) before.
    ///
    /// # Errors
    ///
    /// Parameters out of range; a port is taken; there is no scheduler.
    pub async fn run(&self) -> Result<()> {
        self.validate()?;
        let functions = Functions::new(&*self.id);
        let state = state(SessionConfig::new_with_ballista(), &functions)?;
        let registry = BallistaFunctionRegistry::from(&state);
        let config = ExecutorProcessConfig {
            executor_id: self.id.clone(),
            bind_host: self.bind.to_string(),
            external_host: Some(self.host.clone()),
            port: self.port,
            scheduler_host: self.scheduler_host.clone(),
            scheduler_port: self.scheduler_port,
            scheduler_connect_timeout_seconds: 60,
            vcores: self.threads,
            task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
            work_dir: self.work_folder.clone(),
            executor_heartbeat_interval_seconds: self.heartbeat,
            job_data_ttl_seconds: 24 * 3600,
            job_data_clean_up_interval_seconds: 3600,
            override_function_registry: Some(Arc::new(registry)),
            override_runtime_producer: Some(Arc::new(move |_| runtime(&functions))),
            override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
            ..ExecutorProcessConfig::default()
        };
        let address = format!("{}:{}", self.host, self.port);
        let bad = |e: ballista_core::error::BallistaError| Error::Node {
            address,
            reason: e.to_string(),
        };
        start_executor_process(Arc::new(config)).await.map_err(bad)
    }
}

fn at_least(name: &'static str, value: u64, least: u64) -> Result<()> {
    if value < least {
        let reason = if least == 1 {
            "must be at least 1"
        } else {
            "must be at least 2"
        };
        return Err(InvalidParameter::new(name, value, reason).into());
    }
    Ok(())
}
