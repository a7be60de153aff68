use std::path::Path;

use ndarray::Array2;
use timbral_boost::{BoostParams, Dataset, Model, Objective};

use super::{kept_with_ending, written};
use crate::engine::Form::{Binary, Json};
use crate::engine::Seed;

const FOLDERS: [&str; 4] = ["1.7", "2.1", "3.2", "3.4"];

/// Trees for three classes, with names of features and classes.
pub(crate) fn trees(features: &[String], classes: &[&str]) -> Model {
    let x = Array2::from_shape_fn((24, features.len()), |(i, j)| ((i * 7 + j * 5) % 11) as f32);
    let y: Vec<f32> = (0..24).map(|i| (i % classes.len()) as f32).collect();
    let params = BoostParams {
        objective: Objective::Softprob {
            n_classes: classes.len(),
        },
        n_rounds: 2,
        max_depth: 3,
        ..BoostParams::default()
    };
    let model = Dataset::new(x.view(), &y).and_then(|data| params.fit(&data));
    let model = model.and_then(|model| model.with_feature_names(features.to_vec()));
    let classes = classes.iter().map(|class| (*class).to_owned()).collect();
    model
        .and_then(|model| model.with_class_names(classes))
        .unwrap()
}

fn named() -> Model {
    trees(&["x".to_owned(), "y".to_owned()], &["jazz", "pop", "rock"])
}

fn of_xgboost(form: crate::engine::Form, ending: &str) -> Vec<Seed> {
    let folder = |version: &str| format!("timbral-boost/tests/models/golden/{version}");
    let seeds = FOLDERS
        .iter()
        .flat_map(|version| kept_with_ending(form, &folder(version), ending));
    // Without the lists of expected predictions.
    seeds.filter(|seed| seed.bytes.len() < 20_000).collect()
}

pub(crate) fn json() -> Vec<Seed> {
    let mut seeds = of_xgboost(Json, ".json");
    seeds.push(Seed::new(Json, named().to_json()));
    // As people format it.
    let pretty = serde_json::from_str::<serde_json::Value>(&named().to_json());
    seeds.push(Seed::new(
        Json,
        serde_json::to_vec_pretty(&pretty.unwrap()).unwrap(),
    ));
    seeds
}

pub(crate) fn ubjson() -> Vec<Seed> {
    let mut seeds = of_xgboost(Binary, ".ubj");
    seeds.push(written(Binary, ".ubj", |path: &Path| {
        named().save(path).unwrap()
    }));
    seeds
}
