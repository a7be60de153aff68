//! An executor of a cluster: it computes features and genres.
//!
//! ```sh
//! cargo run --release -p timbral-cluster --example cluster_executor -- \
//!     --scheduler scheduler.lan --bind 0.0.0.0 --host worker-1.lan
//! ```

use std::net::IpAddr;

use clap::Parser;
use timbral_cluster::ExecutorParams;

/// Compute the tracks that a scheduler hands out
#[derive(Parser)]
struct Args {
    /// Id in the rows that it computes [default: executor-PID]
    #[arg(long)]
    id: Option<String>,
    /// Host of the scheduler
    #[arg(long, default_value = "localhost")]
    scheduler: String,
    /// Port of the scheduler
    #[arg(long, default_value_t = 50050)]
    scheduler_port: u16,
    /// Address to listen at; only in a network that you trust, there is no password
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Name by which the scheduler and clients reach this machine
    #[arg(long, default_value = "localhost")]
    host: String,
    /// Port from which results are fetched
    #[arg(long, default_value_t = 50051)]
    port: u16,
    /// Threads [default: one per core]
    #[arg(long)]
    threads: Option<usize>,
    /// Seconds between heartbeats
    #[arg(long, default_value_t = 5)]
    heartbeat: u64,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let defaults = ExecutorParams::default();
    let executor = ExecutorParams {
        id: args.id.unwrap_or(defaults.id),
        scheduler_host: args.scheduler,
        scheduler_port: args.scheduler_port,
        bind: args.bind,
        host: args.host,
        port: args.port,
        threads: args.threads.unwrap_or(defaults.threads),
        heartbeat: args.heartbeat,
        ..ExecutorParams::default()
    };
    executor.validate()?;
    timbral_cluster::use_threads(executor.threads)?;
    eprintln!("{} with {} threads", executor.id, executor.threads);
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime.block_on(executor.run())?)
}
