//! Learning to rank: rows of a query group are put in the order of their relevance.

mod bias;
mod groups;
mod lambdas;
mod params;
mod scores;

pub use bias::PositionBias;
pub(crate) use groups::Groups;
pub(crate) use lambdas::{Ranking, RankingLoss};
pub use params::{LambdaRankParams, PairMethod};
pub(crate) use scores::{RankingScore, check_gains, is_relevance};
