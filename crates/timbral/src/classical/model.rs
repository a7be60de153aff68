use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;
use smartcore::ensemble::extra_trees_regressor::{
    ExtraTreesRegressor, ExtraTreesRegressorParameters,
};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::naive_bayes::gaussian::GaussianNB;
use smartcore::tree::decision_tree_classifier::{
    DecisionTreeClassifier, DecisionTreeClassifierParameters,
};
use timbral_data::{FeatureTable, KNearestParams, Scaler, ScalerParams, Split};

use crate::classical::{logistic, svm};
use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::recipe::{Fitted, Progress, Recipe, Watch};

/// A classical model of a table, with scikit-learn's defaults.
///
/// Features are brought to mean 0 and variance 1 by the training rows. What stands for probabilities:
///
/// | name | model | by | probabilities |
/// |---|---|---|---|
/// | `nearest-centroid` | distance to the mean of each class | own code | softmax of `-d^2 / 2` |
/// | `naive-bayes` | independent Gaussians | smartcore | Bayes' rule |
/// | `logistic` | multinomial logistic regression | linfa | softmax |
/// | `k-nearest` | `k` nearest rows | [`KNearestParams`] | share of the neighbours |
/// | `decision-tree` | one tree, grown to the end | smartcore | 1 for the leaf's class |
/// | `random-forest` | trees on bootstrap samples, drawn class by class | smartcore | share of the trees |
/// | `extra-trees` | random thresholds; a regression of 0 and 1 for each class, as smartcore has no classifier | smartcore | their answers, scaled to sum 1 |
/// | `svm` | support vectors with the kernel `exp(-gamma d^2)`, one model a pair of classes | linfa | softmax of the votes; of equals by the sum of decision values |
///
/// `Break` ends a forest with the trees that there are and `svm`, between two pairs, with
/// [`Stopped`](timbral_data::Error::Stopped); the others are fitted to their end, of which `logistic` takes longest.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{Classical, fit_and_evaluate};
/// use std::ops::ControlFlow;
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| (i % 3 * (j + 1)) as f32 + i as f32 / 1e3);
/// let table = FeatureTable::new(vec!["x".into(), "y".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// for model in Classical::all() {
///     let outcome = fit_and_evaluate(&model, &table, &split, 0, &mut |_| ControlFlow::Continue(()))?;
///     assert_eq!(outcome.record.test_accuracy, 1.0, "{model}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Classical {
    /// The class with the nearest mean.
    NearestCentroid,
    /// Independent Gaussians.
    NaiveBayes,
    /// Multinomial logistic regression.
    Logistic {
        /// L2 penalty of the weights, `alpha / 2 |w|^2` over all classes beside the sum of losses, at
        /// least 0; default 1.
        alpha: f64,
    },
    /// Nearest neighbours.
    KNearest {
        /// Neighbours; default 5.
        k: usize,
    },
    /// One decision tree.
    DecisionTree,
    /// Trees on bootstrap samples.
    RandomForest {
        /// Trees; default 100.
        n_trees: usize,
    },
    /// Trees of random thresholds.
    ExtraTrees {
        /// Trees a class; default 100.
        n_trees: usize,
    },
    /// Support vector machine.
    Svm {
        /// Penalty of a wrong row; default 1.
        c: f64,
        /// Of the kernel; `None`: one over the number of features, the default.
        gamma: Option<f64>,
    },
}

impl Classical {
    /// Every model with its defaults, by rising cost.
    pub fn all() -> [Self; 8] {
        [
            Self::NearestCentroid,
            Self::NaiveBayes,
            Self::KNearest { k: 5 },
            Self::Logistic { alpha: 1.0 },
            Self::DecisionTree,
            Self::RandomForest { n_trees: 100 },
            Self::ExtraTrees { n_trees: 100 },
            Self::Svm {
                c: 1.0,
                gamma: None,
            },
        ]
    }

    fn learn(&self, data: &Rows, seed: u64, watch: Watch<'_>) -> Result<Predict> {
        match *self {
            Self::NearestCentroid => Ok(nearest_centroid(data)),
            Self::NaiveBayes => naive_bayes(data),
            Self::Logistic { alpha } => logistic::fit(data, alpha),
            Self::KNearest { k } => k_nearest(data, k),
            Self::DecisionTree => decision_tree(data, seed),
            Self::RandomForest { n_trees } => random_forest(data, n_trees, seed, watch),
            Self::ExtraTrees { n_trees } => extra_trees(data, n_trees, seed, watch),
            Self::Svm { c, gamma } => svm::fit(data, c, gamma, watch),
        }
    }
}

