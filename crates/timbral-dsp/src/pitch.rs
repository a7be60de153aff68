//! The fundamental frequency of voices and single instruments.
//!
//! `difference` compares a frame with itself, with the autocorrelation of `lags`. [`Yin`] takes the first
//! period that fits. [`Pyin`] takes the most probable sequence of periods: `troughs` gives the probabilities of
//! a frame, with the beta distribution of `beta`.

mod beta;
mod difference;
mod lags;
mod pyin;
mod troughs;
mod yin;
mod yin_params;

pub use pyin::{Pitches, Pyin, PyinParams};
pub use yin::Yin;
pub use yin_params::YinParams;
