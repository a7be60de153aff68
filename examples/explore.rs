//! Pictures of sounds and of a table of features.
//!
//! `cargo run --release --example explore -- song.wav features.csv --out pictures` draws of every sound
//! file the waveform, spectrogram, mel bands, pitch classes, onsets and beats, tempogram and the
//! harmonic and percussive part, of a table (.csv, .parquet, .npz) the rows of each genre, distributions,
//! correlations and a map, and puts all on one page, `pictures/index.html`. `--format png` instead of svg.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::file_figures;
use timbral::plot::Report;

#[derive(Parser)]
struct Args {
    /// Sound files and tables of features
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The folder to write
    #[arg(long, default_value = "target/explore")]
    out: PathBuf,
    /// Seconds of a sound that are drawn, from its start
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
    /// Of the pictures: svg or png
    #[arg(long, default_value = "svg", value_parser = ["svg", "png"])]
    format: String,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        std::fs::create_dir_all(&args.out)?;
        let mut report = Report::new("Pictures", "What there is to see of sounds and features.");
        let mut n = 0;
        for input in &args.inputs {
            report.section(input.file_name().unwrap_or_default().to_string_lossy());
            for (figure, caption) in file_figures(input, args.seconds)? {
                n += 1;
                figure.save(args.out.join(format!("{n:02}.{}", args.format)))?;
                report.figure(&figure, caption)?;
            }
        }
        let page = args.out.join("index.html");
        report.save(&page)?;
        println!("{n} pictures, {}", page.display());
        Ok(())
    })
}
