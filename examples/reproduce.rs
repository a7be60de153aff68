//! The whole study: data, models, the leak, the honest scores, as a page with figures.
//!
//! `cargo run --release --example reproduce` makes a synthetic corpus, extracts features and spectrograms,
//! trains boosted trees, a dense and a convolutional network on random rows and by recording, and writes
//! `target/reproduce/index.html` and `results.json`, in a few minutes. With `--features features_3_sec.csv
//! --spectrograms mel_levels.npz` it does the same on GTZAN, `--audio MUSIC` on a folder of music, one folder per
//! genre. The same command continues a run that was stopped.

use std::process::ExitCode;

use timbral_cli::commands::Reproduce;

fn main() -> ExitCode {
    timbral_cli::run_command::<Reproduce>()
}
