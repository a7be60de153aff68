//! Short-time Fourier transforms and their inverse.
//!
//! [`Stft`] passes tiles of 16 frames to a `TileTransform`, which transforms them side by side (`side_by_side`,
//! on timbral-core's `LaneFftF64`). For lengths that are no power of two, 8 frames are transformed side by side
//! (`any_length`, on `real_fft` and `any_fft`). `spectra_f32` is for sums of many bins, and `correlations` for
//! lags.

mod any_fft;
mod any_length;
mod correlations;
mod hop_grid;
mod magphase;
mod mellin;
mod overlap_add;
mod real_fft;
mod reassigned;
mod side_by_side;
mod spectra_f32;
mod stft;
mod stft_params;
mod tile_transform;

pub(crate) use any_fft::AnyWork;
pub(crate) use correlations::{Correlated, CorrelationScratch, Correlations, PAIRS};
pub(crate) use hop_grid::HopGrid;
pub use magphase::magphase;
pub use mellin::{MellinParams, fmt};
pub(crate) use overlap_add::OverlapAdd;
pub(crate) use real_fft::{RealFft, RealFftScratch, RealFfts, Spectra};
pub use reassigned::{Reassigned, ReassignedParams, reassigned_spectrogram};
pub(crate) use spectra_f32::{SpectraF32, SpectraF32Scratch};
pub use stft::{Stft, StftScratch};
pub use stft_params::StftParams;
