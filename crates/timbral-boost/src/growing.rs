//! Growing one tree from binned rows and their gradients.

mod categorical;
mod estimate;
mod grower;
mod growth;
mod histogram;
mod interactions;
mod node;
mod partition;
mod queue;
mod regularisation;
mod scan;
mod search;
mod split;
mod traversal;
mod tree_params;
mod vector;

pub(crate) use categorical::CategoryParams;
pub(crate) use grower::{Grower, Target};
pub(crate) use histogram::Histograms;
pub(crate) use regularisation::Regularisation;
pub(crate) use tree_params::TreeParams;
pub use tree_params::{GrowPolicy, MultiStrategy};
pub(crate) use vector::{GrownVectors, VectorGrower, VectorTarget};
