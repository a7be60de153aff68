//! Trains one of the two networks of nn.py on the rows that it writes; prints seconds per epoch as a line of
//! JSON.
//!
//! cargo run --release --example peers_nn -- dense|conv --threads 2 --epochs 12 --seed 0 --data FOLDER
//! {"epoch_seconds":[...],"parameters":202826,"final_loss":...}

#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
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
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder with MODEL.f32, little-endian numbers, and MODEL.labels, bytes.
    #[arg(long)]
    data: PathBuf,
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
    let read = |ending: &str| {
        let path = args.data.join(ending);
        std::fs::read(&path).with_context(|| path.display().to_string())
    };
    let (numbers, labels, net, batch_size) = match args.model {
        Model::Dense => {
            let net = Architecture::from(MlpParams::default());
            (read("dense.f32")?, read("dense.labels")?, net, 128)
        }
        Model::Conv => {
            let net = Architecture::from(ConvNetParams::default());
            (read("conv.f32")?, read("conv.labels")?, net, 32)
        }
    };
    let numbers: Vec<f32> = (numbers.as_chunks().0.iter())
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let labels: Vec<usize> = labels.into_iter().map(usize::from).collect();
    let data = match args.model {
        Model::Dense => {
            let table = Array2::from_shape_vec((labels.len(), 57), numbers)?;
            Dataset::new(table.view(), &labels, 10)?
        }
        Model::Conv => {
            let images = Array3::from_shape_vec((labels.len(), 128, 130), numbers)?;
            Dataset::images(images.view(), &labels, 10)?
        }
    };
    let parameters = net.n_parameters(data.shape(), 10)?;
    let params = TrainParams {
        epochs: args.epochs,
        batch_size,
        seed: args.seed,
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
        "epoch_seconds": seconds,
        "parameters": parameters,
        "final_loss": trained.history.epochs.last().map(|epoch| epoch.loss),
    });
    println!("{line}");
    Ok(())
}
