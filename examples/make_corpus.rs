//! A corpus of synthetic recordings, the same on every machine, in ten made-up genres.
//!
//! `cargo run --release --example make_corpus -- FOLDER` writes `FOLDER/genre/genre.NNNNN.wav`;
//! a second run goes on where the first was stopped. Exit status: 0 all done, 1 nothing done, 64 wrong
//! arguments, 130 stopped by Ctrl-C.

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::synth::Error::Stopped;
use timbral::synth::{Progress, SynthCorpus, SynthParams};

use command::{Stop, counted};

#[derive(Parser)]
struct Args {
    /// The folder to write
    folder: PathBuf,
    /// Recordings of each genre
    #[arg(long, default_value_t = SynthParams::default().recordings_per_genre)]
    recordings: usize,
    /// Length of a recording
    #[arg(long, default_value_t = SynthParams::default().seconds)]
    seconds: f64,
    /// Another seed gives other recordings
    #[arg(long, default_value_t = SynthParams::default().seed)]
    seed: u64,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let corpus = SynthCorpus::new(SynthParams {
            recordings_per_genre: args.recordings,
            seconds: args.seconds,
            seed: args.seed,
            ..SynthParams::default()
        })?;
        let stop = Stop::new(args.threads)?;
        let mut written = 0;
        let result = counted(corpus.len(), "recordings", |done| {
            let mut monitor = |progress: &Progress| {
                written = progress.done;
                done(written);
                stop.flow()
            };
            match corpus.write(&args.folder, &mut monitor) {
                Err(Stopped) => Ok(false),
                result => Ok(result.map(|()| true)?),
            }
        });
        if !result? {
            eprintln!("stopped after {written} recordings; run again to continue");
            return Ok(ExitCode::from(130));
        }
        eprintln!(
            "{written} synthetic recordings in {}",
            args.folder.display()
        );
        Ok(ExitCode::SUCCESS)
    })
}
