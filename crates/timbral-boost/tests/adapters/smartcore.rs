use ndarray::{Array1, Array2};
use smartcore::api::{Predictor, SupervisedEstimator};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::mean_squared_error;
use smartcore::model_selection::{KFold, cross_validate};
use timbral_boost::{BoostParams, BoostedTrees, Dataset};

use super::{cell, class, softprob};

/// The labels have two steps of 1: the error without one of them is at least 0.25.
const TRAINED_ERROR: f64 = 0.01;

fn x() -> Array2<f32> {
    Array2::from_shape_fn((200, 3), |(row, column)| cell(row, column))
}

fn y() -> Array1<usize> {
    Array1::from_shape_fn(200, class)
}

#[test]
fn the_model_is_the_same_as_from_boost_params_fit() {
    let x = x();
    let labels: Vec<f32> = (0..200).map(|row| class(row) as f32).collect();
    let data = Dataset::new(x.view(), &labels).unwrap();
    let own = softprob().fit(&data).unwrap();

    let trees = BoostedTrees::fit(&x, &y(), softprob()).unwrap();
    assert_eq!(*trees.model(), own);
    let predicted: Array1<usize> = trees.predict(&x).unwrap();
    assert_eq!(predicted, y());

    let dense = DenseMatrix::from_ndarray2(&x);
    let trees = BoostedTrees::fit(&dense, &y().to_vec(), softprob()).unwrap();
    assert_eq!(*trees.model(), own);
    let predicted: Vec<usize> = trees.predict(&dense).unwrap();
    assert_eq!(predicted, y().to_vec());
}

#[test]
fn numbers_cross_validate() {
    let y = y().mapv(|class| class as f32);
    let trees: BoostedTrees<f32> = SupervisedEstimator::<Array2<f32>, Array1<f32>, _>::new();
    let folds = KFold::default().with_n_splits(4).with_shuffle(false);
    let params = BoostParams::default();
    let scores = cross_validate(trees, &x(), &y, params, &folds, &mean_squared_error).unwrap();
    assert_eq!(scores.test_score.len(), 4);
    assert!(
        scores.mean_test_score() < TRAINED_ERROR,
        "{}",
        scores.mean_test_score()
    );
}

#[test]
fn unsuitable_data_is_refused() {
    let squared = BoostedTrees::<usize>::fit(&x(), &y(), BoostParams::default());
    assert!(squared.unwrap_err().to_string().contains("objective"));
    let none = BoostedTrees::<usize>::fit(
        &x(),
        &y(),
        BoostParams {
            n_rounds: 1,
            max_bin: 1,
            ..softprob()
        },
    );
    assert!(none.unwrap_err().to_string().contains("max_bin"));

    let trees = BoostedTrees::<usize>::fit(&x(), &y(), softprob()).unwrap();
    let narrow: Result<Array1<usize>, _> = trees.predict(&Array2::zeros((2, 1)));
    assert!(
        narrow
            .unwrap_err()
            .to_string()
            .contains("expected 3 features, got 1")
    );

    let untrained: BoostedTrees<f32> = SupervisedEstimator::<Array2<f32>, Array1<f32>, _>::new();
    let predicted: Result<Array1<f32>, _> = untrained.predict(&x());
    assert!(
        predicted
            .unwrap_err()
            .to_string()
            .contains("expected 0 features, got 3")
    );
}
