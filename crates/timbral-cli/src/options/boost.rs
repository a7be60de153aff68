use timbral::boost::{BoostParams, GrowPolicy, MultiStrategy};

/// The parameters of boosted trees, named as those of XGBoost.
#[derive(clap::Args)]
pub(crate) struct BoostArgs {
    /// Number of boosting rounds
    #[arg(long, value_name = "N", default_value_t = 100)]
    rounds: usize,
    /// Learning rate: factor on the output of every new tree, above 0
    #[arg(long, value_name = "RATE", default_value_t = 0.3)]
    learning_rate: f32,
    /// Largest depth of a tree, in splits from root to leaf; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 6)]
    max_depth: usize,
    /// Largest number of leaves of a tree; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_leaves: usize,
    /// Order in which nodes are split: level by level (depthwise) or greatest gain first (lossguide)
    #[arg(long, value_name = "POLICY", default_value = "depthwise", value_parser = ["depthwise", "lossguide"])]
    grow_policy: String,
    /// Largest number of histogram bins per feature
    #[arg(long, value_name = "N", default_value_t = 256)]
    max_bin: usize,
    /// L2 regularisation of the leaf values, at least 0
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    lambda: f32,
    /// L1 regularisation of the leaf values, at least 0
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    alpha: f32,
    /// Least reduction of the loss that a split must bring, at least 0
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    gamma: f32,
    /// Least sum of hessians (weights of the rows) in a child node, at least 0
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    min_child_weight: f32,
    /// Largest absolute leaf value before the learning rate is applied; 0 for no limit
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    max_delta_step: f32,
    /// Fraction of the rows drawn at random for every tree, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    subsample: f32,
    /// Fraction of the columns drawn at random for every tree, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    colsample_bytree: f32,
    /// Fraction of the columns of the tree drawn at random for every level, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    colsample_bylevel: f32,
    /// Fraction of the columns of the level drawn at random for every node, above 0 and at most 1
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    colsample_bynode: f32,
    /// Number of trees per round and class, as in a boosted random forest
    #[arg(long, value_name = "N", default_value_t = 1)]
    num_parallel_tree: usize,
    /// Trees of a round: one per class (one_output_per_tree), or one whose leaves have a value for every class
    /// (multi_output_tree)
    #[arg(long, value_name = "STRATEGY", value_parser = ["one_output_per_tree", "multi_output_tree"], default_value = "one_output_per_tree")]
    multi_strategy: String,
    /// Stop when the score on validation rows has not improved for this many rounds [default: never]
    #[arg(long, value_name = "ROUNDS")]
    early_stopping: Option<usize>,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

impl BoostArgs {
    /// The parameters for the library; the objective follows from the number of classes of the table.
    pub(crate) fn params(&self) -> BoostParams {
        BoostParams {
            n_rounds: self.rounds,
            learning_rate: self.learning_rate,
            max_depth: self.max_depth,
            max_leaves: self.max_leaves,
            grow_policy: match self.grow_policy.as_str() {
                "lossguide" => GrowPolicy::LossGuide,
                _ => GrowPolicy::DepthWise,
            },
            max_bin: self.max_bin,
            lambda: self.lambda,
            alpha: self.alpha,
            gamma: self.gamma,
            min_child_weight: self.min_child_weight,
            max_delta_step: self.max_delta_step,
            subsample: self.subsample,
            colsample_bytree: self.colsample_bytree,
            colsample_bylevel: self.colsample_bylevel,
            colsample_bynode: self.colsample_bynode,
            num_parallel_tree: self.num_parallel_tree,
            multi_strategy: match self.multi_strategy.as_str() {
                "multi_output_tree" => MultiStrategy::MultiOutputTree,
                _ => MultiStrategy::OneOutputPerTree,
            },
            early_stopping_rounds: self.early_stopping,
            seed: self.seed,
            ..BoostParams::default()
        }
    }
}
