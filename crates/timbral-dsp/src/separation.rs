//! Harmonic-percussive source separation.

mod hpss;
mod median;

pub(crate) use hpss::HpssScratch;
pub use hpss::{Hpss, HpssParams};
