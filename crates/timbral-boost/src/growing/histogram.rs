//! Sums of gradients and hessians by bin: what splits are found from.

mod builder;
mod finish;
mod line;
mod roots;

pub(crate) use builder::{Histogram, Histograms, MANY};
pub(crate) use finish::{Bins, Visit, Word, visit_lines, visit_parts};
pub(crate) use line::{Lanes, Line};
