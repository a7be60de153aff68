//! A dense network on a table of features: trained, evaluated on test rows, written to a file.
//!
//! `cargo run --release --example train_dense -- features_3_sec.csv` on the published table of 3-s segments:
//! accuracy about 0.94 on random rows, where the training rows have pieces of most test recordings; with
//! `--split fault-filtered` 0.49 by segment, 0.54 by recording. Ctrl-C ends the training; the network so far is
//! evaluated and written. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TrainDense;

fn main() -> ExitCode {
    timbral_cli::run_command::<TrainDense>()
}
