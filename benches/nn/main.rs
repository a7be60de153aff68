//! What a step of training takes `timbral_nn`, beside `candle` on the CPU: the networks of
//! `peers/nn.py`, where Keras stands, on noise.
//!
//! ```sh
//! RAYON_NUM_THREADS=2 cargo bench --features candle --bench nn             # both heed the variable
//! RAYON_NUM_THREADS=2 cargo bench --features candle --bench nn -- --test   # only the checks
//! ```
//!
//! The losses of the first steps are compared first. Candle runs the graph of the feature `candle`:
//! its products of matrices, its gradients, and what it needs to give the same numbers.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array2, Array3};
use timbral_nn::{
    Architecture, ConvNetParams, Dataset, Device, MlpParams, TrainParams, Trained, Training,
};

/// The engines round otherwise, and each step builds on the one before.
const TOLERANCE: f64 = 1e-3;

fn noise(i: usize) -> f32 {
    (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f32 / 5.3e18 - 1.73
}

/// Ten classes by turns.
fn labels(n: usize) -> Vec<usize> {
    (0..n).map(|i| i % 10).collect()
}

/// Trains for a number of epochs, which are one step each.
fn train(net: &Architecture, data: &Dataset, device: Device, epochs: usize) -> Trained {
    let params = TrainParams {
        epochs,
        batch_size: usize::MAX,
        ..TrainParams::default()
    };
    let training = Training::new(net.clone(), &params, data);
    training.device(device).run().unwrap()
}

fn step(c: &mut Criterion, name: &str, net: impl Into<Architecture>, data: &Dataset) {
    let net = net.into();
    let losses = |device| {
        let epochs = train(&net, data, device, 3).history.epochs;
        epochs.into_iter().map(|epoch| epoch.loss)
    };
    for (own, candle) in losses(Device::Cpu).zip(losses(Device::CandleCpu)) {
        assert!((own - candle).abs() < TOLERANCE * own, "{own} {candle}");
    }
    let mut group = c.benchmark_group(name);
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    for (engine, device) in [("timbral", Device::Cpu), ("candle", Device::CandleCpu)] {
        group.bench_function(engine, |b| {
            b.iter_custom(|steps| {
                let start = Instant::now();
                train(&net, data, device, steps as usize);
                start.elapsed()
            })
        });
    }
}

fn dense(c: &mut Criterion) {
    let table = Array2::from_shape_fn((128, 57), |(i, j)| noise(i * 57 + j));
    let data = Dataset::new(table.view(), &labels(128), 10).unwrap();
    step(c, "nn/dense_step", MlpParams::default(), &data);
}

fn conv(c: &mut Criterion) {
    let shape = (32, 128, 130);
    let images = Array3::from_shape_fn(shape, |(i, y, x)| noise((i * 128 + y) * 130 + x));
    let data = Dataset::images(images.view(), &labels(32), 10).unwrap();
    step(c, "nn/conv_step", ConvNetParams::default(), &data);
}

criterion_group!(benches, dense, conv);
criterion_main!(benches);
