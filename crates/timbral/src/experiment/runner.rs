use std::ops::Range;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, Split, SplitMethod};

use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::fit::fit_and_predict;
use crate::experiment::probabilities::Probabilities;
use crate::experiment::results::{ResultKey, ResultKind, Results};
use crate::recipes::recipe::Recipe;

/// Fits recipes under splits with random seeds: every recipe under every split with every seed.
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::Runner;
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]))?;
/// let trees = |n_rounds| BoostParams { n_rounds, ..Default::default() };
/// let (few, many) = (trees(1), trees(9));
/// let runs = Runner::new(&table)
///     .recipe(&few)
///     .recipe(&many)
///     .splits([SplitMethod::Random, SplitMethod::Grouped])
///     .seeds(0..3)
///     .run(&mut ())?;
/// assert_eq!(runs.len(), 2 * 2 * 3);
/// assert_eq!(runs[11].evaluate()?.by_row.value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Runner<'a> {
    table: &'a FeatureTable,
    recipes: Vec<(String, &'a dyn Recipe)>,
    splits: Vec<SplitMethod>,
    seeds: Range<u64>,
    results: Results,
}

impl<'a> Runner<'a> {
    /// A runner without recipes, with the split [`SplitMethod::Grouped`], the seed 0, and results in memory only.
    pub fn new(table: &'a FeatureTable) -> Self {
        Self {
            table,
            recipes: Vec::new(),
            splits: vec![SplitMethod::Grouped],
            seeds: 0..1,
            results: Results::new(),
        }
    }

    /// Adds a recipe under its own name.
    #[must_use]
    pub fn recipe(self, recipe: &'a dyn Recipe) -> Self {
        let name = recipe.name();
        self.named_recipe(name, recipe)
    }

    /// Adds a recipe under another name, which its runs then have.
    #[must_use]
    pub fn named_recipe(mut self, name: impl Into<String>, recipe: &'a dyn Recipe) -> Self {
        self.recipes.push((name.into(), recipe));
        self
    }

    /// Sets the ways to split the table.
    #[must_use]
    pub fn splits(mut self, splits: impl IntoIterator<Item = SplitMethod>) -> Self {
        self.splits = splits.into_iter().collect();
        self
    }

    /// Sets the random seeds of the splits and of the fits.
    #[must_use]
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Sets the results in which known fits are looked up and to which new ones are added.
    #[must_use]
    pub fn results(mut self, results: &Results) -> Self {
        self.results = results.clone();
        self
    }

    /// Fits what is not known yet, and returns all runs, ordered by recipe, then by split, then by
    /// seed.
    ///
    /// `monitor` is called after every step of every fit and after every fit that was not known; the
    /// unit is `fits`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; the fits that were finished are kept. Those of the splits, of
    /// [`fit_and_evaluate`](crate::fit_and_evaluate), and of writing the log.
    pub fn run(&self, monitor: &mut dyn Monitor) -> Result<Vec<Run>> {
        let content = Fingerprint::of_table(self.table);
        let mut plan = Vec::new();
        for (name, recipe) in &self.recipes {
            for method in &self.splits {
                for seed in self.seeds.clone() {
                    let split = method.split(self.table, seed)?;
                    let fit = PlannedFit::new(*recipe, self.table, &content, *method, seed, split);
                    plan.push(fit.named(name));
                }
            }
        }
        run_all(&plan, &self.results, monitor)
    }
}

/// One recipe under one split with one seed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// The recipe's name.
    pub model: String,
    /// The way to split.
    pub split: SplitMethod,
    /// Random seed of the split and of the fit.
    pub seed: u64,
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows that the model was not trained on.
    pub valid_rows: usize,
    /// Wall-clock time of the fit.
    pub fit_seconds: f64,
    /// Wall-clock time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// Accuracy on the training rows; [`compare`](crate::compare) does not compute it.
    pub train_accuracy: Option<f64>,
    /// [`FittedModel::details`](crate::FittedModel::details).
    pub details: Value,
    /// The probabilities of the test rows.
    pub probabilities: Probabilities,
}

impl Run {
    /// Evaluates the probabilities of the test rows.
    ///
    /// # Errors
    ///
    /// Those of [`Evaluation::new`].
    pub fn evaluate(&self) -> Result<Evaluation> {
        self.probabilities.evaluate()
    }
}

#[cfg(test)]
impl Run {
    /// A run with given probabilities.
    pub(crate) fn example(model: &str, split: SplitMethod, probabilities: Probabilities) -> Self {
        Self {
            model: model.to_owned(),
            split,
            seed: 0,
            train_rows: 1,
            valid_rows: 0,
            fit_seconds: 1.0,
            predict_seconds: 1.0,
            train_accuracy: None,
            details: Value::Null,
            probabilities,
        }
    }
}

/// A run as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFit {
    train_rows: usize,
    valid_rows: usize,
    fit_seconds: f64,
    predict_seconds: f64,
    train_accuracy: Option<f64>,
    details: Value,
    /// Of the test rows, row by row.
    probabilities: Vec<Vec<f32>>,
}

