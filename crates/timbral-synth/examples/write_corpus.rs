//! Writes a small synthetic corpus.
//!
//! `cargo run -p timbral-synth --example write_corpus -- FOLDER` writes twenty WAV files of 3 s.

use std::ops::ControlFlow;

use timbral_synth::{Progress, SynthCorpus, SynthParams};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which FOLDER?")?;
    let corpus = SynthCorpus::new(SynthParams {
        recordings_per_genre: 2,
        seconds: 3.0,
        ..SynthParams::default()
    })?;
    corpus.write(&folder, &mut |progress: &Progress| {
        eprint!("\r{progress}");
        ControlFlow::Continue(())
    })?;
    eprintln!("\nwritten to {}", folder.display());
    Ok(())
}
