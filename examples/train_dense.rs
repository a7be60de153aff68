//! A dense network on a table of features: trained, judged on rows it has not seen, kept.
//!
//! `cargo run --release --example train_dense -- features_3_sec.csv` on the published table of 3-s
//! segments: accuracy about 0.94 on random rows, where pieces of most test recordings are learnt
//! from; with `--split fault-filtered` 0.49 by segment, 0.54 by recording. Ctrl-C ends training; what
//! there is is judged and kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped.

#![allow(clippy::print_stdout)]

#[path = "args/dense.rs"]
mod dense;
#[path = "args/network.rs"]
mod network;
#[path = "args/run.rs"]
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::FeatureTable;

use dense::DenseArgs;
use network::NetworkArgs;
use run::{RunArgs, Stop};

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dense: DenseArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    run::main(|args: Args| {
        let (network, stop) = (&args.network, Stop::new(args.network.threads)?);
        let table = FeatureTable::read(&args.table)?;
        let params = args.dense.params(network);
        let (seed, model_out) = (params.train.seed, network.model_out.as_deref());
        let source = (&*args.table, &table);
        args.run.run(&params, source, seed, &stop, model_out)?;
        Ok(stop.status())
    })
}
