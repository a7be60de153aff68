//! The time of networks of `timbral_nn` on synthetic data: one step and one epoch (four steps) of each.
//!
//! ```sh
//! cargo bench --bench nn                      # everything
//! cargo bench --bench nn -- --test            # only the checks
//! cargo bench --bench nn --features candle    # compare steps with candle on the CPU
//! ```
//!
//! Each measured run is a whole training: it includes drawing the initial weights and allocating memory. The
//! decrease of the loss is checked first, and that candle's losses agree. Keras is compared in `peers/nn.py`.

#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, Array3};
use timbral_nn::{
    Architecture, AttentionNetParams, ConvNetParams, CrnnParams, Dataset, Device, MlpParams,
    TrainParams, Training,
};

fn noise(i: usize) -> f32 {
    let z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z ^ (z >> 27)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// Images of ten classes, each with a band of its own raised.
fn images(n: usize) -> Dataset {
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let images = Array3::from_shape_fn((n, 128, 130), |(i, band, frame)| {
        let own = if band / 12 == i % 10 { 1.0 } else { 0.0 };
        own + noise((i * 128 + band) * 130 + frame)
    });
    Dataset::images(images.view(), &labels, 10).unwrap()
}

/// Rows of ten classes, each around a centre of its own.
fn table(n: usize) -> Dataset {
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let rows = Array2::from_shape_fn((n, 57), |(i, j)| {
        noise(i % 10 * 57 + j) + noise(1000 + i * 57 + j)
    });
    Dataset::new(rows.view(), &labels, 10).unwrap()
}

/// Devices to measure, by name.
const DEVICES: &[(&str, Device)] = &[
    ("step", Device::Cpu),
    #[cfg(feature = "candle")]
    ("step of candle", Device::CandleCpu),
];

/// The loss of every epoch.
fn train(
    net: &Architecture,
    device: Device,
    batch_size: usize,
    epochs: usize,
    data: &Dataset,
) -> Vec<f64> {
    let params = TrainParams {
        epochs,
        batch_size,
        ..TrainParams::default()
    };
    let training = Training::new(net.clone(), &params, data).device(device);
    let epochs = training.run().unwrap().history.epochs;
    epochs.iter().map(|epoch| epoch.loss).collect()
}

fn networks(c: &mut Criterion) {
    let nets: [(&str, Architecture, usize); 4] = [
        ("dense", MlpParams::default().into(), 128),
        ("conv", ConvNetParams::default().into(), 32),
        ("crnn", CrnnParams::default().into(), 32),
        ("attention", AttentionNetParams::default().into(), 32),
    ];
    for (name, net, batch) in nets {
        let data = |n| if name == "dense" { table(n) } else { images(n) };
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        let one = data(batch);
        let losses = train(&net, Device::Cpu, batch, 12, &one);
        // The loss of a guess is the logarithm of ten.
        assert!(losses[11] < 2.3, "{losses:?}");
        for &(what, device) in DEVICES {
            // The devices round differently, and Adam turns even the smallest gradients into full steps.
            let other = train(&net, device, batch, 3, &one);
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 2e-2 * a;
            assert!(losses.iter().zip(&other).all(near), "{losses:?} {other:?}");
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(what, |b| b.iter(|| train(&net, device, batch, 1, &one)));
        }
        let four = data(4 * batch);
        group.throughput(Throughput::Elements(4 * batch as u64));
        group.bench_function("epoch", |b| {
            b.iter(|| train(&net, Device::Cpu, batch, 1, &four));
        });
        group.finish();
    }
}

criterion_group!(benches, networks);
criterion_main!(benches);
