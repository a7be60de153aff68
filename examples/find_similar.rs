//! The tracks of a collection that sound most like a file.
//!
//! `cargo run --release --example find_similar -- MUSIC song.flac -k 5 --index music.index` listens to
//! the folder, keeps the index and prints the five nearest tracks with their distance;
//! `find_similar music.index song.flac` uses the index again. The song itself is left out if it is in
//! the collection. Exit status: 0 all done, 2 some tracks skipped (they are named), 1 nothing done,
//! 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::{Inputs, SimilarityIndex};

use command::{Stop, counted, skipped};

#[derive(Parser)]
struct Args {
    /// A folder of music, or an index
    collection: PathBuf,
    /// The sound file to compare with
    file: PathBuf,
    /// Tracks to find
    #[arg(short, default_value_t = 5)]
    k: usize,
    /// Where to keep the index of a folder
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        let (index, errors) = match args.collection.is_dir() {
            false => (SimilarityIndex::load(&args.collection)?, Vec::new()),
            true => {
                let files = Inputs::find([&args.collection])?.files;
                counted(files.len(), "files", |done| {
                    SimilarityIndex::of_files(&files, stop.flag(), done)
                })?
            }
        };
        if let Some(path) = &args.index {
            index.save(path)?;
        }
        let status = skipped(&errors);
        for track in index.similar_to_file(&args.file, args.k)? {
            println!("{track}");
        }
        Ok(status)
    })
}
