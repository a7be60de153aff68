//! Boosted trees on a table of features: trained, evaluated on test rows, written as XGBoost's model file.
//!
//! `cargo run --release --example train_boost -- features_3_sec.csv --rounds 200 --learning-rate 0.1 --split
//! fault-filtered --model-out model.json` on the published table of 3-s segments: accuracy 0.46 by segment, 0.52
//! by recording; with `--split random`, where the training rows have pieces of most test recordings, about 0.89.
//! Ctrl-C ends the training; the rounds so far are evaluated and written. Exit status: 0 done, 1 nothing done,
//! 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TrainBoost;

fn main() -> ExitCode {
    timbral_cli::run_command::<TrainBoost>()
}
