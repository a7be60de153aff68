use std::path::PathBuf;

use ndarray::{Array2, Array3};
use timbral::audio::OpenParams;
use timbral::dsp::{FeatureSetParams, MelParams};
use timbral::{
    Classifier, Extractor, GenreModel, MelImages, Member, Provenance, Segmentation,
    SimilarityIndex, SoundView,
};
use timbral_data::FeatureTable;
use timbral_nn::{ConvBlockParams, ConvNetParams, Dataset, TrainParams};

use super::audio::simple_wav;
use super::models::trees;
use super::networks::dense_model;
use super::tables::table;
use super::written;
use crate::engine::Form::Zip;
use crate::engine::Seed;

const CLASSES: [&str; 3] = ["jazz", "pop", "rock"];

/// A classifier with trees, a dense network and a network on images, all trained on a pattern.
pub(crate) fn genres() -> Vec<Seed> {
    let segments = Segmentation::gtzan();
    let features = FeatureSetParams::default();
    let names = Extractor::new(features.clone(), segments)
        .unwrap()
        .names()
        .to_vec();
    let x = Array2::from_shape_fn((24, names.len()), |(i, j)| (i * (j + 3) % 17) as f32);
    let ids = (0..24).map(|i| i.to_string()).collect();
    let pattern = FeatureTable::new(names.clone(), x, ids);
    let pattern = pattern
        .and_then(|table| table.with_labels((0..24).map(|i| CLASSES[i % 3])))
        .unwrap();

    let images = MelImages {
        mel: MelParams {
            n_fft: 512,
            n_mels: 8,
            ..MelParams::default()
        },
        seconds: 0.5,
        ..MelImages::default()
    };
    let x = Array3::from_shape_fn((6, 8, 7), |(i, j, k)| (i * (j + k + 3) % 17) as f32);
    let data = Dataset::images(x.view(), &[0, 1, 2, 0, 1, 2], 3).unwrap();
    let net = ConvNetParams {
        blocks: ConvBlockParams::stack(&[2], &[[2, 2]]),
        ..ConvNetParams::default()
    };
    let network = TrainParams {
        epochs: 1,
        ..TrainParams::default()
    }
    .fit(net, &data)
    .unwrap();

    let of_features = SoundView::Features { features, segments };
    let models = [
        (
            of_features.clone(),
            GenreModel::Boost(trees(&names, &CLASSES)),
        ),
        (of_features, GenreModel::Dense(dense_model(&pattern))),
        (SoundView::Images(images), GenreModel::Network(network)),
    ];
    let members = models.map(|(view, model)| Member::new(view, model));
    let classes = CLASSES.map(str::to_owned).to_vec();
    let classifier = Classifier::new(classes, members.into(), Provenance::default()).unwrap();
    vec![written(Zip, ".timbral", |path| {
        classifier.save(path).unwrap()
    })]
}

/// An index of a table, and one of sound files.
pub(crate) fn indices() -> Vec<Seed> {
    let of_table = SimilarityIndex::build(&table()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |i: usize| -> PathBuf {
        let path = folder.path().join(format!("{i}.wav"));
        let samples = (0..70_000)
            .map(|t: usize| (t * (t / 100 + i)) as u8)
            .collect::<Vec<_>>();
        std::fs::write(&path, simple_wav(1, 1, 8, &samples)).unwrap();
        path
    };
    let open = OpenParams::default();
    let (of_files, problems) =
        SimilarityIndex::of_files(&[file(3), file(5)], open, &mut ()).unwrap();
    assert!(problems.skipped.is_empty(), "{problems}");
    [of_table, of_files]
        .map(|index| written(Zip, ".index", |path| index.save(path).unwrap()))
        .to_vec()
}
