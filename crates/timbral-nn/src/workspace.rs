//! Forward and backward passes over batches, on the chosen device.

#[cfg(feature = "candle")]
use crate::candle::engine::CandleEngine;
use crate::dataset::crop;
use crate::device::Opened;
use crate::error::{Error, Result};
use crate::layers::chain::{Back, Chain, Keys, Mode};
use crate::nets::network::Network;
use crate::random::Key;
use crate::shape::Shape;

/// Numbers of a batch in prediction.
const NUMBERS: usize = 1 << 17;

/// The buffers of a network's passes, kept from batch to batch.
pub(crate) struct Workspace {
    engine: Engine,
    /// The batch, filled in by the caller.
    pub(crate) input: Vec<f32>,
    /// The gradient with respect to the parameters.
    pub(crate) gradient: Vec<f32>,
    len: usize,
}

/// The implementation of the passes.
enum Engine {
    Own(Chain),
    #[cfg(feature = "candle")]
    Candle(CandleEngine),
}

impl Workspace {
    pub(crate) fn new(network: &Network, device: &Opened) -> Result<Self> {
        let engine = match device {
            Opened::Own => {
                let architecture = &network.architecture;
                let (_, chain) = architecture.build(network.input, network.n_classes)?;
                Engine::Own(chain)
            }
            #[cfg(feature = "candle")]
            Opened::Candle { name, device } => Engine::Candle(CandleEngine::new(*name, device)),
        };
        Ok(Self {
            engine,
            input: Vec::new(),
            gradient: Vec::new(),
            len: network.input.len(),
        })
    }

    /// The logits `[n, n_classes]` of the batch in prediction.
    ///
    /// # Errors
    ///
    /// [`Error::Device`], as in the other passes.
    pub(crate) fn predict(&mut self, network: &Network) -> Result<&mut [f32]> {
        let n = self.input.len() / self.len;
        match &mut self.engine {
            Engine::Own(chain) => {
                let mode = Mode::Predict(&network.statistics);
                Ok(chain.forward(&network.parameters, mode, n, &self.input))
            }
            #[cfg(feature = "candle")]
            Engine::Candle(engine) => engine.predict(network, &self.input),
        }
    }

    /// The logits of the batch in training: with the statistics of the batch, and dropout drawn with
    /// `key`.
    pub(crate) fn forward(&mut self, network: &mut Network, key: Key) -> Result<&mut [f32]> {
        let n = self.input.len() / self.len;
        match &mut self.engine {
            Engine::Own(chain) => {
                let mode = Mode::Train(&mut network.statistics, Keys::new(key));
                Ok(chain.forward(&network.parameters, mode, n, &self.input))
            }
            #[cfg(feature = "candle")]
            Engine::Candle(engine) => engine.forward(network, &self.input, key),
        }
    }

    /// The gradient with respect to the parameters, from that with respect to the logits of the
    /// previous forward pass, which is overwritten.
    pub(crate) fn backward(
        &mut self,
        network: &Network,
        logits_gradient: &mut [f32],
    ) -> Result<()> {
        self.gradient.resize(network.parameters.len(), 0.0);
        match &mut self.engine {
            Engine::Own(chain) => chain.backward(Back {
                parameters: &network.parameters,
                input: &self.input,
                delta: logits_gradient,
                input_delta: None,
                gradient: &mut self.gradient,
            }),
            #[cfg(feature = "candle")]
            Engine::Candle(engine) => {
                engine.backward(network, logits_gradient, &mut self.gradient)?;
            }
        }
        Ok(())
    }
}

/// An error if a network with the input `expected` does not take examples of the shape `got`.
pub(crate) fn check_shape(expected: Shape, got: Shape) -> Result<()> {
    if expected.height == 1 && expected.width == 1 && got.height == 1 && got.width == 1 {
        return match expected == got {
            true => Ok(()),
            false => Err(Error::Features {
                expected: expected.channels,
                got: got.channels,
            }),
        };
    }
    let same = expected.height == got.height && expected.channels == got.channels;
    match same && expected.width <= got.width {
        true => Ok(()),
        false => Err(Error::Image { expected, got }),
    }
}

/// Calls `take` with the logits of one batch after the other, and the index of its first example.
pub(crate) fn logits(
    network: &Network,
    device: &Opened,
    values: &[f32],
    shape: Shape,
    mut take: impl FnMut(usize, &mut [f32]),
) -> Result<()> {
    let mut workspace = Workspace::new(network, device)?;
    let (width, n_classes) = (network.input.width, network.n_classes);
    let n_crops = shape.width.div_ceil(width);
    let n_rows = (NUMBERS / (n_crops * network.input.len())).max(1);
    for (i, rows) in values.chunks(n_rows * shape.len()).enumerate() {
        workspace.input.clear();
        for example in rows.chunks_exact(shape.len()) {
            for i in 0..n_crops {
                let start = i * (shape.width - width) / (n_crops - 1).max(1);
                crop(example, shape, start, width, &mut workspace.input);
            }
        }
        let all = workspace.predict(network)?;
        for row in 0..rows.len() / shape.len() {
            for class in 0..n_classes {
                let of = |crop: usize| all[(row * n_crops + crop) * n_classes + class];
                let sum: f32 = (0..n_crops).map(of).sum();
                all[row * n_classes + class] = sum / n_crops as f32;
            }
        }
        take(i * n_rows, &mut all[..rows.len() / shape.len() * n_classes]);
    }
    Ok(())
}
