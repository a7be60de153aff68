//! Trainings from end to end.

use std::ops::ControlFlow;

use ndarray::{Array2, Array3, array};
use timbral_nn::{
    Architecture, AttentionNetParams, Augment, Classifier, ConvBlockParams, ConvNetParams,
    CrnnParams, Dataset, EarlyStopping, Error, InvalidParameter, MlpParams, Optimiser, Pooling,
    Progress, Schedule, TrainParams, Training,
};

/// Three rings about the origin, which are not linearly separable.
fn rings(n: usize) -> (Array2<f32>, Vec<usize>) {
    let labels: Vec<usize> = (0..n).map(|row| row % 3).collect();
    let features = Array2::from_shape_fn((n, 2), |(row, j)| {
        let angle = row as f32 * 0.7;
        let radius = (row % 3) as f32 * 0.7 + 0.2;
        radius * [libm::cosf(angle), libm::sinf(angle)][j]
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
            ..EarlyStopping::default()
        }),
        ema_decay: Some(0.9),
        seed: 5,
        ..TrainParams::default()
    }
}

/// A small network of every kind, with parameters and training data.
fn trainings() -> Vec<(Architecture, TrainParams, Dataset)> {
    let (features, labels) = rings(500);
    let table = Dataset::new(features.view(), &labels, 3).expect("valid");
    // Waves of three lengths across bands and frames.
    let labels: Vec<usize> = (0..60).map(|i| i % 3).collect();
    let images = Array3::from_shape_fn((60, 12, 20), |(i, band, frame)| {
        let phase = (band + frame) as f32 * (1.0 + (i % 3) as f32) * 0.4 + i as f32;
        libm::sinf(phase) + ((i * 7 + band * 5 + frame * 3) % 11) as f32 * 0.05
    });
    let images = Dataset::images(images.view(), &labels, 3).expect("valid");
    let blocks = vec![
        ConvBlockParams {
            channels: 6,
            ..ConvBlockParams::default()
        },
        ConvBlockParams {
            channels: 10,
            pool: [2, 1],
            ..ConvBlockParams::default()
        },
    ];
    let conv = ConvNetParams {
        blocks: blocks.clone(),
        pooling: Pooling::MeanMax,
        ..ConvNetParams::default()
    };
    // Wide enough for the transformed convolution.
    let wide = ConvNetParams {
        blocks: ConvBlockParams::stack(&[20, 36, 28], &[[1, 1], [2, 2], [1, 1]]),
        ..ConvNetParams::default()
    };
    let crnn = CrnnParams {
        blocks: blocks.clone(),
        units: 6,
        ..CrnnParams::default()
    };
    let attention = AttentionNetParams {
        blocks,
        units: 8,
        heads: 2,
        encoders: 1,
        ..AttentionNetParams::default()
    };
    let on_images = TrainParams {
        batch_size: 24,
        augment: Augment {
            frames: Some(13),
            mixup: 0.3,
            band_masks: 1,
            band_mask: 3,
            frame_masks: 1,
            frame_mask: 3,
            ..Augment::default()
        },
        ..params()
    };
    vec![
        (net().into(), params(), table),
        (conv.into(), on_images.clone(), images.clone()),
        (crnn.into(), on_images.clone(), images.clone()),
        (attention.into(), on_images.clone(), images.clone()),
        (wide.into(), on_images, images),
    ]
}

#[test]
fn threads_do_not_change_a_bit() {
    for (net, params, data) in trainings() {
        let train = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| {
                let training = Training::new(net.clone(), &params, &data).validate(&data);
                training.run().expect("trains")
            })
        };
        let one = train(1);
        for threads in [2, 4] {
            let other = train(threads);
            assert_eq!(one.model, other.model);
            assert_eq!(one.history, other.history);
        }
    }
}

