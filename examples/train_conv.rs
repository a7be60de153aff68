//! A network on mel spectrograms: trained, judged on recordings it has not heard, kept.
//!
//! `cargo run --release --example train_conv -- mel_levels.npz --split fault-filtered --model conv` on
//! spectrograms of the GTZAN clips: accuracy 0.59 (conv, crnn), 0.60 (attention). A folder of music, one folder a genre, does as well as
//! a file of spectrograms; `--spectrograms-out` keeps what is computed of it. With `--checkpoint` a
//! training that was stopped or killed goes on where it was. Ctrl-C ends training; what there is is
//! judged and kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped.

#![allow(clippy::print_stdout)]

#[path = "args/probabilities.rs"]
mod probabilities;
#[path = "args/run.rs"]
mod run;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::{FeatureTable, Spectrograms};
use timbral::nn::{Dataset, Device, Trained, Training};
use timbral::{ImageNetParams, Inputs, MelImages};

use run::{RunArgs, Stop, bar, parse, timed};

#[derive(Parser)]
struct Args {
    /// Spectrograms (.npz), or a folder of sound files
    input: PathBuf,
    /// The network: conv, crnn or attention
    #[arg(long = "model", default_value = "conv")]
    params: ImageNetParams,
    #[command(flatten)]
    run: RunArgs,
    /// Passes over the training images
    #[arg(long)]
    epochs: Option<usize>,
    /// Images a step
    #[arg(long)]
    batch_size: Option<usize>,
    /// AdamW's learning rate
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Frames of a crop
    #[arg(long)]
    frames: Option<usize>,
    /// Of all random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// cpu, or with features of the same name cuda or metal
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// Where to keep the spectrograms of a folder, .npz
    #[arg(long, value_name = "FILE")]
    spectrograms_out: Option<PathBuf>,
    /// Written after every epoch; where it is there, training goes on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Where to keep the network, .safetensors
    #[arg(long, value_name = "FILE")]
    model_out: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.threads)?;
    let params = params(&args);
    let spectrograms = read(&args, &stop)?;
    let table = spectrograms.table();
    let split = args.run.split(table, params.train.seed)?;
    let learnt = [&split.train[..], &split.valid].concat();
    let (train, test) = (table.select(&learnt)?, table.select(&split.test)?);
    let (trained, fit) = timed(|| fit(&args, &params, &spectrograms, &train, &stop))?;
    let classifier = &trained.classifier;
    if let Some(path) = &args.model_out {
        classifier.save(path)?;
    }
    let judge = |part: &FeatureTable| {
        let images = spectrograms.images_of(part)?;
        Ok(classifier.image_probabilities(images.view())?)
    };
    let (probabilities, predict) = timed(|| judge(&test))?;
    let known = judge(&train)?;
    let details = serde_json::json!({ "history": trained.history });
    let tables = [&train, &test];
    let scored = [known.view(), probabilities.view()];
    let times = [fit, predict];
    args.run
        .report(args.input, (&params, details), tables, scored, times)?;
    Ok(stop.status())
}

fn params(args: &Args) -> ImageNetParams {
    let mut params = args.params.clone();
    let train = &mut params.train;
    train.epochs = args.epochs.unwrap_or(train.epochs);
    train.batch_size = args.batch_size.unwrap_or(train.batch_size);
    train.learning_rate = args.learning_rate.unwrap_or(train.learning_rate);
    train.augment.frames = args.frames.or(train.augment.frames);
    train.seed = args.seed;
    params
}

fn read(args: &Args, stop: &Stop) -> anyhow::Result<Spectrograms> {
    if !args.input.is_dir() {
        return Ok(Spectrograms::read(&args.input)?);
    }
    let files = Inputs::find([&args.input])?.files;
    let bar = bar(files.len(), "files")?;
    let images = MelImages::default();
    let (spectrograms, skipped) =
        images.read(&files, stop.flag(), |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    for error in skipped {
        println!("skipped {error}");
    }
    anyhow::ensure!(!stop.is_set(), "stopped before all files were read");
    if let Some(path) = &args.spectrograms_out {
        spectrograms.write(path)?;
    }
    Ok(spectrograms)
}

fn fit(
    args: &Args,
    params: &ImageNetParams,
    spectrograms: &Spectrograms,
    train: &FeatureTable,
    stop: &Stop,
) -> anyhow::Result<Trained> {
    let images = spectrograms.images_of(train)?;
    let labels = train.labels().unwrap_or_default();
    let data = Dataset::images(images.view(), labels, train.classes().len())?;
    let bar = bar(params.train.epochs, "epochs")?;
    let mut failed = None;
    let mut training = Training::new(params.net.clone(), &params.train, &data).device(args.device);
    training = training.on_epoch(|epoch| {
        let epochs = &epoch.history().epochs;
        bar.set_position(epochs.len() as u64);
        bar.set_message(format!("loss {:.3}", epochs[epochs.len() - 1].loss));
        let saved = args
            .checkpoint
            .as_ref()
            .map(|path| epoch.save_checkpoint(path));
        failed = saved.and_then(Result::err);
        match stop.is_set() || failed.is_some() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if let Some(path) = args.checkpoint.as_deref().filter(|path| path.exists()) {
        training = training.resume(path);
    }
    let trained = training.run()?;
    bar.finish_and_clear();
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(trained),
    }
}
