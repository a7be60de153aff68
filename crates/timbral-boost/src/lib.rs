//! Gradient-boosted trees with XGBoost's semantics and models.

mod error;
mod model;
mod objective;
mod tree;

pub use error::{Error, Result};
pub use model::Model;
pub use objective::Objective;
pub use tree::{Children, Node, Tree};
