use timbral_core::check;

use super::params::BoostParams;
use crate::data::{Dataset, FeatureType, fits};
use crate::error::{Error, Result};
use crate::loss::Objective;

/// Most classes, or outputs of a loss: as many as a model file may have.
const MAX_OUTPUTS: usize = 1 << 16;
/// Most categories of a feature to train on: as many as bins.
const MAX_CATEGORIES: usize = 65_535;
/// Most trees per output and round.
const MAX_PARALLEL: usize = 1 << 20;

impl BoostParams {
    /// Checks every parameter against its range; training calls it first.
    ///
    /// ```
    /// use timbral_boost::BoostParams;
    /// let params = BoostParams { subsample: 1.5, ..Default::default() };
    /// let error = params.validate(57).unwrap_err();
    /// assert_eq!(error.to_string(), "subsample = 1.5: must be above 0 and at most 1");
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter out of range, [`Error::Length`] if
    /// `monotone_constraints`, `class_weights` or `base_score` do not match the number of features,
    /// classes or outputs.
    pub fn validate(&self, n_features: usize) -> Result<()> {
        check(
            !matches!(
                self.objective,
                Objective::Other { .. } | Objective::Loss { .. }
            ),
            "objective",
            self.objective.name(),
            "cannot be trained by name; see Training::loss",
        )?;
        self.validate_for(&self.objective, n_features)?;
        if !self.class_weights.is_empty() {
            let (got, expected) = (self.class_weights.len(), self.objective.n_classes());
            fits("class_weights", got, expected)?;
        }
        Ok(())
    }

    /// Checks the parameters of training an objective, which may be that of a loss of the user's own.
    pub(super) fn validate_for(&self, objective: &Objective, n_features: usize) -> Result<()> {
        objective.validate()?;
        let n_outputs = objective.n_outputs();
        let (name, reason) = match objective {
            Objective::Loss { .. } => ("Loss::n_outputs", "must be from 1 to 65536"),
            _ => ("n_classes", "must be from 2 to 65536"),
        };
        let least = if objective.is_multiclass() { 2 } else { 1 };
        let good = (least..=MAX_OUTPUTS).contains(&n_outputs);
        check(good, name, n_outputs, reason)?;
        for (name, value) in [
            ("lambda", self.lambda),
            ("alpha", self.alpha),
            ("gamma", self.gamma),
            ("min_child_weight", self.min_child_weight),
            ("max_delta_step", self.max_delta_step),
        ] {
            let good = value >= 0.0 && value.is_finite();
            check(good, name, value, "must be finite and not negative")?;
        }
        for (name, value) in [
            ("subsample", self.subsample),
            ("colsample_bytree", self.colsample_bytree),
            ("colsample_bylevel", self.colsample_bylevel),
            ("colsample_bynode", self.colsample_bynode),
        ] {
            let good = value > 0.0 && value <= 1.0;
            check(good, name, value, "must be above 0 and at most 1")?;
        }
        let rate = self.learning_rate;
        check(
            rate > 0.0 && rate.is_finite(),
            "learning_rate",
            rate,
            "must be finite and above 0",
        )?;
        self.validate_bins()?;
        check(
            (1..=MAX_PARALLEL).contains(&self.num_parallel_tree),
            "num_parallel_tree",
            self.num_parallel_tree,
            "must be from 1 to 1048576",
        )?;
        for (name, value) in [
            ("max_cat_to_onehot", self.max_cat_to_onehot),
            ("max_cat_threshold", self.max_cat_threshold),
        ] {
            check(value >= 1, name, value, "must be at least 1")?;
        }
        check(
            self.early_stopping_rounds != Some(0),
            "early_stopping_rounds",
            0,
            "must be at least 1",
        )?;
        check(
            self.min_delta >= 0.0 && self.min_delta.is_finite(),
            "min_delta",
            self.min_delta,
            "must be finite and not negative",
        )?;
        if !self.monotone_constraints.is_empty() {
            let got = self.monotone_constraints.len();
            fits("monotone_constraints", got, n_features)?;
            for &sign in &self.monotone_constraints {
                let good = (-1..=1).contains(&sign);
                check(good, "monotone_constraints", sign, "must be -1, 0 or 1")?;
            }
        }
        for &feature in self.interaction_constraints.iter().flatten() {
            check(
                feature < n_features,
                "interaction_constraints",
                feature,
                "must be the index of a feature",
            )?;
        }
        check(
            self.class_weights.is_empty() || objective.ranking().is_none(),
            "class_weights",
            format!("{:?}", self.class_weights),
            "must be empty for ranking; see Dataset::with_group_weights",
        )?;
        match &self.base_score {
            Some(scores) => base_score("base_score", scores, objective),
            None => Ok(()),
        }
    }

