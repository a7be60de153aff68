use std::path::PathBuf;

use timbral::DenseParams;

use crate::command::Command;
use crate::options::network::NetworkArgs;
use crate::options::table::TableArgs;
use crate::options::training::TrainingArgs;
use crate::status::Status;

/// `train-dense`: a dense network on a table of features.
#[derive(clap::Args)]
pub struct TrainDense {
    /// Table of features with a column `label`, as `extract-features` writes it
    table: PathBuf,
    #[command(flatten)]
    columns: TableArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dense: DenseArgs,
}

/// The default of an option that is not given is that of the library.
#[derive(clap::Args)]
struct DenseArgs {
    /// Number of units of each hidden layer, separated by commas [default: 512,512,512]
    #[arg(long, value_delimiter = ',')]
    units: Option<Vec<usize>>,
    /// Dropout: fraction of the hidden units set to 0 in training, at least 0 and below 1 [default: 0.1]
    #[arg(long, value_name = "X")]
    dropout: Option<f32>,
    /// Decoupled weight decay of AdamW, at least 0 [default: 0]
    #[arg(long, value_name = "X")]
    weight_decay: Option<f32>,
    /// Label smoothing: probability spread evenly over all classes in the training labels, at least 0 and below 1
    /// [default: 0]
    #[arg(long, value_name = "X")]
    label_smoothing: Option<f32>,
    /// Alpha of mixup, which trains on weighted means of two training rows; 0 for no mixup [default: 0.5]
    #[arg(long, value_name = "ALPHA")]
    mixup: Option<f32>,
    /// Whether the logarithms of the columns that end in _var are features, too [default: true if each of them has a
    /// column that ends in _mean and no training row has a negative number there]
    #[arg(long, value_name = "BOOL")]
    log_variances: Option<bool>,
}

impl DenseArgs {
    /// The parameters for the library.
    fn params(self, network: &NetworkArgs) -> DenseParams {
        let mut params = DenseParams {
            device: network.device,
            log_variances: self.log_variances,
            ..DenseParams::default()
        };
        let DenseParams { net, train, .. } = &mut params;
        network.apply(train);
        net.units = self.units.unwrap_or_else(|| net.units.clone());
        net.dropout = self.dropout.unwrap_or(net.dropout);
        train.weight_decay = self.weight_decay.unwrap_or(train.weight_decay);
        train.label_smoothing = self.label_smoothing.unwrap_or(train.label_smoothing);
        train.augment.mixup = self.mixup.unwrap_or(train.augment.mixup);
        params
    }
}

impl Command for TrainDense {
    const NAME: &'static str = "train-dense";
    const ABOUT: &'static str =
        "Train a dense network on a table of features, and score it on test rows";
    const DETAILS: &'static str = "On the published table of 3-s segments of GTZAN: accuracy about 0.94 on random \
        rows, where the training rows have pieces of most test recordings; 0.49 with `--split \
        fault-filtered`. Ctrl-C ends the training; the network so far is evaluated and written. The command `evaluate` \
        predicts with the network that `--model-out` writes.";
    const EXAMPLE: &'static str =
        "features.csv --split grouped --epochs 30 --model-out model.safetensors";

    fn run(self) -> anyhow::Result<Status> {
        let (network, session) = (&self.network, self.network.threads.start()?);
        let table = self.columns.read_labelled(&self.table)?;
        let params = self.dense.params(network);
        let (seed, model_out) = (params.train.seed, network.model_out.as_deref());
        let source = (&*self.table, &table);
        self.training
            .run(&params, source, seed, &session, model_out)?;
        Ok(session.status())
    }
}
