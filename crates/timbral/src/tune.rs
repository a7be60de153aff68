//! Seeded searches for parameters.
//!
//! A [`Space`] says where parameters lie. [`Search`] tries points one after the other, drawn by lot
//! or by what was learnt from those before ([`Sampler`]), and gives up early on those that lag
//! behind ([`Pruner`]); [`Halving`] starts many points with few resources and goes on with the
//! best. [`TrialLog`] keeps scores in a file, so that a search that was stopped or killed goes on.
//! [`BoostSearch`] is all this for boosted trees on a table.

mod boost;
mod boost_ensemble;
mod boost_train;
mod draws;
mod halving;
mod inner;
mod judged;
mod log;
mod parzen;
mod search;
mod space;
mod trial;

pub use boost::{BoostSearch, Progress, Strategy};
pub use boost_ensemble::BoostEnsemble;
pub use halving::Halving;
pub use inner::{group_folds, hold_out};
pub use judged::Judged;
pub use log::TrialLog;
pub use search::{Pruner, Sampler, Search};
pub use space::{Point, Space, Value};
pub use trial::Trial;
