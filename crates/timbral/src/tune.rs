//! Searches for parameters, reproducible by a random seed.
//!
//! A [`Space`] says in which ranges parameters lie. [`Search`] tries points one after the other, at random
//! or guided by the earlier ones ([`Sampler`]), and ends trials early that fall behind ([`Pruner`]);
//! [`Halving`] starts many points with few resources and continues with the best. [`BoostSearch`] applies
//! them to boosted trees on a table, and [`TunedTrees`] is such a search as a recipe. Scores are kept in
//! [`Results`](crate::Results), so that a search that was stopped or killed goes on.

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
