//! Sound files to genres, by a classifier that `train_classifier` made.
//!
//! `cargo run --release --example predict_genre -- MUSIC --model genres.timbral` prints the three most
//! probable genres of every file, with `--over-time` of every part of it, too, with `--json` all as one
//! line of JSON a file. Exit status: 0 all done, 2 some files skipped (they are named), 1 nothing done,
//! 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::{Classifier, Inputs};

use command::Stop;

#[derive(Parser)]
struct Args {
    /// Sound files, or folders to search for them
    #[arg(required = true)]
    music: Vec<PathBuf>,
    /// The classifier
    #[arg(long)]
    model: PathBuf,
    /// The genres of every part of a file, too
    #[arg(long)]
    over_time: bool,
    /// As lines of JSON
    #[arg(long)]
    json: bool,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        let classifier = Classifier::load(&args.model)?;
        let files = Inputs::find(&args.music)?.files;
        let report = classifier.predict_files(&files, stop.flag(), |path, prediction| {
            if args.json {
                return println!("{}", prediction.to_json(path, args.over_time));
            }
            println!("{}: {prediction}", path.display());
            for window in prediction.windows.iter().filter(|_| args.over_time) {
                println!("{window}");
            }
        });
        eprintln!("{report}");
        Ok(ExitCode::from(report.status()))
    })
}
