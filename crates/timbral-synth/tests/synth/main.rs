//! The synthetic corpus: the same bits everywhere, well-formed samples, files that a later run completes.

#![allow(clippy::unwrap_used)]

mod bits;
mod files;
mod sound;

use timbral_synth::{SynthCorpus, SynthParams};

fn corpus(recordings_per_genre: usize, seconds: f64, seed: u64) -> SynthCorpus {
    SynthCorpus::new(SynthParams {
        recordings_per_genre,
        seconds,
        seed,
        ..SynthParams::default()
    })
    .unwrap()
}
