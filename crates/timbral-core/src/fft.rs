//! Fourier transforms of several signals side by side.

mod butterflies;
mod lane_fft;
mod lane_filter;
mod mixed_fft;
mod radices;

pub use butterflies::twiddle;
pub use lane_fft::double::LaneFft as LaneFftF64;
pub use lane_fft::single::LaneFft as LaneFftF32;
pub use lane_filter::LaneFilterF32;
pub use mixed_fft::MixedFftF32;
