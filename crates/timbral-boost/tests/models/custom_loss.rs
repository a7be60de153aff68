//! Models of a loss of one's own: XGBoost's are read here, and XGBoost reads those of this crate, with the same
//! predictions (`custom/make.py`). The same loss grows the same trees.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ndarray::{Array2, s};
use serde::Deserialize;
use timbral_boost::{BoostParams, Dataset, Loss, Model, Objective, Training};

/// Sums of five f32 numbers below 32, in another order.
const TOLERANCE: f32 = 1e-6;

/// XGBoost adds gradients in another order, and rounds the sums to f32.
const TRAINING_TOLERANCE: f32 = 1e-5;

/// Squared error of `outputs` outputs, of which number k predicts `k + 1` times the label; it counts three times
/// where the margin is below.
struct Asymmetric {
    outputs: usize,
}

impl Loss for Asymmetric {
    fn name(&self) -> &str {
        "asymmetric"
    }

    fn n_outputs(&self) -> usize {
        self.outputs
    }

    fn base_score(&self) -> Vec<f32> {
        vec![0.5; self.outputs]
    }

    fn gradients(&self, label: f32, margins: &[f32], gradients: &mut [[f32; 2]]) {
        let pairs = margins.iter().zip(gradients).enumerate();
        for (k, (margin, gradient)) in pairs {
            let label = (k + 1) as f32 * label;
            let weight = if *margin < label { 3.0 } else { 1.0 };
            *gradient = [weight * (margin - label), weight];
        }
    }
}

/// The table of the script.
fn table() -> (Array2<f32>, Vec<f32>) {
    let mut state = 42u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as f32
    };
    let values: Vec<f32> = std::iter::repeat_with(next).take(200 * 4).collect();
    let values = Array2::from_shape_vec((200, 4), values).unwrap();
    let feature = |v: &f32| if *v >= 240.0 { f32::NAN } else { v / 16.0 };
    let features = values.slice(s![.., ..3]).map(feature);
    let high = |v: f32| if v > 128.0 { 4.0 } else { 0.0 };
    let labels = values.rows().into_iter();
    let labels = labels.map(|v| v[0] / 32.0 + high(v[1]) + v[3] / 128.0);
    (features, labels.collect())
}

#[derive(Deserialize)]
struct Expected {
    rounds: usize,
    margins: Vec<Vec<f32>>,
}

fn path(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/custom");
    [folder, name].iter().collect()
}

fn load(name: &str) -> Model {
    Model::load(path(&format!("{name}.json"))).unwrap()
}

fn train(outputs: usize) -> Model {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 4,
        max_depth: 3,
        learning_rate: 0.5,
        ..Default::default()
    };
    let training = Training::new(&params, &data);
    training.loss(&Asymmetric { outputs }).run().unwrap().model
}

#[test]
fn custom_losses_predict_the_same_in_both() {
    let text = std::fs::read_to_string(path("expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 4);
    let (features, _) = table();
    for (name, Expected { rounds, margins }) in expected {
        let model = load(&name);
        assert_eq!(model.n_rounds(), rounds, "{name}");
        let got = model
            .compile()
            .margins(features.slice(s![..20, ..]))
            .unwrap();
        for (got, expected) in got.rows().into_iter().zip(margins) {
            assert_eq!(got.len(), expected.len(), "{name}");
            for (got, expected) in got.iter().zip(expected) {
                assert!(
                    (got - expected).abs() <= TOLERANCE * expected.abs(),
                    "{name}: {got}, not {expected}"
                );
            }
        }
    }
}

/// The files that XGBoost read are those that training and saving make now.
#[test]
fn custom_losses_are_saved_as_xgboost_read_them() {
    for (name, outputs) in [("timbral-one.json", 1), ("timbral-two.json", 2)] {
        let model = train(outputs);
        let objective = Objective::Loss {
            name: "asymmetric".into(),
            n_outputs: outputs,
        };
        assert_eq!(*model.objective(), objective);
        match std::env::var_os("TIMBRAL_MODELS") {
            Some(folder) => model.save(PathBuf::from(folder).join(name)).unwrap(),
            None => assert_eq!(
                std::fs::read_to_string(path(name)).unwrap(),
                model.to_json()
            ),
        }
    }
}

#[test]
fn custom_losses_grow_the_trees_of_xgboost() {
    for (name, outputs) in [("xgboost-one", 1), ("xgboost-two", 2)] {
        let (ours, theirs) = (train(outputs), load(name));
        assert_eq!(ours.base_margin(), theirs.base_margin(), "{name}");
        assert_eq!(ours.trees().len(), theirs.trees().len(), "{name}");
        for (ours, theirs) in ours.trees().iter().zip(theirs.trees()) {
            assert_eq!(ours.nodes().len(), theirs.nodes().len(), "{name}");
            for (a, b) in ours.nodes().iter().zip(theirs.nodes()) {
                assert_eq!(a.children, b.children, "{name}");
                let (a, b) = (a.leaf_value, b.leaf_value);
                assert!(
                    (a - b).abs() <= TRAINING_TOLERANCE * b.abs().max(1.0),
                    "{name}: {a}, not {b}"
                );
            }
        }
    }
}
