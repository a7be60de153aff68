use serde::{Deserialize, Serialize};

use crate::growing::{CategoryParams, GrowPolicy, MultiStrategy, Regularisation, TreeParams};
use crate::loss::{Metric, Objective};

/// The parameters of training, with XGBoost's names and defaults. The default of each is in brackets.
///
/// ```
/// use timbral_boost::{BoostParams, Dataset, Objective};
/// let features = ndarray::Array2::from_shape_fn((100, 1), |(row, _)| row as f32);
/// let labels: Vec<f32> = (0..100).map(|row| if row < 50 { 0.0 } else { 1.0 }).collect();
/// let params = BoostParams { objective: Objective::Logistic, n_rounds: 20, ..Default::default() };
/// let model = params.fit(&Dataset::new(features.view(), &labels)?)?;
/// assert_eq!(model.trees()[0].predict(&[49.0]) < 0.0, true);
/// assert_eq!(model.trees()[0].predict(&[50.0]) > 0.0, true);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
///
/// With serde the keys are the names of the fields, and the values are those of XGBoost. A missing field gets
/// its default, and an unknown field is an error. [`validate`](Self::validate) checks the ranges. There is no
/// parameter for threads: training runs in the rayon pool in which it is called.
///
/// ```
/// use timbral_boost::{BoostParams, Objective};
/// let params: BoostParams = serde_json::from_str(
///     r#"{"objective": {"multi:softprob": {"num_class": 10}}, "learning_rate": 0.1}"#,
/// )?;
/// assert_eq!(params.objective, Objective::Softprob { n_classes: 10 });
/// assert_eq!((params.learning_rate, params.max_depth), (0.1, 6));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoostParams {
    /// The objective (`reg:squarederror`).
    pub objective: Objective,
    /// Number of boosting rounds (100; XGBoost's `num_boost_round`).
    pub n_rounds: usize,
    /// The factor of the leaves of each new tree, above 0 (0.3; XGBoost's `eta`).
    pub learning_rate: f32,
    /// The largest number of splits between the root and a leaf; 0 for no limit (6).
    pub max_depth: usize,
    /// The largest number of leaves of a tree; 0 for no limit (0).
    pub max_leaves: usize,
    /// The order in which nodes are split (`depthwise`).
    pub grow_policy: GrowPolicy,
    /// The largest number of bins of a feature, 2 to 65535 (256).
    pub max_bin: usize,
    /// L2 regularisation of the leaves, at least 0 (1; XGBoost's `reg_lambda`).
    pub lambda: f32,
    /// L1 regularisation of the leaves, at least 0 (0; XGBoost's `reg_alpha`).
    pub alpha: f32,
    /// The smallest gain of a split, at least 0 (0; XGBoost's `min_split_loss`).
    pub gamma: f32,
    /// The smallest sum of hessians in a node, at least 0 (1).
    pub min_child_weight: f32,
    /// The largest absolute value of a leaf before the learning rate; 0 for no limit (0).
    pub max_delta_step: f32,
    /// Fraction of the rows drawn for each tree, without replacement; above 0, at most 1 (1).
    pub subsample: f32,
    /// Fraction of the columns drawn for each tree; above 0, at most 1 (1).
    pub colsample_bytree: f32,
    /// Fraction of the columns of the tree that are drawn for each level; above 0, at most 1 (1).
    pub colsample_bylevel: f32,
    /// Fraction of the columns of the level that are drawn for each node; above 0, at most 1 (1).
    pub colsample_bynode: f32,
    /// Number of trees per output and round, for random forests, 1 to 1048576 (1).
    pub num_parallel_tree: usize,
    /// Whether each output of a round has a tree of its own, or all outputs have one tree together
    /// (`one_output_per_tree`).
    pub multi_strategy: MultiStrategy,
    /// One number per feature: 1 if predictions may only rise with it, -1 if they may only fall, 0 for no
    /// constraint. Empty for no constraints at all (empty).
    pub monotone_constraints: Vec<i8>,
    /// Sets of features, by index, that may be used together (empty: no constraints). Below a split, a node may
    /// use the features of the splits above it, and those of every set that contains all of these features. A
    /// feature that is in no set is used alone.
    pub interaction_constraints: Vec<Vec<usize>>,
    /// A feature with fewer categories than this is split into one category and all others. A feature with as
    /// many or more is split into two sets of categories. At least 1 (4). The number of categories is counted
    /// up to the largest category.
    pub max_cat_to_onehot: usize,
    /// The upper bound (exclusive) of the number of categories in a set that is split from the others, at least
    /// 1 (64).
    pub max_cat_threshold: usize,
    /// The prediction before the first tree, one number per output as in XGBoost: a probability from 0 to 1 for
    /// `binary:logistic`, a margin for a custom loss. `None`: estimated from the labels, or taken from the
    /// custom loss (`None`).
    pub base_score: Option<Vec<f32>>,
    /// Weight of each class, at least 0, by which the weights of its rows are multiplied. Empty for equal
    /// weights (empty). With a custom loss the labels must then be class numbers below the length of this list.
    pub class_weights: Vec<f32>,
    /// The metric of the evaluated sets; `None` for the default metric of the objective, see [`Metric::of`]
    /// (`None`).
    pub eval_metric: Option<Metric>,
    /// Training stops after this many rounds without improvement on the validation rows
    /// ([`Training::validate`](crate::Training::validate)), or on the last evaluated set if there are none. At
    /// least 1; `None` for no early stopping (`None`).
    pub early_stopping_rounds: Option<usize>,
    /// The improvement that a round must exceed to count for early stopping, at least 0 (0).
    pub min_delta: f64,
    /// The random seed, which determines all random choices (0).
    pub seed: u64,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for BoostParams {
    fn default() -> Self {
        Self {
            objective: Objective::SquaredError,
            n_rounds: 100,
            learning_rate: 0.3,
            max_depth: 6,
            max_leaves: 0,
            grow_policy: GrowPolicy::DepthWise,
            max_bin: 256,
            lambda: 1.0,
            alpha: 0.0,
            gamma: 0.0,
            min_child_weight: 1.0,
            max_delta_step: 0.0,
            subsample: 1.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            colsample_bynode: 1.0,
            num_parallel_tree: 1,
            multi_strategy: MultiStrategy::OneOutputPerTree,
            monotone_constraints: Vec::new(),
            interaction_constraints: Vec::new(),
            max_cat_to_onehot: 4,
            max_cat_threshold: 64,
            base_score: None,
            class_weights: Vec::new(),
            eval_metric: None,
            early_stopping_rounds: None,
            min_delta: 0.0,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl BoostParams {
    pub(crate) fn tree_params(&self) -> TreeParams {
        TreeParams {
            max_depth: self.max_depth,
            max_leaves: self.max_leaves,
            grow_policy: self.grow_policy,
            gamma: self.gamma,
            regularisation: Regularisation {
                lambda: self.lambda,
                alpha: self.alpha,
                max_delta_step: match self.objective {
                    Objective::Poisson { max_delta_step } if self.max_delta_step == 0.0 => {
                        max_delta_step
                    }
                    _ => self.max_delta_step,
                },
                min_child_weight: self.min_child_weight,
                monotone: self.monotone_constraints.iter().any(|&c| c != 0),
            },
            colsample_bytree: self.colsample_bytree,
            colsample_bylevel: self.colsample_bylevel,
            colsample_bynode: self.colsample_bynode,
            monotone_constraints: self.monotone_constraints.clone(),
            interaction_constraints: self.interaction_constraints.clone(),
            categories: CategoryParams {
                max_cat_to_onehot: self.max_cat_to_onehot,
                max_cat_threshold: self.max_cat_threshold,
            },
        }
    }
}
