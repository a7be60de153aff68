//! One tree for all outputs. Equality with XGBoost is in `golden.rs`.

use ndarray::Array2;
use timbral_boost::{BoostParams, Dataset, Model, MultiStrategy, Objective, Training};

const N_CLASSES: usize = 5;

/// XGBoost's `mlogloss` of the same probabilities, added in another order.
const LOSS_TOLERANCE: f64 = 1e-6;

fn table(n: usize) -> (Array2<f32>, Vec<f32>) {
    let features = Array2::from_shape_fn((n, 4), |(row, column)| {
        let mixed = (row * 4 + column + 1) as u64;
        let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        match mixed % 11 {
            0 => f32::NAN,
            _ => mixed as f32 / (1 << 24) as f32,
        }
    });
    let label = |row: usize| {
        let [a, b] = [0, 1].map(|column| features[[row, column]]);
        let sum = if a.is_nan() { 0.5 } else { a } + if b > 0.5 { 1.0 } else { 0.0 };
        (sum * 2.49).floor().min((N_CLASSES - 1) as f32)
    };
    let labels = (0..n).map(label).collect();
    (features, labels)
}

fn params() -> BoostParams {
    BoostParams {
        objective: Objective::Softprob {
            n_classes: N_CLASSES,
        },
        n_rounds: 12,
        multi_strategy: MultiStrategy::MultiOutputTree,
        ..Default::default()
    }
}

fn log_loss(model: &Model, features: &Array2<f32>, labels: &[f32]) -> f64 {
    let probabilities = model.compile().probabilities(features.view()).unwrap();
    let losses = probabilities.rows().into_iter().zip(labels);
    let sum: f64 = losses
        .map(|(row, &label)| -f64::from(row[label as usize]).ln())
        .sum();
    sum / labels.len() as f64
}

#[test]
fn scores_while_training_are_those_of_the_model() {
    let (features, labels) = table(900);
    let (others, other_labels) = table(1400);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let held_out = Dataset::new(others.view(), &other_labels).unwrap();
    let sampled = BoostParams {
        subsample: 0.6,
        colsample_bynode: 0.7,
        num_parallel_tree: 2,
        ..params()
    };
    for params in [params(), sampled] {
        let training = Training::new(&params, &data).evaluate("train", &data);
        let trained = training.validate(&held_out).run().unwrap();
        let n_trees = params.n_rounds * params.num_parallel_tree;
        assert_eq!(trained.model.trees().len(), n_trees);
        let scores = trained.history.scores("train").unwrap();
        let (first, last) = (scores[0], scores[scores.len() - 1]);
        assert!(last < 0.3 * first, "{first} {last}");
        let own = log_loss(&trained.model, &features, &labels);
        assert!((own - last).abs() < LOSS_TOLERANCE, "{own} {last}");
        let other = log_loss(&trained.model, &others, &other_labels);
        let score = trained.history.last_score().unwrap();
        assert!((other - score).abs() < LOSS_TOLERANCE, "{other} {score}");
        let read = Model::from_slice(&trained.model.to_ubjson()).unwrap();
        assert_eq!(read, trained.model);
    }
}

#[test]
fn with_one_output_there_are_no_vectors() {
    let (features, labels) = table(300);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let vectors = BoostParams {
        objective: Objective::SquaredError,
        ..params()
    };
    let plain = BoostParams {
        multi_strategy: MultiStrategy::OneOutputPerTree,
        ..vectors.clone()
    };
    let model = vectors.fit(&data).unwrap();
    assert_eq!(model.trees()[0].n_outputs(), 1);
    assert_eq!(model, plain.fit(&data).unwrap());
}

/// The margins of all outputs, as their leaves are in order.
#[test]
fn a_monotone_constraint_holds_everywhere() {
    let (features, labels) = table(800);
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        monotone_constraints: vec![1, -1, 0, 0],
        ..params()
    };
    let predictor = params.fit(&data).unwrap().compile();
    let mut n_moved = 0;
    for row in features.outer_iter().take(100) {
        for (column, sign) in [(0, 1.0), (1, -1.0)] {
            let mut row = row.to_vec();
            let margins = (0..50).map(|i| {
                row[column] = i as f32 / 50.0;
                predictor.margins_row(&row).unwrap()
            });
            let margins: Vec<Vec<f32>> = margins.collect();
            for pair in margins.windows(2) {
                for (before, after) in pair[0].iter().zip(&pair[1]) {
                    // f32 sums of 12 trees.
                    assert!(sign * (after - before) >= -1e-5, "{column}: {pair:?}");
                    n_moved += usize::from(sign * (after - before) > 1e-3);
                }
            }
        }
    }
    assert!(n_moved > 100, "{n_moved}");
}
