use std::ops::Range;

use timbral_core::check;

use crate::error::Result;
use crate::layers::init::{Fill, uniform};
use crate::random::{Key, Stream};

/// The most numbers a network may have: 1 GiB of weights.
const MAX_PARAMETERS: usize = 1 << 28;

/// The role of a tensor in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A parameter that weight decay shrinks.
    Weight,
    /// A parameter that weight decay leaves alone: a bias or a scale.
    Vector,
    /// A running statistic, which is measured and not trained.
    Statistic,
    /// A running statistic that is never negative.
    Variance,
}

/// The name, the shape and the range of a tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) kind: Kind,
    fill: Fill,
    /// Its range in the vector of the statistics or of the parameters.
    pub(crate) range: Range<usize>,
}

impl Tensor {
    pub(crate) fn is_statistic(&self) -> bool {
        matches!(self.kind, Kind::Statistic | Kind::Variance)
    }
}

/// The tensors of a network, in two vectors: parameters, which are trained, and statistics, which are
/// measured.
///
/// The layers of a network reserve their ranges in it, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) n_parameters: usize,
    pub(crate) n_statistics: usize,
    scope: Vec<String>,
    is_too_large: bool,
}

impl Plan {
    /// Prefixes the names of the tensors that `add` reserves by `name.`.
    pub(crate) fn within<T>(
        &mut self,
        name: impl Into<String>,
        add: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.scope.push(name.into());
        let result = add(self);
        self.scope.pop();
        result
    }

    /// A weight with the initial values `fill`.
    pub(crate) fn weight(&mut self, name: &str, shape: &[usize], fill: Fill) -> Range<usize> {
        self.add(name, shape, Kind::Weight, fill)
    }

    /// A bias or a scale.
    pub(crate) fn vector(&mut self, name: &str, shape: &[usize], value: f32) -> Range<usize> {
        self.add(name, shape, Kind::Vector, Fill::Constant(value))
    }

    /// A running mean, initially 0.
    pub(crate) fn mean(&mut self, name: &str, len: usize) -> Range<usize> {
        self.add(name, &[len], Kind::Statistic, Fill::Constant(0.0))
    }

    /// A running variance, initially 1.
    pub(crate) fn variance(&mut self, name: &str, len: usize) -> Range<usize> {
        self.add(name, &[len], Kind::Variance, Fill::Constant(1.0))
    }

    fn add(&mut self, name: &str, shape: &[usize], kind: Kind, fill: Fill) -> Range<usize> {
        let len = shape
            .iter()
            .fold(1_usize, |len, size| len.saturating_mul(*size));
        let mut tensor = Tensor {
            name: format!("{}.{name}", self.scope.join(".")),
            shape: shape.to_vec(),
            kind,
            fill,
            range: 0..0,
        };
        let end = match tensor.is_statistic() {
            true => &mut self.n_statistics,
            false => &mut self.n_parameters,
        };
        let start = *end;
        *end = start.saturating_add(len);
        tensor.range = start..*end;
        self.is_too_large |= *end > MAX_PARAMETERS;
        self.tensors.push(tensor);
        start..start.saturating_add(len)
    }

    /// The tensor with this name.
    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// An error if the network has more than 2²⁸ numbers.
    pub(crate) fn validate(&self) -> Result<()> {
        check(
            !self.is_too_large,
            "n_parameters",
            self.n_parameters,
            "must be at most 2^28",
        )?;
        Ok(())
    }

    /// The initial parameters and statistics.
    pub(crate) fn start(&self, seed: u64) -> [Vec<f32>; 2] {
        let mut vectors = [vec![0.0; self.n_parameters], vec![0.0; self.n_statistics]];
        for (i, tensor) in self.tensors.iter().enumerate() {
            let values = &mut vectors[usize::from(tensor.is_statistic())][tensor.range.clone()];
            match tensor.fill {
                Fill::Constant(value) => values.fill(value),
                Fill::Uniform(limit) => {
                    let mut rng = Key::new(seed).of(Stream::Weights).with(i as u64).rng();
                    uniform(values, limit, &mut rng);
                }
            }
        }
        vectors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_lie_one_after_the_other_and_have_their_names() {
        let mut plan = Plan::default();
        let (weight, mean) = plan.within("layers.0", |plan| {
            (
                plan.weight("weight", &[2, 3], Fill::Uniform(0.5)),
                plan.mean("norm.mean", 3),
            )
        });
        let scale = plan.within("layers.1", |plan| plan.vector("scale", &[4], 1.0));
        assert_eq!((weight, mean, scale), (0..6, 0..3, 6..10));
        assert_eq!(plan.tensors[1].name, "layers.0.norm.mean");
        let [parameters, statistics] = plan.start(3);
        assert!(parameters[..6].iter().all(|w| *w != 0.0 && w.abs() <= 0.5));
        assert_eq!(parameters[6..], [1.0; 4]);
        assert_eq!(statistics, [0.0; 3]);
    }

    #[test]
    fn more_numbers_than_memory_has_are_refused() {
        let mut plan = Plan::default();
        plan.vector("a", &[usize::MAX, 3], 0.0);
        plan.vector("b", &[2], 0.0);
        assert!(plan.validate().is_err());
    }
}