#[test]
fn a_model_has_the_same_bits_on_every_processor() {
    // If every processor gives other numbers than these, an algorithm has changed; the new ones belong here
    // then.
    let expected = [
        0xe490_cec3_0ebe_98fa,
        0x6f47_6dcd_4d1e_3a28,
        0x3c64_d4f2_10db_2478,
        0xbb4a_4a48_d8b0_26c0,
        0x198a_6cf2_eeb4_5161,
    ];
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("model.safetensors");
    let digests = trainings().into_iter().map(|(net, params, data)| {
        let trained = Training::new(net, &params, &data).validate(&data).run();
        trained.expect("trains").model.save(&path).expect("written");
        // FNV-1a.
        let bytes = std::fs::read(&path).expect("read");
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    let hex = |digest: u64| format!("{digest:#018x}");
    let digests: Vec<String> = digests.map(hex).collect();
    assert_eq!(digests, expected.map(hex));
}

#[test]
fn a_resumed_training_is_the_uninterrupted_one_to_the_bit() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("checkpoint.safetensors");
    let mut trainings = trainings();
    let (net, params, data) = trainings[0].clone();
    let sgd = TrainParams {
        optimiser: Optimiser::Sgd { momentum: 0.9 },
        ..params
    };
    trainings.push((net, sgd, data));
    for (net, params, data) in trainings {
        let training = || Training::new(net.clone(), &params, &data).validate(&data);
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
        assert_eq!(resumed.model, whole.model);
        assert_eq!(resumed.history, whole.history);
        assert_eq!(resumed.best_epoch, whole.best_epoch);

        let other = TrainParams {
            seed: 6,
            ..params.clone()
        };
        let other = Training::new(net.clone(), &other, &data)
            .validate(&data)
            .resume(&path);
        assert!(matches!(other.run(), Err(Error::Format { .. })));
        assert!(matches!(Classifier::load(&path), Err(Error::Format { .. })));

        let model = folder.path().join("model.safetensors");
        whole.model.save(&model).expect("written");
        assert_eq!(Classifier::load(&model).expect("valid"), whole.model);
    }
}

#[test]
fn waves_are_learned() {
    for (net, params, data) in trainings().into_iter().skip(1) {
        let params = TrainParams {
            epochs: 60,
            class_weights: vec![],
            early_stopping: None,
            ema_decay: None,
            ..params
        };
        let training = Training::new(net, &params, &data).validate(&data);
        let trained = training.run().expect("trains");
        let last = trained.history.epochs[59];
        assert!(
            last.validation_accuracy.expect("validated") > 0.95,
            "{last:?}"
        );
    }
}

#[test]
fn rings_are_learned() {
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
    let trained = Training::new(net.clone(), &params, &data)
        .run()
        .expect("trains");
    let found = trained.model.classes(features.view()).expect("finite");
    let hits = found.iter().zip(&labels).filter(|(a, b)| a == b).count();
    assert!(hits > 590, "{hits}");
}

#[test]
fn damaged_files_and_files_of_another_kind_are_refused() {
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
    let trained = Training::new(net.clone(), &params, &data)
        .run()
        .expect("trains");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("model.safetensors");
    trained.model.save(&path).expect("written");
    assert_eq!(Classifier::load(&path).expect("valid"), trained.model);
    let whole = std::fs::read(&path).expect("there");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        assert!(matches!(Classifier::load(&path), Err(Error::Format { .. })));
    };
    for end in 0..whole.len() {
        refused(&whole[..end]);
    }
    // A configuration whose units do not fit the tensors, of the same length in bytes.
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
    let trained = Training::new(net.clone(), &params, &data)
        .run()
        .expect("trains");
    assert!(matches!(
        trained.model.probabilities(nan.view()),
        Err(Error::InvalidValue { .. })
    ));
    let wide = Array2::zeros((1, 3));
    let error = trained.model.probabilities(wide.view());
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
            ..EarlyStopping::default()
        }),
        ..TrainParams::default()
    };
    let error = Training::new(net, &stopping, &data).run();
    assert!(matches!(
        error,
        Err(Error::InvalidParameter(InvalidParameter {
            name: "early_stopping",
            ..
        }))
    ));
}

