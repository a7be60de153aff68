//! How much of the usual accuracy on GTZAN is recordings recognised again: the nearest neighbour.
//!
//! `cargo run --release --example nearest_neighbour -- features_3_sec.csv` tests on a random fifth of the rows,
//! where nearly every test row has pieces of its recording among the training rows, and on the fault-filtered
//! test part, where none has (trained on the other two parts, as nothing is chosen on the validation part). On
//! the published table of 3-s segments: accuracy 0.90 and 0.40, the same as scikit-learn's on the same rows.

use std::process::ExitCode;

use timbral_cli::commands::NearestNeighbour;

fn main() -> ExitCode {
    timbral_cli::run_command::<NearestNeighbour>()
}
