//! Fitting: ten classes with several numbers of rows; two classes compared with other crates.

use std::hint::black_box;

use criterion::Criterion;
use forust_ml::{GradientBooster, Matrix};
use gbdt::config::Config;
use gbdt::decision_tree::{Data, DataVec};
use gbdt::gradient_boost::GBDT;
use ndarray::{Array2, Axis};
use timbral_boost::{BoostParams, Dataset, Objective};

use crate::{N_CLASSES, N_FEATURES, rows};

/// Minimum accuracy on test rows after few rounds; by chance it is 0.1 and 0.5.
const LEAST_OF_TEN: f64 = 0.2;
const LEAST_OF_TWO: f64 = 0.7;

const N_ROUNDS: usize = 20;
const LEARNING_RATE: f32 = 0.1;
const MAX_DEPTH: usize = 6;

/// The accuracy; the class of row `i` is `i % n_classes`.
fn accuracy(found: impl ExactSizeIterator<Item = usize>, n_classes: usize) -> f64 {
    let n = found.len();
    let right = found.enumerate().filter(|(i, k)| i % n_classes == *k);
    right.count() as f64 / n as f64
}

fn labels(n: usize, n_classes: usize) -> Vec<f32> {
    (0..n).map(|i| (i % n_classes) as f32).collect()
}

fn params(objective: Objective) -> BoostParams {
    BoostParams {
        objective,
        n_rounds: N_ROUNDS,
        learning_rate: LEARNING_RATE,
        max_depth: MAX_DEPTH,
        ..Default::default()
    }
}

pub(crate) fn classes(c: &mut Criterion) {
    let mut group = crate::group(c, "fit_10_classes");
    let test = rows(1000, 3);
    let n_classes = N_CLASSES;
    let params = params(Objective::Softprob { n_classes });
    for n in [1000, 4000, 16_000] {
        let (x, y) = (rows(n, 4), labels(n, n_classes));
        let data = Dataset::new(x.view(), &y).unwrap();
        let found = params
            .fit(&data)
            .unwrap()
            .compile()
            .classes(test.view())
            .unwrap();
        let accuracy = accuracy(found.into_iter(), n_classes);
        assert!(accuracy > LEAST_OF_TEN, "{n} rows: {accuracy}");
        group.bench_function(format!("{n}_rows/timbral"), |b| {
            b.iter(|| params.fit(black_box(&data)).unwrap())
        });
    }
}

/// The rows of the first two of ten classes.
fn rows_of_two(n: usize, seed: u64) -> Array2<f32> {
    let all = rows(n / 2 * N_CLASSES, seed);
    let two: Vec<usize> = (0..all.nrows()).filter(|i| i % N_CLASSES < 2).collect();
    all.select(Axis(0), &two)
}

pub(crate) fn rivals(c: &mut Criterion) {
    const N: usize = 2000;
    let (x, y) = (rows_of_two(N, 4), labels(N, 2));
    let test = rows_of_two(1000, 3);
    let mut group = crate::group(c, "fit_2_classes");
    let check = |name: &str, found: Vec<usize>| {
        let accuracy = accuracy(found.into_iter(), 2);
        assert!(accuracy > LEAST_OF_TWO, "{name}: {accuracy}");
    };

    let params = params(Objective::Logistic);
    let data = Dataset::new(x.view(), &y).unwrap();
    let model = params.fit(&data).unwrap();
    check("timbral", model.compile().classes(test.view()).unwrap());
    group.bench_function("timbral", |b| {
        b.iter(|| params.fit(black_box(&data)).unwrap())
    });

    let columns = |x: &Array2<f32>| -> Vec<f64> { x.t().iter().map(|v| f64::from(*v)).collect() };
    let (values, targets) = (
        columns(&x),
        y.iter().map(|y| f64::from(*y)).collect::<Vec<_>>(),
    );
    let forust = || {
        let mut booster = GradientBooster::default()
            .set_iterations(N_ROUNDS)
            .set_learning_rate(LEARNING_RATE)
            .set_max_depth(MAX_DEPTH);
        let matrix = Matrix::new(black_box(&values), N, N_FEATURES);
        booster.fit_unweighted(&matrix, &targets, None).unwrap();
        booster
    };
    let values = columns(&test);
    let margins = forust().predict(&Matrix::new(&values, test.nrows(), N_FEATURES), false);
    check(
        "forust",
        margins.iter().map(|m| usize::from(*m > 0.0)).collect(),
    );
    group.bench_function("forust", |b| b.iter(forust));

    let mut config = Config::new();
    config.set_feature_size(N_FEATURES);
    config.set_iterations(N_ROUNDS);
    config.set_shrinkage(LEARNING_RATE);
    config.set_max_depth(MAX_DEPTH as u32);
    config.set_loss("LogLikelyhood");
    let rows: DataVec = x
        .rows()
        .into_iter()
        .zip(&y)
        .map(|(row, y)| Data::new_training_data(row.to_vec(), 1.0, 2.0 * y - 1.0, None))
        .collect();
    let gbdt = |mut rows: DataVec| {
        let mut model = GBDT::new(&config);
        model.fit(&mut rows);
        model
    };
    let test = test.rows().into_iter();
    let test: DataVec = test
        .map(|row| Data::new_test_data(row.to_vec(), None))
        .collect();
    let found = gbdt(rows.clone()).predict(&test);
    check(
        "gbdt",
        found.iter().map(|p| usize::from(*p > 0.5)).collect(),
    );
    group.bench_function("gbdt", |b| {
        b.iter_batched(|| rows.clone(), gbdt, criterion::BatchSize::LargeInput)
    });
}
