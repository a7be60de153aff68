use std::fmt;
use std::str::FromStr;

use ndarray::Array2;
use serde::Serialize;
use serde_json::{Value, json};
use timbral_core::{Monitor, parse_name};
use timbral_data::{FeatureTable, Scaling};

use crate::classical::{forests, logistic, simple, svm};
use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::recipe::{FittedModel, Recipe};
use crate::recipes::training_rows::{FittedRows, Predict, TrainingRows};

/// A classical model of a table, with scikit-learn's defaults.
///
/// Features are scaled to mean 0 and variance 1 over the training rows. Probabilities are:
///
/// | name | model | implementation | probabilities |
/// |---|---|---|---|
/// | `nearest-centroid` | distance to the mean of each class | this crate | softmax of `-d^2 / 2` |
/// | `naive-bayes` | independent Gaussians | smartcore | Bayes' rule |
/// | `logistic` | multinomial logistic regression | linfa | softmax |
/// | `k-nearest` | `k` nearest rows | [`KNearestParams`](timbral_data::KNearestParams) | fraction of the neighbours |
/// | `decision-tree` | one tree without a depth limit | smartcore | 1 for the leaf's class |
/// | `random-forest` | trees on bootstrap samples, drawn per class | smartcore | fraction of the trees |
/// | `extra-trees` | random thresholds; a regression of 0 and 1 for each class, as smartcore has no classifier | smartcore | its outputs, scaled to sum 1 |
/// | `svm` | support vectors with the kernel `exp(-gamma d^2)`, one model per pair of classes | linfa | softmax of the votes; the sum of decision values breaks ties |
///
/// On `Break` a forest has the trees so far, and `svm`, between two pairs, returns [`Error::Stopped`]; the
/// others cannot be stopped, of which `logistic` takes longest.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{Classical, fit_and_evaluate};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| (i % 3 * (j + 1)) as f32 + i as f32 / 1e3);
/// let table = FeatureTable::new(vec!["x".into(), "y".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// for model in Classical::all() {
///     let outcome = fit_and_evaluate(&model, &table, &split, 0, &mut ())?;
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
        /// L2 penalty of the weights, `alpha / 2 |w|^2` over all classes, added to the sum of losses; at
        /// least 0, default 1.
        alpha: f64,
    },
    /// Nearest neighbours.
    KNearest {
        /// Number of neighbours; default 5.
        k: usize,
    },
    /// One decision tree.
    DecisionTree,
    /// Trees on bootstrap samples.
    RandomForest {
        /// Number of trees; default 100.
        n_trees: usize,
    },
    /// Trees of random thresholds.
    ExtraTrees {
        /// Number of trees per class; default 100.
        n_trees: usize,
    },
    /// Support vector machine.
    Svm {
        /// Penalty of a misclassified row; default 1.
        c: f64,
        /// Of the kernel; default `None`: one over the number of features.
        gamma: Option<f64>,
    },
}

impl Classical {
    /// Every model with its defaults, from the cheapest to the most expensive.
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

