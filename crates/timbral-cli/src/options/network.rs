//! Options of the commands that train networks.

use std::path::PathBuf;

use timbral::nn::{Device, TrainParams};

use crate::options::output::output_of;
use crate::session::ThreadArgs;

/// The default of a number that is not given is that of the network's recipe.
#[derive(clap::Args)]
pub(crate) struct NetworkArgs {
    /// Passes over the training rows [default: 60 for a dense network, 70 for conv, else 40]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Rows per step of the optimiser [default: 128 for a dense network, else 32]
    #[arg(long, value_name = "ROWS")]
    batch_size: Option<usize>,
    /// Highest learning rate of the schedule, above 0 [default: 0.002 for conv, else 0.003]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Device to train on: cpu; in a build with the feature of that name also candle (the CPU), cuda or metal (a GPU,
    /// counted from 0 as in cuda:1)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: Device,
    /// File to write the network to, .safetensors
    #[arg(long, value_name = "FILE", value_parser = output_of(&[".safetensors"]))]
    pub(crate) model_out: Option<PathBuf>,
}

impl NetworkArgs {
    /// Copies the options that are given into the parameters of a training.
    pub(crate) fn apply(&self, train: &mut TrainParams) {
        train.epochs = self.epochs.unwrap_or(train.epochs);
        train.batch_size = self.batch_size.unwrap_or(train.batch_size);
        train.learning_rate = self.learning_rate.unwrap_or(train.learning_rate);
        train.seed = self.seed;
    }
}
