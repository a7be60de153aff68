use std::fmt::Debug;

use ::linfa::traits::{Fit, PredictInplace};
use ::linfa::{Dataset, DatasetBase};
use nd16::{Array1, Array2, Ix1};
use serde_json::json;

use crate::error::{Error, Result};
use crate::recipes::table_recipe::TableRecipe;
use crate::recipes::training_rows::{Predict, TrainingRows, certain};

impl TableRecipe {
    /// A recipe of a model of linfa; `params` returns its parameters for a random seed. The predicted class gets the
    /// probability 1, the others 0.
    ///
    /// The parameters are anything with `Fit` on features in `f64` and classes in `usize` whose model predicts such
    /// classes; linfa uses ndarray 0.16. They are kept with results as `Debug` prints them for the seed 0.
    ///
    /// ```
    /// # // linfa-logistic comes with this feature.
    /// # #[cfg(feature = "classical")]
    /// # {
    /// use linfa_logistic::MultiLogisticRegression;
    /// use timbral::data::{FeatureTable, SplitMethod};
    /// use timbral::{TableRecipe, fit_and_evaluate};
    ///
    /// let ids = (0..60).map(|i| format!("{i}")).collect();
    /// let x = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| (i % 3 * (j + 1)) as f32);
    /// let table = FeatureTable::new(vec!["x".into(), "y".into()], x, ids)?
    ///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]))?;
    /// let split = SplitMethod::Grouped.split(&table, 0)?;
    ///
    /// let logistic = TableRecipe::linfa("logistic", |_| MultiLogisticRegression::default());
    /// let fit = fit_and_evaluate(&logistic, &table, &split, 0, &mut ())?;
    /// assert_eq!(fit.record.test_accuracy, 1.0);
    ///
    /// // The same with the probabilities of the model.
    /// let logistic = TableRecipe::linfa_probabilities(
    ///     "logistic",
    ///     |_| MultiLogisticRegression::default(),
    ///     |model, x| model.predict_probabilities(x),
    /// );
    /// let fit = fit_and_evaluate(&logistic, &table, &split, 0, &mut ())?;
    /// let log_loss = fit.record.evaluation.log_loss;
    /// assert!(log_loss > 0.0 && log_loss < 0.5, "{log_loss}");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The recipe's fit fails with [`Error::Recipe`] where that of linfa fails.
    pub fn linfa<P, E>(
        name: impl Into<String>,
        params: impl Fn(u64) -> P + Send + Sync + 'static,
    ) -> Self
    where
        P: Fit<Array2<f64>, Array1<usize>, E> + Debug,
        P::Object: PredictInplace<Array2<f64>, Array1<usize>> + Send + Sync + 'static,
        E: std::error::Error + From<::linfa::Error>,
    {
        let parameters = json!(format!("{:?}", params(0)));
        Self::of(name.into(), parameters, move |rows, seed, _| {
            let n_classes = rows.n_classes;
            let model = params(seed).fit(&dataset(rows)).map_err(Error::recipe)?;
            Ok(Box::new(move |x| {
                let x = wide(x);
                let mut classes = model.default_target(&x);
                model.predict_inplace(&x, &mut classes);
                certain(classes.iter().copied(), n_classes)
            }))
        })
    }

    /// As [`linfa`](Self::linfa), with a function from the model and rows to the probabilities of all classes, `(n_rows,
    /// n_classes)`.
    ///
    /// # Errors
    ///
    /// The recipe's fit fails with [`Error::Recipe`] where that of linfa fails, its probabilities with
    /// [`Error::Probabilities`] where they have another shape.
    pub fn linfa_probabilities<P, E>(
        name: impl Into<String>,
        params: impl Fn(u64) -> P + Send + Sync + 'static,
        probabilities: impl Fn(&P::Object, &Array2<f64>) -> Array2<f64> + Clone + Send + Sync + 'static,
    ) -> Self
    where
        P: Fit<Array2<f64>, Array1<usize>, E> + Debug,
        P::Object: Send + Sync + 'static,
        E: std::error::Error + From<::linfa::Error>,
    {
        let parameters = json!(format!("{:?}", params(0)));
        Self::of(name.into(), parameters, move |rows, seed, _| {
            fit_probabilities(rows, &params(seed), probabilities.clone())
        })
    }
}

/// A model of linfa with its own probabilities.
pub(crate) fn fit_probabilities<P, E>(
    rows: &TrainingRows,
    params: &P,
    probabilities: impl Fn(&P::Object, &Array2<f64>) -> Array2<f64> + Send + Sync + 'static,
) -> Result<Predict>
where
    P: Fit<Array2<f64>, Array1<usize>, E>,
    P::Object: Send + Sync + 'static,
    E: std::error::Error + From<::linfa::Error>,
{
    let model = params.fit(&dataset(rows)).map_err(Error::recipe)?;
    Ok(Box::new(move |x| {
        let p = probabilities(&model, &wide(x));
        Ok(ndarray::Array2::from_shape_fn(p.dim(), |cell| p[cell]))
    }))
}

fn dataset(rows: &TrainingRows) -> Dataset<f64, usize, Ix1> {
    DatasetBase::new(wide(&rows.x), Array1::from_vec(rows.y.clone()))
}

/// The same numbers in `f64` for ndarray 0.16.
pub(crate) fn wide(x: &ndarray::Array2<f32>) -> Array2<f64> {
    Array2::from_shape_fn(x.dim(), |cell| x[cell].into())
}
