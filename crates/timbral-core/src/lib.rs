//! What the crates of timbral share, so that each idea is built once.
//!
//! - [`Progress`] and [`Monitor`]: progress of long work, and stopping it.
//! - [`Rng`], [`split_mix`], [`unit_f64`]: seeded random numbers, the same on every machine.
//! - [`InvalidParameter`], [`check`] and [`parse_name`]: the error of a parameter out of range.
//! - [`quantile`]: NumPy's linear quantile.
//! - With the feature `fft`: [`LaneFftF32`] and [`LaneFftF64`], Fourier transforms of several signals side by
//!   side, with the same bits on every instruction set; [`transpose`] puts sixteen signals side by side.
//! - With the feature `files`: [`write_atomic`] and [`write_json`], which write files atomically, [`TemporaryFolder`],
//!   which does so with folders, and [`JsonLines`], an append-only log that survives a kill; [`differences`] names what
//!   differs in two settings.
//!
//! It knows nothing of audio, features or models.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod counted;
mod parameter;
mod progress;
mod quantile;
mod random;

#[cfg(feature = "files")]
mod differences;
#[cfg(feature = "fft")]
mod fft;
#[cfg(feature = "files")]
mod file;
#[cfg(feature = "files")]
mod folder;
#[cfg(feature = "files")]
mod json_lines;
#[cfg(feature = "lanes")]
mod lanes;
#[cfg(feature = "files")]
mod temporary;

pub use counted::counted;
#[cfg(feature = "files")]
pub use differences::{Difference, differences};
#[cfg(feature = "fft")]
pub use fft::{LaneFftF32, LaneFftF64, LaneFilterF32, MixedFftF32, twiddle};
#[cfg(feature = "files")]
pub use file::{write_atomic, write_json};
#[cfg(feature = "files")]
pub use folder::TemporaryFolder;
#[cfg(feature = "files")]
pub use json_lines::{JsonLines, JsonLinesError};
#[cfg(feature = "lanes")]
pub use lanes::{LANES, Lane, rows_at, transpose};
pub use parameter::{InvalidParameter, check, parse_name};
pub use progress::{Monitor, Progress, SharedMonitor};
pub use quantile::quantile;
pub use random::{Rng, finalize, split_mix, unit_f64};
