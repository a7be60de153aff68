//! Effects on samples: trimming silence, emphasis, time stretching, pitch shifting, remixing, and phase
//! reconstruction.

mod emphasis;
mod griffin_lim;
mod griffin_lim_cqt;
mod pitch_shift;
mod remix;
mod silence;
mod time_stretch;

pub use emphasis::{EmphasisParams, deemphasis, preemphasis};
pub(crate) use griffin_lim::check_magnitude;
pub use griffin_lim::{GriffinLimParams, griffinlim};
pub use griffin_lim_cqt::griffinlim_cqt;
pub use pitch_shift::{PitchShiftParams, pitch_shift};
pub use remix::remix;
pub use silence::{SilenceParams, split, trim};
pub use time_stretch::{phase_vocoder, time_stretch};
