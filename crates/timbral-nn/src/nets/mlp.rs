use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::layers::activation::Activation;
use crate::layers::chain::{Chain, Layer};
use crate::layers::dense::{Dense, DenseOptions};
use crate::layers::init::Init;
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// The architecture of a dense network (multilayer perceptron).
///
/// A hidden layer of `u` units maps `[rows, n_in]` to `[rows, u]`: product with its weights, optional
/// batch normalisation, bias, activation, dropout. The output layer maps to `[rows, n_classes]` and
/// ends in a softmax. Biases start at 0.
///
/// ```
/// use timbral_nn::{Architecture, MlpParams, Shape};
/// let params = MlpParams::default();
/// assert_eq!(params.units, [512, 256, 128, 64]);
/// let row = Shape { height: 1, width: 1, channels: 57 };
/// assert_eq!(Architecture::from(params).n_parameters(row, 10)?, 202_826);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpParams {
    /// Units of the hidden layers, from the input on, each at least 1; default 512, 256, 128 and 64. Without hidden
    /// layers the network is a logistic regression.
    pub units: Vec<usize>,
    /// The activation of the hidden layers; default ReLU.
    pub activation: Activation,
    /// The probability with which an output of a hidden layer is set to 0 in training, from 0 to 1, 1
    /// excluded; the others are divided by 1 - `dropout` (Srivastava et al. 2014). Default 0.2.
    pub dropout: f32,
    /// Whether there is a batch normalisation before the activation (Ioffe and Szegedy 2015), with Keras's momentum
    /// 0.99 and ε = 0.001; default `false`.
    pub batch_norm: bool,
    /// The distribution of the initial weights; default [`Init::GlorotUniform`].
    pub init: Init,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for MlpParams {
    /// 512, 256, 128 and 64 units, ReLU, dropout 0.2.
    fn default() -> Self {
        Self {
            units: vec![512, 256, 128, 64],
            activation: Activation::Relu,
            dropout: 0.2,
            batch_norm: false,
            init: Init::GlorotUniform,
            _non_exhaustive: (),
        }
    }
}

impl MlpParams {
    pub(crate) fn validate(&self) -> Result<()> {
        let (dropout, units) = (self.dropout, &self.units);
        check(
            (0.0..1.0).contains(&dropout),
            "dropout",
            dropout,
            "must be from 0 to 1, 1 excluded",
        )?;
        let rule = "every layer must have at least one unit";
        Ok(check(
            !units.contains(&0),
            "units",
            format_args!("{units:?}"),
            rule,
        )?)
    }

    pub(crate) fn build(&self, plan: &mut Plan, chain: &mut Chain, input: Shape, n_classes: usize) {
        let hidden = DenseOptions {
            init: self.init,
            batch_norm: self.batch_norm,
            activation: Some(self.activation),
            dropout: self.dropout,
        };
        let output = DenseOptions {
            init: self.init,
            ..DenseOptions::default()
        };
        let layers = self.units.iter().map(|units| (*units, hidden));
        // Layers without a batch normalisation are one.
        let mut dense: Vec<Dense> = Vec::new();
        let mut shape = Shape::row(input.len());
        for (i, (units, options)) in layers.chain([(n_classes, output)]).enumerate() {
            plan.within(format!("layers.{i}"), |plan| match dense.last_mut() {
                Some(last) if !self.batch_norm => last.push(plan, units, options),
                _ => {
                    let next = Dense::new(plan, shape, units, options);
                    shape = next.output();
                    dense.push(next);
                }
            });
        }
        for layer in dense {
            chain.push(layer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::architecture::Architecture;

    #[test]
    fn parameters_out_of_range_are_refused() {
        let good = MlpParams::default();
        let units = |units: &[usize]| MlpParams {
            units: units.to_vec(),
            ..MlpParams::default()
        };
        for (params, n_features, n_classes, name) in [
            (
                MlpParams {
                    dropout: 1.0,
                    ..good.clone()
                },
                4,
                3,
                "dropout",
            ),
            (
                MlpParams {
                    dropout: f32::NAN,
                    ..good.clone()
                },
                4,
                3,
                "dropout",
            ),
            (units(&[3, 0]), 4, 3, "units"),
            (units(&[usize::MAX, 2]), 4, 3, "n_parameters"),
            (units(&[1 << 20, 1 << 20]), 4, 3, "n_parameters"),
            (good.clone(), 0, 3, "input"),
            (good.clone(), 4, 1, "n_classes"),
        ] {
            let net = Architecture::from(params);
            let error = net
                .n_parameters(Shape::row(n_features), n_classes)
                .expect_err(name);
            assert!(error.to_string().starts_with(name), "{error}");
        }
        let logistic = Architecture::from(units(&[]));
        assert_eq!(logistic.n_parameters(Shape::row(4), 3).expect("valid"), 15);
    }
}
