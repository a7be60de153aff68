//! Fourier transforms of several signals side by side.

mod butterflies;
mod lane_fft;

pub use butterflies::twiddle;
pub use lane_fft::double::LaneFft as LaneFftF64;
pub use lane_fft::single::LaneFft as LaneFftF32;
