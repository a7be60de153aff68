use linfa::Dataset;
use linfa::prelude::*;
use nd16::{Array1, Array2, ArrayView2, ShapeBuilder};
use timbral_boost::{BoostParams, Error, Model, Objective};

use super::{cell, class, softprob};

const SHAPE: (usize, usize) = (200, 3);

/// Only rows next to the two steps of the labels may be wrong: 4 of 200.
const TRAINED_ACCURACY: f32 = 0.975;

/// The largest class has 80 of 200 rows.
const MAJORITY_ACCURACY: f32 = 0.45;

fn records() -> Array2<f32> {
    Array2::from_shape_fn(SHAPE, |(row, column)| cell(row, column))
}

fn classes() -> Array1<usize> {
    Array1::from_shape_fn(SHAPE.0, class)
}

fn weights() -> Vec<f32> {
    (0..SHAPE.0).map(|row| (row % 5) as f32).collect()
}

/// Without linfa.
fn expected(params: &BoostParams, weights: Option<&[f32]>) -> Model {
    let features = ndarray::Array2::from_shape_fn(SHAPE, |(row, column)| cell(row, column));
    let labels: Vec<f32> = (0..SHAPE.0).map(|row| class(row) as f32).collect();
    let mut data = timbral_boost::Dataset::new(features.view(), &labels).unwrap();
    if let Some(weights) = weights {
        data = data.with_weights(weights).unwrap();
    }
    params.fit(&data).unwrap()
}

#[test]
fn the_model_is_the_same_as_from_boost_params_fit() {
    let params = softprob();
    let own = expected(&params, None);
    let column_major = Array2::from_shape_fn(SHAPE.f(), |(row, column)| cell(row, column));
    for records in [records(), column_major] {
        let trees = Fit::fit(&params, &Dataset::new(records.clone(), classes())).unwrap();
        assert_eq!(*trees.model(), own);
        let view = DatasetBase::new(records.view(), classes());
        assert_eq!(*Fit::fit(&params, &view).unwrap().model(), own);
        let predicted = trees.predict(&records);
        assert_eq!(predicted, classes());
    }
}

#[test]
fn weights_and_names_are_used() {
    let names = ["a", "b", "c"];
    let data = Dataset::new(records(), classes())
        .with_weights(weights().into())
        .with_feature_names(names.to_vec());
    let trees = Fit::fit(&softprob(), &data).unwrap();
    let expected = expected(&softprob(), Some(&weights()));
    assert_eq!(trees.model().trees(), expected.trees());
    assert_eq!(trees.model().feature_names().unwrap(), names);
}

#[test]
fn numbers_are_predicted_as_margins() {
    let params = BoostParams::default();
    let labels = classes().mapv(|class| class as f32);
    let trees = Fit::fit(&params, &Dataset::new(records(), labels)).unwrap();
    let predicted = trees.predict(&records());
    for (row, &number) in predicted.iter().enumerate() {
        let features: Vec<f32> = (0..SHAPE.1).map(|column| cell(row, column)).collect();
        assert_eq!(trees.predictor().margins_row(&features).unwrap(), [number]);
    }
}

#[test]
fn linfa_cross_validates() {
    let mut data = Dataset::new(records(), classes());
    let no_trees = BoostParams {
        n_rounds: 0,
        ..softprob()
    };
    let accuracies = data
        .cross_validate_single(5, &[softprob(), no_trees], |predicted, truth| {
            Ok(predicted.confusion_matrix(truth)?.accuracy())
        })
        .map_err(|error: Error| error.to_string())
        .unwrap();
    assert!(accuracies[0] > TRAINED_ACCURACY, "{accuracies}");
    assert!(accuracies[1] < MAJORITY_ACCURACY, "{accuracies}");
    let failed = data.cross_validate_single(5, &[softprob()], |_, _| {
        Err::<f32, _>(linfa::Error::NotEnoughSamples)
    });
    assert!(matches!(
        failed,
        Err(Error::Linfa(linfa::Error::NotEnoughSamples))
    ));
}

#[test]
fn unsuitable_data_is_refused() {
    let squared = BoostParams::default();
    let data = Dataset::new(records(), classes());
    let error = Fit::fit(&squared, &data).unwrap_err();
    assert!(
        matches!(&error, Error::InvalidParameter(found) if found.name == "objective"),
        "{error}"
    );

    let numbers = Dataset::new(records(), classes().mapv(|class| class as f32));
    for objective in [Objective::Logistic, Objective::Softmax { n_classes: 3 }] {
        let params = BoostParams {
            objective,
            ..squared.clone()
        };
        let error = Fit::fit(&params, &numbers).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidParameter(found) if found.name == "objective"),
            "{error}"
        );
    }

    let logistic = BoostParams {
        objective: Objective::Logistic,
        ..squared.clone()
    };
    let error = Fit::fit(&logistic, &data).unwrap_err();
    assert!(
        matches!(error, Error::InvalidValue { name: "labels", .. }),
        "{error}"
    );

    let short = DatasetBase::new(records(), Array1::<usize>::zeros(7));
    let error = Fit::fit(&softprob(), &short).unwrap_err();
    assert!(
        matches!(error, Error::Length { name: "labels", .. }),
        "{error}"
    );

    let mut odd = Dataset::new(records(), classes());
    odd.weights = Array1::ones(3);
    let error = Fit::fit(&softprob(), &odd).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Length {
                name: "weights",
                ..
            }
        ),
        "{error}"
    );

    let none = Dataset::new(Array2::<f32>::zeros((0, 3)), Array1::<usize>::zeros(0));
    let error = Fit::fit(&softprob(), &none).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
}

#[test]
#[should_panic(expected = "expected 3 features, got 2")]
fn rows_of_another_width_panic_as_documented() {
    let trees = Fit::fit(&softprob(), &Dataset::new(records(), classes())).unwrap();
    let narrow = [1.0, 2.0];
    let _ = trees.predict(&ArrayView2::from_shape((1, 2), &narrow).unwrap());
}
