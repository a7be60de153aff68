//! Folders of music to a classifier in one file, which `predict_genre` uses.
//!
//! `cargo run --release --example train_classifier -- MUSIC --model boost --out genres.timbral` trains on one
//! folder per genre and prints how many recordings of each there are and how good the models are on recordings
//! that they were not trained on (five folds). Models: boost, dense, conv, crnn, attention, ensemble (boost,
//! dense and conv). Exit status: 0 all files used, 2 some were not (they are named), 1 nothing written, 64 wrong
//! arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::Train;

fn main() -> ExitCode {
    timbral_cli::run_command::<Train>()
}
