//! Properties that hold for any table.

use ndarray::{Array2, array};
use proptest::prelude::*;
use timbral_boost::{
    BoostParams, Dataset, Error, GrowPolicy, Metric, MultiStrategy, Objective, Progress, Training,
};

fn table(n: usize) -> (Array2<f32>, Vec<f32>) {
    let features = Array2::from_shape_fn((n, 6), |(row, column)| {
        let mixed = (row as u64 * 7 + column as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let value = (mixed >> 40) as f32 / (1 << 24) as f32;
        if mixed.is_multiple_of(11) {
            f32::NAN
        } else {
            value
        }
    });
    let labels = features.outer_iter().enumerate().map(|(row, x)| {
        let sum = x.iter().filter(|v| !v.is_nan()).sum::<f32>();
        (sum as usize + usize::from(row % 7 == 0)).min(3) as f32
    });
    let labels = labels.collect();
    (features, labels)
}

fn all_random() -> BoostParams {
    BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        n_rounds: 4,
        subsample: 0.7,
        colsample_bytree: 0.8,
        colsample_bylevel: 0.8,
        colsample_bynode: 0.8,
        num_parallel_tree: 2,
        ..Default::default()
    }
}

#[test]
fn a_model_has_the_same_bytes_with_any_number_of_threads() {
    // Large enough for the code that only large tables run in parallel.
    let (features, labels) = table(150_000);
    let (few, few_labels) = (features.slice(ndarray::s![..2000, ..]), &labels[..2000]);
    let binary: Vec<f32> = labels.iter().map(|&y| f32::from(y > 1.0)).collect();
    let one_tree = BoostParams {
        objective: Objective::Logistic,
        n_rounds: 2,
        ..Default::default()
    };
    let leaves = BoostParams {
        max_leaves: 20,
        grow_policy: GrowPolicy::LossGuide,
        ..one_tree.clone()
    };
    let plain = BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        ..one_tree.clone()
    };
    let vectors = BoostParams {
        multi_strategy: MultiStrategy::MultiOutputTree,
        ..all_random()
    };
    let cases = [
        (Dataset::new(few, few_labels).unwrap(), all_random()),
        (Dataset::new(few, few_labels).unwrap(), plain),
        (Dataset::new(features.view(), &binary).unwrap(), one_tree),
        (Dataset::new(features.view(), &binary).unwrap(), leaves),
        (Dataset::new(few, few_labels).unwrap(), vectors),
    ];
    for (data, params) in cases {
        let bytes = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
            let model = pool.build().unwrap().install(|| params.fit(&data));
            model.unwrap().to_ubjson()
        };
        let one = bytes(1);
        for n_threads in [1, 2, 3, 8] {
            assert!(bytes(n_threads) == one, "{n_threads} threads, {params:?}");
        }
    }
}

#[test]
fn a_model_has_the_same_bytes_on_every_processor() {
    let (features, labels) = table(2000);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let bytes = all_random().fit(&data).unwrap().to_ubjson();
    // FNV-1a.
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // If every processor gives another number than this, an algorithm has changed; the new one belongs here
    // then.
    assert_eq!(format!("{digest:#018x}"), "0x98f77a9cfc313330");
}

#[test]
fn the_seed_decides() {
    let (features, labels) = table(500);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let fit = |seed| {
        BoostParams {
            seed,
            ..all_random()
        }
        .fit(&data)
        .unwrap()
    };
    assert_eq!(fit(1), fit(1));
    assert_ne!(fit(1), fit(2));
}

#[test]
fn the_memory_order_of_the_features_does_not_matter() {
    let (features, labels) = table(300);
    let mut columns = Array2::zeros(ndarray::ShapeBuilder::f(features.dim()));
    columns.assign(&features);
    let fit = |features: &Array2<f32>| {
        all_random()
            .fit(&Dataset::new(features.view(), &labels).unwrap())
            .unwrap()
    };
    assert_eq!(fit(&features), fit(&columns));
}

#[test]
fn training_with_samples_reduces_the_error() {
    let (features, labels) = table(3000);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        eval_metric: Some(Metric::MultiError),
        n_rounds: 20,
        ..all_random()
    };
    let trained = Training::new(&params, &data)
        .evaluate("train", &data)
        .run()
        .unwrap();
    let errors = &trained.history.sets[0].1;
    assert!(errors[19] < 0.5 * errors[0], "{errors:?}");
}

