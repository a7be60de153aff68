//! The interface of a layer, and layers one after the other.

use crate::random::Key;
use crate::shape::Shape;

/// The purpose of a forward pass.
#[derive(Debug)]
pub(crate) enum Mode<'a> {
    /// Prediction, with the running statistics.
    Predict(&'a [f32]),
    /// Training: the running statistics are updated, and dropout is drawn with the keys.
    Train(&'a mut [f32], Keys),
}

/// The key of a layer's random numbers, and those of the layers after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    own: Key,
    outer: Key,
    index: u64,
}

impl Keys {
    /// Those of a whole network.
    pub(crate) fn new(key: Key) -> Self {
        Self {
            own: key,
            outer: key,
            index: 0,
        }
    }

    /// The key of the layer.
    pub(crate) fn own(self) -> Key {
        self.own
    }

    /// The key of the layer that is `i` after this one.
    pub(crate) fn after(self, i: usize) -> Key {
        self.outer.with(self.index + i as u64)
    }

    fn inner(self, i: usize) -> Self {
        Self {
            own: self.own.with(i as u64),
            outer: self.own,
            index: i as u64,
        }
    }
}

impl Mode<'_> {
    /// The mode for the inner layer `i`, which gets a key of its own.
    pub(crate) fn of(&mut self, i: usize) -> Mode<'_> {
        match self {
            Mode::Predict(statistics) => Mode::Predict(statistics),
            Mode::Train(statistics, keys) => Mode::Train(statistics, keys.inner(i)),
        }
    }
}

/// The arguments of a backward pass.
#[derive(Debug)]
pub(crate) struct Back<'a> {
    pub(crate) parameters: &'a [f32],
    /// The input of the previous forward pass.
    pub(crate) input: &'a [f32],
    /// The gradient with respect to the outputs; the layer may overwrite it.
    pub(crate) delta: &'a mut [f32],
    /// Receives the gradient with respect to the inputs, if it is needed.
    pub(crate) input_delta: Option<&'a mut [f32]>,
    /// Receives the gradient with respect to the parameters, in the ranges of the layer.
    pub(crate) gradient: &'a mut [f32],
}

/// A layer, with the numbers that it keeps from the last forward pass.
///
/// It runs on the threads of the current rayon pool; its bits do not depend on their number.
pub(crate) trait Layer: Send {
    /// The shape of one example's output.
    fn output(&self) -> Shape;

    /// The outputs of a batch of examples.
    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]);

    /// The gradients of the previous forward pass.
    fn backward(&mut self, back: Back<'_>);

    /// The number of layers of the network that this layer computes.
    fn n_layers(&self) -> usize {
        1
    }

    /// Whether the layer has parameters that are trained.
    fn is_trained(&self) -> bool {
        true
    }
}

/// Layers one after the other.
#[derive(Default)]
pub(crate) struct Chain {
    nodes: Vec<Node>,
}

struct Node {
    layer: Box<dyn Layer>,
    out: Vec<f32>,
    delta: Vec<f32>,
}

impl Chain {
    pub(crate) fn push(&mut self, layer: impl Layer + 'static) {
        self.nodes.push(Node {
            layer: Box::new(layer),
            out: Vec::new(),
            delta: Vec::new(),
        });
    }

    /// The shape of the last layer's output.
    pub(crate) fn output(&self) -> Option<Shape> {
        self.nodes.last().map(|node| node.layer.output())
    }

    /// The outputs of `n` examples.
    pub(crate) fn forward(
        &mut self,
        parameters: &[f32],
        mut mode: Mode<'_>,
        n: usize,
        input: &[f32],
    ) -> &mut [f32] {
        let mut first = 0;
        for i in 0..self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(i);
            let input = before.last().map_or(input, |node| &node.out);
            let node = &mut rest[0];
            node.out.resize(n * node.layer.output().len(), 0.0);
            node.layer
                .forward(parameters, mode.of(first), input, &mut node.out);
            first += node.layer.n_layers();
        }
        self.nodes.last_mut().map_or(&mut [], |node| &mut node.out)
    }

    /// The gradients, from that with respect to the last layer's outputs in `back.delta`, down to the first
    /// layer that needs one.
    pub(crate) fn backward(&mut self, mut back: Back<'_>) {
        let last = self.nodes.len().saturating_sub(1);
        let first = match back.input_delta {
            Some(_) => 0,
            None => (self.nodes.iter().position(|node| node.layer.is_trained())).unwrap_or(last),
        };
        for i in (first..self.nodes.len()).rev() {
            let (before, rest) = self.nodes.split_at_mut(i);
            let node = &mut rest[0];
            let delta = match i == last {
                true => &mut *back.delta,
                false => &mut node.delta,
            };
            let (input, input_delta) = match before.last_mut() {
                Some(node) if i > first => {
                    node.delta.resize(node.out.len(), 0.0);
                    (&node.out[..], Some(&mut node.delta[..]))
                }
                Some(node) => (&node.out[..], None),
                None => (back.input, back.input_delta.as_deref_mut()),
            };
            node.layer.backward(Back {
                parameters: back.parameters,
                input,
                delta,
                input_delta,
                gradient: back.gradient,
            });
        }
    }
}
