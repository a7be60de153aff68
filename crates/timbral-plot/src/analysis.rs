//! Numbers behind figures that no other crate of timbral computes.

mod correlation;
mod pca;

pub use correlation::{cluster_order, correlations};
pub use pca::Pca;
