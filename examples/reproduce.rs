//! The whole study: data, models, the leak, the honest scores, as a page with pictures.
//!
//! `cargo run --release --example reproduce` makes a synthetic corpus, extracts features and
//! spectrograms, trains boosted trees, a dense and a convolutional network under random rows and by
//! recording, and writes `target/reproduce/index.html` and `results.json`, in a few minutes. With
//! `--features features_3_sec.csv --spectrograms mel_levels.npz` it does the same on GTZAN, `--audio
//! MUSIC` on a folder of music, one folder a genre. Stopped and run again, it goes on where it was.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/material.rs"]
mod material;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::study::StudyParams;

use command::{Stop, bar, parse};
use material::MaterialArgs;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    material: MaterialArgs,
    /// Ten seeds instead of one
    #[arg(long)]
    full: bool,
    /// The folder to write
    #[arg(long, default_value = "target/reproduce")]
    out: PathBuf,
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
    std::fs::create_dir_all(&args.out)?;
    let params = StudyParams {
        seeds: if args.full { 10 } else { 1 },
        ..StudyParams::default()
    };
    let params = match args.material.is_synthetic() {
        true => params.quick(),
        false => params,
    };
    let material = args.material.read(&args.out, &stop)?;
    let steps = bar(0, "steps")?;
    let study = params.run(
        material,
        &args.out.join("runs"),
        |name, [i, n], progress| {
            steps.set_length(progress.n_steps as u64);
            steps.set_position(progress.step as u64);
            steps.set_message(format!("(fit {} of {n}: {name})", i + 1));
            stop.flow()
        },
    )?;
    steps.finish_and_clear();
    study.save(&args.out)?;
    println!("{study}\n{}", args.out.join("index.html").display());
    Ok(ExitCode::SUCCESS)
}
