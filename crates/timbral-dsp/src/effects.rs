//! What is done to samples: silence cut off, high frequencies raised.

mod emphasis;
mod silence;

pub use emphasis::{EmphasisParams, deemphasis, preemphasis};
pub use silence::{SilenceParams, split, trim};
