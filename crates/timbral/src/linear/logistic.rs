use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use timbral_core::{Monitor, Progress, check, parallel};
use timbral_data::{FeatureTable, Scaler, ScalerParams};
use timbral_metrics::Fold;

use super::lbfgs::minimise;
use crate::error::{Error, Result};
use crate::experiment::evaluation::mean_log_loss;
use crate::experiment::folds::folds_by_split_group;
use crate::experiment::parts::{Experiment, complete};
use crate::recipes::recipe::{FittedModel, Recipe};

/// The largest part of the gradient, divided by the number of rows, at which the solver ends.
const TOLERANCE: f64 = 1e-6;
/// Most iterations of the solver.
const MAX_ITERATIONS: usize = 500;
/// Rows whose losses are summed at a time.
const CHUNK: usize = 64;

/// Multinomial logistic regression on features scaled by the training rows. The strength of its penalty and its
/// columns are chosen by cross-validation inside the training rows.
///
/// ```text
/// minimise  -sum_i ln p_i + |w|^2 / (2 c),   p_i = softmax(x_i w + b) of the class of row i
/// ```
///
/// It is meant for many columns and few rows, such as the outputs of a published network. Every pair of a `c` and a set
/// of columns is scored by its mean log loss on each fold, after a fit to the other folds; no group is in two folds
/// ([`FeatureTable::split_groups`]). The result has the same bits for any number of threads and on any
/// processor.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{LogisticParams, fit_and_evaluate};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| (i % 3 * (j + 1)) as f32 + i as f32 / 1e3);
/// let table = FeatureTable::new(vec!["x".into(), "y".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let recipe = LogisticParams::default();
/// let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ())?;
/// assert_eq!(fit.record.test_accuracy, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticParams {
    /// Inverse strengths `c` of the penalty to choose from, each above 0; a smaller `c` is a stronger penalty. Default
    /// 0.0001 to 10 by factors of 10.
    pub c: Vec<f64>,
    /// Sets of columns to choose from; each text stands for the columns whose names start with it. Default one empty
    /// text, which stands for all columns.
    pub columns: Vec<String>,
    /// Number of folds, at least 2; default 5. Fewer folds are used if a class has fewer rows or groups.
    pub n_splits: usize,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self {
            c: vec![1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0],
            columns: vec![String::new()],
            n_splits: 5,
            _non_exhaustive: (),
        }
    }
}

/// A fitted [`LogisticParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LogisticModel {
    /// The chosen inverse strength of the penalty.
    pub c: f64,
    pub(crate) classes: Vec<String>,
    scaler: Scaler,
    /// The weights of each feature in turn, one for every class.
    weights: Vec<f64>,
    bias: Vec<f64>,
}

