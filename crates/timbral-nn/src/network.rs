use serde::{Deserialize, Serialize};

use crate::attention_net::AttentionNetParams;
#[cfg(feature = "candle")]
use crate::candle_engine::CandleEngine;
use crate::conv_net::ConvNetParams;
use crate::crnn::CrnnParams;
use crate::dataset::Dataset;
use crate::device::Opened;
use crate::error::{Result, check};
use crate::layer::{Back, Chain, Mode};
use crate::mlp::MlpParams;
use crate::plan::{Kind, Plan};
use crate::random::Key;
use crate::shape::Shape;

/// The shape of a network.
///
/// ```
/// use timbral_nn::{Architecture, ConvNetParams};
/// let net = Architecture::from(ConvNetParams::default());
/// let json = serde_json::to_string(&net)?;
/// assert!(json.starts_with(r#"{"conv_net":{"#));
/// assert_eq!(serde_json::from_str::<Architecture>(&json)?, net);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Architecture {
    /// Dense layers.
    Mlp(MlpParams),
    /// Convolutions and a global pool.
    ConvNet(ConvNetParams),
    /// Convolutions and gated recurrent units.
    Crnn(CrnnParams),
    /// Convolutions and self-attention.
    AttentionNet(AttentionNetParams),
}

impl From<MlpParams> for Architecture {
    fn from(params: MlpParams) -> Self {
        Self::Mlp(params)
    }
}

impl From<ConvNetParams> for Architecture {
    fn from(params: ConvNetParams) -> Self {
        Self::ConvNet(params)
    }
}

impl From<CrnnParams> for Architecture {
    fn from(params: CrnnParams) -> Self {
        Self::Crnn(params)
    }
}

impl From<AttentionNetParams> for Architecture {
    fn from(params: AttentionNetParams) -> Self {
        Self::AttentionNet(params)
    }
}

impl Architecture {
    /// Trainable numbers of the network for examples of a shape.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) where a parameter is out of
    /// range, the example is too small for the network, or it has more than 2²⁸ numbers.
    pub fn n_parameters(&self, input: Shape, n_classes: usize) -> Result<usize> {
        Ok(self.build(input, n_classes)?.0.n_parameters)
    }

    /// The places of its numbers, and its layers.
    pub(crate) fn build(&self, input: Shape, n_classes: usize) -> Result<(Plan, Chain)> {
        check(input.len() > 0, "input", input, "it must have a number")?;
        check(
            n_classes >= 2,
            "n_classes",
            n_classes,
            "there must be at least two classes",
        )?;
        let (mut plan, mut chain) = (Plan::default(), Chain::default());
        match self {
            Self::Mlp(params) => {
                params.validate()?;
                params.build(&mut plan, &mut chain, input, n_classes);
            }
            Self::ConvNet(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
            Self::Crnn(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
            Self::AttentionNet(params) => params.build(&mut plan, &mut chain, input, n_classes)?,
        }
        plan.validate()?;
        Ok((plan, chain))
    }
}

/// A network: all its numbers in two vectors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Network {
    pub(crate) architecture: Architecture,
    pub(crate) input: Shape,
    pub(crate) n_classes: usize,
    pub(crate) plan: Plan,
    /// What is trained.
    pub(crate) parameters: Vec<f32>,
    /// What is measured.
    pub(crate) statistics: Vec<f32>,
}

impl Network {
    pub(crate) fn new(
        architecture: &Architecture,
        input: Shape,
        n_classes: usize,
        seed: u64,
    ) -> Result<Self> {
        let (plan, _) = architecture.build(input, n_classes)?;
        let [parameters, statistics] = plan.start(seed);
        Ok(Self {
            architecture: architecture.clone(),
            input,
            n_classes,
            plan,
            parameters,
            statistics,
        })
    }

    /// Where the means and variances of the bands lie, of a network on spectrograms.
    fn standardised(&self) -> Option<[&std::ops::Range<usize>; 2]> {
        let named = |name: &str| self.plan.tensor(name).map(|tensor| &tensor.range);
        Some([named("input.mean")?, named("input.variance")?])
    }

    /// Measures what a network on spectrograms standardises them by.
    pub(crate) fn standardise(&mut self, data: &Dataset) {
        if let Some([means, variances]) = self.standardised() {
            let (means, variances) = (means.start, variances.start);
            for (band, (mean, variance)) in data.bands().into_iter().enumerate() {
                self.statistics[means + band] = mean as f32;
                self.statistics[variances + band] = variance as f32;
            }
        }
    }

    /// The means of bands, or none.
    pub(crate) fn bands(&self) -> &[f32] {
        match self.standardised() {
            Some([means, _]) => &self.statistics[means.clone()],
            None => &[],
        }
    }

    /// Multiplies the weights, but not biases and scales, by a factor.
    pub(crate) fn shrink(&mut self, factor: f32) {
        for tensor in self.plan.tensors.iter().filter(|t| t.kind == Kind::Weight) {
            let weights = &mut self.parameters[tensor.range.clone()];
            weights.iter_mut().for_each(|weight| *weight *= factor);
        }
    }
}

/// The memory of a network's passes, kept from batch to batch.
pub(crate) struct Workspace {
    engine: Engine,
    /// The batch: filled in by the caller.
    pub(crate) input: Vec<f32>,
    /// The gradient by the parameters.
    pub(crate) gradient: Vec<f32>,
    len: usize,
}

/// What computes the passes.
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

    /// The logits `[n, n_classes]` of the batch, as in prediction.
    ///
    /// # Errors
    ///
    /// This pass and the others: [`Error::Device`](crate::Error::Device).
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

    /// The logits of the batch, as in training: with the batch's own statistics, and dropout drawn
    /// at `key`.
    pub(crate) fn forward(&mut self, network: &mut Network, key: Key) -> Result<&mut [f32]> {
        let n = self.input.len() / self.len;
        match &mut self.engine {
            Engine::Own(chain) => {
                let mode = Mode::Train(&mut network.statistics, key);
                Ok(chain.forward(&network.parameters, mode, n, &self.input))
            }
            #[cfg(feature = "candle")]
            Engine::Candle(engine) => engine.forward(network, &self.input, key),
        }
    }

    /// The gradient by the parameters, from that by the logits of the forward pass before, which is
    /// overwritten.
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
