//! Averages what several models say of the same recordings, by recording.
//!
//! `cargo run --release --example average -- conv.csv dense.csv` on files that `--probabilities` of
//! the examples that train wrote: a model's probabilities of a recording are the mean over its
//! rows, those of all models the mean of theirs. Prints report, confusion matrix and accuracy.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::FeatureTable;
use timbral::{Evaluation, average_recordings};

#[derive(Parser)]
struct Args {
    /// CSV tables of filename, a column a class, and label
    #[arg(required = true)]
    probabilities: Vec<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let tables = args.probabilities.iter().map(FeatureTable::read);
        let averaged = average_recordings(&tables.collect::<Result<Vec<_>, _>>()?)?;
        let (classes, probabilities) = (averaged.feature_names(), averaged.features());
        println!("{}", Evaluation::new(&averaged, classes, probabilities)?);
        Ok(())
    })
}