#[test]
fn continuing_is_the_same_as_training_longer() {
    let (features, labels) = table(400);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = |n_rounds| BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        n_rounds,
        subsample: 0.8,
        ..Default::default()
    };
    let first = params(3).fit(&data).unwrap();
    let params = params(4);
    let more = Training::new(&params, &data)
        .continue_from(&first)
        .run()
        .unwrap()
        .model;
    let whole = BoostParams {
        n_rounds: 7,
        ..params
    }
    .fit(&data)
    .unwrap();
    assert_eq!(more.n_rounds(), 7);
    assert_eq!(more, whole);
}

#[test]
fn early_stopping_keeps_the_best_round() {
    let (features, labels) = table(600);
    let (train, test) = features.view().split_at(ndarray::Axis(0), 300);
    let train = Dataset::new(train, &labels[..300]).unwrap();
    let test = Dataset::new(test, &labels[300..]).unwrap();
    let params = BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        n_rounds: 500,
        early_stopping_rounds: Some(5),
        ..Default::default()
    };
    let trained = Training::new(&params, &train)
        .evaluate("train", &train)
        .evaluate("test", &test)
        .run()
        .unwrap();
    let scores = &trained.history.sets[1].1;
    let best = (0..scores.len())
        .min_by(|&a, &b| scores[a].total_cmp(&scores[b]))
        .unwrap();
    assert_eq!(trained.model.best_iteration(), Some(best));
    assert_eq!(scores.len(), best + 6, "five rounds later it stopped");
    assert_eq!(trained.model.n_rounds(), scores.len());
}

#[test]
fn validation_rows_decide_whatever_else_is_evaluated() {
    let (features, labels) = table(600);
    let (train, held_out) = features.view().split_at(ndarray::Axis(0), 300);
    let train = Dataset::new(train, &labels[..300]).unwrap();
    let held_out = Dataset::new(held_out, &labels[300..]).unwrap();
    let params = BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        n_rounds: 500,
        early_stopping_rounds: Some(5),
        ..Default::default()
    };
    let evaluated = Training::new(&params, &train)
        .evaluate("train", &train)
        .evaluate("validation", &held_out)
        .run()
        .unwrap();
    let validated = Training::new(&params, &train)
        .validate(&held_out)
        .evaluate("train", &train)
        .run()
        .unwrap();
    assert_eq!(validated, evaluated);
    assert_eq!(validated.best_round, validated.model.best_iteration());
    let names: Vec<&str> = (validated.history.sets.iter())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["train", "validation"]);
    let scores = validated.history.scores("validation").unwrap();
    assert_eq!(scores.len(), validated.model.n_rounds());
    assert_eq!(validated.history.last_score(), scores.last().copied());
    assert_eq!(validated.history.scores("test"), None);
}

#[test]
fn without_an_evaluated_set_there_is_no_best_round() {
    let (features, labels) = table(100);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 3,
        ..Default::default()
    };
    let trained = Training::new(&params, &data).run().unwrap();
    assert_eq!(trained.best_round, None);
    assert_eq!(trained.history.last_score(), None);
    let continued = Training::new(&params, &data)
        .continue_from(&trained.model)
        .validate(&data)
        .run()
        .unwrap();
    // The error on the training rows falls in every round; rounds of the first model count.
    assert_eq!(continued.best_round, Some(5));
}

#[test]
fn a_monitor_sees_the_score_and_can_stop() {
    let (features, labels) = table(100);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 50,
        ..Default::default()
    };
    let mut reports = Vec::new();
    let mut monitor = |progress: &Progress| {
        reports.push(progress.clone());
        match progress.done {
            3 => std::ops::ControlFlow::Break(()),
            _ => std::ops::ControlFlow::Continue(()),
        }
    };
    let trained = Training::new(&params, &data)
        .validate(&data)
        .monitor(&mut monitor)
        .run()
        .unwrap();
    assert_eq!(trained.model.n_rounds(), 3);
    for (i, report) in reports.iter().enumerate() {
        let score = trained.history.scores("validation").unwrap()[i];
        let expected = Progress::new(i + 1, 50, "rounds").with_message(format!("rmse {score:.4}"));
        assert_eq!(*report, expected);
    }
    assert_eq!(reports.len(), 3);
}

#[test]
fn a_run_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let (features, labels) = table(20);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 1,
        ..Default::default()
    };
    let training = Training::new(&params, &data);
    is_send(&training);
    let trained = std::thread::scope(|scope| scope.spawn(|| training.run()).join().unwrap());
    assert_eq!(trained.unwrap().model, params.fit(&data).unwrap());
}

