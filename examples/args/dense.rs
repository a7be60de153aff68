//! The parameters of a dense network as options of a command.

use timbral::DenseParams;

use crate::network::NetworkArgs;

/// Named as in `DenseParams`; the defaults are its own.
#[derive(clap::Args)]
pub(crate) struct DenseArgs {
    /// Units of the hidden layers
    #[arg(long, value_delimiter = ',')]
    units: Option<Vec<usize>>,
    /// Share of the hidden units dropped
    #[arg(long)]
    dropout: Option<f32>,
    /// Decoupled weight decay
    #[arg(long)]
    weight_decay: Option<f32>,
    /// Share of a label spread over all classes
    #[arg(long)]
    label_smoothing: Option<f32>,
    /// α of mixup; 0: none
    #[arg(long)]
    mixup: Option<f32>,
}

impl DenseArgs {
    /// The same for the library.
    pub(crate) fn params(self, network: &NetworkArgs) -> DenseParams {
        let mut params = DenseParams {
            device: network.device,
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
