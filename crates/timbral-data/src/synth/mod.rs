mod corpus;
mod drums;
mod harmony;
mod oscillator;
mod render;
mod rng;
mod room;
mod style;
mod voice;

pub use corpus::{SynthCorpus, SynthParams, SynthRecording};

/// Samples a second of all recordings.
const RATE: u32 = 22_050;

/// The factor of an amplitude over some samples when it falls to a third (by e) in `seconds`.
fn decay_factor(seconds: f64, samples: usize) -> f64 {
    libm::exp(-(samples as f64) / (seconds * f64::from(RATE)))
}

/// The amplitude of a level in dB.
fn decibels(level: f64) -> f64 {
    libm::exp10(level / 20.0)
}
