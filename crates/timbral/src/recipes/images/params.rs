use std::str::FromStr;

use serde::{Deserialize, Serialize};
use timbral_core::InvalidParameter;
use timbral_nn::{
    Architecture, AttentionNetParams, Augment, ConvBlockParams, ConvNetParams, CrnnParams,
    Schedule, TrainParams,
};

use crate::error::{Error, Result};
use crate::recipes::kind::ModelKind;

/// A network on mel spectrograms of 128 bands and its training; [`ImageNet`](crate::ImageNet) is the recipe.
///
/// | name | network |
/// |---|---|
/// | `conv` | four blocks of convolutions, the mean over all positions |
/// | `crnn` | four blocks, gated recurrent units in both directions, learned pooling |
/// | `attention` | four blocks, one encoder of self-attention, learned pooling |
///
/// Pools, channels and training were chosen on the validation part of GTZAN's fault-filtered split;
/// `examples/results/README.md` in the repository lists all trials.
///
/// ```
/// let params: timbral::ImageNetParams = "crnn".parse()?;
/// assert_eq!((params.train.epochs, params.train.augment.frames), (40, Some(96)));
/// assert!("lstm".parse::<timbral::ImageNetParams>().is_err());
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageNetParams {
    /// The architecture of the network.
    pub net: Architecture,
    /// The parameters of its training; the network after the last epoch is kept.
    pub train: TrainParams,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

/// Channels of the blocks.
const CHANNELS: [usize; 4] = [24, 48, 96, 128];

impl ImageNetParams {
    /// A network of your own and its training.
    pub fn new(net: impl Into<Architecture>, train: TrainParams) -> Self {
        Self {
            net: net.into(),
            train,
            _non_exhaustive: (),
        }
    }

    /// The convolutional network.
    pub fn conv() -> Self {
        let net = ConvNetParams {
            // Half of the bands and a quarter of the frames after the first block.
            blocks: ConvBlockParams::stack(&CHANNELS, &[[2, 4], [2, 2], [2, 2], [2, 2]]),
            ..ConvNetParams::default()
        };
        let train = TrainParams {
            epochs: 70,
            learning_rate: 2e-3,
            schedule: Schedule::Cosine { warm_up: 0.05 },
            weight_decay: 0.05,
            ..training(24)
        };
        Self::new(net, train)
    }

    /// The network of gated recurrent units.
    pub fn crnn() -> Self {
        let net = CrnnParams {
            blocks: sequence(),
            ..CrnnParams::default()
        };
        Self::new(net, training(16))
    }

    /// The network of self-attention.
    pub fn attention() -> Self {
        let net = AttentionNetParams {
            blocks: sequence(),
            units: 96,
            encoders: 1,
            ..AttentionNetParams::default()
        };
        Self::new(net, training(16))
    }
}

/// Blocks that keep an eighth of the frames.
fn sequence() -> Vec<ConvBlockParams> {
    ConvBlockParams::stack(&CHANNELS, &[[4, 2], [2, 2], [2, 2], [4, 1]])
}

/// The short training.
fn training(band_mask: usize) -> TrainParams {
    TrainParams {
        epochs: 40,
        batch_size: 32,
        learning_rate: 3e-3,
        schedule: Schedule::Cosine { warm_up: 0.1 },
        weight_decay: 0.02,
        label_smoothing: 0.1,
        augment: Augment {
            frames: Some(96),
            mixup: 0.3,
            band_masks: 1,
            band_mask,
            frame_masks: 1,
            frame_mask: 16,
            ..Augment::default()
        },
        ..TrainParams::default()
    }
}

impl FromStr for ImageNetParams {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name.parse() {
            Ok(ModelKind::Conv) => Ok(Self::conv()),
            Ok(ModelKind::Crnn) => Ok(Self::crnn()),
            Ok(ModelKind::Attention) => Ok(Self::attention()),
            _ => {
                let reason = "neither conv, crnn nor attention";
                Err(InvalidParameter::new("network", name, reason).into())
            }
        }
    }
}
