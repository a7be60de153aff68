//! A corpus of synthetic recordings, the same on every machine, in ten made-up genres.
//!
//! `cargo run --release --example make_corpus -- FOLDER` writes `FOLDER/genre/genre.NNNNN.wav`; a second run
//! continues where the first was stopped. Exit status: 0 all done, 1 nothing done, 64 wrong arguments, 130
//! stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::MakeCorpus;

fn main() -> ExitCode {
    timbral_cli::run_command::<MakeCorpus>()
}
