use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use timbral_data::{FeatureTable, Split};
use timbral_metrics::{Scores, accuracy_score};

use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::parts::Experiment;

/// A kind of model with its parameters: all that it takes to learn from a table.
///
/// | recipe | model |
/// |---|---|
/// | [`BoostParams`](crate::boost::BoostParams) | boosted trees |
/// | [`DenseParams`](crate::DenseParams) | a dense network |
/// | [`ImageNet`](crate::ImageNet) | a network on the spectrograms of the rows |
/// | [`Ensemble`](crate::Ensemble) | the mean of others |
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::fit_and_evaluate;
/// use std::ops::ControlFlow;
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let recipe = BoostParams { n_rounds: 10, ..Default::default() };
/// let outcome = fit_and_evaluate(&recipe, &table, &split, 0, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((outcome.record.test_rows, outcome.record.test_accuracy), (12, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` tells recipes with other parameters apart.
pub trait Recipe: fmt::Debug + Send + Sync {
    /// A short name, as in a table of results.
    fn name(&self) -> String;

    /// The rows that the model learns from, chooses by and is judged by.
    ///
    /// # Errors
    ///
    /// Those of [`Experiment::new`] and [`Experiment::with_validation`].
    fn experiment(&self, table: &FeatureTable, split: &Split, _seed: u64) -> Result<Experiment> {
        Experiment::new(table, split)
    }

    /// Fits the model to the rows of a split that are not to judge by; every random choice is that of
    /// the seed, whatever seed the parameters have.
    ///
    /// `watch` is called after every step; `Break` ends the fit with what there is.
    ///
    /// # Errors
    ///
    /// No labels or no rows, parameters out of range, cells that the model cannot take;
    /// `Error::Table(`[`Stopped`](timbral_data::Error::Stopped)`)` on `Break` where there is no model
    /// before the end.
    fn fit<'a>(
        &'a self,
        table: &FeatureTable,
        split: &Split,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Box<dyn Fitted + 'a>>;
}

/// What is called after every step of a fit.
pub type Watch<'a> = &'a mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send);

/// How far a fit is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Steps to do, at most.
    pub n_steps: usize,
    /// What a step is, in the plural: `rounds`, `epochs`.
    pub unit: &'static str,
    /// The score so far, if there is one.
    pub message: String,
}

/// A fitted [`Recipe`].
pub trait Fitted: Send + Sync {
    /// The probabilities `(n_rows, n_classes)` of the rows of a table, in the order of the classes of
    /// the table that was learnt from.
    ///
    /// # Errors
    ///
    /// The table has other features, or cells that the model cannot take.
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>>;

    /// What there is to keep of the fit: an object with `parameters` and what else this kind has.
    fn details(&self) -> serde_json::Value;

    /// What there is to tell of the fit; empty: nothing.
    fn summary(&self) -> String {
        String::new()
    }

    /// Writes the model, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or models of this kind have none ([`Error::NoModelFile`]).
    fn save(&self, _path: &Path) -> Result<()> {
        Err(Error::NoModelFile)
    }
}

/// A recipe fitted under a split, its scores and how long it took.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// The recipe's name.
    pub model: String,
    /// Of all random choices of the fit.
    pub seed: u64,
    /// Rows learnt from.
    pub train_rows: usize,
    /// Rows chosen by that were not learnt from.
    pub valid_rows: usize,
    /// Rows judged by.
    pub test_rows: usize,
    /// Wall-clock time of the fit.
    pub fit_seconds: f64,
    /// Wall-clock time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// Share of the rows learnt from whose class is found.
    pub train_accuracy: f64,
    /// Share of the test rows whose class is found.
    pub test_accuracy: f64,
    /// [`Fitted::details`].
    #[serde(flatten)]
    pub details: serde_json::Value,
    /// How good the model is on the test rows.
    pub evaluation: Evaluation,
}

/// The evaluation, the accuracy on the rows learnt from, and the times.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (known, evaluation) = (self.train_accuracy, &self.evaluation);
        writeln!(f, "{evaluation}\naccuracy on the training rows: {known:.4}")?;
        let (fit, predict) = (self.fit_seconds, self.predict_seconds);
        write!(f, "fitted in {fit:.3} s, predicted in {predict:.4} s")
    }
}

/// What [`fit_and_evaluate`] gives.
#[non_exhaustive]
pub struct Outcome<'a> {
    /// The model.
    pub fitted: Box<dyn Fitted + 'a>,
    /// The rows judged by.
    pub test: FeatureTable,
    /// Their probabilities, `(n_rows, n_classes)`.
    pub probabilities: Array2<f32>,
    /// Scores, times and parameters.
    pub record: Record,
}

/// Fits a recipe under a split and judges it on the test rows.
///
/// # Errors
///
/// Those of [`Recipe::fit`] and [`Evaluation::new`].
pub fn fit_and_evaluate<'a>(
    recipe: &'a dyn Recipe,
    table: &FeatureTable,
    split: &Split,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Outcome<'a>> {
    let Predicted {
        fitted,
        experiment,
        probabilities,
        fit_seconds,
        predict_seconds,
    } = fit_and_predict(recipe, table, split, seed, watch)?;
    let Experiment { train, valid, test } = experiment;
    let known = most_probable(fitted.probabilities(&train)?.view())?;
    let evaluation = Evaluation::new(&test, table.classes(), probabilities.view())?;
    let record = Record {
        model: recipe.name(),
        seed,
        train_rows: train.n_rows(),
        valid_rows: valid.as_ref().map_or(0, FeatureTable::n_rows),
        test_rows: test.n_rows(),
        fit_seconds,
        predict_seconds,
        train_accuracy: accuracy_score(train.labels().unwrap_or_default(), &known, None)?,
        test_accuracy: evaluation.by_row.value,
        details: fitted.details(),
        evaluation,
    };
    Ok(Outcome {
        fitted,
        test,
        probabilities,
        record,
    })
}

/// A fitted recipe and what it says of the test rows.
pub(crate) struct Predicted<'a> {
    pub(crate) fitted: Box<dyn Fitted + 'a>,
    pub(crate) experiment: Experiment,
    pub(crate) probabilities: Array2<f32>,
    pub(crate) fit_seconds: f64,
    pub(crate) predict_seconds: f64,
}

pub(crate) fn fit_and_predict<'a>(
    recipe: &'a dyn Recipe,
    table: &FeatureTable,
    split: &Split,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Predicted<'a>> {
    let experiment = recipe.experiment(table, split, seed)?;
    let start = Instant::now();
    let fitted = recipe.fit(table, split, seed, watch)?;
    let fit_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let probabilities = fitted.probabilities(&experiment.test)?;
    Ok(Predicted {
        fitted,
        experiment,
        probabilities,
        fit_seconds,
        predict_seconds: start.elapsed().as_secs_f64(),
    })
}

/// The most probable class of each row, the first of equal ones.
pub(crate) fn most_probable(probabilities: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
    let values = probabilities.mapv(f64::from);
    Ok(Scores::try_from(values.view())?.argmax())
}
