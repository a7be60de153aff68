//! Boosted trees under the usual protocol for GTZAN, and under an honest one.
//!
//! `cargo run --release --example boost_study -- features_3_sec.csv`: for each of ten seeds a fifth
//! of the rows, drawn by lot, is kept to test; successive halving searches parameters on a fifth of
//! the other rows; four models of the two best points are fitted to all of these, and their mean
//! probabilities are judged once. `--split fault-filtered` searches on that split's validation
//! part. With `--log FOLDER` a run that was stopped or killed goes on.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
#[allow(dead_code)]
mod tune;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::{Stop, bar, parse};
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
    /// Where trials are kept
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.threads)?;
    let table = FeatureTable::read(&args.table)?;
    let (mut by_row, mut by_recording) = (Vec::new(), Vec::new());
    for seed in 0..args.seeds {
        let search = BoostSearch::averaged(seed);
        let mut log = tune::log_of(args.log.as_deref(), args.split, seed, &args.table, &search)?;
        let split = args.split.split(&table, seed)?;
        let inner = [hold_out(&table, &split, args.split, seed)?];
        let bar = bar(0, "scores and models")?;
        let watch = |progress| tune::watch(&bar, &stop, progress);
        let judged = search.judge(&table, &split, &inner, &mut log, &watch)?;
        bar.finish_and_clear();
        let ControlFlow::Continue(judged) = judged else {
            return Ok(stop.status());
        };
        println!("seed {seed}: {judged}");
        by_row.push(judged.by_row);
        by_recording.extend(judged.by_recording);
    }
    tune::print_mean(&format!("{} by row", args.split), &by_row);
    tune::print_mean(&format!("{} by recording", args.split), &by_recording);
    Ok(stop.status())
}
