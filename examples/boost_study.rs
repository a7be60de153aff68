//! Boosted trees under the usual protocol for GTZAN, and under an honest one.
//!
//! `cargo run --release --example boost_study -- features_3_sec.csv`: for each of ten seeds a fifth
//! of the rows, drawn by lot, is kept to test; successive halving searches parameters on a fifth of
//! the other rows; four models of the two best points are fitted to all of these, and their mean
//! probabilities are judged once. On the published table of 3-s segments: accuracy 0.917.
//! `--split fault-filtered` searches on that split's validation part. With `--log FOLDER` a run that
//! was stopped or killed goes on.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::Stop;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::tune::{BoostSearch, hold_out};

#[derive(Parser)]
struct Args {
    /// A table of GTZAN features, one row a segment
    table: PathBuf,
    /// random, grouped or fault-filtered
    #[arg(long, default_value = "random")]
    split: SplitMethod,
    #[command(flatten)]
    study: tune::StudyArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let (path, method, study) = (args.table, args.split, args.study);
        let stop = Stop::new(study.threads)?;
        let table = FeatureTable::read(&path)?;
        let (mut by_row, mut by_recording) = (Vec::new(), Vec::new());
        for seed in (0..).take(study.seeds) {
            let search = BoostSearch::averaged(seed);
            let mut log = study.log(&format!("{method}.{seed}"), &(&path, &search))?;
            let split = method.split(&table, seed)?;
            let inner = [hold_out(&table, &split, method, seed)?];
            let judged = tune::judge(&search, (&table, &split, &inner), &mut log, &stop)?;
            println!("seed {seed}: {judged}");
            by_row.push(judged.by_row);
            by_recording.extend(judged.by_recording);
        }
        tune::print_mean(&format!("{method}, by row"), &by_row);
        tune::print_mean(&format!("{method}, by recording"), &by_recording);
        Ok(stop.status())
    })
}
