//! What is done to samples: silence cut off, high frequencies raised, time stretched, parts rearranged, phases found.

mod emphasis;
mod griffin_lim;
mod remix;
mod silence;
mod time_stretch;

pub use emphasis::{EmphasisParams, deemphasis, preemphasis};
pub use griffin_lim::{GriffinLimParams, griffinlim};
pub use remix::remix;
pub use silence::{SilenceParams, split, trim};
pub use time_stretch::{phase_vocoder, time_stretch};
