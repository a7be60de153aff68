//! Overlapping frames of samples, and what is measured on the samples themselves.

mod energy;
mod framing;
mod window;
mod zero_crossings;

pub use energy::rms;
pub use framing::{Framing, PadMode};
pub(crate) use framing::{check_hop_length, check_n_fft};
pub use window::Window;
pub(crate) use zero_crossings::is_negative;
pub use zero_crossings::zero_crossing_rate;
