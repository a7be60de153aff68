//! Boosted trees tuned on a table of features: parameters are searched by k-fold inside the rows to
//! learn from; the best are fitted to all of these and judged once.
//!
//! `cargo run --release --example tune_boost -- features.csv --split grouped --log trials.jsonl`. No
//! fold divides a recording. Ctrl-C or a kill loses no finished trial: the same command goes on, and
//! ends as it would have ended. Exit status: 0 done, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use command::Stop;
use serde_json::json;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::tune::group_folds;
use timbral_core::write_json;

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    /// The rows to judge by: random, grouped (by recording) or fault-filtered (GTZAN's)
    #[arg(long, default_value = "grouped")]
    split: SplitMethod,
    #[command(flatten)]
    search: tune::SearchArgs,
    /// Where trials are kept, to go on with
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Where to keep the search and what comes out
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        let table = FeatureTable::read(&args.table)?;
        let (seed, n_folds, search) = (args.search.seed, args.search.folds, args.search.boost());
        let split = args.split.split(&table, seed)?;
        let folds = group_folds(&table, &split, n_folds, seed)?;
        let settings = (&args.table, args.split.to_string(), n_folds, &search);
        let mut log = tune::log(args.log.as_deref(), &settings)?;
        let judged = tune::judge(&search, (&table, &split, &folds), &mut log, &stop)?;
        println!("{judged}");
        if let Some(path) = &args.json {
            let results = json!({ "settings": settings, "judged": judged });
            write_json(path, &results).with_context(|| path.display().to_string())?;
        }
        Ok(stop.status())
    })
}
