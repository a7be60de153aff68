//! Boosted trees under the usual protocol for GTZAN, and under an honest one.
//!
//! `cargo run --release --example boost_study -- features_3_sec.csv`: for each of ten seeds a fifth
//! of the rows, drawn by lot, is kept to test; successive halving searches parameters on a fifth of
//! the other rows; the finalists are fitted to all of these and their mean probabilities judged
//! once. `--split fault-filtered` searches on that split's validation part. With `--log FOLDER` a
//! run that was stopped goes on.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
mod tune;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::tune::{BoostSearch, hold_out};

#[derive(Parser)]
struct Args {
    /// A table of GTZAN features, one row a segment
    table: PathBuf,
    /// random, grouped or fault-filtered
    #[arg(long, default_value = "random")]
    split: SplitMethod,
    /// Searches, each judged once
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// Where trials are kept, to go on with
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match command::parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = command::Stop::new(args.threads)?;
    let table = FeatureTable::read(&args.table)?;
    let (mut by_row, mut by_recording) = (Vec::new(), Vec::new());
    for seed in 0..args.seeds {
        let search = BoostSearch::averaged(seed);
        let name = format!("{}.{seed}.jsonl", args.split);
        let path = args.log.as_ref().map(|folder| folder.join(name));
        let mut log = tune::log(path.as_deref(), &(&args.table, &search))?;
        let split = args.split.split(&table, seed)?;
        let inner = hold_out(&table, &split, args.split, seed)?;
        let bar = command::bar(0, "trials")?;
        let watch = |progress| tune::watch(&bar, &stop, progress);
        let ControlFlow::Continue(found) =
            search.judge(&table, &split, &[inner], &mut log, &watch)?
        else {
            return Ok(stop.status());
        };
        bar.finish_and_clear();
        println!("seed {seed}: {found}");
        by_row.push(found.by_row);
        by_recording.extend(found.by_recording);
    }
    for (what, values) in [("row", by_row), ("recording", by_recording)] {
        tune::print_mean(&format!("{} by {what}", args.split), &values);
    }
    Ok(stop.status())
}
