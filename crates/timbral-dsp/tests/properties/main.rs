//! Properties for any input: textbook definitions, symmetries, shared and reused plans, limits.
//!
//! - `constant_q_errors`: every error of constant-Q transforms
//! - `inverse_errors`: every error of what leads back to signals, of semitones, components and paths
//! - `definitions`: the O(n^2) definition against the fast code
//! - `symmetries`: scaling, shifting, memory order
//! - `plans`: scratch, threads
//! - `pitch_errors`, `onset_errors`, `sequence_errors`, `structure_errors`: every error of these
//! - `limits`: silence, empty and single cells, NaN, huge sizes
//! - `set_errors`: every error of composed feature sets
//! - `signal_errors`: every error of functions of signals
//! - `spectrogram_errors`: every error of functions of spectrograms

#[path = "../common/signals.rs"]
mod signals;

mod constant_q_errors;
mod definitions;
mod inverse_errors;
mod limits;
mod onset_errors;
mod pitch_errors;
mod plans;
mod sequence_errors;
mod set_errors;
mod signal_errors;
mod spectrogram_errors;
mod structure_errors;
mod symmetries;
