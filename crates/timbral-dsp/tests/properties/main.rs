//! Properties for any input: textbook definitions, symmetries, shared and reused plans, limits.
//!
//! - `constant_q_errors`: every error of constant-Q transforms
//! - `definitions`: the O(n^2) definition against the fast code
//! - `symmetries`: scaling, shifting, memory order
//! - `plans`: scratch, threads
//! - `feature_errors`: every error of pitch, onsets, sequences, weighting and effects
//! - `limits`: silence, empty and single cells, NaN, huge sizes
//! - `signal_errors`: every error of functions of signals
//! - `spectrogram_errors`: every error of functions of spectrograms

#[path = "../common/signals.rs"]
mod signals;

mod constant_q_errors;
mod definitions;
mod feature_errors;
mod limits;
mod plans;
mod signal_errors;
mod spectrogram_errors;
mod symmetries;