#[test]
fn a_callback_can_stop() {
    let (features, labels) = table(100);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        n_rounds: 50,
        ..Default::default()
    };
    let mut seen = Vec::new();
    let trained = Training::new(&params, &data)
        .on_round(|round| {
            seen.push((round.round, round.n_rounds));
            if round.round == 2 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        })
        .run()
        .unwrap();
    assert_eq!(seen, [(0, 50), (1, 50), (2, 50)]);
    assert_eq!(trained.model.n_rounds(), 3);
}

#[test]
fn class_weights_are_weights_of_the_rows() {
    let (features, labels) = table(300);
    let of_class = [1.0, 2.0, 0.5, 4.0];
    let weights: Vec<f32> = labels.iter().map(|&y| of_class[y as usize]).collect();
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        objective: Objective::Softprob { n_classes: 4 },
        n_rounds: 3,
        ..Default::default()
    };
    let by_class = BoostParams {
        class_weights: of_class.to_vec(),
        ..params.clone()
    };
    let by_row = params.fit(&data.with_weights(&weights).unwrap()).unwrap();
    assert_eq!(by_class.fit(&data).unwrap(), by_row);
}

#[test]
fn a_monotone_constraint_holds_everywhere() {
    let (features, labels) = table(800);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        monotone_constraints: vec![1, -1, 0, 0, 0, 0],
        ..Default::default()
    };
    let model = params.fit(&data).unwrap();
    let predictor = model.compile();
    for row in features.outer_iter().take(100) {
        for (column, sign) in [(0, 1.0), (1, -1.0)] {
            let mut row = row.to_vec();
            let predictions = (0..50).map(|i| {
                row[column] = i as f32 / 50.0;
                predictor.margins_row(&row).unwrap()[0]
            });
            let predictions: Vec<f32> = predictions.collect();
            // f32 sums of 100 trees.
            assert!(
                predictions
                    .windows(2)
                    .all(|w| sign * (w[1] - w[0]) >= -1e-5),
                "{predictions:?}"
            );
        }
    }
}

#[test]
fn degenerate_tables_have_a_defined_result() {
    let none = array![[f32::NAN], [f32::NAN], [f32::NAN]];
    let constant = array![[2.0], [2.0], [2.0]];
    for features in [none, constant] {
        let data = Dataset::new(features.view(), &[1.0, 2.0, 6.0]).unwrap();
        let model = BoostParams::default().fit(&data).unwrap();
        assert!(model.trees().iter().all(|tree| tree.nodes().len() == 1));
        assert_eq!(model.compile().margins_row(&[5.0]).unwrap(), [3.0]);
    }
    let one = array![[1.0]];
    let data = Dataset::new(one.view(), &[4.0]).unwrap();
    assert_eq!(
        BoostParams::default().fit(&data).unwrap().base_margin(),
        [4.0]
    );
    // Labels of one class of two: its probability is near 1.
    let features = array![[1.0], [2.0]];
    let data = Dataset::new(features.view(), &[1.0, 1.0]).unwrap();
    let params = BoostParams {
        objective: Objective::Logistic,
        ..Default::default()
    };
    let p = params
        .fit(&data)
        .unwrap()
        .compile()
        .probabilities_row(&[1.5])
        .unwrap();
    assert!(p[1] > 0.99 && p.iter().all(|p| p.is_finite()), "{p:?}");
    // Without rounds the model is the base score.
    let params = BoostParams {
        n_rounds: 0,
        ..Default::default()
    };
    assert_eq!(params.fit(&data).unwrap().n_rounds(), 0);
    let params = BoostParams {
        subsample: 1e-6,
        ..Default::default()
    };
    assert!(params.fit(&data).is_ok(), "a sample may be empty");
}

