use std::fmt::Write;
use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use timbral_boost::{BoostParams, Dataset, ImportanceKind, Model, Objective, Predictor, Training};
use timbral_core::{Monitor, Progress};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};
use crate::experiment::parts::{Experiment, Validation, select_features};
use crate::recipes::recipe::{FittedModel, Recipe};

/// Features that a summary names.
const N_TOP: usize = 10;

/// Boosted trees on the features of a table.
///
/// The objective follows from the number of classes: `binary:logistic` for two, else `multi:softprob`.
/// The model keeps the names of features and classes. With `early_stopping_rounds` training stops early by
/// validation rows of other recordings ([`Validation::Grouped`]). Otherwise the model is trained on all rows that are
/// not test rows.
impl Recipe for BoostParams {
    fn name(&self) -> String {
        "boosted-trees".to_owned()
    }

    fn parameters(&self) -> Value {
        // Names and finite numbers, or null for others: serialisation cannot fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn validation(&self) -> Validation {
        match self.early_stopping_rounds {
            Some(_) => Validation::Grouped,
            None => Validation::None,
        }
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let Experiment { train, valid, .. } = experiment;
        let params = BoostParams {
            objective: objective(train.classes().len()),
            seed,
            ..self.clone()
        };
        let (y_train, y_valid) = (labels(train)?, valid.as_ref().map(labels).transpose()?);
        let data = Dataset::new(train.features(), &y_train)?;
        let held_out = match (valid, &y_valid) {
            (Some(valid), Some(labels)) => Some(Dataset::new(valid.features(), labels)?),
            _ => None,
        };
        let mut training = Training::new(&params, &data).on_round(|round| {
            let history = round.history;
            let score = history.sets.last().and_then(|(_, scores)| scores.last());
            let message = score.map_or(String::new(), |s| format!("{} {s:.4}", history.metric));
            let progress = Progress::new(round.round + 1, round.n_rounds, "rounds");
            monitor.report(&progress.with_message(message))
        });
        if let Some(held_out) = &held_out {
            training = training.validate(held_out);
        }
        let model = training.run()?.model;
        let model = model
            .with_feature_names(train.feature_names().to_vec())?
            .with_class_names(train.classes().to_vec())?;
        Ok(Box::new(FittedTrees {
            predictor: model.compile(),
            params,
            model,
        }))
    }
}

/// Fitted boosted trees.
struct FittedTrees {
    params: BoostParams,
    model: Model,
    predictor: Predictor,
}

impl FittedModel for FittedTrees {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let names = self.model.feature_names().unwrap_or_default();
        Ok(match rows.feature_names() == names {
            true => self.predictor.probabilities(rows.features())?,
            false => self
                .predictor
                .probabilities(select_features(rows, names)?.view())?,
        })
    }

    fn details(&self) -> Value {
        serde_json::json!({
            "parameters": self.params,
            "rounds": self.model.n_rounds(),
            "best_iteration": self.model.best_iteration(),
        })
    }

    /// The features with the greatest part of the total gain.
    fn summary(&self) -> String {
        let names = self.model.feature_names().unwrap_or_default();
        let gains = self.model.importance(ImportanceKind::TotalGain);
        let total: f64 = gains.iter().sum();
        let mut order: Vec<usize> = (0..gains.len()).collect();
        order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]));
        let mut text = "fraction of the gain:\n".to_owned();
        for feature in order.into_iter().take(N_TOP).filter(|f| gains[*f] > 0.0) {
            let percent = 100.0 * gains[feature] / total;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{percent:6.2} % {}", names[feature]);
        }
        text
    }

    fn save(&self, path: &Path) -> Result<()> {
        Ok(self.model.save(path)?)
    }
}

/// The objective for a number of classes.
pub(crate) fn objective(n_classes: usize) -> Objective {
    match n_classes {
        2 => Objective::Logistic,
        n_classes => Objective::Softprob { n_classes },
    }
}

/// The labels of a table as trees take them.
pub(crate) fn labels(table: &FeatureTable) -> Result<Vec<f32>> {
    let labels = table.labels().ok_or(Error::NoLabels)?;
    Ok(labels.iter().map(|label| *label as f32).collect())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::experiment::fit::fit_and_evaluate;

    /// Twelve recordings of five rows; `x` separates the classes, `noise` carries no information.
    fn table(n_classes: usize) -> FeatureTable {
        let x = Array2::from_shape_fn((60, 2), |(i, j)| match j {
            0 => (i / 5 % n_classes) as f32 + (i % 5) as f32 / 10.0,
            _ => (i * 37 % 60) as f32,
        });
        let ids = (0..60).map(|i| i.to_string()).collect();
        FeatureTable::new(vec!["x".into(), "noise".into()], x, ids)
            .and_then(|t| t.with_groups((0..60).map(|i| (i / 5).to_string())))
            .and_then(|t| t.with_labels((0..60).map(|i| format!("c{}", i / 5 % n_classes))))
            .unwrap()
    }

    #[test]
    fn the_objective_is_that_of_the_classes_and_names_are_kept() {
        for n_classes in [2, 3] {
            let table = table(n_classes);
            let split = timbral_data::SplitMethod::Grouped.split(&table, 1).unwrap();
            let recipe = BoostParams {
                n_rounds: 5,
                ..Default::default()
            };
            let mut steps = Vec::new();
            let mut monitor = |p: &Progress| {
                steps.push((p.done, p.total));
                ControlFlow::Continue(())
            };
            let outcome = fit_and_evaluate(&recipe, &table, &split, 7, &mut monitor).unwrap();
            assert_eq!(steps, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
            assert_eq!(outcome.probabilities.values().ncols(), n_classes);
            assert_eq!(outcome.record.test_accuracy, 1.0);
            let details = &outcome.record.details;
            assert_eq!(
                (&details["rounds"], &details["parameters"]["seed"]),
                (&5.into(), &7.into())
            );
            // Columns are found by name.
            let turned = outcome.test.features().select(ndarray::Axis(1), &[1, 0]);
            let names = vec!["noise".into(), "x".into()];
            let turned = FeatureTable::new(names, turned, outcome.test.ids().to_vec()).unwrap();
            assert_eq!(
                outcome.model.probabilities(&turned).unwrap(),
                outcome.probabilities.values()
            );
            assert!(outcome.model.summary().contains("% x"));
        }
    }

    #[test]
    fn validation_rows_are_not_trained_on_and_a_break_ends_the_fit() {
        let table = table(3);
        let split = timbral_data::SplitMethod::Grouped.split(&table, 1).unwrap();
        let recipe = BoostParams {
            n_rounds: 50,
            early_stopping_rounds: Some(40),
            ..Default::default()
        };
        let mut stop = |p: &Progress| match p.done {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let outcome = fit_and_evaluate(&recipe, &table, &split, 0, &mut stop).unwrap();
        let record = &outcome.record;
        // Of 12 recordings of five rows 3 are test recordings and 2 validation recordings.
        assert_eq!(
            [record.train_rows, record.valid_rows, record.test_rows],
            [35, 10, 15]
        );
        assert_eq!(record.details["rounds"], 3);
    }
}
