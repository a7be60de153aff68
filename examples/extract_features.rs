//! Folders of music to the published GTZAN feature table, equal to librosa's.
//!
//! ```sh
//! cargo run --release --example extract_features -- MUSIC --out features.csv --preset gtzan
//! ```
//!
//! writes one row a file, labelled with the name of its folder; a 30-s clip takes about 20 ms.
//! Exit status: 0 all done, 2 some files skipped (they are named), 1 nothing written.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use timbral::dsp::FeatureParams;
use timbral::{Extraction, Inputs, Segmentation};

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// The recipe of the published GTZAN tables
    Gtzan,
    /// librosa 0.11 as it stands
    Librosa,
}

#[derive(Clone, Copy, ValueEnum)]
enum Segments {
    Whole,
    #[value(name = "3s")]
    ThreeSeconds,
}

#[derive(Parser)]
#[command(about = "Sound files to a table of features")]
struct Args {
    /// Sound files, or folders that are searched for them
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The CSV table to write
    #[arg(long)]
    out: PathBuf,
    #[arg(long, value_enum, default_value = "librosa")]
    preset: Preset,
    /// One row a recording, or one for each 3-s segment
    #[arg(long, value_enum, default_value = "whole")]
    segments: Segments,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Go on where an interrupted run stopped
    #[arg(long)]
    resume: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let extraction = Extraction {
        features: match args.preset {
            Preset::Gtzan => FeatureParams::gtzan(),
            Preset::Librosa => FeatureParams::librosa(),
        },
        segments: match args.segments {
            Segments::Whole => Segmentation::Whole,
            Segments::ThreeSeconds => Segmentation::gtzan(),
        },
        threads: args.threads,
        resume: args.resume,
    };
    let files = Inputs::find(&args.inputs)?.files;
    let stop = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed))?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left")?;
    let bar = ProgressBar::new(files.len() as u64).with_style(style);
    let report = extraction.run(&files, &args.out, &stop, |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    for error in &report.skipped {
        eprintln!("skipped {error}");
    }
    if report.stopped {
        eprintln!("stopped after {} files; --resume goes on", report.files);
        return Ok(ExitCode::from(130));
    }
    eprintln!("{} rows of {} files", report.rows, report.files);
    Ok(ExitCode::from(match (report.rows, report.skipped.len()) {
        (0, _) => 1,
        (_, 0) => 0,
        _ => 2,
    }))
}
