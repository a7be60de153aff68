//! Growing one tree for all outputs, whose leaves are vectors (`multi_strategy="multi_output_tree"`).

mod categorical;
mod estimate;
mod exact;
mod growth;
mod node;
mod rounded;
mod search;

pub(crate) use growth::{GrownVectors, VectorGrower, VectorTarget};
