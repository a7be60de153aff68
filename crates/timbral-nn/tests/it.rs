//! Trainings from end to end.

use std::ops::ControlFlow;

use ndarray::{Array2, array};
use timbral_nn::{
    Classifier, Dataset, EarlyStopping, Error, MlpParams, Optimiser, Schedule, TrainParams,
    Trained, Training,
};

/// Three rings about the origin, which no plane parts.
fn rings(n: usize) -> (Array2<f32>, Vec<usize>) {
    let labels: Vec<usize> = (0..n).map(|row| row % 3).collect();
    let features = Array2::from_shape_fn((n, 2), |(row, j)| {
        let angle = row as f32 * 0.7;
        let radius = (row % 3) as f32 * 0.7 + 0.2;
        radius * [angle.cos(), angle.sin()][j]
    });
    (features, labels)
}

fn net() -> MlpParams {
    MlpParams {
        units: vec![64, 48],
        batch_norm: true,
        dropout: 0.1,
        ..MlpParams::default()
    }
}

fn params() -> TrainParams {
    TrainParams {
        epochs: 6,
        batch_size: 128,
        learning_rate: 0.01,
        schedule: Schedule::Cosine { warm_up: 0.1 },
        weight_decay: 0.01,
        clip_norm: Some(1.0),
        label_smoothing: 0.05,
        class_weights: vec![1.0, 0.5, 1.5],
        early_stopping: Some(EarlyStopping {
            patience: 4,
            restore_best: true,
        }),
        ema_decay: Some(0.9),
        seed: 5,
        ..TrainParams::default()
    }
}

fn train(threads: usize) -> Trained {
    let (features, labels) = rings(500);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads").install(|| {
        let (net, params) = (net(), params());
        let training = Training::new(&net, &params, &data).validate(&data);
        training.run().expect("trains")
    })
}

#[test]
fn threads_do_not_change_a_bit() {
    let one = train(1);
    for threads in [2, 4] {
        let other = train(threads);
        assert_eq!(one.classifier, other.classifier);
        assert_eq!(one.history, other.history);
    }
}

#[test]
fn a_resumed_training_is_the_uninterrupted_one_to_the_bit() {
    let (features, labels) = rings(500);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("checkpoint.safetensors");
    for optimiser in [Optimiser::default(), Optimiser::Sgd { momentum: 0.9 }] {
        let (net, params) = (
            net(),
            TrainParams {
                optimiser,
                ..params()
            },
        );
        let training = || Training::new(&net, &params, &data).validate(&data);
        let whole = training().run().expect("trains");
        let stop = training().on_epoch(|epoch| match epoch.history().epochs.len() {
            3 => {
                epoch.save_checkpoint(&path).expect("written");
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(stop.run().expect("trains").history.epochs.len(), 3);
        let resumed = training().resume(&path).run().expect("trains");
        assert_eq!(resumed.classifier, whole.classifier);
        assert_eq!(resumed.history, whole.history);
        assert_eq!(resumed.best_epoch, whole.best_epoch);

        let other = TrainParams {
            seed: 6,
            ..params.clone()
        };
        let other = Training::new(&net, &other, &data)
            .validate(&data)
            .resume(&path);
        assert!(matches!(other.run(), Err(Error::Format { .. })));
        assert!(matches!(Classifier::load(&path), Err(Error::Format { .. })));
    }
}

#[test]
fn rings_are_learnt() {
    let (features, labels) = rings(600);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let net = MlpParams {
        units: vec![32, 32],
        dropout: 0.0,
        ..MlpParams::default()
    };
    let params = TrainParams {
        epochs: 60,
        batch_size: 32,
        learning_rate: 0.005,
        ..TrainParams::default()
    };
    let trained = Training::new(&net, &params, &data).run().expect("trains");
    let found = trained.classifier.classes(features.view()).expect("finite");
    let hits = found.iter().zip(&labels).filter(|(a, b)| a == b).count();
    assert!(hits > 590, "{hits}");
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    let (features, labels) = rings(60);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let params = TrainParams {
        epochs: 1,
        ..TrainParams::default()
    };
    let net = MlpParams {
        units: vec![4],
        batch_norm: true,
        ..MlpParams::default()
    };
    let trained = Training::new(&net, &params, &data).run().expect("trains");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("model.safetensors");
    trained.classifier.save(&path).expect("written");
    assert_eq!(Classifier::load(&path).expect("valid"), trained.classifier);
    let whole = std::fs::read(&path).expect("there");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        assert!(matches!(Classifier::load(&path), Err(Error::Format { .. })));
    };
    for end in 0..whole.len() {
        refused(&whole[..end]);
    }
    // The configuration names another shape than the tensors', in as many bytes.
    let text = String::from_utf8_lossy(&whole).into_owned();
    let at = text.find("[4]").expect("units") + 1;
    let mut other = whole.clone();
    other[at] = b'5';
    refused(&other);
    let mut nan = whole.clone();
    let n = nan.len();
    nan[n - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(&nan);
    refused(b"PK\x03\x04 not a model at all");
    let missing = folder.path().join("missing");
    assert!(matches!(Classifier::load(&missing), Err(Error::Io { .. })));
}

#[test]
fn malformed_tables_are_refused() {
    let table = array![[0.0, 1.0], [2.0, 3.0]];
    let view = table.view();
    assert!(matches!(
        Dataset::new(view, &[0, 2], 2),
        Err(Error::InvalidValue { index: 1, .. })
    ));
    assert!(matches!(
        Dataset::new(view, &[0], 2),
        Err(Error::Length { .. })
    ));
    assert!(matches!(
        Dataset::new(Array2::zeros((0, 2)).view(), &[], 2),
        Err(Error::Empty { .. })
    ));
    let nan = array![[0.0, 1.0], [f32::NAN, 3.0]];
    assert!(matches!(
        Dataset::new(nan.view(), &[0, 1], 2),
        Err(Error::InvalidValue { index: 2, .. })
    ));
    let data = Dataset::new(view, &[0, 1], 2).expect("valid");
    let params = TrainParams {
        epochs: 1,
        ..TrainParams::default()
    };
    let net = MlpParams::default();
    let trained = Training::new(&net, &params, &data).run().expect("trains");
    assert!(matches!(
        trained.classifier.probabilities(nan.view()),
        Err(Error::InvalidValue { .. })
    ));
    let wide = Array2::zeros((1, 3));
    let error = trained.classifier.probabilities(wide.view());
    assert!(matches!(
        error,
        Err(Error::Features {
            expected: 2,
            got: 3
        })
    ));
    let stopping = TrainParams {
        early_stopping: Some(EarlyStopping {
            patience: 1,
            restore_best: true,
        }),
        ..TrainParams::default()
    };
    let error = Training::new(&net, &stopping, &data).run();
    assert!(matches!(
        error,
        Err(Error::InvalidParameter {
            name: "early_stopping",
            ..
        })
    ));
}
