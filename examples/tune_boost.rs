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
#[allow(dead_code)]
mod tune;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::{Stop, bar, parse};
use timbral::data::{FeatureTable, SplitMethod, write_whole};
use timbral::tune::group_folds;
use timbral::{Evaluation, Experiment};

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    /// The rows to judge by: random, grouped (by recording) or fault-filtered (GTZAN's)
    #[arg(long, default_value = "grouped")]
    split: SplitMethod,
    /// Where to keep the search, its trials and the evaluation
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    search: tune::SearchArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.search.threads)?;
    let table = FeatureTable::read(&args.table)?;
    let (seed, search) = (args.search.seed, args.search.boost());
    let split = args.split.split(&table, seed)?;
    let folds = group_folds(&table, &split, args.search.folds, seed)?;
    let settings = (
        &args.table,
        args.split.to_string(),
        args.search.folds,
        &search,
    );
    let mut log = tune::log(args.search.log.as_deref(), &settings)?;
    let bar = bar(0, "scores of trials")?;
    let watch = |progress| tune::watch(&bar, &stop, progress);
    let trials = search.run(&table, &folds, &mut log, &watch)?;
    bar.finish_and_clear();
    trials.iter().take(5).for_each(|trial| println!("{trial}"));
    let Experiment { train, test, .. } = &Experiment::new(&table, &split)?;
    if stop.is_set() {
        return Ok(stop.status());
    }
    let ControlFlow::Continue(model) = search.fit(&trials, train, &watch)? else {
        return Ok(stop.status());
    };
    let shares = model.probabilities(test.features())?;
    let evaluation = Evaluation::new(test, test.classes(), shares.view())?;
    println!("{evaluation}");
    if let Some(path) = &args.json {
        let record = serde_json::json!({
            "search": search, "trials": trials, "evaluation": evaluation,
        });
        write_whole(path, |file| {
            Ok(serde_json::to_writer_pretty(file, &record)?)
        })?;
    }
    Ok(stop.status())
}
