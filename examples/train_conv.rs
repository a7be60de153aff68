//! A network on mel spectrograms: trained, evaluated on test recordings, written to a file.
//!
//! `cargo run --release --example train_conv -- mel_levels.npz --split fault-filtered --model conv` on
//! spectrograms of the GTZAN clips: accuracy 0.67 (conv), 0.60 (crnn, attention). The input may also be a folder
//! of music, one folder per genre; `--spectrograms-out` writes what is computed from it. With `--checkpoint` a
//! training that was stopped or killed can be continued. Ctrl-C ends the training; the network so far is
//! evaluated and written. Exit status: 0 done, 1 nothing done, 2 some files skipped, 64 wrong arguments, 130
//! stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TrainConv;

fn main() -> ExitCode {
    timbral_cli::run_command::<TrainConv>()
}
