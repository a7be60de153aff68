//! The power of semitones, by a bank of recursive filters.
//!
//! `elliptic` designs the filters, `sections` applies some of them side by side, and [`Iirt`] cuts their
//! outputs into frames.

mod elliptic;
mod iirt;
mod sections;

pub use iirt::{Iirt, IirtParams};
