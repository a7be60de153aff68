use serde::{Deserialize, Serialize};
use timbral_core::Rng;

/// The distribution of the initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// Uniform within ± √(6 / (n_in + n_out)) (Glorot and Bengio 2010), Keras's default.
    #[default]
    GlorotUniform,
    /// Uniform within ± √(6 / n_in) (He et al. 2015).
    HeUniform,
}

/// The initial values of a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fill {
    Constant(f32),
    /// Uniform numbers within ± the limit.
    Uniform(f64),
}

/// The initial weights from `n_in` to `n_out` units.
pub(crate) fn limit(init: Init, n_in: usize, n_out: usize) -> Fill {
    let n = match init {
        Init::GlorotUniform => n_in as f64 + n_out as f64,
        Init::HeUniform => n_in as f64,
    };
    Fill::Uniform((6.0 / n).sqrt())
}

/// Fills weights with uniform numbers within ± `limit`.
pub(crate) fn uniform(weights: &mut [f32], limit: f64, rng: &mut Rng) {
    for weight in weights {
        *weight = (rng.unit_f32() * 2.0 - 1.0) * limit as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn numbers_have_their_limits_and_variance() {
        let mut rng = Key::new(3).rng();
        let mut weights = vec![0.0; 100_000];
        for (init, expected) in [
            (Init::GlorotUniform, (6.0_f64 / 300.0).sqrt()),
            (Init::HeUniform, (6.0_f64 / 100.0).sqrt()),
        ] {
            assert_eq!(limit(init, 100, 200), Fill::Uniform(expected));
            uniform(&mut weights, expected, &mut rng);
            assert!(weights.iter().all(|w| f64::from(w.abs()) <= expected));
            let squares: f64 = weights.iter().map(|w| f64::from(w * w)).sum();
            let variance = squares / weights.len() as f64;
            // limit² / 3; four standard errors of the mean of 100000 squares are 1.2 %.
            assert!((variance * 3.0 / (expected * expected) - 1.0).abs() < 0.012);
        }
    }
}
