use ::smartcore::api::{Predictor, SupervisedEstimator};
use ::smartcore::error::Failed;
use ::smartcore::linalg::basic::arrays;
use ::smartcore::numbers::basenum::Number;
use ndarray::Array2;

use super::boosted_trees::{BoostedTrees, Target};
use crate::loss::Objective;
use crate::model::Model;
use crate::training::BoostParams;

/// Trains through smartcore's trait, on any of its tables of f32 and labels in `usize` (classes) or
/// `f32`; arrays of ndarray are such tables.
///
/// ```
/// use ndarray::{Array1, Array2};
/// use smartcore::api::SupervisedEstimator;
/// use smartcore::metrics::accuracy;
/// use smartcore::model_selection::{KFold, cross_validate};
/// use timbral_boost::{BoostParams, BoostedTrees, Objective};
/// let x = Array2::from_shape_fn((200, 2), |(row, j)| (row * [37, 11][j] % 200) as f32);
/// let y: Array1<usize> = x.column(0).mapv(|x| usize::from(x >= 50.0) + usize::from(x >= 120.0));
/// let params = BoostParams {
///     objective: Objective::Softprob { n_classes: 3 },
///     n_rounds: 10,
///     ..Default::default()
/// };
/// let folds = KFold::default().with_n_splits(5).with_shuffle(false);
/// let trees: BoostedTrees<usize> = SupervisedEstimator::<Array2<f32>, Array1<usize>, _>::new();
/// let scores = cross_validate(trees, &x, &y, params, &folds, &accuracy)?;
/// assert_eq!(scores.mean_test_score(), 0.99);
/// # Ok::<(), smartcore::error::Failed>(())
/// ```
///
/// # Errors
/// [`Failed`] with the message of the [`Error`](crate::Error): if the objective has classes and the
/// labels are `f32` or the other way round; else as [`Training::run`](crate::Training::run)
/// and [`Dataset::new`](crate::Dataset::new).
impl<X, Y, T> SupervisedEstimator<X, Y, BoostParams> for BoostedTrees<T>
where
    X: arrays::Array2<f32>,
    Y: arrays::Array1<T>,
    T: Target + Number,
{
    /// A model without features, for `cross_validate`.
    fn new() -> Self {
        Self::new(Model::without_trees(Objective::SquaredError, 0, vec![0.0]))
    }

    fn fit(x: &X, y: &Y, params: BoostParams) -> Result<Self, Failed> {
        let features = table(x)?;
        Self::train(&params, features.view(), y.iterator(0).copied(), None)
            .map(Self::new)
            .map_err(|error| Failed::fit(&error.to_string()))
    }
}

/// Predicts through smartcore's trait.
///
/// # Errors
/// [`Failed`] if the number of columns is not the number of features.
impl<X, Y, T> Predictor<X, Y> for BoostedTrees<T>
where
    X: arrays::Array2<f32>,
    Y: arrays::Array1<T>,
    T: Target + Number,
{
    fn predict(&self, x: &X) -> Result<Y, Failed> {
        let predicted = self
            .predictions(table(x)?.view())
            .map_err(|error| Failed::predict(&error.to_string()))?;
        Ok(Y::from_iterator(predicted.into_iter(), x.shape().0))
    }
}

fn table(x: &impl arrays::Array2<f32>) -> Result<Array2<f32>, Failed> {
    Array2::from_shape_vec(x.shape(), x.iterator(0).copied().collect())
        .map_err(|error| Failed::input(&error.to_string()))
}
