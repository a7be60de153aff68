use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::layers::attention_pool::AttentionPool;
use crate::layers::chain::{Chain, Layer};
use crate::layers::gru::BiGru;
use crate::layers::plan::Plan;
use crate::layers::pool::Columns;
use crate::nets::stem::{ConvBlockParams, head, stem};
use crate::shape::Shape;

/// The architecture of a convolutional recurrent network on spectrograms (Choi et al. 2017).
///
/// An image `[bands, frames, 1]` goes through the blocks as in a
/// [`ConvNetParams`](crate::ConvNetParams) network. The columns of their output, `[frames left,
/// bands left · channels]`, go through gated recurrent units in both directions to `[frames left, 2
/// units]`, attention pooling averages over the frames, and after dropout a dense layer gives
/// `[n_classes]`.
///
/// ```
/// use timbral_nn::{Architecture, CrnnParams, Shape};
/// let image = Shape { height: 128, width: 96, channels: 1 };
/// let net = Architecture::from(CrnnParams::default());
/// assert_eq!(net.n_parameters(image, 10)?, 136_314);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrnnParams {
    /// The blocks, at least one; default four, of 16, 32, 64 and 64 channels.
    pub blocks: Vec<ConvBlockParams>,
    /// Recurrent units per direction, at least 1; default 64.
    pub units: usize,
    /// The probability with which a pooled number is set to 0 in training, from 0 to 1, 1 excluded; default 0.3.
    pub dropout: f32,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for CrnnParams {
    /// Blocks of 16, 32, 64 and 64 channels that leave an eighth of the frames, 64 units per direction,
    /// dropout 0.3.
    fn default() -> Self {
        Self {
            blocks: ConvBlockParams::stack(&[16, 32, 64, 64], &[[2, 2], [2, 2], [4, 2], [4, 1]]),
            units: 64,
            dropout: 0.3,
            _non_exhaustive: (),
        }
    }
}

impl CrnnParams {
    pub(crate) fn build(
        &self,
        plan: &mut Plan,
        chain: &mut Chain,
        input: Shape,
        n_classes: usize,
    ) -> Result<()> {
        check(self.units > 0, "units", self.units, "must be at least 1")?;
        let shape = stem(plan, chain, input, &self.blocks)?;
        let columns = Columns::new(shape);
        let shape = columns.output();
        chain.push(columns);
        let gru = plan.within("gru", |plan| BiGru::new(plan, shape, self.units));
        let shape = gru.output();
        chain.push(gru);
        chain.push(plan.within("pool", |plan| AttentionPool::new(plan, shape)));
        head(
            plan,
            chain,
            Shape::row(shape.channels),
            self.dropout,
            n_classes,
        )
    }
}
