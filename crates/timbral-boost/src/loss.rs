//! What is minimised and what is measured: objectives, their gradients, metrics.

mod custom;
mod gradients;
mod intercept;
mod metric;
mod objective;

pub use custom::Loss;
pub(crate) use gradients::{Boosted, Gradients, WIDTH};
pub use metric::Metric;
pub use objective::Objective;
