//! Transforms with a constant number of bins per octave, and the pitch classes made of them.
//!
//! `bands` has the frequencies and the lengths of the filters, `wavelets` the filters, and `filter_spectra` the
//! spectra to which they are applied. `short_filters` has the filters of an octave that are applied without a
//! transform. `decimator` has the low-pass between octaves, and `interpolator` that for their sum.
//!
//! [`Cqt`], [`PseudoCqt`] and [`HybridCqt`] are the transforms, and [`Icqt`] is the inverse. [`ChromaCqt`] adds
//! up pitch classes; `cens` and `tonnetz` start from these.

mod bands;
mod cens;
mod chroma;
mod cqt;
mod cqt_params;
mod decimator;
mod fast_halving;
mod filter_spectra;
mod hybrid;
mod icqt;
mod interpolator;
mod pseudo;
mod short_filters;
mod tonnetz;
mod wavelets;

pub use cens::{CensParams, chroma_cens};
pub use chroma::{ChromaCqt, ChromaCqtParams};
pub use cqt::Cqt;
pub(crate) use cqt::CqtScratch;
pub use cqt_params::{CqtParams, Intervals};
pub use hybrid::HybridCqt;
pub use icqt::Icqt;
pub use pseudo::PseudoCqt;
pub use tonnetz::tonnetz;