impl LogisticParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// No `c` or one that is not above 0, no columns, fewer than two folds.
    pub fn validate(&self) -> Result<()> {
        let bad = self.c.iter().find(|c| !(c.is_finite() && **c > 0.0));
        let list = format!("{:?}", self.c);
        check(
            !self.c.is_empty() && bad.is_none(),
            "c",
            &list,
            "must be numbers above 0",
        )?;
        let n = self.columns.len();
        check(n >= 1, "columns", n, "must be at least one text")?;
        check(
            self.n_splits >= 2,
            "n_splits",
            self.n_splits,
            "must be at least 2",
        )?;
        Ok(())
    }

    /// Trains on all rows of a table; `seed` is that of the folds.
    ///
    /// `monitor` is called after each fit; the unit is `fits`.
    ///
    /// # Errors
    ///
    /// Parameters out of range; no labels; a missing cell; no column that starts with one of the texts;
    /// [`Error::Stopped`] on `Break`.
    pub fn fit_rows(
        &self,
        train: &FeatureTable,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<LogisticModel> {
        self.validate()?;
        complete(train)?;
        let labels = train.labels().ok_or(Error::NoLabels)?;
        let mut tables = Vec::new();
        for start in &self.columns {
            let names = train.feature_names().iter();
            let names: Vec<String> = names.filter(|n| n.starts_with(start)).cloned().collect();
            if names.is_empty() {
                let name = format!("{start}...");
                return Err(timbral_data::Error::NoFeature { name }.into());
            }
            tables.push(train.select_features(&names)?);
        }
        let mut candidates = Vec::new();
        for table in 0..tables.len() {
            candidates.extend(self.c.iter().map(|c| (table, *c)));
        }
        let folds = match candidates.len() {
            1 => Vec::new(),
            _ => self.folds(train, labels, seed)?,
        };
        let total = candidates.len() * folds.len() + 1;
        let mut done = 0;
        let mut report = || {
            done += 1;
            match monitor
                .report(&Progress::new(done, total, "fits"))
                .is_break()
            {
                true => Err(Error::Stopped),
                false => Ok(()),
            }
        };
        let mut losses = vec![0.0; candidates.len()];
        for fold in &folds {
            for (loss, (table, c)) in losses.iter_mut().zip(&candidates) {
                let model = LogisticModel::fit(&tables[*table].select(&fold.train)?, *c)?;
                let test = tables[*table].select(&fold.test)?;
                *loss += model.log_loss(&test)? * fold.test.len() as f64;
                report()?;
            }
        }
        let best = (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
        let (table, c) = candidates[best.unwrap_or_default()];
        let model = LogisticModel::fit(&tables[table], c)?;
        report()?;
        Ok(model)
    }

    /// As many folds as the rows support; none if that is less than two.
    fn folds(&self, train: &FeatureTable, labels: &[usize], seed: u64) -> Result<Vec<Fold>> {
        let groups = train.split_groups();
        let least = (0..train.classes().len()).filter_map(|class| {
            let rows = (0..labels.len()).filter(|row| labels[*row] == class);
            let of_class: std::collections::BTreeSet<_> = rows.map(|row| groups[row]).collect();
            (!of_class.is_empty()).then_some(of_class.len())
        });
        // A class of one group cannot be held out and known.
        let n_splits = self
            .n_splits
            .min(least.max().unwrap_or(0))
            .min(train.n_split_groups());
        if n_splits < 2 {
            return Ok(Vec::new());
        }
        folds_by_split_group(train, n_splits, seed)
    }
}

impl LogisticModel {
    fn fit(train: &FeatureTable, c: f64) -> Result<Self> {
        let labels = train.labels().ok_or(Error::NoLabels)?;
        let rows: Vec<usize> = (0..train.n_rows()).collect();
        let scaler = ScalerParams::default().fit(train, &rows)?;
        let x = scaler.transform(train)?;
        // Classes without rows would have an infinite bias.
        let n_classes = train.classes().len();
        let present: Vec<usize> = (0..n_classes)
            .filter(|class| labels.contains(class))
            .collect();
        let place = |label: &usize| present.partition_point(|class| class < label);
        let y: Vec<usize> = labels.iter().map(place).collect();
        let (d, k) = (x.n_features(), present.len());
        let mut parameters = vec![0.0; (d + 1) * k];
        let tolerance = TOLERANCE * y.len() as f64;
        minimise(&mut parameters, tolerance, MAX_ITERATIONS, |w, gradient| {
            loss(x.features(), &y, (k, c), w, gradient)
        });
        let mut model = Self {
            c,
            classes: train.classes().to_vec(),
            scaler,
            weights: vec![0.0; d * n_classes],
            bias: vec![f64::MIN; n_classes],
        };
        for (i, class) in present.into_iter().enumerate() {
            for j in 0..d {
                model.weights[j * n_classes + class] = parameters[j * k + i];
            }
            model.bias[class] = parameters[d * k + i];
        }
        Ok(model)
    }

    /// The names of the features that it uses.
    pub fn feature_names(&self) -> &[String] {
        self.scaler.feature_names()
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Whether the numbers of its parts fit each other.
    pub(crate) fn is_consistent(&self) -> bool {
        let (d, k) = (self.feature_names().len(), self.classes.len());
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        self.weights.len() == d * k
            && self.bias.len() == k
            && k > 0
            && finite(&self.weights)
            && finite(&self.bias)
    }

    /// The probabilities of the rows of a table, `(n_rows, n_classes)`; other columns are ignored.
    ///
    /// # Errors
    ///
    /// The table lacks a feature, or has a missing cell.
    pub fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let rows = match rows.feature_names() == self.feature_names() {
            true => rows.clone(),
            false => rows.select_features(self.feature_names())?,
        };
        complete(&rows)?;
        let x = self.scaler.transform(&rows)?;
        let k = self.classes.len();
        let mut out = Array2::zeros((rows.n_rows(), k));
        let mut scores = vec![0.0; k];
        for (row, mut out) in x.features().rows().into_iter().zip(out.rows_mut()) {
            score(row, &self.weights, &self.bias, &mut scores);
            softmax(&mut scores);
            out.iter_mut()
                .zip(&scores)
                .for_each(|(out, p)| *out = *p as f32);
        }
        Ok(out)
    }

    fn log_loss(&self, rows: &FeatureTable) -> Result<f64> {
        let labels = rows.labels().ok_or(Error::NoLabels)?;
        let probabilities = self.probabilities(rows)?;
        let of_row = |(row, label): (usize, &usize)| f64::from(probabilities[[row, *label]]);
        Ok(mean_log_loss(labels.iter().enumerate().map(of_row)))
    }
}

/// The penalised loss of weights and bias, and its gradient.
fn loss(
    x: ArrayView2<'_, f32>,
    y: &[usize],
    (k, c): (usize, f64),
    parameters: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let d = x.ncols();
    let (weights, bias) = parameters.split_at(d * k);
    // Chunks are summed in their order, whatever thread computed them.
    let of_chunk = |_, rows: &[usize]| {
        let (mut sum, mut gradient) = (0.0, vec![0.0; (d + 1) * k]);
        let mut scores = vec![0.0; k];
        for row in rows {
            let values = x.row(*row);
            score(values, weights, bias, &mut scores);
            sum -= softmax(&mut scores)[y[*row]];
            scores[y[*row]] -= 1.0;
            let (of_weights, of_bias) = gradient.split_at_mut(d * k);
            for (x, of_feature) in values.iter().zip(of_weights.chunks_exact_mut(k)) {
                let terms = of_feature.iter_mut().zip(&scores);
                terms.for_each(|(g, e)| *g += f64::from(*x) * e);
            }
            of_bias.iter_mut().zip(&scores).for_each(|(g, e)| *g += e);
        }
        (sum, gradient)
    };
    let rows: Vec<usize> = (0..y.len()).collect();
    let parts: Vec<(f64, Vec<f64>)> = parallel::map_each(rows.chunks(CHUNK), 1, &of_chunk);
    gradient.fill(0.0);
    let mut value = 0.0;
    for (sum, part) in parts {
        value += sum;
        gradient
            .iter_mut()
            .zip(part)
            .for_each(|(g, part)| *g += part);
    }
    for (g, w) in gradient.iter_mut().zip(weights) {
        value += w * w / (2.0 * c);
        *g += w / c;
    }
    value
}

/// The scores of a row, one for each class: `x w + b`.
fn score(row: ArrayView1<'_, f32>, weights: &[f64], bias: &[f64], scores: &mut [f64]) {
    scores.copy_from_slice(bias);
    for (x, weights) in row.iter().zip(weights.chunks_exact(bias.len())) {
        let terms = scores.iter_mut().zip(weights);
        terms.for_each(|(score, w)| *score += f64::from(*x) * w);
    }
}

/// Turns scores into probabilities, and returns the logarithms of these.
fn softmax(scores: &mut [f64]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|score| libm::exp(score - top)).sum();
    let log = top + libm::log(sum);
    let logs: Vec<f64> = scores.iter().map(|score| score - log).collect();
    scores
        .iter_mut()
        .zip(&logs)
        .for_each(|(score, log)| *score = libm::exp(*log));
    logs
}

