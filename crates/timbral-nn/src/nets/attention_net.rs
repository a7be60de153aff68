use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::layers::activation::Activation;
use crate::layers::attention_pool::AttentionPool;
use crate::layers::chain::{Chain, Layer};
use crate::layers::dense::{Dense, DenseOptions};
use crate::layers::layer_norm::LayerNorm;
use crate::layers::plan::Plan;
use crate::layers::pool::Columns;
use crate::layers::residual::Residual;
use crate::layers::self_attention::SelfAttention;
use crate::nets::stem::{ConvBlockParams, head, stem};
use crate::shape::Shape;

/// The architecture of a network of convolutions and self-attention on spectrograms.
///
/// An image `[bands, frames, 1]` goes through the blocks as in a
/// [`ConvNetParams`](crate::ConvNetParams) network. A dense layer turns the columns of their output
/// into `[frames left, units]`. Encoders follow as in Vaswani et al. 2017, with the normalisation
/// first: x + attention(norm x), then x + dense(ReLU dense(norm x)) with twice the units in between.
/// Attention pooling averages over the frames, and after dropout a dense layer gives `[n_classes]`.
/// There is no positional encoding: the order of the frames has an effect only in the convolutions.
///
/// ```
/// use timbral_nn::{Architecture, AttentionNetParams, Shape};
/// let image = Shape { height: 128, width: 96, channels: 1 };
/// let net = Architecture::from(AttentionNetParams::default());
/// assert_eq!(net.n_parameters(image, 10)?, 136_442);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttentionNetParams {
    /// The blocks, at least one; default four, of 16, 32, 64 and 64 channels.
    pub blocks: Vec<ConvBlockParams>,
    /// Numbers per frame in the encoders, a multiple of `heads`; default 64.
    pub units: usize,
    /// Number of attention heads, at least 1; default 4.
    pub heads: usize,
    /// Number of encoders, at most 1024; default 2.
    pub encoders: usize,
    /// The probability with which a pooled number is set to 0 in training, from 0 to 1, 1 excluded; default 0.3.
    pub dropout: f32,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for AttentionNetParams {
    /// Blocks of 16, 32, 64 and 64 channels that leave an eighth of the frames, two encoders of 64
    /// units and 4 heads, dropout 0.3.
    fn default() -> Self {
        Self {
            blocks: ConvBlockParams::stack(&[16, 32, 64, 64], &[[2, 2], [2, 2], [4, 2], [4, 1]]),
            units: 64,
            heads: 4,
            encoders: 2,
            dropout: 0.3,
            _non_exhaustive: (),
        }
    }
}

impl AttentionNetParams {
    pub(crate) fn build(
        &self,
        plan: &mut Plan,
        chain: &mut Chain,
        input: Shape,
        n_classes: usize,
    ) -> Result<()> {
        let (units, heads) = (self.units, self.heads);
        check(units > 0, "units", units, "must be at least 1")?;
        let divides = heads > 0 && units % heads == 0;
        check(
            divides,
            "heads",
            heads,
            "must be at least 1 and divide the units",
        )?;
        let most = 1 << 10;
        check(
            self.encoders <= most,
            "encoders",
            self.encoders,
            "must be at most 1024",
        )?;
        let shape = stem(plan, chain, input, &self.blocks)?;
        let columns = Columns::new(shape);
        let shape = columns.output();
        chain.push(columns);
        let linear = DenseOptions::default();
        let relu = DenseOptions {
            activation: Some(Activation::Relu),
            ..linear
        };
        let project = plan.within("project", |plan| Dense::new(plan, shape, units, linear));
        let shape = project.output();
        chain.push(project);
        for i in 0..self.encoders {
            plan.within(format!("encoders.{i}"), |plan| {
                let mut inner = Chain::default();
                inner.push(plan.within("norm_1", |plan| LayerNorm::new(plan, shape)));
                inner.push(plan.within("attention", |plan| {
                    SelfAttention::new(plan, shape, heads, units / heads)
                }));
                chain.push(Residual::new(shape, inner));
                let mut inner = Chain::default();
                inner.push(plan.within("norm_2", |plan| LayerNorm::new(plan, shape)));
                let wide = units.saturating_mul(2);
                let dense = plan.within("dense_1", |plan| Dense::new(plan, shape, wide, relu));
                let inside = dense.output();
                inner.push(dense);
                inner.push(plan.within("dense_2", |plan| Dense::new(plan, inside, units, linear)));
                chain.push(Residual::new(shape, inner));
            });
        }
        chain.push(plan.within("norm", |plan| LayerNorm::new(plan, shape)));
        chain.push(plan.within("pool", |plan| AttentionPool::new(plan, shape)));
        head(plan, chain, Shape::row(units), self.dropout, n_classes)
    }
}
