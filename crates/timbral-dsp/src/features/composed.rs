//! Any feature set, from one plan of shared transforms.

mod kernels;
mod plan;
mod shared;
mod sources;
mod summary;

pub(super) use plan::{Composed, ComposedScratch};
