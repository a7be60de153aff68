//! A network on mel spectrograms: trained, judged on recordings it has not heard, kept.
//!
//! `cargo run --release --example train_conv -- mel_levels.npz --split fault-filtered --model conv` on
//! spectrograms of the GTZAN clips: accuracy 0.59 (conv), 0.60 (crnn, attention). A folder of music, one
//! folder a genre, does as well as a file of spectrograms; `--spectrograms-out` keeps what is computed
//! of it. With `--checkpoint` a training that was stopped or killed goes on where it was. Ctrl-C ends
//! training; what there is is judged and kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments,
//! 130 stopped.

#![allow(clippy::print_stdout)]

#[path = "args/network.rs"]
mod network;
#[path = "args/probabilities.rs"]
mod probabilities;
#[path = "args/run.rs"]
mod run;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::{FeatureTable, Spectrograms};
use timbral::nn::{Dataset, Trained, Training};
use timbral::{Experiment, ImageNetParams, Inputs, MelImages};

use network::NetworkArgs;
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
    #[command(flatten)]
    network: NetworkArgs,
    /// Frames of a crop
    #[arg(long)]
    frames: Option<usize>,
    /// Where to keep the spectrograms of a folder, .npz
    #[arg(long, value_name = "FILE")]
    spectrograms_out: Option<PathBuf>,
    /// Written after every epoch; where it is there, training goes on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.network.threads)?;
    let mut params = args.params.clone();
    args.network.apply(&mut params.train);
    params.train.augment.frames = args.frames.or(params.train.augment.frames);
    let spectrograms = read(&args, &stop)?;
    let table = spectrograms.table();
    let (_, experiment) = args.run.split(table, params.train.seed)?;
    let Experiment { train, test, .. } = &experiment;
    let (trained, fit) = timed(|| fit(&args, &params, &spectrograms, train, &stop))?;
    let classifier = &trained.classifier;
    if let Some(path) = &args.network.model_out {
        classifier.save(path)?;
    }
    let judge = |part: &FeatureTable| {
        let images = spectrograms.images_of(part)?;
        Ok(classifier.image_probabilities(images.view())?)
    };
    let (probabilities, predict) = timed(|| judge(test))?;
    let known = judge(train)?;
    let details = serde_json::json!({ "history": trained.history });
    let tables = [train, test];
    let scored = [known.view(), probabilities.view()];
    let times = [fit, predict];
    args.run
        .report(args.input, (&params, details), tables, scored, times)?;
    Ok(stop.status())
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
    let mut training =
        Training::new(params.net.clone(), &params.train, &data).device(args.network.device);
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
