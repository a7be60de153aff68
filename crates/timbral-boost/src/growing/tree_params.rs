use serde::{Deserialize, Serialize};

use super::categorical::CategoryParams;
use super::regularisation::Regularisation;

/// The order in which the nodes of a tree are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GrowPolicy {
    /// Level by level (XGBoost's `depthwise`).
    #[default]
    DepthWise,
    /// The node with the largest gain first (XGBoost's `lossguide`).
    LossGuide,
}

/// How many trees a model with several outputs has per round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MultiStrategy {
    /// One tree per output and round (XGBoost's `one_output_per_tree`).
    #[default]
    OneOutputPerTree,
    /// One tree per round, whose leaves are vectors (XGBoost's `multi_output_tree`). With one output it equals
    /// `OneOutputPerTree`.
    MultiOutputTree,
}

/// The parameters of growing a tree.
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
    pub(crate) categories: CategoryParams,
    pub(crate) interaction_constraints: Vec<Vec<usize>>,
}

impl TreeParams {
    /// The sign of the monotone constraint of a feature.
    pub(super) fn monotone(&self, feature: usize) -> i8 {
        let sign = self.monotone_constraints.get(feature);
        sign.copied().unwrap_or(0)
    }
}