#[test]
fn malformed_images_are_refused() {
    let (net, params, data) = trainings().swap_remove(1);
    let params = TrainParams {
        epochs: 1,
        early_stopping: None,
        ..params
    };
    let trained = Training::new(net.clone(), &params, &data)
        .run()
        .expect("trains");
    let probabilities = |shape| {
        trained
            .model
            .image_probabilities(Array3::zeros(shape).view())
    };
    // Crops are 13 frames wide.
    assert_eq!(probabilities((2, 12, 13)).expect("fits").dim(), (2, 3));
    for shape in [(1, 11, 20), (1, 12, 12)] {
        assert!(matches!(probabilities(shape), Err(Error::Image { .. })));
    }
    let table = trained.model.probabilities(Array2::zeros((1, 12)).view());
    assert!(matches!(table, Err(Error::Image { .. })));
    let nan = Array3::from_elem((1, 12, 20), f32::NAN);
    assert!(matches!(
        Dataset::images(nan.view(), &[0], 3),
        Err(Error::InvalidValue { index: 0, .. })
    ));
    let small = Dataset::images(Array3::zeros((3, 3, 20)).view(), &[0, 1, 2], 3).expect("valid");
    let error = Training::new(net.clone(), &params, &small).run();
    assert!(matches!(
        error,
        Err(Error::InvalidParameter(InvalidParameter {
            name: "input",
            ..
        }))
    ));
    let wide = TrainParams {
        augment: Augment {
            frames: Some(21),
            ..params.augment
        },
        ..params
    };
    let error = Training::new(net, &wide, &data).run();
    assert!(matches!(
        error,
        Err(Error::InvalidParameter(InvalidParameter {
            name: "frames",
            ..
        }))
    ));
}

