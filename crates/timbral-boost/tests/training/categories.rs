//! Categorical features: what is refused, and where categories go that were not trained on.

use ndarray::Array2;
use timbral_boost::{BoostParams, Dataset, Error, FeatureType, Model, MultiStrategy, Objective};

const TYPES: [FeatureType; 2] = [FeatureType::Categorical, FeatureType::Numeric];

/// Two columns, the first with `n` categories in a mixed order.
fn table(n_rows: usize, n: usize) -> (Array2<f32>, Vec<f32>) {
    let features = Array2::from_shape_fn((n_rows, 2), |(row, column)| match column {
        0 => (row * 7 % n) as f32,
        _ => (row * 13 % 29) as f32,
    });
    let label = |row: usize| f32::from((row * 7 % n * 5).is_multiple_of(3) != (row * 13 % 29 > 20));
    (features, (0..n_rows).map(label).collect())
}

fn fit(features: &Array2<f32>, labels: &[f32], params: &BoostParams) -> Result<Model, Error> {
    let data = Dataset::new(features.view(), labels)?.with_feature_types(&TYPES)?;
    params.fit(&data)
}

#[test]
fn numbers_that_are_no_categories_are_refused() {
    let (good, labels) = table(40, 8);
    let params = BoostParams {
        n_rounds: 1,
        ..Default::default()
    };
    for (bad, expected) in [
        (-1.0, "features[6] = -1: a category must be a whole number"),
        (0.5, "features[6] = 0.5: a category must be a whole number"),
        (
            16_777_216.0,
            "features[6] = 16777216: a category must be a whole number",
        ),
        (1e30, "a category must be a whole number"),
        (
            65_535.0,
            "features[6] = 65535: a category to train on must be below 65535",
        ),
    ] {
        let mut features = good.clone();
        features[[3, 0]] = bad;
        let error = fit(&features, &labels, &params).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        // Columns of numbers may have them.
        features[[3, 0]] = 0.0;
        features[[3, 1]] = bad;
        assert!(fit(&features, &labels, &params).is_ok());
    }
    let data = Dataset::new(good.view(), &labels).unwrap();
    let error = data.with_feature_types(&TYPES[..1]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Length {
                expected: 2,
                got: 1,
                ..
            }
        ),
        "{error}"
    );
    for params in [
        BoostParams {
            max_cat_to_onehot: 0,
            ..Default::default()
        },
        BoostParams {
            max_cat_threshold: 0,
            ..Default::default()
        },
    ] {
        assert!(matches!(
            fit(&good, &labels, &params),
            Err(Error::InvalidParameter(_))
        ));
    }
}

/// The largest category that is allowed needs bins of two bytes; a column without values has one bin.
#[test]
fn few_and_large_categories_are_trained() {
    let (mut features, labels) = table(60, 6);
    features[[0, 0]] = 65_534.0;
    let params = BoostParams {
        n_rounds: 2,
        ..Default::default()
    };
    let model = fit(&features, &labels, &params).unwrap();
    let n_categorical = model
        .trees()
        .iter()
        .flat_map(|tree| (0..tree.nodes().len()).filter_map(|node| tree.categories(node)));
    assert!(n_categorical.count() > 0);
    features.column_mut(0).fill(f32::NAN);
    let model = fit(&features, &labels, &params).unwrap();
    assert!(
        model
            .trees()
            .iter()
            .flat_map(|tree| tree.nodes())
            .all(|node| { node.children.is_none_or(|split| !split.is_categorical) })
    );
}

/// The margins of the training rows, also of those that a tree was not grown from, are those of the model.
#[test]
fn training_and_prediction_agree() {
    let (features, labels) = table(700, 40);
    let logistic = || BoostParams {
        objective: Objective::Logistic,
        n_rounds: 8,
        subsample: 0.6,
        ..Default::default()
    };
    let classes = || BoostParams {
        objective: Objective::Softprob { n_classes: 2 },
        multi_strategy: MultiStrategy::MultiOutputTree,
        ..logistic()
    };
    for params in [logistic(), classes()] {
        let types = TYPES;
        let data = Dataset::new(features.view(), &labels).unwrap();
        let data = data.with_feature_types(&types).unwrap();
        let training = timbral_boost::Training::new(&params, &data).evaluate("train", &data);
        let whole = training.run().unwrap();
        // In two parts: the second starts from margins that are predicted.
        let half = BoostParams {
            n_rounds: 4,
            ..params.clone()
        };
        let first = half.fit(&data).unwrap();
        let second = timbral_boost::Training::new(&half, &data)
            .continue_from(&first)
            .run()
            .unwrap();
        assert_eq!(second.model, whole.model);
        assert_eq!(second.model.feature_types().unwrap(), ["c", "q"]);
        assert!(whole.history.last_score().unwrap() < 0.4);
        let json = whole.model.to_json();
        assert_eq!(Model::from_slice(json.as_bytes()).unwrap(), whole.model);
        assert_eq!(
            Model::from_slice(&whole.model.to_ubjson()).unwrap(),
            whole.model
        );
    }
}
