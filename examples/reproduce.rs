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

use command::{Stop, with_bar};
use material::MaterialArgs;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    material: MaterialArgs,
    /// The folder to write
    #[arg(long, default_value = "target/reproduce")]
    out: PathBuf,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let stop = Stop::new(args.threads)?;
        std::fs::create_dir_all(&args.out)?;
        let material = args.material.read(&args.out, &stop)?;
        let runs = args.out.join("runs");
        let study = with_bar("steps", |show| {
            let params = args.material.params();
            params.run(material, &runs, |name, [i, n], progress| {
                let message = format!("(fit {} of {n}: {name})", i + 1);
                show(progress.step, progress.n_steps, &message);
                stop.flow()
            })
        })?;
        study.save(&args.out)?;
        println!("{study}\n{}", args.out.join("index.html").display());
        Ok(())
    })
}
