//! Sound files to genres, by a classifier that `train_classifier` made.
//!
//! `cargo run --release --example predict_genre -- MUSIC --model genres.timbral` prints the three most probable
//! genres of every file, with `--over-time` of every part of it, too, with `--json` all as one line of JSON per
//! file. Exit status: 0 all done, 2 some files skipped (they are named), 1 nothing done, 64 wrong arguments,
//! 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::Predict;

fn main() -> ExitCode {
    timbral_cli::run_command::<Predict>()
}
