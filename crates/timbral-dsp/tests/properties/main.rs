//! What must hold for any input: textbook definitions, symmetries, plans shared and reused, limits.
//!
//! - `oracles`: the O(n^2) definition beside the fast code
//! - `symmetries`: scaling, shifting, memory order
//! - `plans`: scratch, threads
//! - `limits`: silence, empty and single cells, NaN, absurd sizes
//! - `errors`: every rule of what takes a signal
//! - `spectrum_errors`: every rule of what takes a spectrogram

#[path = "../common/signals.rs"]
mod signals;

mod errors;
mod limits;
mod oracles;
mod plans;
mod spectrum_errors;
mod symmetries;
