//! The scheduler of a cluster. Clients and executors connect to it.
//!
//! ```sh
//! cargo run --release -p timbral-cluster --example cluster_scheduler -- --bind 0.0.0.0 --host scheduler.lan
//! ```

use std::net::IpAddr;

use clap::Parser;
use timbral_cluster::SchedulerParams;

/// Give the tracks of extractions to executors
#[derive(Parser)]
struct Args {
    /// Address to listen at; only in a network that you trust, there is no password
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port to listen at
    #[arg(long, default_value_t = 50050)]
    port: u16,
    /// Name by which executors and clients reach this machine
    #[arg(long, default_value = "localhost")]
    host: String,
    /// Seconds without a heartbeat after which the work of an executor is given to others
    #[arg(long, default_value_t = 30)]
    executor_timeout: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let scheduler = SchedulerParams {
        bind: args.bind,
        port: args.port,
        host: args.host,
        executor_timeout: args.executor_timeout,
        ..SchedulerParams::default()
    };
    eprintln!("listening at {}:{}", scheduler.bind, scheduler.port);
    Ok(scheduler.run().await?)
}