impl fmt::Display for Classical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NearestCentroid => "nearest-centroid",
            Self::NaiveBayes => "naive-bayes",
            Self::Logistic { .. } => "logistic",
            Self::KNearest { .. } => "k-nearest",
            Self::DecisionTree => "decision-tree",
            Self::RandomForest { .. } => "random-forest",
            Self::ExtraTrees { .. } => "extra-trees",
            Self::Svm { .. } => "svm",
        })
    }
}

impl FromStr for Classical {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let all = Self::all();
        let found = all.iter().find(|model| model.to_string() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<String> = all.iter().map(Self::to_string).collect();
            format!("none of {}", names.join(", "))
        })
    }
}

/// The training rows: standardised, their classes counted from 0 without gaps.
pub(crate) struct Rows {
    pub(crate) x: Array2<f32>,
    pub(crate) y: Vec<usize>,
    pub(crate) n_classes: usize,
}

impl Rows {
    pub(crate) fn wide(&self) -> Array2<f64> {
        self.x.mapv(f64::from)
    }

    fn labels(&self) -> Vec<u32> {
        self.y.iter().map(|label| *label as u32).collect()
    }

    /// The rows of a class.
    pub(crate) fn of_class(&self, class: usize) -> Vec<usize> {
        (0..self.y.len())
            .filter(|row| self.y[*row] == class)
            .collect()
    }
}

/// From standardised rows to their probabilities of the classes that were learnt from.
pub(crate) type Predict = Box<dyn Fn(&Array2<f32>) -> Result<Array2<f64>> + Send + Sync>;

impl Recipe for Classical {
    fn name(&self) -> String {
        self.to_string()
    }

    fn fit<'a>(
        &'a self,
        table: &FeatureTable,
        split: &Split,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Box<dyn Fitted + 'a>> {
        let Experiment { train, .. } = self.experiment(table, split, seed)?;
        let rows: Vec<usize> = (0..train.n_rows()).collect();
        let scaler = ScalerParams::default().fit(&train, &rows)?;
        let labels = train.labels().unwrap_or_default();
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        let data = Rows {
            x: standardise(&scaler, &train)?,
            y: labels
                .iter()
                .map(|l| classes.partition_point(|c| c < l))
                .collect(),
            n_classes: classes.len(),
        };
        if data.n_classes < 2 {
            return Err(failed("the training rows are of one class"));
        }
        Ok(Box::new(FittedClassical {
            params: *self,
            seed,
            predict: self.learn(&data, seed, watch)?,
            scaler,
            classes,
            n_classes: train.classes().len(),
        }))
    }
}

/// A fitted [`Classical`].
struct FittedClassical {
    params: Classical,
    seed: u64,
    scaler: Scaler,
    predict: Predict,
    /// The classes learnt from, among all.
    classes: Vec<usize>,
    n_classes: usize,
}

impl Fitted for FittedClassical {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let shares = (self.predict)(&standardise(&self.scaler, rows)?)?;
        let mut all = Array2::zeros((rows.n_rows(), self.n_classes));
        for (shares, class) in shares.columns().into_iter().zip(&self.classes) {
            all.column_mut(*class).assign(&shares.mapv(|p| p as f32));
        }
        Ok(all)
    }

    fn details(&self) -> serde_json::Value {
        serde_json::json!({ "parameters": self.params, "seed": self.seed })
    }
}

fn standardise(scaler: &Scaler, table: &FeatureTable) -> Result<Array2<f32>> {
    let x = scaler.transform(table)?.features().to_owned();
    match x.iter().all(|x| x.is_finite()) {
        true => Ok(x),
        false => Err(failed("a cell is missing or not finite")),
    }
}

pub(crate) fn failed(reason: impl fmt::Display) -> Error {
    Error::Classical {
        reason: reason.to_string(),
    }
}

/// Scores, row by row, to shares of 1.
pub(crate) fn softmax(mut scores: Array2<f64>) -> Array2<f64> {
    for mut row in scores.rows_mut() {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|score| (score - top).exp());
        let sum = row.sum();
        row /= sum;
    }
    scores
}

