use std::ops::Range;

use crate::dataset::Dataset;
use crate::error::Result;
use crate::layers::plan::{Kind, Plan};
use crate::nets::architecture::Architecture;
use crate::shape::Shape;

/// A network: all its numbers in two vectors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Network {
    pub(crate) architecture: Architecture,
    pub(crate) input: Shape,
    pub(crate) n_classes: usize,
    pub(crate) plan: Plan,
    /// The trained numbers.
    pub(crate) parameters: Vec<f32>,
    /// The measured numbers: running means and variances.
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

    /// The ranges of the means and the variances of the bands, for a network on spectrograms.
    fn standardised(&self) -> Option<[&Range<usize>; 2]> {
        let named = |name: &str| self.plan.tensor(name).map(|tensor| &tensor.range);
        Some([named("input.mean")?, named("input.variance")?])
    }

    /// Measures the means and variances by which a network on spectrograms standardises its input.
    pub(crate) fn standardise(&mut self, data: &Dataset) {
        if let Some([means, variances]) = self.standardised() {
            let (means, variances) = (means.start, variances.start);
            for (band, (mean, variance)) in data.bands().into_iter().enumerate() {
                self.statistics[means + band] = mean as f32;
                self.statistics[variances + band] = variance as f32;
            }
        }
    }

    /// The means of the bands; empty for a network on tables.
    pub(crate) fn bands(&self) -> &[f32] {
        match self.standardised() {
            Some([means, _]) => &self.statistics[means.clone()],
            None => &[],
        }
    }

    /// Multiplies the weights, but not biases and scales, by a factor: weight decay.
    pub(crate) fn shrink(&mut self, factor: f32) {
        for tensor in self.plan.tensors.iter().filter(|t| t.kind == Kind::Weight) {
            let weights = &mut self.parameters[tensor.range.clone()];
            weights.iter_mut().for_each(|weight| *weight *= factor);
        }
    }
}
