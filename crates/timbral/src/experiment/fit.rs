use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use serde_json::Value;
use timbral_core::Monitor;
use timbral_data::{FeatureTable, Split};
use timbral_metrics::{Scores, accuracy_score};

use crate::error::Result;
use crate::experiment::evaluation::Evaluation;
use crate::experiment::parts::Experiment;
use crate::experiment::probabilities::Probabilities;
use crate::recipes::recipe::{FittedModel, Recipe};

/// The scores, times and parameters of a recipe that was fitted under a split.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FitRecord {
    /// The recipe's name.
    pub model: String,
    /// Random seed of the fit.
    pub seed: u64,
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows that the model was not trained on.
    pub valid_rows: usize,
    /// Number of test rows.
    pub test_rows: usize,
    /// Wall-clock time of the fit.
    pub fit_seconds: f64,
    /// Wall-clock time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// Accuracy on the training rows.
    pub train_accuracy: f64,
    /// Accuracy on the test rows.
    pub test_accuracy: f64,
    /// [`FittedModel::details`].
    #[serde(flatten)]
    pub details: Value,
    /// The evaluation on the test rows.
    pub evaluation: Evaluation,
}

/// The evaluation, the accuracy on the training rows, and the times.
impl fmt::Display for FitRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, evaluation) = (self.train_accuracy, &self.evaluation);
        writeln!(f, "{evaluation}\naccuracy on the training rows: {train:.4}")?;
        let (fit, predict) = (self.fit_seconds, self.predict_seconds);
        write!(f, "fitted in {fit:.3} s, predicted in {predict:.4} s")
    }
}

/// A fitted recipe and how good it is on the test rows: the result of [`fit_and_evaluate`].
#[non_exhaustive]
pub struct EvaluatedFit<'a> {
    /// The model.
    pub model: Box<dyn FittedModel + 'a>,
    /// The test rows.
    pub test: FeatureTable,
    /// Their probabilities.
    pub probabilities: Probabilities,
    /// Scores, times and parameters.
    pub record: FitRecord,
}

/// Fits a recipe under a split and evaluates it on the test rows.
///
/// `monitor` is called after every step of the fit; `&mut ()` is a monitor that does nothing.
///
/// # Errors
///
/// Those of [`Experiment::new`], [`Experiment::with_validation`], [`Recipe::fit`] and
/// [`Evaluation::new`].
pub fn fit_and_evaluate<'a>(
    recipe: &'a dyn Recipe,
    table: &FeatureTable,
    split: &Split,
    seed: u64,
    monitor: &mut dyn Monitor,
) -> Result<EvaluatedFit<'a>> {
    let fit = fit_and_predict(recipe, table, split, seed, monitor)?;
    let train_accuracy = fit.train_accuracy()?;
    let evaluation = fit.probabilities.evaluate()?;
    let record = FitRecord {
        model: recipe.name(),
        seed,
        train_rows: fit.train.n_rows(),
        valid_rows: fit.valid_rows,
        test_rows: fit.test.n_rows(),
        fit_seconds: fit.fit_seconds,
        predict_seconds: fit.predict_seconds,
        train_accuracy,
        test_accuracy: evaluation.by_row.value,
        details: fit.model.details(),
        evaluation,
    };
    Ok(EvaluatedFit {
        model: fit.model,
        test: fit.test,
        probabilities: fit.probabilities,
        record,
    })
}

/// A fitted recipe and its probabilities of the test rows.
pub(crate) struct PredictedFit<'a> {
    pub(crate) model: Box<dyn FittedModel + 'a>,
    /// All rows that the model was trained on.
    pub(crate) train: FeatureTable,
    /// Validation rows that it was not trained on.
    pub(crate) valid_rows: usize,
    pub(crate) test: FeatureTable,
    pub(crate) probabilities: Probabilities,
    pub(crate) fit_seconds: f64,
    pub(crate) predict_seconds: f64,
}

impl PredictedFit<'_> {
    pub(crate) fn train_accuracy(&self) -> Result<f64> {
        let predicted = most_probable(self.model.probabilities(&self.train)?.view())?;
        let labels = self.train.labels().unwrap_or_default();
        Ok(accuracy_score(labels, &predicted, None)?)
    }
}

pub(crate) fn fit_and_predict<'a>(
    recipe: &'a dyn Recipe,
    table: &FeatureTable,
    split: &Split,
    seed: u64,
    monitor: &mut dyn Monitor,
) -> Result<PredictedFit<'a>> {
    let all = Experiment::new(table, split)?;
    let experiment = all.with_validation(recipe.validation(), seed)?;
    let start = Instant::now();
    let model = recipe.fit(&experiment, seed, monitor)?;
    let fit_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let values: Array2<f32> = model.probabilities(&experiment.test)?;
    let predict_seconds = start.elapsed().as_secs_f64();
    let probabilities = Probabilities::new(&experiment.test, table.classes(), values.view())?;
    let drawn = match experiment {
        Cow::Owned(experiment) if !recipe.refits() => Some(experiment),
        _ => None,
    };
    let (train, valid_rows) = match drawn {
        Some(drawn) => (drawn.train, drawn.valid.map_or(0, |valid| valid.n_rows())),
        None => (all.train, 0),
    };
    Ok(PredictedFit {
        model,
        train,
        valid_rows,
        test: all.test,
        probabilities,
        fit_seconds,
        predict_seconds,
    })
}

/// The most probable class of each row, the first of equal ones.
pub(crate) fn most_probable(probabilities: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
    let values = probabilities.mapv(f64::from);
    Ok(Scores::try_from(values.view())?.argmax())
}

/// For each row, whether its most probable class is the right one, and the probability of that class, which rounding may
/// have led a little above 1: what a reliability diagram is made of.
pub(crate) fn hits(
    probabilities: ArrayView2<'_, f64>,
    labels: &[usize],
) -> Result<(Vec<bool>, Vec<f64>)> {
    let predicted = Scores::try_from(probabilities)?.argmax();
    let hits = predicted.iter().zip(labels).map(|(p, t)| p == t);
    let confidences = predicted.iter().enumerate();
    let confidences = confidences.map(|(row, class)| probabilities[[row, *class]].clamp(0.0, 1.0));
    Ok((hits.collect(), confidences.collect()))
}
