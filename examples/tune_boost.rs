//! Boosted trees tuned on a table of features: parameters are searched by k-fold cross-validation inside the
//! training rows; the best are fitted to all of these and evaluated once on the test rows.
//!
//! `cargo run --release --example tune_boost -- features.csv --split grouped --log trials.jsonl`. No fold divides
//! a recording. Ctrl-C or a kill loses no finished trial: the same command continues, and ends as it would have
//! ended. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TuneBoost;

fn main() -> ExitCode {
    timbral_cli::run_command::<TuneBoost>()
}
