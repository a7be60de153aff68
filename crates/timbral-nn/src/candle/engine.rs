use candle_core::{Result as CandleResult, Tensor, Var};

use crate::candle::graph::Graph;
use crate::device::Device;
use crate::error::Result;
use crate::layers::batch_norm::follow;
use crate::nets::network::Network;
use crate::random::Key;

/// The passes of a network with candle. Every pass copies the parameters to the device, and the logits,
/// statistics and gradients back.
pub(crate) struct CandleEngine {
    name: Device,
    device: candle_core::Device,
    logits: Vec<f32>,
    /// The parameters in the order of the plan, and the logits, of the last forward pass in training.
    trained: Option<(Vec<Var>, Tensor)>,
}

impl CandleEngine {
    /// `name` is the device as the user chose it.
    pub(crate) fn new(name: Device, device: &candle_core::Device) -> Self {
        Self {
            name,
            device: device.clone(),
            logits: Vec::new(),
            trained: None,
        }
    }

    /// See [`Workspace::predict`](crate::workspace::Workspace::predict).
    pub(crate) fn predict(&mut self, network: &Network, input: &[f32]) -> Result<&mut [f32]> {
        let logits = || {
            let tensors = self.tensors(network, |values, shape| {
                Tensor::from_slice(values, shape, &self.device)
            })?;
            let mut graph = Graph::new(network, tensors, &self.device, None);
            graph.logits(input)?.flatten_all()?.to_vec1()
        };
        self.logits = logits().map_err(|error| self.name.failed(&error))?;
        Ok(&mut self.logits)
    }

    /// See [`Workspace::forward`](crate::workspace::Workspace::forward).
    pub(crate) fn forward(
        &mut self,
        network: &mut Network,
        input: &[f32],
        key: Key,
    ) -> Result<&mut [f32]> {
        self.trained = None;
        let mut vars = Vec::new();
        let mut forward = || {
            let tensors = self.tensors(network, |values, shape| {
                let var = Var::from_slice(values, shape, &self.device)?;
                vars.push(var.clone());
                Ok(var.into_inner())
            })?;
            let mut graph = Graph::new(network, tensors, &self.device, Some(key));
            let logits = graph.logits(input)?;
            let values = logits.flatten_all()?.to_vec1()?;
            let (places, moments) = graph.into_measured();
            let moments = match moments.is_empty() {
                true => Vec::new(),
                false => Tensor::cat(&moments, 0)?.to_vec1()?,
            };
            CandleResult::Ok((logits, values, places, moments))
        };
        let done = forward().map_err(|error| self.name.failed(&error))?;
        let (logits, values, places, moments) = done;
        for (place, now) in places.into_iter().flatten().zip(moments) {
            follow(&mut network.statistics[place], now);
        }
        self.trained = Some((vars, logits));
        self.logits = values;
        Ok(&mut self.logits)
    }

    /// See [`Workspace::backward`](crate::workspace::Workspace::backward).
    pub(crate) fn backward(
        &mut self,
        network: &Network,
        logits_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<()> {
        let Some((vars, logits)) = self.trained.take() else {
            gradient.fill(0.0);
            return Ok(());
        };
        let backward = || {
            // The gradient of this sum with respect to the logits is the given one.
            let by_logits = Tensor::from_slice(logits_gradient, logits.shape(), &self.device)?;
            let gradients = logits.mul(&by_logits)?.sum_all()?.backward()?;
            let of = |var: &Var| match gradients.get(var) {
                Some(gradient) => gradient.flatten_all(),
                None => var.as_detached_tensor().zeros_like()?.flatten_all(),
            };
            let parts = vars.iter().map(of).collect::<CandleResult<Vec<_>>>()?;
            Tensor::cat(&parts, 0)?.to_vec1::<f32>()
        };
        let all = backward().map_err(|error| self.name.failed(&error))?;
        debug_assert_eq!(all.len(), network.plan.n_parameters);
        gradient.copy_from_slice(&all);
        Ok(())
    }

    /// The tensors of a network in the order of its plan; parameters are made by `parameter`.
    fn tensors(
        &self,
        network: &Network,
        mut parameter: impl FnMut(&[f32], &[usize]) -> CandleResult<Tensor>,
    ) -> CandleResult<Vec<Tensor>> {
        let tensors = network.plan.tensors.iter().map(|tensor| {
            let range = tensor.range.clone();
            match tensor.is_statistic() {
                true => {
                    let values = &network.statistics[range];
                    Tensor::from_slice(values, &tensor.shape[..], &self.device)
                }
                false => parameter(&network.parameters[range], &tensor.shape),
            }
        });
        tensors.collect()
    }
}