/// The classes by the distances to their means.
fn nearest_centroid(data: &Rows) -> Predict {
    let x = data.wide();
    let mean = |class| {
        let rows = x.select(Axis(0), &data.of_class(class));
        rows.mean_axis(Axis(0)).unwrap_or_default()
    };
    let means: Vec<Array1<f64>> = (0..data.n_classes).map(mean).collect();
    Box::new(move |x| {
        let scores = Array2::from_shape_fn((x.nrows(), means.len()), |(row, class)| {
            let pairs = x.row(row).into_iter().zip(&means[class]);
            -pairs.map(|(x, m)| (f64::from(*x) - m).powi(2)).sum::<f64>() / 2.0
        });
        Ok(softmax(scores))
    })
}

/// What scikit-learn adds to every variance, as a share of the greatest of a feature.
const VAR_SMOOTHING: f64 = 1e-9;

fn naive_bayes(data: &Rows) -> Result<Predict> {
    let model =
        GaussianNB::fit(&data.wide(), &data.labels(), Default::default()).map_err(failed)?;
    let (means, priors) = (model.theta().clone(), model.class_priors().clone());
    let mut variances = model.var().clone();
    // Features that vary at all have variance 1 over all rows.
    variances
        .iter_mut()
        .flatten()
        .for_each(|v| *v += VAR_SMOOTHING);
    Ok(Box::new(move |x| {
        let scores = Array2::from_shape_fn((x.nrows(), priors.len()), |(row, class)| {
            let gaussians = means[class].iter().zip(&variances[class]);
            let terms = x.row(row).into_iter().zip(gaussians);
            let log = terms.map(|(x, (m, v))| v.ln() + (f64::from(*x) - m).powi(2) / v);
            priors[class].ln() - log.sum::<f64>() / 2.0
        });
        Ok(softmax(scores))
    }))
}

fn k_nearest(data: &Rows, k: usize) -> Result<Predict> {
    let model = KNearestParams {
        k,
        ..KNearestParams::default()
    }
    .fit(data.x.view(), &data.y)?;
    let (labels, n_classes) = (data.y.clone(), data.n_classes);
    Ok(Box::new(move |x| {
        let nearest = model.nearest(x.view())?;
        let each = nearest.map(|row| labels[*row]);
        Ok(votes(
            each.columns().into_iter().map(|c| c.to_vec()),
            n_classes,
        ))
    }))
}

fn decision_tree(data: &Rows, seed: u64) -> Result<Predict> {
    let params = DecisionTreeClassifierParameters {
        seed: Some(seed),
        ..Default::default()
    };
    let n_classes = data.n_classes;
    let model =
        DecisionTreeClassifier::fit(&data.wide(), &data.labels(), params).map_err(failed)?;
    Ok(Box::new(move |x| {
        let classes = model.predict(&x.mapv(f64::from)).map_err(failed)?;
        Ok(votes(
            [classes.iter().map(|c| *c as usize).collect()].into_iter(),
            n_classes,
        ))
    }))
}

/// Trees grown between two looks at whether to stop.
const TREES_A_STEP: usize = 10;

/// What `grow` makes of the trees of each step; on `Break` of those so far.
fn grow_in_steps<T>(
    n_trees: usize,
    watch: Watch<'_>,
    grow: impl Fn(Range<usize>) -> Result<Vec<T>>,
) -> Result<Vec<T>> {
    if n_trees == 0 {
        return Err(failed("n_trees = 0: must be at least 1"));
    }
    let mut grown = Vec::new();
    for first in (0..n_trees).step_by(TREES_A_STEP) {
        let until = n_trees.min(first + TREES_A_STEP);
        grown.extend(grow(first..until)?);
        let progress = Progress {
            step: until,
            n_steps: n_trees,
            unit: "trees",
            message: String::new(),
        };
        if watch(&progress).is_break() {
            break;
        }
    }
    Ok(grown)
}

/// smartcore's forest tells only the class with the most votes, so that every tree is a forest.
fn random_forest(data: &Rows, n_trees: usize, seed: u64, watch: Watch<'_>) -> Result<Predict> {
    let (x, y, n_classes) = (data.wide(), data.labels(), data.n_classes);
    let grow = |tree: usize| {
        let params = RandomForestClassifierParameters {
            n_trees: 1,
            seed: stream(seed, tree),
            ..Default::default()
        };
        RandomForestClassifier::fit(&x, &y, params).map_err(failed)
    };
    let trees = grow_in_steps(n_trees, watch, |trees| {
        trees.into_par_iter().map(grow).collect()
    })?;
    Ok(Box::new(move |x| {
        let x = x.mapv(f64::from);
        let each = trees.par_iter().map(|tree| {
            let classes = tree.predict(&x).map_err(failed)?;
            Ok(classes.iter().map(|c| *c as usize).collect())
        });
        let each = each.collect::<Result<Vec<Vec<usize>>>>()?;
        Ok(votes(each.into_iter(), n_classes))
    }))
}

