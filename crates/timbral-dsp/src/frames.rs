//! Overlapping frames of samples, and what is measured on the samples themselves.

mod energy;
mod frame_buffer;
mod framing;
mod window;
mod zero_crossings;

pub(crate) use energy::frame_rms;
pub use energy::rms;
pub(crate) use frame_buffer::FrameBuffer;
pub use framing::{Framing, PadMode};
pub(crate) use framing::{check_hop_length, check_n_fft};
pub use window::Window;
pub use zero_crossings::zero_crossing_rate;
pub(crate) use zero_crossings::{crossing_rates, is_negative};
