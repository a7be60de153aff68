//! Files as XGBoost and people write them, in their smallest cases.

use ndarray::array;
use timbral_boost::{BoostParams, Dataset, Loss, Model, Objective, Training};

/// A model of `n` outputs with one leaf of the value `leaf` per output.
fn file(objective: &str, base_score: &str, leaf: &str, attributes: &str) -> String {
    let tree = format!(
        r#"{{"base_weights":[0],"default_left":[0],"left_children":[-1],"loss_changes":[0],
        "right_children":[-1],"split_conditions":[{leaf}],"split_indices":[0],"split_type":[0],
        "sum_hessian":[1],"tree_param":{{"num_deleted":"0","num_nodes":"1","size_leaf_vector":"1"}}}}"#
    );
    format!(
        r#"{{"learner":{{"attributes":{{{attributes}}},"feature_names":[],"gradient_booster":{{"name":"gbtree",
        "model":{{"gbtree_model_param":{{"num_parallel_tree":"1","num_trees":"1"}},"iteration_indptr":[0,1],
        "tree_info":[0],"trees":[{tree}]}}}},"learner_model_param":{{"base_score":"{base_score}","num_class":"0",
        "num_feature":"1","num_target":"1"}},"objective":{{"name":"{objective}"}}}}}}"#
    )
}

fn model(objective: &str, base_score: &str, leaf: &str) -> Result<Model, timbral_boost::Error> {
    Model::from_slice(file(objective, base_score, leaf, "").as_bytes())
}

/// The margins of XGBoost 3.2 and 3.4.1, which agree.
#[test]
fn base_scores_are_clamped_as_in_xgboost() {
    for (objective, score, margin) in [
        ("binary:logistic", "0", -13.81551),
        ("binary:logistic", "[0E0]", -13.81551),
        ("binary:logistic", "1E-45", -13.81551),
        ("binary:logistic", "1E-7", -13.81551),
        ("binary:logistic", "9.9999994E-1", 13.74516),
        ("binary:logistic", "1", 13.74516),
        ("reg:logistic", "0", -13.81551),
        ("reg:logistic", "1E0", 13.74516),
        ("binary:logitraw", "0", 0.0),
        ("binary:logitraw", "2E0", 2.0),
        ("binary:hinge", "-1E0", -1.0),
        ("count:poisson", "1E-7", -16.118_095),
        ("reg:gamma", "1E-45", -103.278_93),
        ("reg:tweedie", "2E0", std::f32::consts::LN_2),
        ("reg:squarederror", "-1E0", -1.0),
        ("reg:absoluteerror", "1E-7", 1e-7),
    ] {
        let model = model(objective, score, "0").unwrap();
        assert_eq!(model.base_margin(), [margin], "{objective} {score}");
    }
    for (objective, score) in [
        ("binary:logistic", "-1E0"),
        ("binary:logistic", "2E0"),
        ("binary:logistic", "NaN"),
        ("reg:logistic", "Infinity"),
        ("reg:gamma", "0"),
        // XGBoost predicts NaN or infinity.
        ("count:poisson", "-1E0"),
        ("count:poisson", "0"),
        ("reg:squarederror", "NaN"),
    ] {
        let error = model(objective, score, "0").unwrap_err().to_string();
        assert!(error.contains("has no finite margin"), "{error}");
    }
}

#[test]
fn infinity_and_nan_are_read_and_written() {
    let infinite = model("reg:squarederror", "0", "-Infinity").unwrap();
    assert_eq!(
        infinite.compile().margins_row(&[0.0]).unwrap(),
        [f32::NEG_INFINITY]
    );
    for bytes in [infinite.to_json().into_bytes(), infinite.to_ubjson()] {
        assert_eq!(Model::from_slice(&bytes).unwrap(), infinite);
    }
    let text = file(
        "reg:squarederror",
        "0",
        "1.5",
        r#""note":"NaN, \"Infinity\"""#,
    );
    let text = text.replace("\"base_weights\":[0]", "\"base_weights\":[NaN]");
    let model = Model::from_slice(text.as_bytes()).unwrap();
    assert_eq!(model.compile().margins_row(&[0.0]).unwrap(), [1.5]);
    assert_eq!(model.attributes()["note"], "NaN, \"Infinity\"");
    assert!(model.to_json().contains("\"base_weights\":[NaN]"));
}

#[test]
fn a_nan_leaf_is_refused_by_its_place() {
    let error = model("reg:squarederror", "0", "NaN")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("trees[0].split_conditions[0]: NaN"),
        "{error}"
    );
    let error = model("reg:squarederror", "0", "[Infinity, 1e39]")
        .unwrap_err()
        .to_string();
    assert!(error.contains("JSON: "), "{error}");
}

#[test]
fn a_best_iteration_beyond_the_rounds_is_the_last_round() {
    for (text, best) in [
        ("0", Some(0)),
        ("1", Some(0)),
        ("99", Some(0)),
        ("-1", None),
    ] {
        let attributes = format!(r#""best_iteration":"{text}""#);
        let text = file("reg:squarederror", "0", "1", &attributes);
        let model = Model::from_slice(text.as_bytes()).unwrap();
        assert_eq!(model.best_iteration(), best);
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let text = format!("\u{feff}{}", file("reg:squarederror", "0", "1", ""));
    assert_eq!(Model::from_slice(text.as_bytes()).unwrap().n_rounds(), 1);
}

/// Squared error with two outputs, of which the second predicts twice the label. The name is one of
/// XGBoost's, whose link must not apply.
struct Twice;

impl Loss for Twice {
    fn name(&self) -> &str {
        "count:poisson"
    }

    fn n_outputs(&self) -> usize {
        2
    }

    fn base_score(&self) -> Vec<f32> {
        vec![-1.0, 0.0]
    }

    fn gradients(&self, label: f32, margins: &[f32], gradients: &mut [[f32; 2]]) {
        gradients[0] = [margins[0] - label, 1.0];
        gradients[1] = [margins[1] - 2.0 * label, 1.0];
    }
}

#[test]
fn a_model_of_ones_own_loss_can_be_saved_and_continued() {
    let features = array![[0.0], [1.0], [2.0], [3.0]];
    let data = Dataset::new(features.view(), &[0.0, 1.0, 2.0, 3.0]).unwrap();
    let params = |n_rounds| BoostParams {
        n_rounds,
        ..Default::default()
    };
    let (four, two) = (params(4), params(2));
    let model = Training::new(&two, &data).loss(&Twice).run().unwrap().model;
    assert_eq!(model.base_margin(), [-1.0, 0.0]);
    let folder = tempfile::tempdir().unwrap();
    for name in ["m.json", "m.ubj"] {
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        let loaded = Model::load(&path).unwrap();
        assert_eq!(loaded, model);
        assert_eq!(
            (loaded.objective().name(), loaded.n_outputs()),
            ("count:poisson", 2)
        );
        let training = Training::new(&two, &data).loss(&Twice);
        let continued = training.continue_from(&loaded).run().unwrap().model;
        let whole = Training::new(&four, &data)
            .loss(&Twice)
            .run()
            .unwrap()
            .model;
        assert_eq!(continued, whole);
        let expected = Objective::Loss {
            name: "count:poisson".into(),
            n_outputs: 2,
        };
        assert_eq!(*continued.objective(), expected);
    }
    let error = model.compile().probabilities(features.view()).unwrap_err();
    assert!(error.to_string().contains("predicts numbers"), "{error}");
}
