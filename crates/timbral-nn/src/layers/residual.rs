use crate::layers::chain::{Back, Chain, Layer, Mode};
use crate::shape::Shape;

/// A residual connection: x + f(x) with a chain of layers f (He et al. 2016).
pub(crate) struct Residual {
    shape: Shape,
    chain: Chain,
}

impl Residual {
    /// The chain's output must have the shape of its input.
    pub(crate) fn new(shape: Shape, chain: Chain) -> Self {
        debug_assert_eq!(chain.output(), Some(shape));
        Self { shape, chain }
    }
}

impl Layer for Residual {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let n = input.len() / self.shape.len();
        let inner = self.chain.forward(parameters, mode, n, input);
        for ((out, x), inner) in out.iter_mut().zip(input).zip(inner) {
            *out = x + *inner;
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        // The chain overwrites this gradient, which is also that of the identity.
        let kept = back.delta.to_vec();
        let mut own = vec![0.0; back.input.len()];
        self.chain.backward(Back {
            parameters: back.parameters,
            input: back.input,
            delta: back.delta,
            input_delta: Some(&mut own),
            gradient: back.gradient,
        });
        if let Some(input_delta) = back.input_delta {
            for ((to, kept), own) in input_delta.iter_mut().zip(kept).zip(own) {
                *to = kept + own;
            }
        }
    }
}
