//! The tracks of a collection that sound most like a file.
//!
//! `cargo run --release --example find_similar -- MUSIC song.flac -k 5 --index music.index` extracts features
//! from the folder, writes the index and prints the five nearest tracks with their distance; `find_similar
//! music.index song.flac` uses the index again. The song itself is left out if it is in the collection. Exit
//! status: 0 all done, 2 some tracks skipped (they are named), 1 nothing done, 64 wrong arguments, 130 stopped
//! by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::Similar;

fn main() -> ExitCode {
    timbral_cli::run_command::<Similar>()
}
