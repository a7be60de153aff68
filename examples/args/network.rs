//! What the examples that train networks share.

use std::path::PathBuf;

use timbral::nn::{Device, TrainParams};

/// Where a number is not given, the recipe's own stays.
#[derive(clap::Args)]
pub(crate) struct NetworkArgs {
    /// Passes over the training rows
    #[arg(long)]
    epochs: Option<usize>,
    /// Rows a step
    #[arg(long)]
    batch_size: Option<usize>,
    /// Adam's learning rate
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Of all random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
    /// cpu, or with features of the same name cuda or metal
    #[arg(long, default_value = "cpu")]
    pub(crate) device: Device,
    /// Where to keep the network, .safetensors
    #[arg(long, value_name = "FILE")]
    pub(crate) model_out: Option<PathBuf>,
}

impl NetworkArgs {
    /// Puts what is given into the parameters of a training.
    pub(crate) fn apply(&self, train: &mut TrainParams) {
        train.epochs = self.epochs.unwrap_or(train.epochs);
        train.batch_size = self.batch_size.unwrap_or(train.batch_size);
        train.learning_rate = self.learning_rate.unwrap_or(train.learning_rate);
        train.seed = self.seed;
    }
}
