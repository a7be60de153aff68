use std::ops::Range;

use crate::error::Result;
use crate::init::{glorot_uniform, he_uniform};
use crate::mlp::{Init, MlpParams};
use crate::random::Key;

/// Where the numbers of a layer lie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    /// `[n_in, n_out]` of the parameters.
    pub(crate) weight: Range<usize>,
    /// The bias, or batch normalisation's β: `[n_out]` of the parameters.
    pub(crate) bias: Range<usize>,
    pub(crate) norm: Option<Norm>,
}

/// Where the numbers of a batch normalisation lie, `[n_out]` each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Norm {
    /// γ, of the parameters.
    pub(crate) scale: Range<usize>,
    /// Of the statistics.
    pub(crate) mean: Range<usize>,
    /// Of the statistics.
    pub(crate) variance: Range<usize>,
}

/// A dense network: all its numbers in two vectors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Network {
    pub(crate) params: MlpParams,
    pub(crate) layers: Vec<Layer>,
    /// What is trained.
    pub(crate) parameters: Vec<f32>,
    /// Means and variances of batch normalisations.
    pub(crate) statistics: Vec<f32>,
}

/// The layers of a network and the lengths of its two vectors.
pub(crate) fn layers(
    params: &MlpParams,
    n_features: usize,
    n_classes: usize,
) -> Result<(Vec<Layer>, [usize; 2])> {
    params.n_parameters(n_features, n_classes)?;
    let (mut parameters, mut statistics) = (0, 0);
    let next = |end: &mut usize, len: usize| {
        *end += len;
        *end - len..*end
    };
    let mut n_in = n_features;
    let mut layers = Vec::with_capacity(params.units.len() + 1);
    for (i, &n_out) in params.units.iter().chain([&n_classes]).enumerate() {
        layers.push(Layer {
            n_in,
            n_out,
            weight: next(&mut parameters, n_in * n_out),
            bias: next(&mut parameters, n_out),
            norm: (params.batch_norm && i < params.units.len()).then(|| Norm {
                scale: next(&mut parameters, n_out),
                mean: next(&mut statistics, n_out),
                variance: next(&mut statistics, n_out),
            }),
        });
        n_in = n_out;
    }
    Ok((layers, [parameters, statistics]))
}

impl Network {
    pub(crate) fn new(
        params: &MlpParams,
        n_features: usize,
        n_classes: usize,
        seed: u64,
    ) -> Result<Self> {
        let (layers, [n_parameters, n_statistics]) = layers(params, n_features, n_classes)?;
        let mut parameters = vec![0.0; n_parameters];
        let mut statistics = vec![0.0; n_statistics];
        for (i, layer) in layers.iter().enumerate() {
            let mut rng = Key::new(seed).with(0).with(i as u64).stream();
            let weights = &mut parameters[layer.weight.clone()];
            match params.init {
                Init::GlorotUniform => glorot_uniform(weights, layer.n_in, layer.n_out, &mut rng),
                Init::HeUniform => he_uniform(weights, layer.n_in, &mut rng),
            }
            if let Some(norm) = &layer.norm {
                parameters[norm.scale.clone()].fill(1.0);
                statistics[norm.variance.clone()].fill(1.0);
            }
        }
        Ok(Self {
            params: params.clone(),
            layers,
            parameters,
            statistics,
        })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.layers[0].n_in
    }

    pub(crate) fn n_classes(&self) -> usize {
        self.layers[self.layers.len() - 1].n_out
    }
}
