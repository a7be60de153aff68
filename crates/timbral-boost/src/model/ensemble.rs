use std::collections::BTreeMap;
use std::ops::Range;

use timbral_core::InvalidParameter;

use super::category_values::{CategoryValues, Encoding};
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::loss::{Objective, PositionBias};

/// A fitted ensemble of trees, trained here or read from a file of XGBoost.
///
/// The margin of output `k` for a row is `base_margin[k]` plus the sum of the leaves that the row
/// reaches in the trees of output `k`.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(crate) objective: Objective,
    pub(crate) n_features: usize,
    /// One per output, as in model files (a probability for `binary:logistic`).
    pub(crate) base_score: Vec<f32>,
    pub(crate) trees: Vec<Tree>,
    /// The output that each tree adds to.
    pub(crate) tree_outputs: Vec<u32>,
    /// Trees of round `i`: `round_starts[i]..round_starts[i + 1]`.
    pub(crate) round_starts: Vec<usize>,
    pub(crate) feature_names: Option<Vec<String>>,
    /// As in model files: `q` for a number, `c` for a category, and others.
    pub(crate) feature_types: Option<Vec<String>>,
    /// The values of the categories, if the model was trained on a data frame with such.
    pub(crate) encoding: Option<Box<Encoding>>,
    pub(crate) class_names: Option<Vec<String>>,
    /// The best round found by early stopping, from 0; predictions use the rounds up to it.
    pub(crate) best_iteration: Option<usize>,
    /// Of models of clicks.
    pub(crate) position_bias: Option<PositionBias>,
    /// Any other attributes of the model file.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Model {
    /// A model that predicts the initial scores.
    pub(crate) fn without_trees(
        objective: Objective,
        n_features: usize,
        base_score: Vec<f32>,
    ) -> Self {
        Self {
            objective,
            n_features,
            base_score,
            trees: Vec::new(),
            tree_outputs: Vec::new(),
            round_starts: vec![0],
            feature_names: None,
            feature_types: None,
            encoding: None,
            class_names: None,
            best_iteration: None,
            position_bias: None,
            attributes: BTreeMap::new(),
        }
    }

    /// The objective the model was trained with.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Number of margins per row: one per class for `multi:softprob` and `multi:softmax`, one per fraction for
    /// `reg:quantileerror` and `reg:expectileerror`, one per output for a custom loss or several targets, else
    /// one.
    pub fn n_outputs(&self) -> usize {
        self.objective.n_outputs()
    }

    /// Number of boosting rounds in the model.
    pub fn n_rounds(&self) -> usize {
        self.round_starts.len() - 1
    }

    /// The trees, round by round.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The output (class) that each tree adds to.
    pub fn tree_outputs(&self) -> &[u32] {
        &self.tree_outputs
    }

    /// The margin before the first tree, one per output.
    pub fn base_margin(&self) -> Vec<f32> {
        self.objective.base_margins(&self.base_score)
    }

    /// The names of the features; `None` if the model has none.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// XGBoost's types of the features: `c` for categories; `q`, `float`, `int` or `i` for numbers. `None` if
    /// the model has none.
    pub fn feature_types(&self) -> Option<&[String]> {
        self.feature_types.as_deref()
    }

    /// The values of the categories of a feature, if the model was trained on a data frame with categories.
    pub fn category_values(&self, feature: usize) -> Option<&CategoryValues> {
        self.encoding.as_ref()?.of_feature.get(feature)
    }

    /// The names of the classes; `None` if the model has none.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The best round found by early stopping, from 0; predictions use the rounds up to it.
    pub fn best_iteration(&self) -> Option<usize> {
        self.best_iteration
    }

    /// The bias of clicks by position, if the model was trained with
    /// [`LambdaRankParams::unbiased`](crate::LambdaRankParams::unbiased).
    pub fn position_bias(&self) -> Option<&PositionBias> {
        self.position_bias.as_ref()
    }

    /// Other attributes of the model file.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// The model with some of its rounds only; `model[first:end]` of XGBoost's Python package.
    ///
    /// The base margin is kept. The best iteration is not kept.
    ///
    /// ```
    /// use timbral_boost::{BoostParams, Dataset, Objective, Training};
    /// let features = ndarray::array![[0.0], [1.0]];
    /// let data = Dataset::new(features.view(), &[0.0, 1.0])?;
    /// let params = BoostParams { objective: Objective::SquaredError, n_rounds: 4, ..Default::default() };
    /// let model = Training::new(&params, &data).run()?.model;
    /// let none = model.slice(0..0)?;
    /// assert_eq!(none.compile().margins_row(&[0.0])?, model.base_margin());
    /// assert_eq!(model.slice(1..3)?.trees(), &model.trees()[1..3]);
    /// assert!(model.slice(3..5).is_err());
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if the model does not have all of these rounds.
    pub fn slice(&self, rounds: Range<usize>) -> Result<Self> {
        let starts = self
            .round_starts
            .get(rounds.start..=rounds.end)
            .unwrap_or(&[]);
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else {
            let reason = "must be a range of rounds of the model";
            return Err(InvalidParameter::new("rounds", format!("{rounds:?}"), reason).into());
        };
        let trees = *first..*last;
        Ok(Self {
            objective: self.objective.clone(),
            n_features: self.n_features,
            base_score: self.base_score.clone(),
            trees: self.trees[trees.clone()].to_vec(),
            tree_outputs: self.tree_outputs[trees.clone()].to_vec(),
            round_starts: starts.iter().map(|start| start - first).collect(),
            feature_names: self.feature_names.clone(),
            feature_types: self.feature_types.clone(),
            encoding: self.encoding.clone(),
            class_names: self.class_names.clone(),
            best_iteration: None,
            position_bias: self.position_bias.clone(),
            attributes: self.attributes.clone(),
        })
    }

    /// The number of trees up to the best round, or of all trees.
    pub(crate) fn n_best_trees(&self) -> usize {
        let best = self
            .best_iteration
            .and_then(|best| self.round_starts.get(best.saturating_add(1)));
        best.copied().unwrap_or(self.trees.len())
    }

    /// The same model with names for its features.
    ///
    /// # Errors
    /// [`Error::Features`] if the number of names is not the number of features.
    pub fn with_feature_names(mut self, names: Vec<String>) -> Result<Self> {
        if names.len() != self.n_features {
            return Err(Error::Features {
                expected: self.n_features,
                got: names.len(),
            });
        }
        self.feature_names = Some(names);
        Ok(self)
    }

    /// The same model with names for its classes.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of names is not the number of classes.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self> {
        let expected = if self.objective == Objective::Logistic {
            2
        } else {
            self.n_outputs()
        };
        if names.len() != expected {
            return Err(Error::Length {
                name: "class_names",
                expected,
                got: names.len(),
            });
        }
        self.class_names = Some(names);
        Ok(self)
    }
}
