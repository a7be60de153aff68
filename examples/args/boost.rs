//! The parameters of boosted trees as options of a command.

use serde::Serialize;
use timbral::boost::BoostParams;

/// Fields are named as those of [`BoostParams`].
#[derive(clap::Args, Serialize)]
pub(crate) struct BoostArgs {
    /// Boosting rounds
    #[arg(long = "rounds", default_value_t = 100)]
    n_rounds: usize,
    /// Share of each new tree's answer that is added
    #[arg(long, default_value_t = 0.3)]
    learning_rate: f32,
    /// Splits from root to leaf, at most; 0: no limit
    #[arg(long, default_value_t = 6)]
    max_depth: usize,
    /// Leaves of a tree, at most; 0: no limit
    #[arg(long, default_value_t = 0)]
    max_leaves: usize,
    /// Which node is split next: depthwise or lossguide
    #[arg(long, default_value = "depthwise", value_parser = ["depthwise", "lossguide"])]
    grow_policy: String,
    /// Bins of a feature, at most
    #[arg(long, default_value_t = 256)]
    max_bin: usize,
    /// L2 regularisation of the leaves
    #[arg(long, default_value_t = 1.0)]
    lambda: f32,
    /// L1 regularisation of the leaves
    #[arg(long, default_value_t = 0.0)]
    alpha: f32,
    /// Least gain of a split
    #[arg(long, default_value_t = 0.0)]
    gamma: f32,
    /// Least sum of hessians in a node
    #[arg(long, default_value_t = 1.0)]
    min_child_weight: f32,
    /// Largest answer of a leaf before the learning rate; 0: no limit
    #[arg(long, default_value_t = 0.0)]
    max_delta_step: f32,
    /// Share of the rows drawn for each tree
    #[arg(long, default_value_t = 1.0)]
    subsample: f32,
    /// Share of the columns drawn for each tree
    #[arg(long, default_value_t = 1.0)]
    colsample_bytree: f32,
    /// Share of the tree's columns drawn for each level
    #[arg(long, default_value_t = 1.0)]
    colsample_bylevel: f32,
    /// Share of the level's columns drawn for each node
    #[arg(long, default_value_t = 1.0)]
    colsample_bynode: f32,
    /// Trees grown side by side in each round
    #[arg(long, default_value_t = 1)]
    num_parallel_tree: usize,
    /// Rounds without improvement on validation rows after which training stops
    #[arg(long = "early-stopping", value_name = "ROUNDS")]
    pub(crate) early_stopping_rounds: Option<usize>,
    /// Of all random choices
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// 0: one a core
    #[arg(long = "threads", default_value_t = 0)]
    #[serde(skip)]
    pub(crate) n_threads: usize,
}

impl BoostArgs {
    /// The same for the library; the objective is that of the table's classes.
    pub(crate) fn params(&self) -> serde_json::Result<BoostParams> {
        serde_json::from_value(serde_json::to_value(self)?)
    }
}
