//! Training: parameters, examples, optimisers, the loop over epochs and its checkpoints.

pub(crate) mod augment;
pub(crate) mod checkpoint;
pub(crate) mod evaluate;
pub(crate) mod history;
pub(crate) mod loss;
pub(crate) mod optimiser;
pub(crate) mod params;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod state;
