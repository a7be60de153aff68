//! Source separation: harmonic from percussive, and components of a spectrogram.

mod hpss;
mod median;
mod nmf;
mod nmf_start;
mod product;
mod singular;

pub(crate) use hpss::HpssScratch;
pub use hpss::{Hpss, HpssParams};
pub use nmf::{Decomposition, NmfParams, decompose};
