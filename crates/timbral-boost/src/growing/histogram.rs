//! Sums of gradients and hessians by bin: what splits are found from.

mod builder;
mod line;
mod roots;

pub(crate) use builder::{Histogram, Histograms};
pub(crate) use line::Line;
