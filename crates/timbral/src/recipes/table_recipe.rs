use std::error::Error as StdError;
use std::fmt;

use ndarray::Array2;
use serde_json::{Value, json};
use timbral_core::Monitor;
use timbral_data::{FeatureTable, Scaling};

use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::recipe::{FittedModel, Recipe};
use crate::recipes::training_rows::{FittedRows, Predict, TrainingRows};

/// A model of another crate, or your own, as a [`Recipe`], from a function that trains it on rows of numbers.
///
/// The recipe prepares the rows. Features are scaled by the training rows ([`scaling`](Self::scaling)) and found by
/// name. Missing and infinite cells are errors that name their row and column. Classes are numbered from 0 without
/// gaps; classes without training rows get the probability 0.
///
/// | constructor | model | feature |
/// |---|---|---|
/// | [`new`](Self::new) | any function | |
/// | `smartcore` | an estimator of smartcore | `smartcore` |
/// | `linfa`, `linfa_probabilities` | parameters that implement linfa's `Fit` | `linfa` |
///
/// ```
/// use ndarray::{Array1, Array2, Axis};
/// use serde_json::json;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{TableRecipe, fit_and_evaluate};
///
/// // Probabilities fall with the squared distance to the mean of a class.
/// let recipe = TableRecipe::new("nearest-mean", json!(null), |rows, _seed, _monitor| {
///     let mean = |class| {
///         let of_class: Vec<usize> = (0..rows.y.len()).filter(|row| rows.y[*row] == class).collect();
///         rows.x.select(Axis(0), &of_class).mean_axis(Axis(0)).ok_or("no rows")
///     };
///     let means = (0..rows.n_classes).map(mean).collect::<Result<Vec<Array1<f32>>, _>>()?;
///     Ok(move |x: &Array2<f32>| {
///         let p = |(row, class): (usize, usize)| {
///             (-(&x.row(row) - &means[class]).mapv(|d| d * d).sum()).exp()
///         };
///         let p = Array2::from_shape_fn((x.nrows(), means.len()), p);
///         let sums = p.sum_axis(Axis(1)).insert_axis(Axis(1));
///         Ok(p / sums)
///     })
/// });
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]))?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ())?;
/// assert_eq!(fit.record.test_accuracy, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableRecipe {
    name: String,
    parameters: Value,
    scaling: Scaling,
    fit: Box<Fit>,
}

/// From training rows and a seed to a model.
type Fit = dyn Fn(&TrainingRows, u64, &mut dyn Monitor) -> Result<Predict> + Send + Sync;

impl TableRecipe {
    /// The recipe of a function from training rows, a random seed and a monitor to a model, which is a function from
    /// rows `(n_rows, n_features)` to probabilities `(n_rows, n_classes)`.
    ///
    /// `name` and `parameters` identify the model ([`Recipe::parameters`]), so they must contain everything that `fit`
    /// depends on. Errors of the functions become [`Error::Recipe`]; an [`Error`] of this crate, such as
    /// [`Error::Stopped`], is returned unchanged.
    pub fn new<M>(
        name: impl Into<String>,
        parameters: Value,
        fit: impl Fn(
            &TrainingRows,
            u64,
            &mut dyn Monitor,
        ) -> std::result::Result<M, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        M: Fn(&Array2<f32>) -> std::result::Result<Array2<f32>, Box<dyn StdError + Send + Sync>>
            + Send
            + Sync
            + 'static,
    {
        Self::of(name.into(), parameters, move |rows, seed, monitor| {
            let model = fit(rows, seed, monitor).map_err(unboxed)?;
            Ok(Box::new(move |x: &Array2<f32>| {
                Ok(model(x).map_err(unboxed)?.mapv(f64::from))
            }))
        })
    }

    pub(crate) fn of(
        name: String,
        parameters: Value,
        fit: impl Fn(&TrainingRows, u64, &mut dyn Monitor) -> Result<Predict> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            parameters,
            scaling: Scaling::default(),
            fit: Box::new(fit),
        }
    }

    /// Sets how the features are scaled over the training rows; default [`Scaling::Standard`], mean 0 and variance 1.
    #[must_use]
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }
}

impl fmt::Debug for TableRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRecipe")
            .field("name", &self.name)
            .field("parameters", &self.parameters)
            .field("scaling", &self.scaling)
            .finish_non_exhaustive()
    }
}

impl Recipe for TableRecipe {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn parameters(&self) -> Value {
        let scaling = format!("{:?}", self.scaling);
        json!({ "parameters": self.parameters, "scaling": scaling })
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let fit = |rows: &TrainingRows| (self.fit)(rows, seed, monitor);
        Ok(Box::new(FittedTable {
            rows: FittedRows::fit(&experiment.train, self.scaling, fit)?,
            details: json!({ "parameters": self.parameters(), "seed": seed }),
        }))
    }
}

/// A fitted [`TableRecipe`].
struct FittedTable {
    rows: FittedRows,
    details: Value,
}

impl FittedModel for FittedTable {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        self.rows.probabilities(rows)
    }

    fn details(&self) -> Value {
        self.details.clone()
    }
}

/// An error of this crate, or one of a recipe.
fn unboxed(error: Box<dyn StdError + Send + Sync>) -> Error {
    match error.downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::Recipe(other),
    }
}

