use serde::{Deserialize, Serialize};

use crate::error::{Result, check};

/// What a hidden unit does with its sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, x).
    #[default]
    Relu,
    /// tanh x.
    Tanh,
}

/// How the first weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Uniform within ± √(6 / (n_in + n_out)) (Glorot and Bengio 2010), Keras's default.
    #[default]
    GlorotUniform,
    /// Uniform within ± √(6 / n_in) (He et al. 2015).
    HeUniform,
}

/// The shape of a dense network (multilayer perceptron).
///
/// A hidden layer of `u` units maps `[rows, n_in]` to `[rows, u]`: product with its weights, batch
/// normalisation if asked for, bias, activation, dropout. The output layer maps to
/// `[rows, n_classes]` and ends in a softmax. Biases begin at 0.
///
/// ```
/// use timbral_nn::MlpParams;
/// let params = MlpParams::default();
/// assert_eq!(params.units, [512, 256, 128, 64]);
/// assert_eq!(params.n_parameters(57, 10)?, 202_826);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpParams {
    /// Units of the hidden layers, from the input on; none is a logistic regression.
    pub units: Vec<usize>,
    /// The activation of the hidden layers.
    pub activation: Activation,
    /// The share of a hidden layer's outputs set to 0 in training, from 0 to 1, 1 excluded; the
    /// others are divided by 1 - `dropout` (Srivastava et al. 2014).
    pub dropout: f32,
    /// Normalises sums over the batch before the activation (Ioffe and Szegedy 2015), with Keras's
    /// momentum 0.99 and ε = 0.001.
    pub batch_norm: bool,
    /// How the first weights are drawn.
    pub init: Init,
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
        }
    }
}

/// Parameters above which a network is refused: 1 GiB of weights.
const MAX_PARAMETERS: usize = 1 << 28;

impl MlpParams {
    /// Trainable numbers of the network on a table of `n_features` columns.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) where a parameter is out of range
    /// or there are more than 2²⁸ weights.
    pub fn n_parameters(&self, n_features: usize, n_classes: usize) -> Result<usize> {
        let dropout = self.dropout;
        check(
            (0.0..1.0).contains(&dropout),
            "dropout",
            dropout,
            "must be from 0 to 1, 1 excluded",
        )?;
        check(
            n_features > 0,
            "n_features",
            n_features,
            "there must be a column",
        )?;
        check(
            n_classes >= 2,
            "n_classes",
            n_classes,
            "there must be at least two classes",
        )?;
        let units = &self.units;
        check(
            !units.contains(&0),
            "units",
            units,
            "a layer must have a unit",
        )?;
        let vectors = 1 + usize::from(self.batch_norm);
        let mut total = Some(0_usize);
        let mut n_in = n_features;
        for &n_out in units {
            let weights = n_in.checked_add(vectors).and_then(|n| n.checked_mul(n_out));
            total = total.zip(weights).and_then(|(a, b)| a.checked_add(b));
            n_in = n_out;
        }
        let weights = n_in.checked_add(1).and_then(|n| n.checked_mul(n_classes));
        let total = total.zip(weights).and_then(|(a, b)| a.checked_add(b));
        match total {
            Some(total) if total <= MAX_PARAMETERS => Ok(total),
            _ => check(false, "units", units, "more than 2^28 weights").map(|()| 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (units(&[usize::MAX, 2]), 4, 3, "units"),
            (units(&[1 << 20, 1 << 20]), 4, 3, "units"),
            (good.clone(), 0, 3, "n_features"),
            (good.clone(), 4, 1, "n_classes"),
        ] {
            let error = params.n_parameters(n_features, n_classes).expect_err(name);
            assert!(error.to_string().starts_with(name), "{error}");
        }
        assert_eq!(units(&[]).n_parameters(4, 3).expect("valid"), 15);
    }
}
