use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::layers::chain::{Chain, Layer};
use crate::layers::plan::Plan;
use crate::layers::pool::GlobalPool;
use crate::nets::stem::{ConvBlockParams, head, stem};
use crate::shape::Shape;

/// Global pooling over all positions of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pooling {
    /// The mean of every channel.
    #[default]
    Mean,
    /// The mean of every channel, then the largest value of every channel.
    MeanMax,
}

/// The architecture of a convolutional network on spectrograms.
///
/// An image `[bands, frames, 1]` is standardised band by band with the mean and the variance of the
/// training images, goes through the blocks and is pooled over all positions to `[channels]` (twice as
/// many with [`Pooling::MeanMax`]). After dropout, a dense layer with a softmax gives `[n_classes]`.
///
/// ```
/// use timbral_nn::{Architecture, ConvNetParams, Shape};
/// let image = Shape { height: 128, width: 130, channels: 1 };
/// let net = Architecture::from(ConvNetParams::default());
/// assert_eq!(net.n_parameters(image, 10)?, 61_050);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvNetParams {
    /// The blocks, at least one; default four, of 16, 32, 64 and 64 channels.
    pub blocks: Vec<ConvBlockParams>,
    /// The global pooling after the blocks; default [`Pooling::Mean`].
    pub pooling: Pooling,
    /// The probability with which a pooled number is set to 0 in training, from 0 to 1, 1 excluded; default 0.3.
    pub dropout: f32,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for ConvNetParams {
    /// Blocks of 16, 32, 64 and 64 channels, the mean, dropout 0.3.
    fn default() -> Self {
        Self {
            blocks: ConvBlockParams::stack(&[16, 32, 64, 64], &[[2, 2]; 4]),
            pooling: Pooling::Mean,
            dropout: 0.3,
            _non_exhaustive: (),
        }
    }
}

impl ConvNetParams {
    pub(crate) fn build(
        &self,
        plan: &mut Plan,
        chain: &mut Chain,
        input: Shape,
        n_classes: usize,
    ) -> Result<()> {
        let shape = stem(plan, chain, input, &self.blocks)?;
        let pool = GlobalPool::new(shape, self.pooling == Pooling::MeanMax);
        let shape = pool.output();
        chain.push(pool);
        head(plan, chain, shape, self.dropout, n_classes)
    }
}
