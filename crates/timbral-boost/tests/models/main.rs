//! Models of XGBoost (`make.py`), read, used for prediction, written and read again. The script
//! `check_in_xgboost.py` loads models of this crate into XGBoost; it is run by hand.

#![allow(clippy::unwrap_used)]

mod custom_loss;
mod files;
mod hard_tables;
mod hostile;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Deserialize;
use timbral_boost::{Error, ImportanceKind, Model, Objective};

/// Sums of a few dozen f32 numbers below 32, in another order.
const MARGIN_TOLERANCE: f32 = 1e-6;

/// XGBoost sums the importances in f32.
const IMPORTANCE_TOLERANCE: f64 = 1e-6;

const VERSIONS: [&str; 4] = ["1.7", "2.1", "3.2", "3.4"];

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Vec<Option<f32>>>,
    models: BTreeMap<String, Golden>,
    unsupported: Vec<String>,
}

#[derive(Deserialize)]
struct Golden {
    margins: Vec<Vec<f32>>,
    rounds: usize,
    feature_names: Option<Vec<String>>,
    attributes: BTreeMap<String, String>,
    importance: BTreeMap<String, Vec<f64>>,
}

fn golden(version: &str, name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden");
    [folder, version, name].iter().collect()
}

fn expected(version: &str) -> Expected {
    let text = std::fs::read_to_string(golden(version, "expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn each_model(mut check: impl FnMut(&str, &Model, &Golden, &[Vec<f32>])) {
    for version in VERSIONS {
        let expected = expected(version);
        let rows: Vec<Vec<f32>> = expected
            .rows
            .iter()
            .map(|row| row.iter().map(|x| x.unwrap_or(f32::NAN)).collect())
            .collect();
        for (name, golden_model) in &expected.models {
            let what = format!("{version}/{name}");
            let model =
                Model::load(golden(version, name)).unwrap_or_else(|e| panic!("{what}: {e}"));
            check(&what, &model, golden_model, &rows);
        }
    }
}

/// By the definition: the base margin plus one leaf of each tree.
fn margins(model: &Model, row: &[f32]) -> Vec<f32> {
    let mut margins = model.base_margin();
    for (tree, &output) in model.trees().iter().zip(model.tree_outputs()) {
        let leaf = tree.leaf_values(tree.leaf(row));
        for (margin, value) in margins[output as usize..].iter_mut().zip(leaf) {
            *margin += value;
        }
    }
    margins
}

#[test]
fn margins_equal_xgboosts() {
    each_model(|what, model, golden, rows| {
        for (row, expected) in rows.iter().zip(&golden.margins) {
            let got = margins(model, row);
            assert_eq!(got.len(), expected.len(), "{what}");
            for (got, expected) in got.iter().zip(expected) {
                let bound = MARGIN_TOLERANCE * expected.abs().max(1.0);
                assert!(
                    (got - expected).abs() <= bound,
                    "{what}: {got}, not {expected}"
                );
            }
        }
    });
}

#[test]
fn importances_equal_xgboosts() {
    let kinds = [
        ("weight", ImportanceKind::Weight),
        ("gain", ImportanceKind::Gain),
        ("cover", ImportanceKind::Cover),
        ("total_gain", ImportanceKind::TotalGain),
        ("total_cover", ImportanceKind::TotalCover),
    ];
    each_model(|what, model, golden, _| {
        for (name, kind) in kinds {
            let got = model.importance(kind);
            let used = model.importance_of_used(kind);
            assert!(used.iter().all(|(feature, value)| got[*feature] == *value));
            let expected = &golden.importance[name];
            assert_eq!(got.len(), expected.len(), "{what}");
            for (got, expected) in got.iter().zip(expected) {
                let bound = IMPORTANCE_TOLERANCE * expected.abs().max(1.0);
                assert!(
                    (got - expected).abs() <= bound,
                    "{what}, {name}: {got}, not {expected}"
                );
            }
        }
    });
}

#[test]
fn rounds_names_and_attributes_are_kept() {
    each_model(|what, model, golden, _| {
        assert_eq!(model.n_rounds(), golden.rounds, "{what}");
        assert_eq!(
            model.feature_names(),
            golden.feature_names.as_deref(),
            "{what}"
        );
        let mut attributes = model.attributes().clone();
        if let Some(best) = model.best_iteration() {
            attributes.insert("best_iteration".into(), best.to_string());
        }
        assert_eq!(attributes, golden.attributes, "{what}");
    });
}

#[test]
fn objectives() {
    let objective = |name: &str| {
        let model = Model::load(golden("3.2", name)).unwrap();
        model.objective().clone()
    };
    assert_eq!(objective("squarederror.json"), Objective::SquaredError);
    assert_eq!(objective("stopped.ubj"), Objective::Logistic);
    let pseudo_huber = Objective::PseudoHuber { slope: 2.0 };
    assert_eq!(objective("pseudohuber.json"), pseudo_huber);
    assert_eq!(
        objective("softprob.json"),
        Objective::Softprob { n_classes: 3 }
    );
    assert_eq!(
        objective("softmax.json"),
        Objective::Softmax { n_classes: 10 }
    );
    let Objective::Other {
        name,
        n_outputs,
        params,
    } = objective("labels.json")
    else {
        panic!("two targets");
    };
    assert_eq!((name.as_str(), n_outputs), ("binary:logistic", 2));
    assert_eq!(params["reg_loss_param"]["scale_pos_weight"], "1");
}

#[test]
fn both_formats_hold_the_same_model() {
    for version in VERSIONS {
        let categorical: &[&str] = match version {
            "3.4" => &["categorical", "categorical-names"],
            _ => &[],
        };
        let names = ["squarederror", "stopped", "softprob", "dart", "pruned"];
        for name in names.iter().chain(categorical) {
            let [json, ubj] = ["json", "ubj"]
                .map(|e| Model::load(golden(version, &format!("{name}.{e}"))).unwrap());
            assert_eq!(json, ubj, "{version}/{name}");
        }
    }
}

#[test]
fn a_saved_model_is_the_same_when_loaded() {
    let folder = tempfile::tempdir().unwrap();
    each_model(|what, model, _, _| {
        for name in ["m.json", "m.ubj"] {
            let path = folder.path().join(name);
            model.save(&path).unwrap();
            assert_eq!(&Model::load(&path).unwrap(), model, "{what}");
        }
        let json = model.to_json();
        let by_ubjson = Model::from_slice(&model.to_ubjson()).unwrap();
        assert_eq!(by_ubjson.to_json(), json, "{what}");
    });
}

/// Writes every golden model to the folder `TIMBRAL_MODELS`, for `check_in_xgboost.py`.
#[test]
fn saves_for_xgboost() {
    let Some(folder) = std::env::var_os("TIMBRAL_MODELS").map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no folder TIMBRAL_MODELS");
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    each_model(|what, model, _, _| {
        for ending in ["json", "ubj"] {
            let name = format!("{}-saved.{ending}", what.replace('/', "_"));
            model.save(folder.join(name)).unwrap();
        }
    });
}

/// Files of XGBoost 3.4 are written again byte for byte, except for what is not kept: pruned nodes, the
/// weights of a dart, and parameters of objectives that are not strings.
#[test]
fn files_equal_xgboosts() {
    let mut n_same = 0;
    for name in expected("3.4").models.keys() {
        if ["pruned", "dart"]
            .iter()
            .any(|other| name.starts_with(other))
        {
            continue;
        }
        let file = std::fs::read(golden("3.4", name)).unwrap();
        let model = Model::from_slice(&file).unwrap();
        if name.ends_with(".json") {
            assert_eq!(
                model.to_json(),
                std::str::from_utf8(&file).unwrap(),
                "{name}"
            );
        } else {
            assert_eq!(model.to_ubjson(), file, "{name}");
        }
        n_same += 1;
    }
    assert!(n_same > 20, "{n_same} files compared");
}

#[test]
fn types_and_values_of_categories_are_kept() {
    let model = Model::load(golden("3.4", "categorical-names.json")).unwrap();
    let types = ["c", "float", "c", "c"].map(String::from);
    assert_eq!(model.feature_types(), Some(&types[..]));
    let values = |feature| model.category_values(feature).unwrap();
    assert_eq!(
        values(0).names().unwrap(),
        ["blues", "jazz", "métal", "rock"]
    );
    assert_eq!(values(0).integers(), None);
    assert_eq!(values(1).n_categories(), 0);
    assert_eq!(values(2).integers().unwrap()[0], -1990);
    // Written as numbers with a sign to UBJSON.
    assert_eq!(values(3).integers().unwrap()[..2], [7, 40_000]);
    assert_eq!(values(3).code("7"), None);
    assert_eq!(model.category_values(4), None);
    let plain = Model::load(golden("3.4", "categorical.json")).unwrap();
    assert_eq!(plain.category_values(0), None);
    assert_eq!(
        model.slice(0..1).unwrap().category_values(0),
        Some(values(0))
    );
}

#[test]
fn class_names_are_an_attribute() {
    let names = ["blues", "hip \"hop\"", "rock’n’roll"]
        .map(String::from)
        .to_vec();
    let model = Model::load(golden("3.2", "softprob.json")).unwrap();
    let model = model.with_class_names(names.clone()).unwrap();
    for bytes in [model.to_json().into_bytes(), model.to_ubjson()] {
        let loaded = Model::from_slice(&bytes).unwrap();
        assert_eq!(loaded.class_names(), Some(names.as_slice()));
        assert_eq!(loaded, model);
    }
    let json: serde_json::Value = serde_json::from_str(&model.to_json()).unwrap();
    let text = json["learner"]["attributes"]["timbral.class_names"].as_str();
    let expected = r#"["blues","hip \"hop\"","rock’n’roll"]"#;
    assert_eq!(text, Some(expected));
}

#[test]
fn unsupported_parts_are_named() {
    let mut seen = String::new();
    for version in VERSIONS {
        for name in expected(version).unsupported {
            match Model::load(golden(version, &name)) {
                Err(Error::Unsupported { what, .. }) => seen += &format!("{name}: {what}\n"),
                other => panic!("{version}/{name}: {other:?}"),
            }
        }
    }
    assert!(seen.contains("the booster \"gblinear\""), "{seen}");
}

#[test]
fn a_file_name_must_end_in_json_or_ubj() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(golden("3.2", "stump.json")).unwrap();
    for name in ["model", "model.txt", "model.JSON"] {
        let error = model.save(folder.path().join(name)).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter(_)), "{error}");
    }
    let error = model.save(folder.path().join("no/m.json")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let error = Model::load(folder.path().join("m.json")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_content_decides_on_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(golden("3.2", "stump.json")).unwrap();
    let path = folder.path().join("m.json");
    std::fs::write(&path, model.to_ubjson()).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
    std::fs::write(&path, format!("\n {}\n", model.to_json())).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
}
