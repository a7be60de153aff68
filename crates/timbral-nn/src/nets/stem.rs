//! The first and the last layers, which all networks on spectrograms have in common.

use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::kernels::geometry::Padding;
use crate::layers::chain::{Chain, Layer};
use crate::layers::conv_block::{ConvBlock, MAX_WINDOW};
use crate::layers::dense::{Dense, DenseOptions};
use crate::layers::dropout::Dropout;
use crate::layers::plan::Plan;
use crate::layers::pool::Standardise;
use crate::shape::Shape;

/// A convolution without bias, batch normalisation, ReLU and max-pooling.
///
/// An image `[height, width, channels in]` becomes `[⌊h / pool[0]⌋, ⌊w / pool[1]⌋, channels]`, where
/// h × w is the size of the convolution's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvBlockParams {
    /// Channels of the output, at least 1; default 32.
    pub channels: usize,
    /// Height and width of the kernel, at least 1; default 3 × 3.
    pub kernel: [usize; 2],
    /// Stride along the height and the width, at least 1; default 1.
    pub stride: [usize; 2],
    /// The padding of the convolution; default [`Padding::Same`].
    pub padding: Padding,
    /// Height and width of the max-pooling windows, default 2 × 2; an incomplete window at the end is dropped. With
    /// `[1, 1]` there is no pooling.
    pub pool: [usize; 2],
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
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

/// Adds the first layers: standardisation and blocks. Returns the shape of their output.
pub(crate) fn stem(
    plan: &mut Plan,
    chain: &mut Chain,
    input: Shape,
    blocks: &[ConvBlockParams],
) -> Result<Shape> {
    check(
        !blocks.is_empty(),
        "blocks",
        "[]",
        "there must be at least one block",
    )?;
    chain.push(plan.within("input", |plan| Standardise::new(plan, input)));
    let mut shape = input;
    for (i, block) in blocks.iter().enumerate() {
        let rule =
            "sizes must be at least 1, and a pooling window must have fewer than 2^16 positions";
        let sizes = [block.kernel, block.stride, block.pool].concat();
        let good = block.channels > 0 && !sizes.contains(&0);
        let windows = block.pool[0].saturating_mul(block.pool[1]);
        check(
            good && windows < MAX_WINDOW,
            "blocks",
            format_args!("{block:?}"),
            rule,
        )?;
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
        let rule = "too small for the kernels and pools";
        let size = [input.height, input.width, input.channels];
        check(layer.is_some(), "input", format_args!("{size:?}"), rule)?;
        if let Some(layer) = layer {
            shape = layer.output();
            chain.push(layer);
        }
    }
    Ok(shape)
}

/// Adds the last layers: dropout and the dense layer of the classes.
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
