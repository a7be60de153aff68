//! What is minimised and what is measured: objectives, their gradients, metrics.

mod checks;
mod custom;
mod gradients;
mod intercept;
mod metric;
mod objective;
mod ranking;

pub use custom::Loss;
pub(crate) use gradients::{Boosted, Gradients, Outputs, Shares, WIDTH, width};
pub(crate) use metric::Evaluated;
pub use metric::Metric;
pub use objective::Objective;
pub(crate) use ranking::{Groups, Ranking};
pub use ranking::{LambdaRankParams, PairMethod, PositionBias};