impl Recipe for LogisticParams {
    fn name(&self) -> String {
        "logistic-regression".to_owned()
    }

    fn parameters(&self) -> Value {
        json!(self)
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        Ok(Box::new(self.fit_rows(&experiment.train, seed, monitor)?))
    }
}

impl FittedModel for LogisticModel {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        self.probabilities(rows)
    }

    fn details(&self) -> Value {
        let first = self.feature_names().first();
        json!({ "parameters": { "c": self.c, "features": self.feature_names().len(), "first": first } })
    }

    fn summary(&self) -> String {
        let n = self.feature_names().len();
        format!("penalty: c = {}, {n} features", self.c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize) -> FeatureTable {
        let x = Array2::from_shape_fn((n, 3), |(i, j)| match j {
            0 => (i % 3) as f32 - 1.0 + (i * 7 % 10) as f32 / 6.0,
            1 => (i * 37 % 101) as f32 / 50.0 - 1.0,
            _ => (i * 53 % 97) as f32,
        });
        let names = ["a_0", "a_1", "b_0"].map(str::to_owned).to_vec();
        let ids = (0..n).map(|i| i.to_string()).collect();
        let table = FeatureTable::new(names, x, ids).unwrap();
        table
            .with_labels((0..n).map(|i| (i % 3).to_string()))
            .unwrap()
    }

    #[test]
    fn the_gradient_is_that_of_the_loss_and_vanishes_at_the_fit() {
        let table = table(90);
        let y = table.labels().unwrap();
        let x = table.features();
        let mut w: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 7) / 10.0 - 0.3).collect();
        let mut gradient = vec![0.0; 12];
        let value = loss(x, y, (3, 0.5), &w, &mut gradient);
        let mut ignored = vec![0.0; 12];
        for i in 0..12 {
            let (old, step) = (w[i], 1e-6);
            w[i] = old + step;
            let above = loss(x, y, (3, 0.5), &w, &mut ignored);
            w[i] = old;
            let slope = (above - value) / step;
            assert!(
                (slope - gradient[i]).abs() < 1e-2 * (1.0 + slope.abs()),
                "{i}: {slope}"
            );
        }
        let model = LogisticModel::fit(&table, 0.5).unwrap();
        let scaled = model.scaler.transform(&table).unwrap();
        let fitted = [&model.weights[..], &model.bias].concat();
        loss(scaled.features(), y, (3, 0.5), &fitted, &mut gradient);
        assert!(
            gradient.iter().all(|g| g.abs() <= TOLERANCE * 90.0),
            "{gradient:?}"
        );
        assert!(model.is_consistent());
    }

    #[test]
    fn columns_and_penalty_are_chosen_on_folds() {
        let params = LogisticParams {
            columns: ["b_", "a_"].map(str::to_owned).to_vec(),
            ..LogisticParams::default()
        };
        let model = params.fit_rows(&table(90), 0, &mut ()).unwrap();
        assert_eq!(model.feature_names(), ["a_0", "a_1"]);
        let probabilities = model.probabilities(&table(90)).unwrap();
        assert!(
            probabilities
                .rows()
                .into_iter()
                .all(|row| (row.sum() - 1.0).abs() < 1e-6)
        );
        let other = LogisticParams {
            columns: vec!["c_".into()],
            ..LogisticParams::default()
        };
        assert!(other.fit_rows(&table(90), 0, &mut ()).is_err());
        for bad in [
            LogisticParams {
                c: vec![],
                ..LogisticParams::default()
            },
            LogisticParams {
                c: vec![0.0],
                ..LogisticParams::default()
            },
            LogisticParams {
                columns: vec![],
                ..LogisticParams::default()
            },
            LogisticParams {
                n_splits: 1,
                ..LogisticParams::default()
            },
        ] {
            assert!(bad.fit_rows(&table(90), 0, &mut ()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_class_without_training_rows_has_no_probability() {
        let all = table(90);
        let labels = all.labels().unwrap();
        let rows: Vec<usize> = (0..90).filter(|row| labels[*row] != 1).collect();
        let model = LogisticParams::default();
        let model = model
            .fit_rows(&all.select(&rows).unwrap(), 0, &mut ())
            .unwrap();
        let probabilities = model.probabilities(&all).unwrap();
        assert!(probabilities.column(1).iter().all(|p| *p == 0.0));
        assert!(probabilities.iter().all(|p| p.is_finite()));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let on = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n);
            let fit = || LogisticParams::default().fit_rows(&table(300), 1, &mut ());
            pool.build().unwrap().install(fit).unwrap()
        };
        assert_eq!(on(1), on(3));
    }
}
