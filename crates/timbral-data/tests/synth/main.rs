//! The synthetic corpus: the same bits everywhere, sound of the promised form, files that can be
//! gone on with.

#![cfg(feature = "synth")]
#![allow(clippy::unwrap_used)]

mod bits;
mod files;
mod sound;

use timbral_data::{SynthCorpus, SynthParams};

fn corpus(recordings_per_genre: usize, seconds: f64, seed: u64) -> SynthCorpus {
    SynthCorpus::new(SynthParams {
        recordings_per_genre,
        seconds,
        seed,
    })
    .unwrap()
}
