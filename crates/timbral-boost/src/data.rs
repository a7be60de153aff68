//! The rows that models are trained on: as given, and cut into bins.

mod bins;
mod cuts;
mod dataset;
mod sketch;

pub(crate) use bins::{Bin, Binned, LANES};
pub(crate) use cuts::Cuts;
pub(crate) use dataset::fits;
pub use dataset::{Dataset, FeatureType};
