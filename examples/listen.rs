//! Features, and genres, of sound that arrives on standard input.
//!
//! `ffmpeg -i song.mp3 -f s16le -ar 44100 -ac 2 - | cargo run --release --example listen -- --model genres.timbral` prints the genres of
//! the last seconds every second; without `--model` it prints features as comma-separated values (`--features
//! mfcc,chroma_cqt:mean,std`). Samples have no header: `--format s16le` or `f32le`, `--rate 44100`, `--channels 2`. Exit
//! status: 0 at the end of the sound, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::Listen;

fn main() -> ExitCode {
    timbral_cli::run_command::<Listen>()
}
