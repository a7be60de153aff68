//! Writes a small synthetic corpus.
//!
//! `cargo run -p timbral-synth --example write_corpus -- FOLDER [RECORDINGS_PER_GENRE [SECONDS]]` writes WAV files, twenty of
//! 3 s if nothing else is asked for.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;

use timbral_synth::{Progress, SynthCorpus, SynthParams};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("which FOLDER?")?;
    let corpus = SynthCorpus::new(SynthParams {
        recordings_per_genre: args.next().map_or(Ok(2), |n| n.parse())?,
        seconds: args.next().map_or(Ok(3.0), |s| s.parse())?,
        ..SynthParams::default()
    })?;
    let shows = stderr().is_terminal();
    corpus.write(&folder, &mut |progress: &Progress| {
        if shows {
            eprint!("\r{progress}");
        }
        ControlFlow::Continue(())
    })?;
    if shows {
        eprintln!();
    }
    eprintln!("written to {folder}");
    Ok(())
}
