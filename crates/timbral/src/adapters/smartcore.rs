use std::fmt::Debug;

use ::smartcore::api::Predictor;
use ::smartcore::error::Failed;
use ndarray::Array2;
use serde_json::json;

use crate::error::{Error, Result};
use crate::recipes::table_recipe::TableRecipe;
use crate::recipes::training_rows::{Predict, TrainingRows, certain};

impl TableRecipe {
    /// A recipe of an estimator of smartcore, from a function that returns its parameters for a random seed, and its
    /// function `fit`, inherent or of `SupervisedEstimator`. The predicted class gets the probability 1, the others 0.
    ///
    /// Features are `Array2<f64>`, classes `u32`. The parameters are kept with results as `Debug` prints them for the
    /// seed 0. Not covered: `MultinomialNB` and `CategoricalNB`, whose features are whole numbers, and `SVC`, which
    /// borrows its rows and is not a `SupervisedEstimator`.
    ///
    /// ```
    /// use smartcore::ensemble::random_forest_classifier::{
    ///     RandomForestClassifier, RandomForestClassifierParameters,
    /// };
    /// use timbral::data::{FeatureTable, SplitMethod};
    /// use timbral::{TableRecipe, fit_and_evaluate};
    ///
    /// let forest = TableRecipe::smartcore(
    ///     "forest",
    ///     |seed| RandomForestClassifierParameters { n_trees: 20, seed, ..Default::default() },
    ///     RandomForestClassifier::fit,
    /// );
    /// let ids = (0..60).map(|i| format!("{i}")).collect();
    /// let x = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| (i % 3 * (j + 1)) as f32);
    /// let table = FeatureTable::new(vec!["x".into(), "y".into()], x, ids)?
    ///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]))?;
    /// let split = SplitMethod::Grouped.split(&table, 0)?;
    /// let fit = fit_and_evaluate(&forest, &table, &split, 0, &mut ())?;
    /// assert_eq!(fit.record.test_accuracy, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The recipe's fit and probabilities fail with [`Error::Recipe`] where the estimator fails.
    pub fn smartcore<P, M>(
        name: impl Into<String>,
        params: impl Fn(u64) -> P + Send + Sync + 'static,
        fit: impl Fn(&Array2<f64>, &Vec<u32>, P) -> std::result::Result<M, Failed>
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        P: Debug,
        M: Predictor<Array2<f64>, Vec<u32>> + Send + Sync + 'static,
    {
        let parameters = json!(format!("{:?}", params(0)));
        Self::of(name.into(), parameters, move |rows, seed, _| {
            fit_classes(rows, params(seed), &fit)
        })
    }
}

/// An estimator whose predicted class gets the probability 1.
pub(crate) fn fit_classes<P, M>(
    rows: &TrainingRows,
    params: P,
    fit: impl Fn(&Array2<f64>, &Vec<u32>, P) -> std::result::Result<M, Failed>,
) -> Result<Predict>
where
    M: Predictor<Array2<f64>, Vec<u32>> + Send + Sync + 'static,
{
    let n_classes = rows.n_classes;
    let model = fit(&rows.x.mapv(f64::from), &classes(rows), params).map_err(Error::recipe)?;
    Ok(Box::new(move |x| {
        let classes = model.predict(&x.mapv(f64::from)).map_err(Error::recipe)?;
        certain(classes.iter().map(|class| *class as usize), n_classes)
    }))
}

/// The classes as smartcore takes them.
pub(crate) fn classes(rows: &TrainingRows) -> Vec<u32> {
    rows.y.iter().map(|class| *class as u32).collect()
}
