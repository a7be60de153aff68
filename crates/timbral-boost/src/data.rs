//! The rows that models are trained on: as given, and cut into bins.

mod binned_rows;
mod bins;
mod cuts;
mod dataset;
mod sketch;
mod source;

pub(crate) use binned_rows::AnyBins;
pub use binned_rows::BinnedRows;
pub(crate) use bins::{Bin, Binned, Column, LANES};
pub(crate) use cuts::Cuts;
pub use dataset::{Dataset, FeatureType};
pub(crate) use dataset::{check_n_rows, fits};
pub use source::RowSource;
