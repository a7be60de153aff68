//! A corpus of synthetic recordings, the same on every machine, in ten made-up genres.
//!
//! `cargo run --release --example make_corpus -- FOLDER` writes `FOLDER/genre/genre.NNNNN.wav`;
//! a second run goes on where the first was stopped.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use timbral::data::{SynthCorpus, SynthParams};

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

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let corpus = SynthCorpus::new(SynthParams {
        recordings_per_genre: args.recordings,
        seconds: args.seconds,
        seed: args.seed,
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed))?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} recordings, {eta} left")?;
    let bar = ProgressBar::new(corpus.len() as u64).with_style(style);
    let written = corpus.write(&args.folder, args.threads, &stop, |n| {
        bar.set_position(n as u64)
    })?;
    bar.finish_and_clear();
    anyhow::ensure!(
        written == corpus.len(),
        "stopped after {written} recordings; run again to go on"
    );
    eprintln!(
        "{written} synthetic recordings in {}",
        args.folder.display()
    );
    Ok(())
}
