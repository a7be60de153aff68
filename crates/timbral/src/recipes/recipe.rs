use std::fmt;
use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use timbral_core::Monitor;
use timbral_data::FeatureTable;

use crate::error::{Error, Result};
use crate::experiment::parts::{Experiment, Validation};

/// A kind of model with its parameters: all that is needed to train it on the rows of a table.
///
/// | recipe | model |
/// |---|---|
/// | [`BoostParams`](crate::boost::BoostParams) | boosted trees |
/// | [`DenseParams`](crate::DenseParams) | a dense network |
/// | [`LogisticParams`](crate::LogisticParams) | multinomial logistic regression |
/// | [`ImageNet`](crate::ImageNet) | a network on the spectrograms of the rows |
/// | [`Ensemble`](crate::Ensemble) | the mean of the probabilities of other recipes |
/// | [`TunedTrees`](crate::tune::TunedTrees) | boosted trees whose parameters are searched on the training rows |
/// | [`TableRecipe`](crate::TableRecipe) | your own training function, an estimator of smartcore or a model of linfa |
///
/// A recipe of your own needs four methods; errors of other crates go into
/// [`Error::Recipe`](crate::Error::Recipe).
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::fit_and_evaluate;
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let recipe = BoostParams { n_rounds: 10, ..Default::default() };
/// let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ())?;
/// assert_eq!((fit.record.test_rows, fit.record.test_accuracy), (12, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Recipe: fmt::Debug + Send + Sync {
    /// A short name, as in a table of results.
    fn name(&self) -> String;

    /// Everything that the fitted model depends on besides the rows and the seed.
    ///
    /// Results are kept under the name, these parameters, the rows and the seed: two recipes with the
    /// same name and parameters must give the same model.
    fn parameters(&self) -> Value;

    /// Which validation rows the fit needs; by default [`Validation::None`].
    fn validation(&self) -> Validation {
        Validation::None
    }

    /// Whether the final model is trained on the validation rows, too, after they were used to choose something.
    /// [`FitRecord`](crate::FitRecord) then counts them as training rows. By default false.
    fn refits(&self) -> bool {
        false
    }

    /// Fits the model to the training rows of an experiment.
    ///
    /// All random choices come from `seed`, whatever seed the parameters have. `monitor` is called after every step;
    /// `&mut ()` is a monitor that does nothing. `Break` ends the fit. It then returns the model so far if there is
    /// one, else [`Error::Stopped`].
    ///
    /// # Errors
    ///
    /// No labels or no rows, parameters out of range, cells that the model cannot take.
    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>>;
}

/// A fitted [`Recipe`].
pub trait FittedModel: Send + Sync {
    /// The probabilities of the rows of a table, `(n_rows, n_classes)`, in the order of the classes of
    /// the table that the model was trained on.
    ///
    /// # Errors
    ///
    /// The table lacks a feature, or has cells that the model cannot take.
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>>;

    /// What a record of the fit keeps, a JSON object: the models of this crate have `parameters` and more,
    /// such as `history`. Empty by default.
    fn details(&self) -> Value {
        Value::Object(serde_json::Map::new())
    }

    /// A few lines about the fit for a person to read; empty by default.
    fn summary(&self) -> String {
        String::new()
    }

    /// Writes the model to a file; on an error no incomplete file is left.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or models of this kind have no file format
    /// ([`Error::NoModelFile`]).
    fn save(&self, _path: &Path) -> Result<()> {
        Err(Error::NoModelFile)
    }
}