#[cfg(test)]
mod tests {
    use timbral_data::{Split, SplitMethod};

    use super::*;
    use crate::experiment::fit::fit_and_evaluate;

    /// Rows of three classes; `big` is in thousands.
    fn table() -> FeatureTable {
        let x = Array2::from_shape_fn((30, 2), |(i, j)| {
            (i % 3) as f32 * [1.0, 1000.0][j] + i as f32
        });
        let ids = (0..30).map(|i| i.to_string()).collect();
        FeatureTable::new(vec!["small".into(), "big".into()], x, ids)
            .and_then(|t| t.with_labels((0..30).map(|i| ["a", "b", "c"][i % 3])))
            .unwrap()
    }

    /// Equal probabilities, after a look at the training rows.
    fn recipe(look: impl Fn(&TrainingRows) + Send + Sync + 'static) -> TableRecipe {
        TableRecipe::new("uniform", json!({ "n": 1 }), move |rows, _, _| {
            look(rows);
            let n = rows.n_classes;
            Ok(move |x: &Array2<f32>| Ok(Array2::from_elem((x.nrows(), n), 1.0 / n as f32)))
        })
    }

    #[test]
    fn rows_are_scaled_by_the_training_rows_as_asked() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        let standard = recipe(|rows| {
            let x = rows.x.mapv(f64::from);
            for column in x.columns() {
                let (mean, std) = (column.mean().unwrap(), column.std(0.0));
                // f32 rounding of numbers of size 1.
                assert!(
                    mean.abs() < 1e-6 && (std - 1.0).abs() < 1e-6,
                    "{mean} {std}"
                );
            }
        });
        fit_and_evaluate(&standard, &table, &split, 0, &mut ()).unwrap();
        let first = table.features()[[split.train[0], 1]];
        let raw = recipe(move |rows| assert_eq!(rows.x[[0, 1]], first)).scaling(Scaling::None);
        fit_and_evaluate(&raw, &table, &split, 0, &mut ()).unwrap();
        assert_ne!(raw.parameters(), standard.parameters());
        assert!(
            format!("{raw:?}").contains("\"uniform\""),
            "a name is for people"
        );
    }

    #[test]
    fn classes_without_training_rows_have_probability_0() {
        let table = table();
        let split = Split {
            train: (0..15).filter(|row| row % 3 != 1).collect(),
            valid: vec![],
            test: vec![20, 21],
        };
        let recipe = recipe(|rows| assert_eq!((&rows.y[..3], rows.n_classes), (&[0, 1, 0][..], 2)));
        let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ()).unwrap();
        assert_eq!(
            fit.probabilities.values(),
            ndarray::array![[0.5, 0.0, 0.5], [0.5, 0.0, 0.5]]
        );
        // By name, in any order, and of no rows.
        let turned = table.select_features(&["big".into(), "small".into()]);
        let turned = turned.unwrap();
        assert_eq!(fit.model.probabilities(&turned).unwrap().dim(), (30, 3));
        let none = table.select(&[]).unwrap();
        assert_eq!(fit.model.probabilities(&none).unwrap().dim(), (0, 3));
    }

    #[test]
    fn what_cannot_be_used_is_an_error_and_errors_stay_what_they_are() {
        let table = table();
        let split = SplitMethod::Random.split(&table, 0).unwrap();
        let error = |recipe: &TableRecipe, table: &FeatureTable, split: &Split| {
            let fit = fit_and_evaluate(recipe, table, split, 0, &mut ());
            fit.err().expect("refused")
        };
        let wrong_shape = TableRecipe::new("", json!(null), |_, _, _| {
            Ok(|_: &Array2<f32>| Ok(Array2::zeros((1, 1))))
        });
        assert!(matches!(
            error(&wrong_shape, &table, &split),
            Error::Probabilities {
                expected: (6, 3),
                got: (1, 1)
            }
        ));
        type Model =
            fn(&Array2<f32>) -> std::result::Result<Array2<f32>, Box<dyn StdError + Send + Sync>>;
        let stopped = TableRecipe::new("", json!(null), |_, _, _| {
            Err::<Model, _>(Error::Stopped.into())
        });
        assert!(matches!(error(&stopped, &table, &split), Error::Stopped));
        let failing = TableRecipe::new("", json!(null), |_, _, _| {
            Err::<Model, _>("no memory".into())
        });
        let failed = error(&failing, &table, &split);
        assert!(matches!(&failed, Error::Recipe(_)) && failed.to_string() == "no memory");

        let uniform = recipe(|_| ());
        let one = Split {
            train: vec![1, 4],
            valid: vec![],
            test: vec![0],
        };
        assert!(matches!(error(&uniform, &table, &one), Error::OneClass { label } if label == "b"));
        for (cell, reason) in [(f32::NAN, "is missing"), (f32::INFINITY, "is not finite")] {
            let mut x = table.features().to_owned();
            x[[split.train[0], 1]] = cell;
            let names = table.feature_names().to_vec();
            let bad = FeatureTable::new(names, x, table.ids().to_vec())
                .and_then(|t| t.with_labels((0..30).map(|i| ["a", "b", "c"][i % 3])));
            let message = error(&uniform, &bad.unwrap(), &split).to_string();
            assert!(
                message.contains("\"big\"") && message.contains(reason),
                "{message}"
            );
        }
    }
}
