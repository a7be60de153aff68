use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::layers::chain::Chain;
use crate::layers::plan::Plan;
use crate::nets::attention_net::AttentionNetParams;
use crate::nets::conv_net::ConvNetParams;
use crate::nets::crnn::CrnnParams;
use crate::nets::mlp::MlpParams;
use crate::shape::Shape;

/// The architecture of a network: its layers and their sizes.
///
/// ```
/// use timbral_nn::{Architecture, ConvNetParams};
/// let net = Architecture::from(ConvNetParams::default());
/// let json = serde_json::to_string(&net)?;
/// assert!(json.starts_with(r#"{"conv_net":{"#));
/// assert_eq!(serde_json::from_str::<Architecture>(&json)?, net);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Architecture {
    /// Dense layers.
    Mlp(MlpParams),
    /// Convolutions and a global pool.
    ConvNet(ConvNetParams),
    /// Convolutions and gated recurrent units.
    Crnn(CrnnParams),
    /// Convolutions and self-attention.
    AttentionNet(AttentionNetParams),
}

impl From<MlpParams> for Architecture {
    fn from(params: MlpParams) -> Self {
        Self::Mlp(params)
    }
}

impl From<ConvNetParams> for Architecture {
    fn from(params: ConvNetParams) -> Self {
        Self::ConvNet(params)
    }
}

impl From<CrnnParams> for Architecture {
    fn from(params: CrnnParams) -> Self {
        Self::Crnn(params)
    }
}

impl From<AttentionNetParams> for Architecture {
    fn from(params: AttentionNetParams) -> Self {
        Self::AttentionNet(params)
    }
}

impl Architecture {
    /// The number of trainable parameters for examples of the shape `input`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if a parameter is out of its
    /// range, the examples are too small for the network, or it has more than 2²⁸ parameters.
    pub fn n_parameters(&self, input: Shape, n_classes: usize) -> Result<usize> {
        Ok(self.build(input, n_classes)?.0.n_parameters)
    }

    /// Its tensors and its layers.
    pub(crate) fn build(&self, input: Shape, n_classes: usize) -> Result<(Plan, Chain)> {
        let size = [input.height, input.width, input.channels];
        check(
            input.len() > 0,
            "input",
            format_args!("{size:?}"),
            "must not be empty",
        )?;
        check(n_classes >= 2, "n_classes", n_classes, "must be at least 2")?;
        let (mut plan, mut chain) = (Plan::default(), Chain::default());
        match self {
            Self::Mlp(params) => {
                params.validate()?;
                params.build(&mut plan, &mut chain, input, n_classes);
            }
            Self::ConvNet(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
            Self::Crnn(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
            Self::AttentionNet(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
        }
        plan.validate()?;
        Ok((plan, chain))
    }
}
