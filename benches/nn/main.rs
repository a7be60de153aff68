//! What networks of `timbral_nn` take on made-up data: one step and one epoch of each.
//!
//! ```sh
//! cargo bench --bench nn             # everything
//! cargo bench --bench nn -- --test   # only the checks
//! ```
//!
//! A step is a training of one batch, an epoch one of a few; a training begins with drawing the
//! weights and making room, which both contain. The lower bound is the time that the product of two
//! 512 x 512 matrices takes for as many multiplications as the convolutions of the step have.
//! Keras stands in `peers/nn.py`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, Array3};
use timbral_nn::{
    Architecture, AttentionNetParams, ConvNetParams, CrnnParams, Dataset, MlpParams, TrainParams,
    Training,
};

fn noise(i: usize) -> f32 {
    let z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z ^ (z >> 27)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// Images of ten classes, each with a band of its own.
fn images(n: usize) -> Dataset {
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let images = Array3::from_shape_fn((n, 128, 130), |(i, band, frame)| {
        let own = if band / 12 == i % 10 { 1.0 } else { 0.0 };
        own + noise((i * 128 + band) * 130 + frame)
    });
    Dataset::images(images.view(), &labels, 10).unwrap()
}

/// Rows of ten classes, each about a place of its own.
fn table(n: usize) -> Dataset {
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let rows = Array2::from_shape_fn((n, 57), |(i, j)| {
        noise(i % 10 * 57 + j) + noise(1000 + i * 57 + j)
    });
    Dataset::new(rows.view(), &labels, 10).unwrap()
}

/// Trains and checks that something was learnt: the loss is below that of a guess.
fn train(net: &Architecture, batch_size: usize, epochs: usize, data: &Dataset) {
    let params = TrainParams {
        epochs,
        batch_size,
        ..TrainParams::default()
    };
    let trained = Training::new(net.clone(), &params, data).run().unwrap();
    let last = trained.history.epochs[epochs - 1];
    assert!(last.loss < if epochs > 1 { 2.3 } else { 4.0 }, "{last:?}");
    black_box(trained);
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
        for (what, n) in [("step", batch), ("epoch", 4 * batch)] {
            let data = data(n);
            // Learning is checked once, over more epochs.
            train(&net, batch, 12, &data);
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(what, |b| b.iter(|| train(&net, batch, 1, &data)));
        }
        group.finish();
    }
}

criterion_group!(benches, networks);
criterion_main!(benches);
