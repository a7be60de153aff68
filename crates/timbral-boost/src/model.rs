use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::tree::Tree;

/// A fitted ensemble of trees, XGBoost's models included.
///
/// The margin of output `k` for a row is `base_margin[k]` plus the sum of the leaves that the row
/// reaches in the trees of output `k`.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(crate) objective: Objective,
    pub(crate) n_features: usize,
    /// One for each output, in the space of model files (a probability for `binary:logistic`).
    pub(crate) base_score: Vec<f32>,
    pub(crate) trees: Vec<Tree>,
    /// The output that each tree adds to.
    pub(crate) tree_outputs: Vec<u32>,
    /// Trees of round `i`: `round_starts[i]..round_starts[i + 1]`.
    pub(crate) round_starts: Vec<usize>,
    pub(crate) feature_names: Option<Vec<String>>,
    pub(crate) class_names: Option<Vec<String>>,
    /// The best round by early stopping, from 0; predictions use the rounds up to it.
    pub(crate) best_iteration: Option<usize>,
    /// Any other attributes of the model file.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Model {
    /// What the model predicts.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Margins a row: one a class, or one.
    pub fn n_outputs(&self) -> usize {
        self.objective.n_outputs()
    }

    /// Boosting rounds in the model.
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

    /// The margin before any tree, one for each output.
    pub fn base_margin(&self) -> Vec<f32> {
        self.base_score
            .iter()
            .map(|&s| self.objective.base_margin(s))
            .collect()
    }

    /// Names of the features, where known.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// Names of the classes, where known.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The best round by early stopping, from 0.
    pub fn best_iteration(&self) -> Option<usize> {
        self.best_iteration
    }

    /// Other attributes, kept as strings in the model file.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// The same model with names for its features.
    ///
    /// # Errors
    /// [`Error::Features`] where there is not one name a feature.
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
    /// [`Error::Length`] where there is not one name a class.
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
