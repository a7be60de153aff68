use serde::{Deserialize, Serialize};

use crate::conv_block::{ConvBlock, MAX_WINDOW};
use crate::dense::{Dense, DenseOptions};
use crate::dropout::Dropout;
use crate::error::{Result, check};
use crate::geometry::Padding;
use crate::layer::{Chain, Layer};
use crate::plan::Plan;
use crate::pool::{GlobalPool, Standardise};
use crate::shape::Shape;

/// A convolution without bias, batch normalisation, ReLU and max-pooling.
///
/// An image `[height, width, channels in]` becomes `[⌊h / pool[0]⌋, ⌊w / pool[1]⌋, channels]` with the
/// convolution's output of h × w places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvBlockParams {
    /// Channels of the output.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps of the kernel.
    pub stride: [usize; 2],
    /// What lies beyond the border.
    pub padding: Padding,
    /// Height and width of the windows of which the largest value is kept; what is left of a whole
    /// window at the end is dropped. `[1, 1]` is no pooling.
    pub pool: [usize; 2],
}

impl Default for ConvBlockParams {
    /// 32 channels, 3 × 3, stride 1, same padding, pooled by 2 × 2.
    fn default() -> Self {
        Self {
            channels: 32,
            kernel: [3, 3],
            stride: [1, 1],
            padding: Padding::Same,
            pool: [2, 2],
        }
    }
}

impl ConvBlockParams {
    /// Blocks of 3 × 3 kernels with these channels and pools.
    ///
    /// ```
    /// let blocks = timbral_nn::ConvBlockParams::stack(&[16, 32], &[[2, 2], [4, 1]]);
    /// assert_eq!((blocks.len(), blocks[1].channels, blocks[1].pool), (2, 32, [4, 1]));
    /// ```
    pub fn stack(channels: &[usize], pools: &[[usize; 2]]) -> Vec<Self> {
        let blocks = channels.iter().zip(pools);
        blocks
            .map(|(&channels, &pool)| Self {
                channels,
                pool,
                ..Self::default()
            })
            .collect()
    }
}

/// The pool over all places of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The mean of every channel.
    #[default]
    Mean,
    /// The means, then the largest values.
    MeanMax,
}

/// The shape of a convolutional network on spectrograms.
///
/// An image `[bands, frames, 1]` is standardised band by band with the mean and the variance of the
/// training images, goes through the blocks, is pooled over all places to `[channels]` (twice as many
/// with [`Pooling::MeanMax`]), and after dropout a dense layer gives `[n_classes]`, which end in a
/// softmax.
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
    /// The blocks, at least one.
    pub blocks: Vec<ConvBlockParams>,
    /// The pool behind them.
    pub pooling: Pooling,
    /// The share of the pool's outputs set to 0 in training, from 0 to 1, 1 excluded.
    pub dropout: f32,
}

impl Default for ConvNetParams {
    /// Blocks of 16, 32, 64 and 64 channels, the mean, dropout 0.3.
    fn default() -> Self {
        Self {
            blocks: ConvBlockParams::stack(&[16, 32, 64, 64], &[[2, 2]; 4]),
            pooling: Pooling::Mean,
            dropout: 0.3,
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

/// Standardisation and blocks.
pub(crate) fn stem(
    plan: &mut Plan,
    chain: &mut Chain,
    input: Shape,
    blocks: &[ConvBlockParams],
) -> Result<Shape> {
    check(
        !blocks.is_empty(),
        "blocks",
        blocks,
        "there must be a block",
    )?;
    chain.push(plan.within("input", |plan| Standardise::new(plan, input)));
    let mut shape = input;
    for (i, block) in blocks.iter().enumerate() {
        let rule = "must be at least 1, and the windows of a pool have fewer than 2^16 places";
        let sizes = [block.kernel, block.stride, block.pool].concat();
        let good = block.channels > 0 && !sizes.contains(&0);
        let windows = block.pool[0].saturating_mul(block.pool[1]);
        check(good && windows < MAX_WINDOW, "blocks", block, rule)?;
        let layer = plan.within(format!("blocks.{i}"), |plan| {
            ConvBlock::new(
                plan,
                shape,
                block.channels,
                block.kernel,
                block.stride,
                block.padding,
                block.pool,
            )
        });
        let rule = "the image is too small for the kernels and pools";
        check(layer.is_some(), "input", input, rule)?;
        if let Some(layer) = layer {
            shape = layer.output();
            chain.push(layer);
        }
    }
    Ok(shape)
}

/// Dropout and the layer of the classes.
pub(crate) fn head(
    plan: &mut Plan,
    chain: &mut Chain,
    shape: Shape,
    dropout: f32,
    n_classes: usize,
) -> Result<()> {
    check(
        (0.0..1.0).contains(&dropout),
        "dropout",
        dropout,
        "must be from 0 to 1, 1 excluded",
    )?;
    chain.push(Dropout::new(shape, dropout));
    let options = DenseOptions::default();
    chain.push(plan.within("classes", |plan| {
        Dense::new(plan, shape, n_classes, options)
    }));
    Ok(())
}
