use std::str::FromStr;

use serde::{Deserialize, Serialize};
use timbral_nn::{
    Architecture, AttentionNetParams, Augment, ConvBlockParams, ConvNetParams, CrnnParams,
    Schedule, TrainParams,
};

/// A network on mel spectrograms of 128 bands and its training.
///
/// | made from | network |
/// |---|---|
/// | `conv` | four blocks of convolutions, the mean over all places |
/// | `crnn` | four blocks, gated recurrent units both ways, learned pooling |
/// | `attention` | four blocks, one encoder of self-attention, learned pooling |
///
/// The recipes were chosen on the fault-filtered split of GTZAN at 13 frames a second: trained on its
/// 442 training clips, judged by the log loss of its 197 validation clips (one seed; the standard error
/// of an accuracy is 3.4 points). All trials, four blocks of 3 × 3 kernels each:
///
/// | network | channels | pools | training | accuracy | log loss |
/// |---|---|---|---|---|---|
/// | conv | 16, 32, 64, 64 | 2 × 2 each | short | .584 | 1.225 |
/// | conv | 24, 48, 96, 128 | 4 × 2, then 2 × 2 | short | .629 | 1.149 |
/// | conv | 24, 48, 96, 128 | 2 × 4, then 2 × 2 | short | .635 | 1.172 |
/// | conv, mean and max | 24, 48, 96, 128 | 4 × 4, then 2 × 2 | short, crops of 192 frames, masks of up to 32 | .614 | 1.235 |
/// | conv | 24, 48, 96, 128 | 4 × 2, then 2 × 2 | stronger | .619 | 1.177 |
/// | conv | 24, 48, 96, 96 | 2 × 2 each | long | .640 | 1.107 |
/// | conv | 24, 48, 96, 128 | 4 × 2, then 2 × 2 | long | .640 | 1.133 |
/// | **conv** | 24, 48, 96, 128 | 2 × 4, then 2 × 2 | long | .680 | 1.128 |
/// | conv | 24, 48, 96, 128 | 2 × 4, then 2 × 2 | long, in batches of 16, learning rate 0.0015 | .650 | 1.151 |
/// | conv | 24, 48, 96, 128 | 4 × 2, then 2 × 2 | long, faster or slower by up to 15 %, up to 3 bands up or down, random equaliser of 6 dB | .523 | 1.306 |
/// | **crnn** | 24, 48, 96, 128 | 4 × 2, 2 × 2, 2 × 2, 4 × 1 | short | .624 | 1.224 |
/// | crnn, dropout 0.5 | 24, 48, 96, 128 | 4 × 2, 2 × 2, 2 × 2, 4 × 1 | stronger | .563 | 1.255 |
/// | **attention** | 24, 48, 96, 128 | 4 × 2, 2 × 2, 2 × 2, 4 × 1 | short | .619 | 1.210 |
/// | attention | 24, 48, 96, 128 | 4 × 2, 2 × 2, 2 × 2, 4 × 1 | long | .599 | 1.290 |
///
/// | training | epochs | learning rate | warm-up | weight decay | mixup | bands of a mask |
/// |---|---|---|---|---|---|---|
/// | short | 40 | 0.003 | a tenth | 0.02 | 0.3 | 16 |
/// | long | 70 | 0.002 | a twentieth | 0.05 | 0.3 | 24 |
/// | stronger | 60 | 0.003 | a tenth | 0.05 | 0.5 | 20, two masks each |
///
/// All but one: AdamW in batches of 32 with a cosine, label smoothing 0.1, crops of 96 frames, a mask of
/// bands and one of up to 16 frames. Pools of 2 × 2 in the first block do no better by more than chance
/// and cost 2.8 times as much.
///
/// ```
/// let params: timbral::ImageNetParams = "crnn".parse()?;
/// assert_eq!((params.train.epochs, params.train.augment.frames), (40, Some(96)));
/// assert!("lstm".parse::<timbral::ImageNetParams>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageNetParams {
    /// The network.
    pub net: Architecture,
    /// Its training; the last epoch is kept.
    pub train: TrainParams,
}

/// Channels of the blocks.
const CHANNELS: [usize; 4] = [24, 48, 96, 128];

impl ImageNetParams {
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
        let net = net.into();
        Self { net, train }
    }

    /// The network of gated recurrent units.
    pub fn crnn() -> Self {
        let net = CrnnParams {
            blocks: sequence(),
            ..CrnnParams::default()
        };
        let (net, train) = (net.into(), training(16));
        Self { net, train }
    }

    /// The network of self-attention.
    pub fn attention() -> Self {
        let net = AttentionNetParams {
            blocks: sequence(),
            units: 96,
            encoders: 1,
            ..AttentionNetParams::default()
        };
        let (net, train) = (net.into(), training(16));
        Self { net, train }
    }
}

/// Blocks that leave an eighth of the frames.
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
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "conv" => Ok(Self::conv()),
            "crnn" => Ok(Self::crnn()),
            "attention" => Ok(Self::attention()),
            _ => Err("neither conv, crnn nor attention".to_owned()),
        }
    }
}
