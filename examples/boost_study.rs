//! Boosted trees under the usual protocol for GTZAN, and under an honest one.
//!
//! `cargo run --release --example boost_study -- features_3_sec.csv`: for each of ten seeds a random fifth of
//! the rows is kept for the test; successive halving searches parameters on a fifth of the other rows; four
//! models of the two best points are fitted to all of these, and their mean probabilities are evaluated once.
//! On the published table of 3-s segments: accuracy 0.919. `--split fault-filtered` searches on the validation
//! part of that split. With `--log FOLDER` a run that was stopped or killed can be continued.

use std::process::ExitCode;

use timbral_cli::commands::BoostStudy;

fn main() -> ExitCode {
    timbral_cli::run_command::<BoostStudy>()
}
