use std::path::PathBuf;

use anyhow::anyhow;
use timbral::data::Spectrograms;
use timbral::{Error, ImageNet, ImageNetParams, Inputs, MelImages};

use crate::command::Command;
use crate::options::network::NetworkArgs;
use crate::options::output::{output, output_of};
use crate::options::training::TrainingArgs;
use crate::options::{SoundArgs, find_files};
use crate::session::{Session, phase, phase_of_files, print_problems, print_skipped};
use crate::status::Status;

/// `train-conv`: a network on mel spectrograms.
#[derive(clap::Args)]
pub struct TrainConv {
    /// File of spectrograms (.npz), or folder of music that has one folder per genre
    input: PathBuf,
    /// File to write the spectrograms of the folder to, .npz, for later trainings
    #[arg(long, value_name = "FILE", value_parser = output_of(&[".npz"]))]
    spectrograms_out: Option<PathBuf>,
    /// Network: conv, crnn or attention
    #[arg(long = "model", value_name = "KIND", default_value = "conv")]
    params: ImageNetParams,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    network: NetworkArgs,
    /// Length in frames of the random crops that are trained on [default: 96]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// File to write the state of the training to after every epoch; if it exists, the training continues from it
    #[arg(long, value_name = "FILE", value_parser = output())]
    checkpoint: Option<PathBuf>,
}

impl TrainConv {
    /// Reads or computes the spectrograms, and the number of files that were skipped.
    fn spectrograms(&self, session: &Session) -> anyhow::Result<(Spectrograms, usize)> {
        if !self.input.is_dir() {
            phase(format!("reading {}", self.input.display()));
            return Ok((Spectrograms::read(&self.input)?, 0));
        }
        let Inputs {
            files, unreadable, ..
        } = find_files(&[&self.input])?;
        print_skipped(&unreadable);
        phase_of_files("computing spectrograms of", files.len());
        let images = MelImages::default();
        let open = self.sound.open_params();
        let read = images.read(&files, open, &mut session.monitor());
        let (spectrograms, problems) = read.map_err(|error| match error {
            Error::TooShort { .. } => anyhow!(
                "{error}; no file has the {} s of a spectrogram: `train --model` takes shorter recordings",
                images.seconds
            ),
            error => error.into(),
        })?;
        print_problems(&problems);
        if let Some(path) = &self.spectrograms_out {
            spectrograms.write(path)?;
        }
        Ok((spectrograms, problems.skipped.len() + unreadable.len()))
    }
}

impl Command for TrainConv {
    const NAME: &'static str = "train-conv";
    const ABOUT: &'static str =
        "Train a network on mel spectrograms, and score it on test recordings";
    const DETAILS: &'static str = "On spectrograms of the GTZAN clips with `--split fault-filtered`: accuracy \
        0.67 (conv), 0.60 (crnn, attention). Ctrl-C ends the training; the network so far is evaluated and \
        written. With `--checkpoint` the same command continues the training.";
    const EXAMPLE: &'static str =
        "MUSIC --split grouped --model crnn --checkpoint training.checkpoint";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.network.threads.start()?;
        let (spectrograms, n_skipped) = self.spectrograms(&session)?;
        let mut net = ImageNet::new(self.params, &spectrograms);
        self.network.apply(&mut net.params.train);
        net.params.train.augment.frames = self.frames.or(net.params.train.augment.frames);
        (net.device, net.checkpoint) = (self.network.device, self.checkpoint);
        let (seed, model_out) = (net.params.train.seed, self.network.model_out.as_deref());
        let source = (&*self.input, spectrograms.table());
        self.training.run(&net, source, seed, &session, model_out)?;
        Ok(match session.status() {
            Status::Done => Status::of_files(1, n_skipped),
            stopped => stopped,
        })
    }
}
