//! The tags of sound files (genres, moods, decades, instruments), by a published network and without training.
//!
//! `cargo run --release --features pretrained --example tag_music -- MUSIC --weights
//! musicnn-0.1.0-py3-none-any.whl` prints the most probable tags of every file, with `--over-time` of every 3 s of it,
//! too, with `--json` all as one line of JSON per file. `pip download --no-deps musicnn==0.1.0` gets the weights. Exit
//! status: 0 all done, 2 some files skipped (they are named), 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TagMusic;

fn main() -> ExitCode {
    timbral_cli::run_command::<TagMusic>()
}