    fn train(&self, data: &TrainingRows, seed: u64, monitor: &mut dyn Monitor) -> Result<Predict> {
        match *self {
            Self::NearestCentroid => Ok(simple::nearest_centroid(data)),
            Self::NaiveBayes => simple::naive_bayes(data),
            Self::Logistic { alpha } => logistic::fit(data, alpha),
            Self::KNearest { k } => simple::k_nearest(data, k),
            Self::DecisionTree => simple::decision_tree(data, seed),
            Self::RandomForest { n_trees } => forests::random_forest(data, n_trees, seed, monitor),
            Self::ExtraTrees { n_trees } => forests::extra_trees(data, n_trees, seed, monitor),
            Self::Svm { c, gamma } => svm::fit(data, c, gamma, monitor),
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

/// The names of all models.
const NAMES: &str = "none of nearest-centroid, naive-bayes, k-nearest, logistic, decision-tree, \
                     random-forest, extra-trees, svm";

impl FromStr for Classical {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(parse_name("model", name, Self::all(), NAMES)?)
    }
}

impl Recipe for Classical {
    fn name(&self) -> String {
        self.to_string()
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
        let fit = |rows: &TrainingRows| self.train(rows, seed, monitor);
        Ok(Box::new(FittedClassical {
            rows: FittedRows::fit(&experiment.train, Scaling::Standard, fit)?,
            params: *self,
            seed,
        }))
    }
}

/// A fitted [`Classical`].
struct FittedClassical {
    rows: FittedRows,
    params: Classical,
    seed: u64,
}

impl FittedModel for FittedClassical {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        self.rows.probabilities(rows)
    }

    fn details(&self) -> Value {
        json!({ "parameters": self.params, "seed": self.seed })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use timbral_core::Progress;
    use timbral_data::{Split, SplitMethod};

    use super::*;
    use crate::classical::forests::TREES_PER_STEP;
    use crate::experiment::comparison::{CompareParams, compare};
    use crate::experiment::fit::fit_and_evaluate;
    use crate::experiment::results::Results;

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
        let fit = fit_and_evaluate(&model, table, split, 3, &mut ()).unwrap();
        fit.probabilities.values().to_owned()
    }

    #[test]
    fn probabilities_are_reproducible_and_do_not_depend_on_the_scale() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        // A power of two changes no bit of the mantissa.
        let scaled = table.features().mapv(|x| 4.0 * x);
        let names = table.feature_names().to_vec();
        let scaled = FeatureTable::new(names, scaled, table.ids().to_vec())
            .and_then(|t| t.with_labels((0..90).map(|i| ["a", "b", "c"][i % 3])))
            .unwrap();
        for model in Classical::all() {
            let p = probabilities(model, &table, &split);
            for row in p.rows() {
                assert!((row.sum() - 1.0).abs() < 1e-5, "{model}: {row}");
            }
            assert_eq!(p, probabilities(model, &scaled, &split), "{model}");
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
            let p = probabilities(model, &table, &split);
            assert_eq!(p.column(1).sum(), 0.0, "{model}");
            assert!(p.column(2).sum() > 7.0, "{model}: {p}");
            assert_eq!(model.to_string().parse::<Classical>().unwrap(), model);
        }
        assert!(
            "perceptron"
                .parse::<Classical>()
                .unwrap_err()
                .to_string()
                .contains("svm")
        );
    }

    #[test]
    fn a_stopped_forest_has_some_trees_and_a_stopped_svm_is_an_error() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        let stop = |model: Classical, calls: &mut Vec<(usize, usize)>| {
            let mut stop = |progress: &Progress| {
                calls.push((progress.done, progress.total));
                ControlFlow::Break(())
            };
            let experiment = Experiment::new(&table, &split).unwrap();
            model.fit(&experiment, 0, &mut stop).map(|_| ())
        };
        for n_trees in [1, 25] {
            for forest in [
                Classical::RandomForest { n_trees },
                Classical::ExtraTrees { n_trees },
            ] {
                let mut calls = Vec::new();
                stop(forest, &mut calls).unwrap();
                assert_eq!(calls, [(n_trees.min(TREES_PER_STEP), n_trees)], "{forest}");
            }
        }
        let svm = Classical::Svm {
            c: 1.0,
            gamma: None,
        };
        let mut calls = Vec::new();
        let result = stop(svm, &mut calls);
        assert!(matches!(result, Err(Error::Stopped)), "{result:?}");
        assert_eq!(calls[0], (1, 3));
        // A comparison is stopped by it, too.
        let models: [(&str, Box<dyn Recipe>); 1] = [("svm", Box::new(svm))];
        let mut stop = |_: &Progress| ControlFlow::Break(());
        let params = CompareParams::default();
        let comparison = compare(&models, &table, &params, &Results::new(), &mut stop).unwrap();
        assert!(comparison.rows.is_empty());
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
            let experiment = Experiment::new(table, split).unwrap();
            let fitted = Classical::NaiveBayes.fit(&experiment, 0, &mut ());
            fitted.err().map(|error| error.to_string())
        };
        assert_eq!(
            fit(&table, &split).unwrap(),
            "all rows have the label a: at least two different labels are needed"
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
        let error = fit(&holed, &split).unwrap();
        assert!(
            error.starts_with("row 1, feature \"x\": NaN: is missing"),
            "{error}"
        );
    }
}
