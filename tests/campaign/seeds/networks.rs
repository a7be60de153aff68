use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use ndarray::Array3;
use timbral::{DenseModel, DenseParams};
use timbral_data::FeatureTable;
use timbral_nn::{
    Architecture, AttentionNetParams, ConvBlockParams, ConvNetParams, CrnnParams, Dataset,
    MlpParams, TrainParams, Training,
};

use super::tables::table;
use super::written;
use crate::engine::Form::Safetensors;
use crate::engine::Seed;

/// Eight rows of a table with two features and two classes.
pub(crate) static ROWS: LazyLock<Dataset> = LazyLock::new(|| {
    let x = ndarray::Array2::from_shape_fn((8, 2), |(i, j)| ((i * 3 + j) % 5) as f32);
    Dataset::new(x.view(), &[0, 1, 0, 1, 0, 1, 0, 1], 2).unwrap()
});

pub(crate) fn train_params() -> TrainParams {
    TrainParams {
        epochs: 2,
        batch_size: 4,
        ..TrainParams::default()
    }
}

pub(crate) fn small_net() -> MlpParams {
    MlpParams {
        units: vec![3],
        dropout: 0.0,
        batch_norm: true,
        ..MlpParams::default()
    }
}

fn image_nets() -> [Architecture; 3] {
    let blocks = || ConvBlockParams::stack(&[2], &[[2, 2]]);
    [
        ConvNetParams {
            blocks: blocks(),
            ..ConvNetParams::default()
        }
        .into(),
        CrnnParams {
            blocks: blocks(),
            units: 3,
            ..CrnnParams::default()
        }
        .into(),
        AttentionNetParams {
            blocks: blocks(),
            units: 4,
            heads: 2,
            encoders: 1,
            ..AttentionNetParams::default()
        }
        .into(),
    ]
}

pub(crate) fn classifiers() -> Vec<Seed> {
    let params = TrainParams {
        epochs: 1,
        ..train_params()
    };
    let x = Array3::from_shape_fn((6, 8, 16), |(i, j, k)| ((i * 5 + j * 3 + k) % 13) as f32);
    let pictures = Dataset::images(x.view(), &[0, 1, 2, 0, 1, 2], 3).unwrap();
    let mut nets = vec![(Architecture::from(small_net()), &*ROWS)];
    nets.extend(image_nets().map(|net| (net, &pictures)));
    let seed = |(net, data): (Architecture, &Dataset)| {
        let model = Training::new(net, &params, data).run().unwrap().model;
        Seed::new(
            Safetensors,
            model.with_attribute("note", "x").to_safetensors().unwrap(),
        )
    };
    nets.into_iter().map(seed).collect()
}

/// The state of a training after its first epoch.
pub(crate) fn checkpoints() -> Vec<Seed> {
    let write = |path: &Path| {
        let params = train_params();
        let training = Training::new(small_net(), &params, &ROWS).on_epoch(|epoch| {
            epoch.save_checkpoint(path).unwrap();
            ControlFlow::Break(())
        });
        training.run().unwrap();
    };
    vec![written(Safetensors, ".safetensors", write)]
}

/// A dense network trained on a table with labels; the first half of its rows are training rows.
pub(crate) fn dense_model(table: &FeatureTable) -> DenseModel {
    let mut params = DenseParams {
        net: MlpParams {
            units: vec![2],
            ..MlpParams::default()
        },
        ..DenseParams::default()
    };
    params.train.epochs = 1;
    let half = table.n_rows() / 2;
    let part = |rows: std::ops::Range<usize>| table.select(&rows.collect::<Vec<_>>()).unwrap();
    let (train, valid) = (part(0..half), part(half..table.n_rows()));
    params.fit_rows(&train, &valid, &mut ()).unwrap()
}

pub(crate) fn dense() -> Vec<Seed> {
    vec![written(Safetensors, ".safetensors", |path| {
        dense_model(&table()).save(path).unwrap()
    })]
}
