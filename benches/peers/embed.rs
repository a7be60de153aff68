//! Times musicnn in timbral-pretrained; started by `embed.py`.
//!
//! `peers_embed WEIGHTS CLIP --threads N --repeat R` prints one line of JSON: seconds of ten windows by the network, seconds
//! from the file to all outputs, seconds of candle's own operations for the two timbral convolutions (four fifths of the
//! multiplications), and the tags of the ten windows.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use timbral::pretrained::{Device, Embedder, EmbedderParams, Model, Tensor};

#[derive(Parser)]
struct Args {
    /// Copy of the weights
    weights: PathBuf,
    /// Sound file
    clip: PathBuf,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    #[arg(long, default_value_t = 8)]
    batch: usize,
}

const WINDOWS: usize = 10;

/// Numbers from -1 to 1, as in `embed.py`.
fn numbers(n: usize) -> impl Iterator<Item = f32> {
    (1..=n as u32).map(|i| {
        let mut x = i.wrapping_mul(0x9E37_79B1);
        x ^= x >> 16;
        x = x.wrapping_mul(0x7FEB_352D);
        x ^= x >> 15;
        (f64::from(x) / f64::from(1_u32 << 31) - 1.0) as f32
    })
}

/// Seconds of each call, after one that is not counted.
fn time<T>(repeat: usize, mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<Vec<f64>> {
    work()?;
    let each = (0..repeat).map(|_| {
        let start = Instant::now();
        work()?;
        Ok(start.elapsed().as_secs_f64())
    });
    each.collect()
}

/// The timbral convolutions with their rectifier, normalisation and maximum over the bands.
fn candle(windows: &Tensor) -> anyhow::Result<Vec<Tensor>> {
    let x = windows.unsqueeze(1)?.pad_with_zeros(2, 3, 3)?;
    let of_width = |width: usize| {
        let weights = numbers(204 * 7 * width).collect();
        let weights = Tensor::from_vec(weights, (204, 1, 7, width), &Device::Cpu)?;
        let channels = Tensor::ones((1, 204, 1, 1), weights.dtype(), &Device::Cpu)?;
        let y = x.conv2d(&weights, 0, 1, 1, 1)?.broadcast_add(&channels)?;
        let y = y
            .relu()?
            .broadcast_mul(&channels)?
            .broadcast_add(&channels)?;
        Ok(y.max(3)?)
    };
    [38, 67].into_iter().map(of_width).collect()
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build_global()?;
    let params = EmbedderParams {
        batch: args.batch,
        ..EmbedderParams::default()
    };
    let network = Model::MusicnnMsd.load(Some(&args.weights))?;
    let embedder = Embedder::new(network, params)?;
    let values: Vec<f32> = numbers(WINDOWS * 187 * 96).map(|x| x.abs() * 4.0).collect();
    let windows = Tensor::from_vec(values, (WINDOWS, 187, 96), &Device::Cpu)?;
    let forward = || Ok(embedder.network().forward(&windows)?);
    let taggram = forward()?[0].to_vec2::<f32>()?;
    let network = time(args.repeat, forward)?;
    let whole = time(args.repeat, || Ok(embedder.file(&args.clip)?))?;
    let candle = time(args.repeat, || candle(&windows))?;
    let line = serde_json::json!({
        "network": network, "whole": whole, "candle": candle, "taggram": taggram,
    });
    println!("{line}");
    Ok(())
}