fn extra_trees(data: &Rows, n_trees: usize, seed: u64, watch: Watch<'_>) -> Result<Predict> {
    let (x, n_classes) = (data.wide(), data.n_classes);
    let grow = |trees: Range<usize>| {
        let regression = |class: usize| {
            let is_class = data.y.iter().map(|y| f64::from(u8::from(*y == class)));
            let y: Vec<f64> = is_class.collect();
            let params = ExtraTreesRegressorParameters {
                n_trees: trees.len(),
                seed: stream(seed, class * n_trees + trees.start),
                ..Default::default()
            };
            ExtraTreesRegressor::fit(&x, &y, params).map_err(failed)
        };
        let models = (0..n_classes).into_par_iter().map(regression);
        Ok(vec![(trees.len(), models.collect::<Result<Vec<_>>>()?)])
    };
    // The trees of a step with one regression a class.
    let steps = grow_in_steps(n_trees, watch, grow)?;
    Ok(Box::new(move |x| {
        let x = x.mapv(f64::from);
        let of_class = |class: usize| -> Result<Vec<f64>> {
            let mut sums = vec![0.0; x.nrows()];
            for (n, models) in &steps {
                let means: Vec<f64> = models[class].predict(&x).map_err(failed)?;
                let terms = sums.iter_mut().zip(means);
                terms.for_each(|(sum, mean)| *sum += *n as f64 * mean);
            }
            Ok(sums)
        };
        let answers = (0..n_classes).into_par_iter().map(of_class);
        let answers = answers.collect::<Result<Vec<_>>>()?;
        let mut shares =
            Array2::from_shape_fn((x.nrows(), n_classes), |(row, c)| answers[c][row].max(0.0));
        for mut row in shares.rows_mut() {
            let sum = row.sum();
            match sum > 0.0 {
                true => row /= sum,
                false => row.fill(1.0 / n_classes as f64),
            }
        }
        Ok(shares)
    }))
}

/// Shares of votes: `each` voter names one class for every row.
fn votes(each: impl ExactSizeIterator<Item = Vec<usize>>, n_classes: usize) -> Array2<f64> {
    let share = 1.0 / each.len() as f64;
    let mut shares = Array2::zeros((0, n_classes));
    for classes in each {
        if shares.nrows() == 0 {
            shares = Array2::zeros((classes.len(), n_classes));
        }
        for (row, class) in classes.into_iter().enumerate() {
            shares[[row, class]] += share;
        }
    }
    shares
}

