//! Classical models, boosted trees and a dense network on the same splits of a table of features.
//!
//! `cargo run --release --features classical --example compare_models -- features_3_sec.csv --splits
//! random,grouped,fault-filtered` on GTZAN's table prints for each way to split accuracies, times, McNemar's
//! test against the model that is best on validation rows, and the ensemble that these rows choose; `logistic`
//! falls from .71 of the segments to .68 and .52. With `--json c.json` an interrupted comparison can be
//! continued. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::CompareModels;

fn main() -> ExitCode {
    timbral_cli::run_command::<CompareModels>()
}
