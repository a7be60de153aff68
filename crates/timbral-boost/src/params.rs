use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::objective::Objective;
use crate::split::Regularisation;

/// The order in which the nodes of a tree are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrowPolicy {
    /// Level by level (`depthwise`).
    #[default]
    DepthWise,
    /// The largest gain first (`lossguide`).
    LossGuide,
}

/// How a model is trained, with XGBoost's names and defaults.
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
/// With serde the keys are the names of the fields, the values those of XGBoost. A missing field
/// takes its default, an unknown one is refused; ranges are checked by training.
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
    /// What is predicted.
    pub objective: Objective,
    /// Boosting rounds (`num_boost_round`).
    pub n_rounds: usize,
    /// The share of each new tree's answer that is added (`eta`), above 0.
    pub learning_rate: f32,
    /// Splits between the root and a leaf, at most; 0: no limit.
    pub max_depth: usize,
    /// Leaves of a tree, at most; 0: no limit.
    pub max_leaves: usize,
    /// The order in which nodes are split.
    pub grow_policy: GrowPolicy,
    /// Bins a feature is cut into, at most; 2 to 65535.
    pub max_bin: usize,
    /// L2 regularisation of the leaves (`reg_lambda`).
    pub lambda: f32,
    /// L1 regularisation of the leaves (`reg_alpha`).
    pub alpha: f32,
    /// The least gain of a split (`min_split_loss`).
    pub gamma: f32,
    /// The least sum of hessians in a node.
    pub min_child_weight: f32,
    /// The largest answer of a leaf before the learning rate; 0: no limit.
    pub max_delta_step: f32,
    /// Share of the rows drawn for each tree, without putting back.
    pub subsample: f32,
    /// Share of the columns drawn for each tree.
    pub colsample_bytree: f32,
    /// Share of the tree's columns drawn for each level.
    pub colsample_bylevel: f32,
    /// Share of the level's columns drawn for each node.
    pub colsample_bynode: f32,
    /// Trees grown side by side in each round, for random forests.
    pub num_parallel_tree: usize,
    /// For each feature 1 where the prediction may only rise with it, -1 fall, 0 either; empty:
    /// no constraints.
    pub monotone_constraints: Vec<i8>,
    /// Where boosting starts, one number for each output as XGBoost has it (a probability for
    /// `binary:logistic`); `None`: estimated from the labels.
    pub base_score: Option<Vec<f32>>,
    /// How much each class counts, on top of the weights of the rows; empty: all alike.
    pub class_weights: Vec<f32>,
    /// What is watched on the evaluation sets; `None`: the objective's own.
    pub eval_metric: Option<Metric>,
    /// Rounds without improvement on the last evaluation set after which training stops.
    pub early_stopping_rounds: Option<usize>,
    /// Improvements up to this do not count for early stopping.
    pub min_delta: f64,
    /// Where all random choices start.
    pub seed: u64,
    /// Threads; 0: those of rayon's current pool. The model does not depend on it.
    pub n_threads: usize,
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
            monotone_constraints: Vec::new(),
            base_score: None,
            class_weights: Vec::new(),
            eval_metric: None,
            early_stopping_rounds: None,
            min_delta: 0.0,
            seed: 0,
            n_threads: 0,
        }
    }
}

