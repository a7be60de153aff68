//! Any feature set, from one plan of shared transforms.

mod kernels;
mod plan;
mod shared;
mod sources;
mod summary;
mod sweep;

pub(super) use plan::Composed;
pub(super) use sweep::ComposedScratch;
