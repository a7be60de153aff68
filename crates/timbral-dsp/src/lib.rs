//! Samples to features, equal to librosa's to rounding.
mod error;

pub use error::{Error, Result};
