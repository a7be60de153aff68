//! Gradient-boosted trees with XGBoost's semantics and models.

mod bins;
mod dataset;
mod error;
mod format;
mod gradient;
mod grow;
mod histogram;
mod math;
mod metric;
mod importance;
mod model;
mod objective;
mod params;
mod partition;
mod permutation;
mod predict;
mod queue;
mod random;
#[cfg(test)]
mod random_model;
mod shap;
mod sketch;
mod split;
mod train;
mod tree;

pub use dataset::Dataset;
pub use error::{Error, Result};
pub use gradient::Loss;
pub use metric::Metric;
pub use importance::ImportanceKind;
pub use model::Model;
pub use objective::Objective;
pub use params::{BoostParams, GrowPolicy};
pub use permutation::{
    PermutationImportance, PermutationImportanceParams, permutation_importance,
};
pub use predict::Predictor;
pub use train::{History, Round, Trained, Training};
pub use tree::{Children, Node, Tree};
