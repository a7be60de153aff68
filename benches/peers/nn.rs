//! Trains one of the two networks of nn.py on random data; prints seconds per epoch as a line of JSON.
//!
//! cargo run --release --example peers_nn -- dense|conv --threads 2 --epochs 12 --rows 7992
//! {"model":"dense","epoch_seconds":[...],"parameters":202826,"rows":7992,"final_loss":...}

#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use ndarray::{Array2, Array3};
use timbral_nn::{Architecture, ConvNetParams, Dataset, MlpParams, TrainParams, Training};

#[derive(Parser)]
struct Args {
    model: Model,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    #[arg(long, default_value_t = 12)]
    epochs: usize,
    #[arg(long)]
    rows: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Dense,
    Conv,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build_global()?;
    let labels: Vec<usize> = (0..args.rows).map(|row| row % 10).collect();
    let noise = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f32 / 5.3e18 - 1.73;
    let (name, net, batch_size, data) = match args.model {
        Model::Dense => {
            let table = Array2::from_shape_fn((args.rows, 57), |(i, j)| noise(i * 57 + j));
            let net = Architecture::from(MlpParams::default());
            let data = Dataset::new(table.view(), &labels, 10)?;
            ("dense", net, 128, data)
        }
        Model::Conv => {
            let shape = (args.rows, 128, 130);
            let images = Array3::from_shape_fn(shape, |(i, y, x)| noise((i * 128 + y) * 130 + x));
            let net = Architecture::from(ConvNetParams::default());
            let data = Dataset::images(images.view(), &labels, 10)?;
            ("conv", net, 32, data)
        }
    };
    let parameters = net.n_parameters(data.shape(), 10)?;
    let params = TrainParams {
        epochs: args.epochs,
        batch_size,
        ..TrainParams::default()
    };
    let mut seconds = Vec::new();
    let mut start = Instant::now();
    let trained = Training::new(net, &params, &data)
        .on_epoch(|_| {
            seconds.push(start.elapsed().as_secs_f64());
            start = Instant::now();
            ControlFlow::Continue(())
        })
        .run()?;
    let line = serde_json::json!({
        "model": name,
        "epoch_seconds": seconds,
        "parameters": parameters,
        "rows": args.rows,
        "final_loss": trained.history.epochs.last().map(|epoch| epoch.loss),
    });
    println!("{line}");
    Ok(())
}
