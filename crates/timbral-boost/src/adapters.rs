//! Training and prediction through the traits of other crates.

mod boosted_trees;
#[cfg(feature = "linfa")]
mod linfa;
#[cfg(feature = "smartcore")]
mod smartcore;

pub use boosted_trees::{BoostedTrees, Target};