/// Seeds that do not meet those of neighbouring seeds.
fn stream(seed: u64, n: usize) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(n as u64)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use timbral_data::SplitMethod;

    use super::*;
    use crate::experiment::comparison::{CompareParams, Step, compare};
    use crate::recipes::recipe::fit_and_evaluate;

    /// 90 rows of three classes that overlap, and a column of noise.
    fn table() -> FeatureTable {
        let x = Array2::from_shape_fn((90, 2), |(i, j)| match j {
            0 => (i % 3) as f32 + (i * 7 % 10) as f32 / 6.0,
            _ => (i * 37 % 101) as f32,
        });
        let ids = (0..90).map(|i| i.to_string()).collect();
        FeatureTable::new(vec!["x".into(), "noise".into()], x, ids)
            .and_then(|t| t.with_labels((0..90).map(|i| ["a", "b", "c"][i % 3])))
            .unwrap()
    }

    fn probabilities(model: Classical, table: &FeatureTable, split: &Split) -> Array2<f32> {
        let outcome = fit_and_evaluate(&model, table, split, 3, &mut |_| ControlFlow::Continue(()));
        outcome.unwrap().probabilities
    }

    #[test]
    fn every_model_gives_the_same_probabilities_again_whatever_is_scaled() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        // A power of two changes no digit.
        let scaled = table.features().mapv(|x| 4.0 * x);
        let names = table.feature_names().to_vec();
        let scaled = FeatureTable::new(names, scaled, table.ids().to_vec())
            .and_then(|t| t.with_labels((0..90).map(|i| ["a", "b", "c"][i % 3])))
            .unwrap();
        for model in Classical::all() {
            let shares = probabilities(model, &table, &split);
            for row in shares.rows() {
                assert!((row.sum() - 1.0).abs() < 1e-5, "{model}: {row}");
            }
            assert_eq!(shares, probabilities(model, &scaled, &split), "{model}");
        }
    }

    #[test]
    fn two_classes_of_three_and_names() {
        let table = table();
        let of_class = |c: usize| (0..60).filter(move |row| row % 3 == c);
        let split = Split {
            train: of_class(0).chain(of_class(2)).collect(),
            valid: vec![],
            test: (60..90).filter(|row| row % 3 == 2).collect(),
        };
        for model in Classical::all() {
            let shares = probabilities(model, &table, &split);
            assert_eq!(shares.column(1).sum(), 0.0, "{model}");
            assert!(shares.column(2).sum() > 7.0, "{model}: {shares}");
            assert_eq!(model.to_string().parse(), Ok(model));
        }
        assert!(
            "perceptron"
                .parse::<Classical>()
                .unwrap_err()
                .contains("svm")
        );
    }

    #[test]
    fn a_stopped_fit_is_part_of_a_forest_and_no_support_vector_machine() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        let stop = |model: Classical, calls: &mut Vec<(usize, usize)>| {
            let watch = &mut |progress: &Progress| {
                calls.push((progress.step, progress.n_steps));
                ControlFlow::Break(())
            };
            model.fit(&table, &split, 0, watch).map(|_| ())
        };
        for n_trees in [1, 25] {
            for forest in [
                Classical::RandomForest { n_trees },
                Classical::ExtraTrees { n_trees },
            ] {
                let mut calls = Vec::new();
                stop(forest, &mut calls).unwrap();
                assert_eq!(calls, [(n_trees.min(TREES_A_STEP), n_trees)], "{forest}");
            }
        }
        let svm = Classical::Svm {
            c: 1.0,
            gamma: None,
        };
        let mut calls = Vec::new();
        let result = stop(svm, &mut calls);
        assert!(
            matches!(result, Err(Error::Table(timbral_data::Error::Stopped))),
            "{result:?}"
        );
        assert_eq!(calls[0], (1, 3));
        // A comparison is stopped by it, no more.
        let models: [(&str, Box<dyn Recipe>); 1] = [("svm", Box::new(svm))];
        let break_off = &mut |_: &Step<'_>| ControlFlow::Break(());
        let params = CompareParams::default();
        let comparison = compare(&models, &table, &params, None, break_off).unwrap();
        assert!(comparison.rows.is_empty());
    }

    #[test]
    fn naive_bayes_is_bayes_rule() {
        // Means 0 and 4, variances 1 (population), equal priors; at 1.5 the log odds are
        // (1.5 - 4)^2 / 2 - 1.5^2 / 2 = 2.
        let x = ndarray::array![[-1.0], [1.0], [3.0], [5.0]];
        let data = Rows {
            x,
            y: vec![0, 0, 1, 1],
            n_classes: 2,
        };
        let shares = naive_bayes(&data).unwrap()(&ndarray::array![[1.5]]).unwrap();
        let odds = 2f64.exp();
        // The variances are raised by 1e-9.
        assert!(
            (shares[[0, 0]] - odds / (1.0 + odds)).abs() < 1e-8,
            "{shares}"
        );
    }

    #[test]
    fn cells_that_are_missing_and_single_classes_are_refused() {
        let table = table();
        let split = Split {
            train: vec![0, 3, 6],
            valid: vec![],
            test: vec![1],
        };
        let fit = |table: &FeatureTable, split: &Split| {
            let watch = &mut |_: &Progress| ControlFlow::Continue(());
            let fitted = Classical::NaiveBayes.fit(table, split, 0, watch);
            fitted.err().map(|error| error.to_string())
        };
        assert_eq!(
            fit(&table, &split).unwrap(),
            "the training rows are of one class"
        );
        let mut x = table.features().to_owned();
        x[[1, 0]] = f32::NAN;
        let holed = FeatureTable::new(vec!["x".into(), "y".into()], x, table.ids().to_vec())
            .and_then(|t| t.with_labels((0..90).map(|i| ["a", "b", "c"][i % 3])))
            .unwrap();
        let split = Split {
            train: (0..60).collect(),
            valid: vec![],
            test: vec![70],
        };
        assert_eq!(
            fit(&holed, &split).unwrap(),
            "a cell is missing or not finite"
        );
    }
}