/// A fit that is to be done.
pub(crate) struct PlannedFit<'a> {
    name: String,
    recipe: &'a dyn Recipe,
    table: &'a FeatureTable,
    content: &'a Fingerprint,
    method: SplitMethod,
    seed: u64,
    split: Split,
    /// Whether the accuracy on the training rows is needed.
    train_accuracy: bool,
}

impl<'a> PlannedFit<'a> {
    pub(crate) fn new(
        recipe: &'a dyn Recipe,
        table: &'a FeatureTable,
        content: &'a Fingerprint,
        method: SplitMethod,
        seed: u64,
        split: Split,
    ) -> Self {
        Self {
            name: recipe.name(),
            recipe,
            table,
            content,
            method,
            seed,
            split,
            train_accuracy: true,
        }
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(crate) fn without_train_accuracy(mut self) -> Self {
        self.train_accuracy = false;
        self
    }

    /// The run, and whether it was known.
    fn run(&self, results: &Results, monitor: &mut dyn Monitor) -> Result<(Run, bool)> {
        let mut is_known = true;
        let key = ResultKey {
            kind: ResultKind::Fit,
            table: self.content,
            split: &Fingerprint::of_split(&self.split),
            seed: self.seed,
            model: &self.recipe.name(),
            parameters: &self.recipe.parameters(),
        };
        let has_all = |kept: &KeptFit| kept.train_accuracy.is_some() || !self.train_accuracy;
        let kept = results.recall(&key, has_all, || {
            is_known = false;
            self.fit(monitor)
        })?;
        let test = self.table.select(&self.split.test)?;
        let classes = self.table.classes();
        let values: Vec<f32> = kept.probabilities.concat();
        let shape = (kept.probabilities.len(), classes.len());
        let got = (values.len(), 1);
        let values = Array2::from_shape_vec(shape, values).map_err(|_| Error::Probabilities {
            expected: shape,
            got,
        })?;
        let run = Run {
            model: self.name.clone(),
            split: self.method,
            seed: self.seed,
            train_rows: kept.train_rows,
            valid_rows: kept.valid_rows,
            fit_seconds: kept.fit_seconds,
            predict_seconds: kept.predict_seconds,
            train_accuracy: kept.train_accuracy,
            details: kept.details,
            probabilities: Probabilities::new(&test, classes, values.view())?,
        };
        Ok((run, is_known))
    }

    fn fit(&self, monitor: &mut dyn Monitor) -> Result<KeptFit> {
        let mut stopped = false;
        let mut watched = |progress: &Progress| {
            let flow = monitor.report(progress);
            stopped |= flow.is_break();
            flow
        };
        let (split, seed) = (&self.split, self.seed);
        let fit = fit_and_predict(self.recipe, self.table, split, seed, &mut watched);
        if stopped {
            // The model of a fit that was stopped is not that of the recipe.
            return Err(Error::Stopped);
        }
        let fit = fit?;
        let train_accuracy = self.train_accuracy.then(|| fit.train_accuracy());
        let rows = fit.probabilities.values();
        Ok(KeptFit {
            train_rows: fit.train.n_rows(),
            valid_rows: fit.valid_rows,
            fit_seconds: fit.fit_seconds,
            predict_seconds: fit.predict_seconds,
            train_accuracy: train_accuracy.transpose()?,
            details: fit.model.details(),
            probabilities: rows.rows().into_iter().map(|row| row.to_vec()).collect(),
        })
    }
}

/// The runs of a plan, in its order.
pub(crate) fn run_all(
    plan: &[PlannedFit<'_>],
    results: &Results,
    monitor: &mut dyn Monitor,
) -> Result<Vec<Run>> {
    let (runs, stopped) = run_until_stopped(plan, results, monitor)?;
    match stopped {
        true => Err(Error::Stopped),
        false => Ok(runs),
    }
}

/// The runs of a plan until the first `Break`, and whether there was one.
pub(crate) fn run_until_stopped(
    plan: &[PlannedFit<'_>],
    results: &Results,
    monitor: &mut dyn Monitor,
) -> Result<(Vec<Run>, bool)> {
    let mut runs = Vec::with_capacity(plan.len());
    for (done, fit) in plan.iter().enumerate() {
        let name = format!("{}, {}, seed {}", fit.name, fit.method, fit.seed);
        let of_plan = |done, message| Progress::new(done, plan.len(), "fits").with_message(message);
        let mut watched =
            |progress: &Progress| monitor.report(&of_plan(done, format!("{name}: {progress}")));
        let (run, is_known) = match fit.run(results, &mut watched) {
            Err(Error::Stopped) => return Ok((runs, true)),
            run => run?,
        };
        runs.push(run);
        if !is_known && monitor.report(&of_plan(done + 1, name)).is_break() {
            return Ok((runs, done + 1 < plan.len()));
        }
    }
    Ok((runs, false))
}
