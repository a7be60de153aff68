//! Growing one tree from binned rows and their gradients.

mod grower;
mod growth;
mod histogram;
mod node;
mod partition;
mod queue;
mod regularisation;
mod search;
mod split;
mod traversal;
mod tree_params;

pub(crate) use grower::{Grower, Target};
pub(crate) use histogram::Histograms;
pub(crate) use regularisation::Regularisation;
pub use tree_params::GrowPolicy;
pub(crate) use tree_params::TreeParams;
