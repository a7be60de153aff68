//! Folders of music to a classifier in one file, which `predict_genre` uses.
//!
//! `cargo run --release --example train_classifier -- MUSIC --model boost --out genres.timbral` trains
//! on one folder a genre and says how many recordings of each there are and how good the models are on
//! recordings they have not heard (five folds). Models: boost, dense, conv, crnn, attention, ensemble
//! (boost, dense and conv). Exit status: 0 all files used, 2 some were not (they are named), 1 nothing
//! written, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::{ClassifierParams, Inputs};

use command::{Stop, skipped, with_bar};

#[derive(Parser)]
struct Args {
    /// Folders, one a genre, or folders of them
    #[arg(required = true)]
    music: Vec<PathBuf>,
    /// boost, dense, conv, crnn, attention or ensemble
    #[arg(long = "model", default_value = "boost")]
    params: ClassifierParams,
    /// The classifier to write
    #[arg(long)]
    out: PathBuf,
    /// Folds to judge the models by; 0: not at all
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Of all random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        let mut params = args.params;
        (params.n_splits, params.seed) = (args.folds, args.seed);
        let files = Inputs::find(&args.music)?.files;
        let fitted = with_bar("done", |show| {
            params.fit(&files, stop.flag(), |step| {
                show(step.done, step.of, step.what)
            })
        })?;
        fitted.classifier.save(&args.out)?;
        let status = skipped(&fitted.skipped);
        println!("{}", fitted.classifier.provenance());
        Ok(status)
    })
}
