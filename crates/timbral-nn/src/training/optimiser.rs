use serde::{Deserialize, Serialize};
use timbral_core::{check, parallel};

use crate::error::Result;
use crate::kernels::simd::vectorised;

/// Parameters that a thread updates at a time.
const PART: usize = 1 << 14;

/// The rule by which the parameters p follow their gradient g, at the learning rate η.
///
/// ```
/// use timbral_nn::Optimiser;
///
/// let sgd: Optimiser = serde_json::from_str(r#"{"sgd": {"momentum": 0.9}}"#)?;
/// assert_eq!(sgd, Optimiser::Sgd { momentum: 0.9 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Optimiser {
    /// v ← momentum · v + g, p ← p - η v (torch's `SGD`).
    Sgd {
        /// Momentum, from 0 to 1, 1 excluded.
        momentum: f32,
    },
    /// p ← p - η m̂ / (√v̂ + ε), with the running means m of g and v of g² corrected for their bias
    /// (Kingma and Ba 2015). With weight decay this is AdamW.
    Adam {
        /// Decay β₁ of the running mean of g, from 0 to 1, 1 excluded.
        beta1: f32,
        /// Decay β₂ of the running mean of g², from 0 to 1, 1 excluded.
        beta2: f32,
        /// ε, above 0.
        epsilon: f32,
    },
}

impl Default for Optimiser {
    /// Adam with β₁ = 0.9, β₂ = 0.999 and Keras's ε = 1e-7.
    fn default() -> Self {
        Self::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-7,
        }
    }
}

impl Optimiser {
    pub(crate) fn validate(&self) -> Result<()> {
        let below_one = |x: f32| (0.0..1.0).contains(&x);
        let good = match *self {
            Self::Sgd { momentum } => below_one(momentum),
            Self::Adam {
                beta1,
                beta2,
                epsilon,
            } => below_one(beta1) && below_one(beta2) && epsilon > 0.0 && epsilon.is_finite(),
        };
        let reason = "momentum and betas must be from 0 to 1, 1 excluded, epsilon above 0";
        Ok(check(good, "optimiser", format_args!("{self:?}"), reason)?)
    }

    /// The initial running means: vectors of `n` zeros.
    pub(crate) fn state(&self, n: usize) -> Vec<Vec<f32>> {
        match self {
            Self::Sgd { .. } => vec![vec![0.0; n]],
            Self::Adam { .. } => vec![vec![0.0; n]; 2],
        }
    }

    /// Step `step`, from 1.
    pub(crate) fn step(
        &self,
        step: usize,
        rate: f32,
        parameters: &mut [f32],
        gradient: &[f32],
        state: &mut [Vec<f32>],
    ) {
        match (*self, state) {
            (Self::Sgd { momentum }, [velocity, ..]) => {
                for ((p, g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *v = momentum * *v + g;
                    *p -= rate * *v;
                }
            }
            (
                Self::Adam {
                    beta1,
                    beta2,
                    epsilon,
                },
                [first, second, ..],
            ) => {
                let unbiased = |beta: f32| 1.0 - libm::pow(f64::from(beta), step as f64);
                let rate = (f64::from(rate) / unbiased(beta1)) as f32;
                let root = unbiased(beta2).sqrt() as f32;
                let parts = parameters
                    .chunks_mut(PART)
                    .zip(gradient.chunks(PART))
                    .zip(first.chunks_mut(PART))
                    .zip(second.chunks_mut(PART));
                parallel::for_each(parts, 1, &|_, (((p, g), m), v)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (((p, g), m), v) in
                                p.iter_mut().zip(g).zip(m.iter_mut()).zip(v.iter_mut())
                            {
                                *m = beta1 * *m + (1.0 - beta1) * g;
                                *v = beta2 * *v + (1.0 - beta2) * (g * g);
                                *p -= rate * *m / (v.sqrt() / root + epsilon);
                            }
                        },
                    );
                });
            }
            _ => {}
        }
    }
}

/// Scales a gradient down to the norm `max` if it is longer (Pascanu et al. 2013).
pub(crate) fn clip(gradient: &mut [f32], max: f32) {
    let mut sums = [0.0_f64; 8];
    for part in gradient.chunks(sums.len()) {
        for (sum, g) in sums.iter_mut().zip(part) {
            *sum += f64::from(*g) * f64::from(*g);
        }
    }
    let norm = sums.iter().sum::<f64>().sqrt();
    if norm > f64::from(max) {
        let factor = (f64::from(max) / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_of_the_formulas() {
        // Adam's first step is the rate in the gradient's direction, whatever its length.
        let adam = Optimiser::default();
        let (mut p, mut state) = (vec![1.0, 1.0, 1.0], adam.state(3));
        adam.step(1, 0.01, &mut p, &[5.0, -0.5, 0.0], &mut state);
        assert!((p[0] - 0.99).abs() < 1e-6 && (p[1] - 1.01).abs() < 1e-6);
        assert_eq!(p[2], 1.0);
        // With momentum 0.5: v = 2, then 0.5 · 2 + 2 = 3.
        let sgd = Optimiser::Sgd { momentum: 0.5 };
        let (mut p, mut state) = (vec![1.0], sgd.state(1));
        sgd.step(1, 0.25, &mut p, &[2.0], &mut state);
        sgd.step(2, 0.25, &mut p, &[2.0], &mut state);
        assert_eq!(p, [1.0 - 0.5 - 0.75]);
    }

    #[test]
    fn long_gradients_are_clipped_and_short_ones_kept() {
        let mut gradient = [3.0, 4.0];
        clip(&mut gradient, 5.0);
        assert_eq!(gradient, [3.0, 4.0]);
        clip(&mut gradient, 2.5);
        assert_eq!(gradient, [1.5, 2.0]);
    }
}
