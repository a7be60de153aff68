//! The time of boosted trees of `timbral_boost`: a model of 10 classes and 200 rounds of depth 6 on
//! synthetic rows of 57 features, as many as the test set of a table of 3-second clips has.
//!
//! ```sh
//! cargo bench --bench boost             # everything
//! cargo bench --bench boost -- --test   # only the checks
//! ```
//!
//! Predictions are checked first against `naive`, plain walks down the trees; fitted models by their
//! accuracy on other rows. For two classes `timbral` is compared with `forust` 0.4 (histograms) and
//! `gbdt` 0.1 (exact splits); hessboost, which needs a C compiler, is compared in `peers/boost.py`.

#![allow(clippy::unwrap_used, missing_docs)]

mod fit;
mod predict;

use std::sync::LazyLock;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use timbral_boost::{BoostParams, Dataset, Model, Objective, Training};

const N_CLASSES: usize = 10;
const N_FEATURES: usize = 57;

/// The model, trained on other rows than [`ROWS`].
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let n = 3000;
    let labels: Vec<f32> = (0..n).map(|i| (i % N_CLASSES) as f32).collect();
    let rows = rows(n, 1);
    let data = Dataset::new(rows.view(), &labels).unwrap();
    let params = BoostParams {
        objective: Objective::Softprob {
            n_classes: N_CLASSES,
        },
        n_rounds: 200,
        learning_rate: 0.1,
        ..Default::default()
    };
    Training::new(&params, &data).run().unwrap().model
});

/// Rows to predict.
static ROWS: LazyLock<Array2<f32>> = LazyLock::new(|| rows(1834, 2));

/// Rows of all classes in turn: noise (the sum of four uniform numbers) around a centre per class.
fn rows(n: usize, seed: u64) -> Array2<f32> {
    let uniform = |i: u64| {
        let z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    };
    Array2::from_shape_fn((n, N_FEATURES), |(i, j)| {
        let centre = (i % N_CLASSES * N_FEATURES + j) as u64;
        let noise = |k| uniform((seed << 32) + ((i * N_FEATURES + j) * 4 + k) as u64);
        0.4 * uniform(centre) + (0..4).map(noise).sum::<f32>()
    })
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(20);
    group
}

criterion_group!(
    benches,
    fit::classes,
    fit::rivals,
    predict::compile,
    predict::margins,
    predict::row,
    predict::shap
);
criterion_main!(benches);
