//! Computations for figures that no other crate of timbral has.

mod correlation;
mod pca;

pub use correlation::{cluster_order, correlations};
pub use pca::Pca;
