//! Classical models, boosted trees and a dense network on the same splits of a table of features.
//!
//! `cargo run --release --features classical --example compare_models -- features_3_sec.csv --splits
//! random,grouped,fault-filtered` on GTZAN's table prints for each way to split accuracies, times,
//! McNemar's test against the model that is best on validation rows, and the ensemble that these rows
//! choose; `logistic` falls from .71 of the segments to .68 and .52. With `--json c.json` an interrupted
//! comparison goes on. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/models.rs"]
mod models;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use command::{Stop, with_bar};
use timbral::data::FeatureTable;
use timbral::{Comparison, compare};
use timbral_core::write_json;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    models: models::ModelArgs,
    /// Where to keep the result; beside it what is done so far
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        let table = FeatureTable::read(&args.models.table)?;
        let (models, params) = (args.models.recipes(), args.models.params());
        let journal = |path| Comparison::journal(path, &table);
        let mut journal = args.json.as_deref().map(journal).transpose()?;
        let comparison = with_bar("fits", |show| {
            compare(&models, &table, &params, journal.as_mut(), &mut |step| {
                show(step.done, step.n_fits, step.model);
                stop.flow()
            })
        })?;
        println!("{comparison}");
        if let (Some(path), Some(journal), false) = (&args.json, journal, stop.is_set()) {
            write_json(path, &comparison).with_context(|| path.display().to_string())?;
            journal.discard()?;
        }
        Ok(stop.status())
    })
}
