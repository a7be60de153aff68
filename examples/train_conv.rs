//! A network on mel spectrograms: trained, judged on recordings it has not heard, kept.
//!
//! `cargo run --release --example train_conv -- mel_levels.npz --split fault-filtered --model conv` on
//! spectrograms of the GTZAN clips: accuracy 0.62 (conv), 0.60 (crnn, attention). A folder of music, one
//! folder a genre, does as well as a file of spectrograms; `--spectrograms-out` keeps what is computed
//! of it. With `--checkpoint` a training that was stopped or killed goes on where it was. Ctrl-C ends
//! training; what there is is judged and kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments,
//! 130 stopped.

#![allow(clippy::print_stdout)]

#[path = "args/network.rs"]
mod network;
#[path = "args/run.rs"]
mod run;
#[path = "args/spectrograms.rs"]
mod spectrograms;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::{ImageNet, ImageNetParams};

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    spectrograms: spectrograms::SpectrogramArgs,
    /// The network: conv, crnn or attention
    #[arg(long = "model", default_value = "conv")]
    params: ImageNetParams,
    #[command(flatten)]
    run: run::RunArgs,
    #[command(flatten)]
    network: network::NetworkArgs,
    /// Frames of a crop
    #[arg(long)]
    frames: Option<usize>,
    /// Written after every epoch; where it is there, training goes on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run::main(|args: Args| {
        let stop = run::Stop::new(args.network.threads)?;
        let spectrograms = args.spectrograms.read(&stop)?;
        let mut net = ImageNet::new(args.params, &spectrograms);
        args.network.apply(&mut net.params.train);
        net.params.train.augment.frames = args.frames.or(net.params.train.augment.frames);
        (net.device, net.checkpoint) = (args.network.device, args.checkpoint);
        let (seed, model_out) = (net.params.train.seed, args.network.model_out.as_deref());
        let source = (&*args.spectrograms.input, spectrograms.table());
        args.run.run(&net, source, seed, &stop, model_out)?;
        Ok(stop.status())
    })
}
