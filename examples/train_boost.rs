//! Boosted trees on a table of features: fitted, judged on rows they have not seen, kept as
//! XGBoost's model file.
//!
//! `cargo run --release --example train_boost -- features_3_sec.csv --rounds 200 --learning-rate 0.1
//! --split fault-filtered --model-out model.json` on the published table of 3-s segments: accuracy
//! 0.47 by segment, 0.51 by recording; with `--split random`, where pieces of most test
//! recordings are learnt from, about 0.89. Ctrl-C ends training; the rounds so far are judged and
//! kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/boost.rs"]
mod args;
#[path = "args/run.rs"]
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::FeatureTable;

use args::BoostArgs;
use run::{RunArgs, Stop};

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    /// Where to keep the model, .json or .ubj
    #[arg(long, value_name = "FILE", value_parser = model_file)]
    model_out: Option<PathBuf>,
    #[command(flatten)]
    boost: BoostArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    run::main(|args: Args| {
        let stop = Stop::new(args.boost.n_threads)?;
        let table = FeatureTable::read(&args.table)?;
        let (params, seed) = (args.boost.params()?, args.boost.seed);
        let (source, model_out) = ((&*args.table, &table), args.model_out.as_deref());
        args.run.run(&params, source, seed, &stop, model_out)?;
        Ok(stop.status())
    })
}

fn model_file(path: &str) -> Result<PathBuf, &'static str> {
    match path.ends_with(".json") || path.ends_with(".ubj") {
        true => Ok(path.into()),
        false => Err("a model file ends in .json or .ubj"),
    }
}
