//! Figures of sound files and of tables of features.
//!
//! `cargo run --release --example explore -- song.wav features.csv --out figures` draws of every sound file the
//! waveform, spectrogram, mel bands, constant-Q transform, pitch, chroma, tonal centroids, onsets and beats, tempogram,
//! recurrence and the harmonic and percussive parts,
//! of a table (.csv, .npz) the rows per genre, distributions, correlations and a map, and puts all on one page,
//! `figures/index.html`. `--format png` instead of svg.

use std::process::ExitCode;

use timbral_cli::commands::Explore;

fn main() -> ExitCode {
    timbral_cli::run_command::<Explore>()
}
