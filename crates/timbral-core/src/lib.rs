//! Common parts of the timbral crates, implemented once.
//!
//! - [`Progress`], [`Monitor`] and [`SharedMonitor`]: progress of long work, and stopping it.
//! - [`Rng`], [`split_mix`], [`finalize`], [`unit_f64`]: seeded random numbers, the same on every machine.
//! - [`InvalidParameter`], [`check`] and [`parse_name`]: the error of a parameter that is out of its range.
//! - [`quantile`]: NumPy's linear quantile. [`counted`]: a number and a noun in the singular or plural.
//! - With the feature `lanes`: [`transpose`], [`rows_at`], [`Lane`] and [`LANES`], which place sixteen signals
//!   side by side, one per lane.
//! - With the feature `fft`, which includes `lanes`: [`LaneFftF32`], [`LaneFftF64`] and [`MixedFftF32`],
//!   Fourier transforms of several signals side by side, with the same bits on every instruction set;
//!   [`LaneFilterF32`], filters in the frequency domain; [`twiddle`].
//! - With the feature `parallel`: [`parallel`], loops over rayon's threads that are compiled once.
//! - With the feature `files`: [`write_atomic`] and [`write_json`], which write files atomically;
//!   [`TemporaryFolder`], which does so with folders; [`JsonLines`], an append-only log that survives a kill;
//!   [`differences`], which lists the values that differ between two settings.
//!
//! The crate has nothing that is specific to audio, features or models.

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
#[cfg(feature = "parallel")]
pub mod parallel;
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
