use std::path::PathBuf;

use ndarray::{Array, ArrayD, Axis, Dimension, Ix2, IxDyn, aview1};
use serde_json::Value;
use timbral_boost::Model;

/// The exponential functions of the two programs differ in the last bit.
const PROBABILITY: f32 = 1e-6;

/// XGBoost computes SHAP values in f32; the trees have up to 24 leaves and six levels.
const SHAP: f32 = 2e-6;

/// Each SHAP value is rounded to f32.
const SUM: f32 = 2e-6;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/predict/golden")
        .join(name)
}

/// The results of XGBoost for one model.
struct Expected(Value);

impl Expected {
    fn array(&self, key: &str) -> ArrayD<f32> {
        fn flat(value: &Value, shape: &mut Vec<usize>, depth: usize, out: &mut Vec<f32>) {
            let Some(items) = value.as_array() else {
                out.push(value.as_f64().map_or(f32::NAN, |x| x as f32));
                return;
            };
            if shape.len() == depth {
                shape.push(items.len());
            }
            items
                .iter()
                .for_each(|item| flat(item, shape, depth + 1, out));
        }
        let (mut shape, mut out) = (Vec::new(), Vec::new());
        flat(&self.0[key], &mut shape, 0, &mut out);
        Array::from_shape_vec(IxDyn(&shape), out).unwrap()
    }

    fn table(&self, key: &str) -> Array<f32, Ix2> {
        self.array(key).into_dimensionality().unwrap()
    }
}

fn near<D: Dimension>(what: &str, ours: &Array<f32, D>, theirs: &ArrayD<f32>, tolerance: f32) {
    assert_eq!(ours.shape(), theirs.shape(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= tolerance, "{what}: {a} and {b}");
    }
}

fn check(name: &str) -> (Model, Expected) {
    let model = Model::load(path(&format!("{name}.model.json"))).unwrap();
    let text = std::fs::read_to_string(path(&format!("{name}.json"))).unwrap();
    let expected = Expected(serde_json::from_str(&text).unwrap());
    let rows = expected.table("rows");
    let predictor = model.compile();

    // Equal to the last bit.
    let margins = predictor.margins(rows.view()).unwrap();
    assert_eq!(margins, expected.table("margins"));
    let leaves = predictor.leaf_indices(rows.view()).unwrap();
    assert_eq!(leaves.mapv(|leaf| leaf as f32), expected.table("leaves"));
    let slice = [0, 1].map(|i| expected.0["slice"][i].as_u64().unwrap() as usize);
    let sliced = model.slice(slice[0]..slice[1]).unwrap().compile();
    assert_eq!(
        sliced.margins(rows.view()).unwrap(),
        expected.table("slice_margins")
    );

    let shap = model.shap_values(rows.view()).unwrap();
    near(name, &shap, &expected.array("shap_values"), SHAP);
    near(name, &shap.sum_axis(Axis(2)), &margins.into_dyn(), SUM);
    let interactions = model.shap_interaction_values(rows.view()).unwrap();
    near(
        name,
        &interactions,
        &expected.array("shap_interaction_values"),
        SHAP,
    );
    near(name, &interactions.sum_axis(Axis(3)), &shap.into_dyn(), SUM);
    (model, expected)
}

#[test]
fn softprob() {
    let (model, expected) = check("softprob");
    let (predictor, rows) = (model.compile(), expected.table("rows"));
    let probabilities = predictor.probabilities(rows.view()).unwrap();
    near(
        "softprob",
        &probabilities,
        &expected.array("predictions"),
        PROBABILITY,
    );
    let classes = predictor.classes(rows.view()).unwrap();
    for (class, margins) in classes.iter().zip(expected.table("margins").rows()) {
        assert!(margins.iter().all(|margin| *margin <= margins[*class]));
    }
}

#[test]
fn logistic() {
    let (model, expected) = check("logistic");
    assert_eq!(model.best_iteration(), Some(3));
    let (predictor, rows) = (model.compile(), expected.table("rows"));
    let probabilities = predictor.probabilities(rows.view()).unwrap();
    let ones = probabilities.column(1).insert_axis(Axis(1)).to_owned();
    near(
        "logistic",
        &ones,
        &expected.array("predictions"),
        PROBABILITY,
    );
    near(
        "logistic",
        &probabilities.sum_axis(Axis(1)),
        &aview1(&[1.0; 20]).to_owned().into_dyn(),
        0.0,
    );
    for (row, class) in rows
        .rows()
        .into_iter()
        .zip(predictor.classes(rows.view()).unwrap())
    {
        let row = row.to_slice().unwrap();
        assert_eq!(predictor.class_row(row).unwrap(), class);
        assert_eq!(
            class == 1,
            predictor.probabilities_row(row).unwrap()[1] > 0.5
        );
    }
}

#[test]
fn vectors() {
    let (model, expected) = check("vectors");
    assert_eq!(model.trees()[0].n_outputs(), 3);
    let (predictor, rows) = (model.compile(), expected.table("rows"));
    // In blocks and row by row.
    let margins = predictor.margins(rows.view()).unwrap();
    for (row, margins) in rows.rows().into_iter().zip(margins.rows()) {
        let one = predictor.margins_row(row.to_slice().unwrap()).unwrap();
        assert_eq!(one, margins.to_vec());
    }
    let probabilities = predictor.probabilities(rows.view()).unwrap();
    let theirs = expected.array("predictions");
    near("vectors", &probabilities, &theirs, PROBABILITY);
}

#[test]
fn categorical() {
    let (model, expected) = check("categorical");
    let n_categorical = model
        .trees()
        .iter()
        .flat_map(|tree| (0..tree.nodes().len()).filter_map(|node| tree.categories(node)));
    assert!(n_categorical.count() > 10);
    let (predictor, rows) = (model.compile(), expected.table("rows"));
    for (row, margins) in rows
        .rows()
        .into_iter()
        .zip(expected.table("margins").rows())
    {
        let one = predictor.margins_row(row.to_slice().unwrap()).unwrap();
        assert_eq!(one, margins.to_vec());
    }
}

#[test]
fn squared() {
    let (model, expected) = check("squared");
    assert_eq!(expected.table("margins"), expected.table("predictions"));
    assert!(
        model
            .compile()
            .probabilities(expected.table("rows").view())
            .is_err()
    );
}
