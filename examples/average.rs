//! Averages the probabilities of several models by recording.
//!
//! `cargo run --release --example average -- conv.csv dense.csv` on files that `--probabilities` of the
//! examples that train wrote: the probabilities of a model for a recording are the mean over its rows, those
//! of all models the mean of these. Prints report, confusion matrix and accuracy.

use std::process::ExitCode;

use timbral_cli::commands::Average;

fn main() -> ExitCode {
    timbral_cli::run_command::<Average>()
}