#[test]
fn a_monitor_is_called_after_every_epoch_and_can_stop_the_training() {
    let (net, params, data) = trainings().swap_remove(0);
    let training = || Training::new(net.clone(), &params, &data).validate(&data);
    let whole = training().run().expect("trains");
    let mut reports = Vec::new();
    let mut monitor = |progress: &Progress| {
        reports.push(progress.clone());
        match progress.done {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    let stopped = training().monitor(&mut monitor).run().expect("trains");
    assert_eq!(stopped.history.epochs, whole.history.epochs[..3]);
    assert_eq!(reports.len(), 3);
    for (i, (report, epoch)) in reports.iter().zip(&whole.history.epochs).enumerate() {
        let [loss, accuracy] = [epoch.validation_loss, epoch.validation_accuracy]
            .map(|score| score.expect("validated"));
        let message = format!(
            "{}/6 epochs loss {:.4}, validation loss {loss:.4}, validation accuracy {accuracy:.3}",
            i + 1,
            epoch.loss,
        );
        assert_eq!(report.to_string(), message);
    }
}

#[test]
fn a_training_continues_from_the_weights_of_another_one() {
    for (net, params, data) in trainings() {
        let params = TrainParams {
            epochs: 1,
            ema_decay: None,
            early_stopping: None,
            // So small that the weights stay as they are.
            learning_rate: 1e-30,
            weight_decay: 0.0,
            ..params
        };
        let start = Training::new(net.clone(), &params, &data).run();
        let start = start.expect("trains").model;
        let other = TrainParams {
            seed: 99,
            ..params.clone()
        };
        let score = |from: Option<&Classifier>| {
            let training = Training::new(net.clone(), &other, &data).validate(&data);
            let training = match from {
                Some(model) => training.continue_from(model),
                None => training,
            };
            let trained = training.run().expect("trains");
            trained.history.epochs[0]
                .validation_loss
                .expect("validated")
        };
        let expected = {
            let training = Training::new(net.clone(), &params, &data).validate(&data);
            let trained = training.continue_from(&start).run().expect("trains");
            trained.history.epochs[0]
                .validation_loss
                .expect("validated")
        };
        // Only the running statistics move on, by other batches.
        assert!((score(Some(&start)) - expected).abs() < 0.05 * expected);
        assert_ne!(score(None), score(Some(&start)));

        let smaller = MlpParams {
            units: vec![3],
            ..MlpParams::default()
        };
        let error = Training::new(smaller, &other, &data)
            .continue_from(&start)
            .run();
        assert!(matches!(
            error,
            Err(Error::InvalidParameter(InvalidParameter {
                name: "continue_from",
                ..
            }))
        ));
    }
}

#[test]
fn a_checkpoint_belongs_to_its_rows_and_parameters_but_more_epochs_may_follow() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("checkpoint.safetensors");
    let (features, labels) = rings(60);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let net = MlpParams {
        units: vec![4],
        ..MlpParams::default()
    };
    let params = |epochs| TrainParams {
        epochs,
        ..TrainParams::default()
    };
    let two = params(2);
    let training = Training::new(net.clone(), &two, &data).on_epoch(|epoch| {
        epoch.save_checkpoint(&path).expect("written");
        ControlFlow::Continue(())
    });
    training.run().expect("trains");

    let five = params(5);
    let more = Training::new(net.clone(), &five, &data).resume(&path).run();
    assert_eq!(more.expect("goes on").history.epochs.len(), 5);

    let mut others = features.clone();
    others[[7, 0]] += 1.0;
    let others = Dataset::new(others.view(), &labels, 3).expect("valid");
    let fewer =
        Dataset::new(features.slice(ndarray::s![..30, ..]), &labels[..30], 3).expect("valid");
    let rate = TrainParams {
        learning_rate: 0.5,
        seed: 3,
        ..params(2)
    };
    let wide = MlpParams {
        units: vec![5],
        ..MlpParams::default()
    };
    for (net, params, data, expected) in [
        (&net, &two, &others, "(the numbers or labels of the rows)"),
        (&net, &two, &fewer, "(the numbers or labels of the rows)"),
        (&net, &rate, &data, "training.learning_rate: 0.001, not 0.5"),
        (&net, &rate, &data, "training.seed: 0, not 3"),
        (&wide, &two, &data, "[4], not [5]"),
    ] {
        let error = Training::new(net.clone(), params, data).resume(&path).run();
        let error = error.expect_err("another training").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A training whose weights grow until they overflow, after a first epoch that is finite.
fn diverging(early_stopping: Option<EarlyStopping>) -> timbral_nn::Result<timbral_nn::Trained> {
    let (features, labels) = rings(60);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let net = MlpParams {
        units: vec![8, 8, 8],
        dropout: 0.0,
        ..MlpParams::default()
    };
    let params = TrainParams {
        epochs: 50,
        batch_size: 60,
        learning_rate: 1e3,
        optimiser: Optimiser::Sgd { momentum: 0.0 },
        early_stopping,
        ..TrainParams::default()
    };
    Training::new(net, &params, &data).validate(&data).run()
}

#[test]
fn a_network_that_is_not_finite_is_never_returned() {
    let error = diverging(None).expect_err("diverges").to_string();
    assert!(error.contains("lower learning_rate"), "{error}");
}

#[test]
fn the_best_epoch_survives_a_later_nan() {
    let early_stopping = EarlyStopping {
        patience: 100,
        restore_best: true,
        ..EarlyStopping::default()
    };
    let trained = diverging(Some(early_stopping)).expect("an epoch is left");
    assert_eq!(trained.diverged, Some(trained.history.epochs.len()));
    assert!(trained.best_epoch < trained.diverged);
    let probabilities = trained.model.probabilities(array![[0.5, 0.5]].view());
    assert!(probabilities.expect("finite").iter().all(|p| p.is_finite()));
    let last = EarlyStopping {
        restore_best: false,
        ..early_stopping
    };
    assert!(matches!(diverging(Some(last)), Err(Error::Diverged { .. })));
}

#[test]
fn probabilities_are_numbers_or_an_error() {
    let (features, labels) = rings(60);
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let params = TrainParams {
        epochs: 2,
        ..TrainParams::default()
    };
    let model = params.fit(MlpParams::default(), &data).expect("trains");
    let rows = array![[0.5, 0.5], [f32::MAX, f32::MAX]];
    match model.probabilities(rows.view()) {
        Ok(probabilities) => assert!(probabilities.iter().all(|p| p.is_finite())),
        Err(Error::InvalidValue { index: 2, .. }) => {}
        Err(other) => panic!("{other}"),
    }
}
