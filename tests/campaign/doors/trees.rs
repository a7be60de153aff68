use timbral_boost::ndarray::Array2;
use timbral_boost::{ImportanceKind, Model};

/// Most features for which rows are made.
const MOST_FEATURES: usize = 1000;

/// A model that is read predicts, explains itself, and is written and read again without a change.
pub(crate) fn open(bytes: &[u8]) {
    let Ok(model) = Model::from_slice(bytes) else {
        return;
    };
    for kind in [
        ImportanceKind::Gain,
        ImportanceKind::Weight,
        ImportanceKind::Cover,
    ] {
        let used = model.importance_of_used(kind);
        assert!(used.keys().all(|feature| *feature < model.n_features()));
    }
    if model.n_features() <= MOST_FEATURES {
        predict(&model);
    }
    // Statistics may be NaN, which is not equal to itself, so that texts are compared.
    let json = model.to_json();
    let read = |bytes: &[u8]| Model::from_slice(bytes).map(|model| model.to_json());
    assert_eq!(
        read(json.as_bytes()).as_deref().ok(),
        Some(&*json),
        "by JSON"
    );
    assert_eq!(
        read(&model.to_ubjson()).as_deref().ok(),
        Some(&*json),
        "by UBJSON"
    );
}

fn predict(model: &Model) {
    let importance = model.importance(ImportanceKind::Weight);
    assert_eq!(importance.len(), model.n_features());
    let values = [0.0, f32::NAN, f32::MAX, -1.5];
    let rows = Array2::from_shape_fn((4, model.n_features()), |(i, j)| values[(i + j) % 4]);
    let predictor = model.compile();
    let margins = predictor
        .margins(rows.view())
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(margins.dim(), (4, model.n_outputs()));
    // Those of models without classes are errors.
    let _ = predictor.probabilities(rows.view());
    let _ = predictor.classes(rows.view());
    let _ = predictor.label_probabilities(rows.view());
    predictor
        .leaf_indices(rows.view())
        .unwrap_or_else(|e| panic!("{e}"));
    let _ = model.shap_values(rows.view());
    let _ = model.slice(0..model.n_rounds().min(1));
    for (tree, row) in model.trees().iter().zip(rows.rows().into_iter().cycle()) {
        assert!(!tree.predict(&row.to_vec()).is_nan());
    }
}