/// The parameters that trees are grown by.
#[derive(Debug, Clone)]
pub(crate) struct TreeParams {
    pub(crate) max_depth: usize,
    pub(crate) max_leaves: usize,
    pub(crate) grow_policy: GrowPolicy,
    pub(crate) gamma: f32,
    pub(crate) regularisation: Regularisation,
    pub(crate) colsample_bytree: f32,
    pub(crate) colsample_bylevel: f32,
    pub(crate) colsample_bynode: f32,
    pub(crate) monotone_constraints: Vec<i8>,
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
                max_delta_step: self.max_delta_step,
                min_child_weight: self.min_child_weight,
                monotone: self.monotone_constraints.iter().any(|&c| c != 0),
            },
            colsample_bytree: self.colsample_bytree,
            colsample_bylevel: self.colsample_bylevel,
            colsample_bynode: self.colsample_bynode,
            monotone_constraints: self.monotone_constraints.clone(),
        }
    }

    /// Checks every parameter against its range.
    pub(crate) fn validate(&self, n_features: usize) -> Result<()> {
        let check = |good: bool, name, value: String, reason| {
            if good {
                Ok(())
            } else {
                Err(Error::InvalidParameter {
                    name,
                    value,
                    reason,
                })
            }
        };
        let n_outputs = self.objective.n_outputs();
        check(
            !matches!(self.objective, Objective::Other { .. }),
            "objective",
            self.objective.name().into(),
            "cannot be trained by name; see Training::loss",
        )?;
        check(
            n_outputs >= 1 && (n_outputs >= 2 || !self.objective.is_multiclass()),
            "n_classes",
            n_outputs.to_string(),
            "there must be at least two classes",
        )?;
        for (name, value) in [
            ("lambda", self.lambda),
            ("alpha", self.alpha),
            ("gamma", self.gamma),
            ("min_child_weight", self.min_child_weight),
            ("max_delta_step", self.max_delta_step),
        ] {
            let good = value >= 0.0 && value.is_finite();
            check(
                good,
                name,
                value.to_string(),
                "must be finite and not negative",
            )?;
        }
        for (name, value) in [
            ("subsample", self.subsample),
            ("colsample_bytree", self.colsample_bytree),
            ("colsample_bylevel", self.colsample_bylevel),
            ("colsample_bynode", self.colsample_bynode),
        ] {
            let good = value > 0.0 && value <= 1.0;
            check(
                good,
                name,
                value.to_string(),
                "must be above 0 and at most 1",
            )?;
        }
        let rate = self.learning_rate;
        check(
            rate > 0.0 && rate.is_finite(),
            "learning_rate",
            rate.to_string(),
            "must be finite and above 0",
        )?;
        check(
            (2..=65_535).contains(&self.max_bin),
            "max_bin",
            self.max_bin.to_string(),
            "must be from 2 to 65535",
        )?;
        check(
            self.num_parallel_tree >= 1,
            "num_parallel_tree",
            self.num_parallel_tree.to_string(),
            "must be at least 1",
        )?;
        check(
            self.early_stopping_rounds != Some(0),
            "early_stopping_rounds",
            "0".into(),
            "must be at least 1",
        )?;
        check(
            self.min_delta >= 0.0,
            "min_delta",
            self.min_delta.to_string(),
            "must not be negative",
        )?;
        if let Objective::PseudoHuber { slope } = self.objective {
            check(slope > 0.0, "slope", slope.to_string(), "must be above 0")?;
        }
        let length = |name, got: usize, expected| {
            if got == expected {
                Ok(())
            } else {
                Err(Error::Length {
                    name,
                    expected,
                    got,
                })
            }
        };
        if !self.monotone_constraints.is_empty() {
            length(
                "monotone_constraints",
                self.monotone_constraints.len(),
                n_features,
            )?;
        }
        if !self.class_weights.is_empty() {
            length(
                "class_weights",
                self.class_weights.len(),
                self.objective.n_classes(),
            )?;
            for &weight in &self.class_weights {
                let good = weight >= 0.0 && weight.is_finite();
                check(
                    good,
                    "class_weights",
                    weight.to_string(),
                    "must be finite and not negative",
                )?;
            }
        }
        if let Some(scores) = &self.base_score {
            length("base_score", scores.len(), n_outputs)?;
            for &score in scores {
                let good = self.objective.base_margin(score).is_finite();
                check(
                    good,
                    "base_score",
                    score.to_string(),
                    "has no finite margin",
                )?;
            }
        }
        Ok(())
    }
}
