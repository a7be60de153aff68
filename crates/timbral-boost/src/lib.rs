//! Gradient-boosted trees with XGBoost's semantics and models.

mod error;
mod format;
mod importance;
mod model;
mod objective;
mod tree;

pub use error::{Error, Result};
pub use importance::ImportanceKind;
pub use model::Model;
pub use objective::Objective;
pub use tree::{Children, Node, Tree};
