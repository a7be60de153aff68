//! Folders of music to a classifier in one file, which `predict_genre` uses.
//!
//! `cargo run --release --example train_classifier -- MUSIC --model boost --out genres.timbral` trains
//! on one folder a genre and says how many recordings of each there are and how good the models are on
//! recordings they have not heard (five folds). Models: boost, dense, conv, crnn, attention, ensemble
//! (boost, dense and conv). Exit status: 0 all files used, 2 some were not (they are named), 1 nothing
//! written, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[allow(dead_code)]
#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::Error::Stopped;
use timbral::{ClassifierParams, Error, Inputs};

use command::{Stop, bar, parse};

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
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.threads)?;
    let params = ClassifierParams {
        n_splits: args.folds,
        seed: args.seed,
        ..args.params
    };
    let bar = bar(0, "done")?;
    let fitted = params.fit(&Inputs::find(&args.music)?.files, stop.flag(), |step| {
        bar.set_length(step.of as u64);
        bar.set_position(step.done as u64);
        bar.set_message(step.what);
    });
    bar.finish_and_clear();
    let fitted = match fitted {
        Err(Error::Table(Stopped)) => return Ok(ExitCode::from(130)),
        fitted => fitted?,
    };
    fitted.classifier.save(&args.out)?;
    for error in &fitted.skipped {
        eprintln!("skipped {error}");
    }
    println!("{}", fitted.classifier.provenance());
    Ok(ExitCode::from(fitted.status()))
}
