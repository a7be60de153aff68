//! Searches for parameters, reproducible by a random seed.
//!
//! A [`Space`] has the ranges of the parameters; a point is one value for each parameter. [`Search`] tries points one
//! after the other, at random or based on the earlier scores ([`Sampler`]), and ends trials with low scores early
//! ([`Pruner`]). [`Halving`] starts many points with few resources and continues with the best. [`BoostSearch`]
//! applies them to boosted trees on a table, and [`TunedTrees`] is such a search as a recipe. Scores are kept in
//! [`Results`](crate::Results), so that a search that was stopped or killed can continue.

mod boost_ensemble;
mod boost_search;
mod draws;
mod fold;
mod halving;
mod inner_splits;
mod parzen;
mod search;
mod space;
mod trial;
mod tuned_trees;

pub use boost_ensemble::BoostEnsemble;
pub use boost_search::{BoostSearch, Strategy};
pub use halving::Halving;
pub use inner_splits::{group_folds, hold_out};
pub use search::{Pruner, Sampler, Search};
pub use space::{Point, Space, Value};
pub use trial::Trial;
pub use tuned_trees::{InnerSplits, TunedTrees};
