use std::sync::LazyLock;

use ndarray::Array2;
use timbral::audio::Clip;
use timbral::{
    Classifier, DenseModel, Probabilities, SimilarityIndex, TableModel, average_recordings,
};
use timbral_data::FeatureTable;

use super::tables::with_file;

/// Most features for which rows are made.
const MOST_FEATURES: usize = 1000;

/// Noise of 3.2 s, one segment.
static SOUND: LazyLock<Clip> = LazyLock::new(|| {
    let noise = (0..70_560u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e8);
    Clip::new(noise.collect(), 22_050, 1).unwrap()
});

/// Two rows with these features.
fn rows(names: Vec<String>) -> Option<FeatureTable> {
    let values = Array2::from_shape_fn((2, names.len()), |(i, j)| (i + j) as f32 / 4.0);
    FeatureTable::new(names, values, vec!["a".to_owned(), "b".to_owned()]).ok()
}

/// A classifier that is read gives probabilities of a sound, or an error.
pub(crate) fn genres(bytes: &[u8]) {
    with_file(".timbral", bytes, |path| {
        let Ok(classifier) = Classifier::load(path) else {
            return;
        };
        if let Ok(prediction) = classifier.predict_samples(&SOUND) {
            assert_eq!(prediction.genres.len(), classifier.classes().len());
            assert!(
                prediction
                    .genres
                    .iter()
                    .all(|genre| (0.0..=1.001).contains(&genre.probability))
            );
        }
    });
}

pub(crate) fn index(bytes: &[u8]) {
    with_file(".index", bytes, |path| {
        let Ok(index) = SimilarityIndex::load(path) else {
            return;
        };
        for name in index.names() {
            if let Ok(found) = index.similar_to(name, 3) {
                assert!(found.iter().all(|track| track.distance >= 0.0));
            }
        }
        let _ = index.similar(&vec![0.5; index.feature_names().len()], 3);
    });
}

pub(crate) fn dense(bytes: &[u8]) {
    with_file(".safetensors", bytes, |path| {
        let Ok(model) = DenseModel::load(path) else {
            return;
        };
        if let Some(rows) = rows(model.feature_names().to_vec())
            && let Ok(probabilities) = model.probabilities(&rows)
        {
            assert_eq!(probabilities.dim(), (2, model.classes().len()));
            assert!(probabilities.iter().all(|p| p.is_finite()));
        }
    });
}

/// Trees as `evaluate` uses them: features by name or in order, with any names of classes.
pub(crate) fn table_model(bytes: &[u8]) {
    with_file(".json", bytes, |path| {
        let Ok(model) = TableModel::load(path) else {
            return;
        };
        let n = match &model {
            TableModel::Trees(trees) => trees.n_features(),
            _ => return,
        };
        if n > MOST_FEATURES {
            return;
        }
        let names = model
            .feature_names()
            .map_or_else(|| (0..n).map(|i| format!("f{i}")).collect(), <[_]>::to_vec);
        let Some(rows) = rows(names) else {
            return;
        };
        if let Ok(probabilities) = model.probabilities(&rows, None) {
            assert_eq!(probabilities.n_rows(), 2);
        }
    });
}

/// Tables of probabilities as `average` reads them.
pub(crate) fn probabilities(bytes: &[u8]) {
    with_file(".csv", bytes, |path| {
        let Ok(read) = Probabilities::read(path) else {
            return;
        };
        let _ = read.evaluate();
        if let Ok(averaged) = average_recordings(&[read.clone(), read]) {
            let _ = averaged.evaluate();
        }
    });
}