#[test]
fn errors_name_the_wrong_cell_or_length() {
    let features = array![[1.0, 2.0], [3.0, f32::INFINITY]];
    let message = |result: Result<_, Error>| result.map(|_: Dataset| ()).unwrap_err().to_string();
    assert_eq!(
        message(Dataset::new(features.view(), &[0.0, 1.0])),
        "features[3] = inf: must be finite, or NaN where missing (index counts cells row by row)"
    );
    let features = array![[1.0, 2.0], [3.0, 4.0]];
    assert_eq!(
        message(Dataset::new(features.view(), &[0.0])),
        "labels: expected length 2, got 1"
    );
    assert_eq!(
        message(Dataset::new(features.view(), &[0.0, f32::NAN])),
        "labels[1] = NaN: must be finite"
    );
    let empty = Dataset::new(
        ndarray::ArrayView2::from_shape((1, 0), &[]).unwrap(),
        &[0.0],
    );
    assert_eq!(message(empty), "features is empty");
    let data = Dataset::new(features.view(), &[0.0, 2.0]).unwrap();
    assert_eq!(
        message(data.with_weights(&[1.0, -1.0])),
        "weights[1] = -1: must be finite and not negative"
    );
    let logistic = BoostParams {
        objective: Objective::Logistic,
        ..Default::default()
    };
    assert_eq!(
        logistic.fit(&data).unwrap_err().to_string(),
        "labels[1] = 2: must be a class number below the number of classes"
    );
}

#[test]
fn every_parameter_has_a_range() {
    let features = array![[1.0], [2.0]];
    let data = Dataset::new(features.view(), &[0.0, 1.0]).unwrap();
    let d = BoostParams::default;
    let wrong = [
        BoostParams {
            learning_rate: 0.0,
            ..d()
        },
        BoostParams {
            learning_rate: f32::NAN,
            ..d()
        },
        BoostParams {
            lambda: -1.0,
            ..d()
        },
        BoostParams {
            alpha: f32::INFINITY,
            ..d()
        },
        BoostParams { gamma: -0.1, ..d() },
        BoostParams {
            min_child_weight: f32::NAN,
            ..d()
        },
        BoostParams {
            max_delta_step: -1.0,
            ..d()
        },
        BoostParams {
            subsample: 0.0,
            ..d()
        },
        BoostParams {
            colsample_bytree: 1.5,
            ..d()
        },
        BoostParams {
            colsample_bylevel: -1.0,
            ..d()
        },
        BoostParams {
            colsample_bynode: f32::NAN,
            ..d()
        },
        BoostParams { max_bin: 1, ..d() },
        BoostParams {
            max_bin: 1 << 20,
            ..d()
        },
        BoostParams {
            num_parallel_tree: 0,
            ..d()
        },
        BoostParams {
            early_stopping_rounds: Some(0),
            ..d()
        },
        BoostParams {
            min_delta: f64::NAN,
            ..d()
        },
        BoostParams {
            monotone_constraints: vec![1, 0],
            ..d()
        },
        BoostParams {
            class_weights: vec![1.0, 2.0, 3.0],
            objective: Objective::Logistic,
            ..d()
        },
        BoostParams {
            base_score: Some(vec![1.5]),
            objective: Objective::Logistic,
            ..d()
        },
        BoostParams {
            objective: Objective::Softprob { n_classes: 1 },
            ..d()
        },
        BoostParams {
            objective: Objective::PseudoHuber { slope: 0.0 },
            ..d()
        },
    ];
    for params in wrong {
        assert!(params.fit(&data).is_err(), "{params:?}");
    }
}

proptest! {
    #[test]
    fn any_small_table_can_be_trained_on(
        cells in prop::collection::vec(prop::option::of(-1e30_f32..1e30), 1..120),
        columns in 1_usize..4,
        depth in 0_usize..8,
        max_bin in 2_usize..300,
        loss_guide: bool,
    ) {
        let rows = cells.len() / columns;
        prop_assume!(rows > 0);
        let cells: Vec<f32> =
            cells[..rows * columns].iter().map(|c| c.unwrap_or(f32::NAN)).collect();
        let features = Array2::from_shape_vec((rows, columns), cells).unwrap();
        let labels: Vec<f32> = (0..rows).map(|row| (row * row % 3) as f32).collect();
        let params = BoostParams {
            objective: Objective::Softprob { n_classes: 3 },
            n_rounds: 3,
            max_depth: depth,
            max_bin,
            min_child_weight: 0.0,
            grow_policy: if loss_guide { GrowPolicy::LossGuide } else { GrowPolicy::DepthWise },
            ..Default::default()
        };
        let model = params.fit(&Dataset::new(features.view(), &labels).unwrap()).unwrap();
        let margins = model.compile().margins(features.view()).unwrap();
        prop_assert!(margins.iter().all(|m| m.is_finite()));
        for tree in model.trees() {
            prop_assert!(depth == 0 || tree.nodes().len() < 2 << depth);
        }
    }
}