    /// Checks the parameters that the bins of the rows depend on.
    pub(crate) fn validate_bins(&self) -> Result<()> {
        check(
            (2..=65_535).contains(&self.max_bin),
            "max_bin",
            self.max_bin,
            "must be from 2 to 65535",
        )?;
        for &weight in &self.class_weights {
            check(
                weight >= 0.0 && weight.is_finite(),
                "class_weights",
                weight,
                "must be finite and not negative",
            )?;
        }
        Ok(())
    }

    /// The weights of the rows times those of their classes; `None` if there are neither.
    pub(crate) fn row_weights(
        &self,
        labels: &[f32],
        weights: Option<&[f32]>,
    ) -> Result<Option<Vec<f32>>> {
        let of_class = &self.class_weights;
        if of_class.is_empty() {
            return Ok(weights.map(<[f32]>::to_vec));
        }
        let weight = |(index, &y): (usize, &f32)| {
            let class = (y >= 0.0 && y.fract() == 0.0).then_some(y as usize);
            let weight = class.and_then(|class| of_class.get(class));
            let weight = weight.ok_or(Error::InvalidValue {
                name: "labels",
                index,
                value: f64::from(y),
                reason: "must be a class number below the length of class_weights",
            })?;
            Ok(weights.map_or(1.0, |weights| weights[index]) * weight)
        };
        let product = labels.iter().enumerate().map(weight);
        Ok(Some(product.collect::<Result<_>>()?))
    }

    /// Checks the weights of all rows.
    pub(crate) fn validate_weights(&self, weights: Option<&[f32]>) -> Result<()> {
        check(
            weights.is_none_or(|weights| weights.iter().any(|&w| w > 0.0)),
            "class_weights",
            format!("{:?}", self.class_weights),
            "no row has a weight above 0",
        )?;
        Ok(())
    }
}

/// Refuses weights that an objective has no use for.
pub(super) fn check_weights(data: &Dataset<'_>, objective: &Objective) -> Result<()> {
    let (name, given, reason) = match objective.ranking() {
        Some(_) => (
            "weights",
            data.weights().is_some(),
            "ranking has weights of groups only; see Dataset::with_group_weights",
        ),
        None => (
            "group_weights",
            data.group_weights().is_some(),
            "are for objectives of ranking",
        ),
    };
    check(!given, name, "given", reason)?;
    Ok(())
}

/// Refuses numbers of categories that are too large for bins.
pub(super) fn check_categories(data: &Dataset<'_>) -> Result<()> {
    let types = data.feature_types().unwrap_or_default().iter();
    let categorical = types
        .enumerate()
        .filter(|(_, kind)| **kind == FeatureType::Categorical);
    for (column, _) in categorical {
        let features = data.features();
        let values = features.column(column);
        if let Some(row) = values
            .iter()
            .position(|&category| category >= MAX_CATEGORIES as f32)
        {
            return Err(Error::InvalidValue {
                name: "features",
                index: row * data.n_features() + column,
                value: f64::from(values[row]),
                reason: "a category to train on must be below 65535 (index counts cells row by row)",
            });
        }
    }
    Ok(())
}

/// Checks one base score per output.
pub(super) fn base_score(name: &'static str, scores: &[f32], objective: &Objective) -> Result<()> {
    fits(name, scores.len(), objective.n_outputs())?;
    for (score, margin) in scores.iter().zip(objective.base_margins(scores)) {
        check(margin.is_finite(), name, score, "has no finite margin")?;
    }
    Ok(())
}
