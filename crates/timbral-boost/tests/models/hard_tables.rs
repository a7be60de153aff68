//! Models as people have them, from the folder `data/hard_tables` of `TIMBRAL_DATA` (default `../shared`).

use std::io::Write as _;
use std::path::PathBuf;

use ndarray::array;
use timbral_boost::{Error, Model};

fn hard_tables() -> Option<PathBuf> {
    let root = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
        PathBuf::from,
    );
    let folder = root.join("data/hard_tables");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn base_scores_at_the_limits_have_the_margins_of_xgboost() {
    let Some(folder) = hard_tables() else { return };
    for (name, expected) in [
        ("one_class_0.json", -13.81551),
        ("one_class_1.json", 13.74516),
        ("base_score_1e-7.json", -13.81551),
    ] {
        let model = Model::load(folder.join(name)).unwrap();
        assert_eq!(model.base_margin(), [expected], "{name}");
    }
}

#[test]
fn the_best_iteration_is_one_of_the_rounds() {
    let Some(folder) = hard_tables() else { return };
    let model = Model::load(folder.join("best_iteration_2_of_2_rounds.json")).unwrap();
    assert_eq!((model.n_rounds(), model.best_iteration()), (2, Some(1)));
    assert!(model.to_json().contains(r#"{"best_iteration":"1"}"#));
}

#[test]
fn several_labels_have_a_probability_each() {
    let Some(folder) = hard_tables() else { return };
    let predictor = Model::load(folder.join("multilabel.json"))
        .unwrap()
        .compile();
    let rows = array![[0.0, 0.0, 0.0], [1.0, f32::NAN, 1.0]];
    let probabilities = predictor.label_probabilities(rows.view()).unwrap();
    // XGBoost 3.2 and 3.4.1.
    let expected = array![
        [0.2885015, 0.7114985, 0.2885015],
        [0.7293239, 0.27067608, 0.7293239]
    ];
    // Sums of two exponentials in f32.
    assert!(
        (&probabilities - &expected)
            .iter()
            .all(|d: &f32| d.abs() < 1e-6),
        "{probabilities}"
    );
    let error = predictor.classes(rows.view()).unwrap_err().to_string();
    assert!(
        error.contains("3 labels that do not exclude each other"),
        "{error}"
    );
}

#[test]
fn infinite_numbers_are_read() {
    let Some(folder) = hard_tables() else { return };
    let model = Model::load(folder.join("xgboost_infinity.json")).unwrap();
    // As XGBoost: infinity minus infinity.
    let margins = model.compile().margins_row(&[0.0, 0.0, 0.0]).unwrap();
    assert!(margins[0].is_nan(), "{margins:?}");
    assert!(model.to_json().contains("[-Infinity]"));
}

#[test]
fn other_encodings_are_named() {
    let Some(folder) = hard_tables() else { return };
    for (name, expected) in [
        ("old_binary.model", "XGBoost's old binary format"),
        ("gzipped.json.gz", "compressed by gzip"),
    ] {
        let error = Model::load(folder.join(name)).unwrap_err();
        assert!(matches!(error, Error::Format { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
