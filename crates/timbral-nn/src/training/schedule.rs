use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;

/// How the learning rate changes from step to step: the factor by which `learning_rate` is multiplied.
///
/// ```
/// use timbral_nn::Schedule;
/// let cosine = Schedule::Cosine { warm_up: 0.1 };
/// assert_eq!(cosine.factor(5, 100, &[]), 0.6); // sixth of ten steps of warm-up
/// assert!((cosine.factor(55, 100, &[]) - 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// The factor is always 1.
    #[default]
    Constant,
    /// Linear from 0 to 1 over the fraction `warm_up` of all steps, then half a cosine down to 0
    /// (Loshchilov and Hutter 2017).
    Cosine {
        /// From 0 to 1, 1 excluded.
        warm_up: f64,
    },
    /// Half a cosine from 1/25 to 1 over the fraction `warm_up` of all steps, then half a cosine down
    /// to 1/250000 (Smith 2018; torch's `OneCycleLR`).
    OneCycle {
        /// From 0 to 1, both excluded.
        warm_up: f64,
    },
    /// Multiplied by `factor` whenever the loss has not fallen for `patience` epochs. It is the loss of
    /// the validation rows if there are any.
    Plateau {
        /// From 0 to 1, both excluded.
        factor: f64,
        /// At least 1.
        patience: usize,
    },
}

impl Schedule {
    /// The factor of step `step` (from 0) of `n_steps`, after epochs of these losses.
    pub fn factor(&self, step: usize, n_steps: usize, losses: &[f64]) -> f64 {
        let done = step as f64 / n_steps as f64;
        // Half a cosine from `from` to `to`.
        let anneal = |from: f64, to: f64, t: f64| {
            to + (from - to) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * t.clamp(0.0, 1.0)))
        };
        match *self {
            Self::Constant => 1.0,
            Self::Cosine { warm_up } if done < warm_up => {
                ((step + 1) as f64 / (warm_up * n_steps as f64)).min(1.0)
            }
            Self::Cosine { warm_up } => anneal(1.0, 0.0, (done - warm_up) / (1.0 - warm_up)),
            Self::OneCycle { warm_up } if done < warm_up => anneal(0.04, 1.0, done / warm_up),
            Self::OneCycle { warm_up } => anneal(1.0, 4e-6, (done - warm_up) / (1.0 - warm_up)),
            Self::Plateau { factor, patience } => {
                let (mut best, mut waited, mut rate) = (f64::INFINITY, 0, 1.0);
                for &loss in losses {
                    waited += 1;
                    if loss < best {
                        (best, waited) = (loss, 0);
                    } else if waited == patience {
                        (rate, waited) = (rate * factor, 0);
                    }
                }
                rate
            }
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let (good, reason) = match *self {
            Self::Constant => (true, ""),
            Self::Cosine { warm_up } => (
                (0.0..1.0).contains(&warm_up),
                "warm_up must be from 0 to 1, 1 excluded",
            ),
            Self::OneCycle { warm_up } => (
                warm_up > 0.0 && warm_up < 1.0,
                "warm_up must be between 0 and 1",
            ),
            Self::Plateau { factor, patience } => (
                factor > 0.0 && factor < 1.0 && patience > 0,
                "factor must be between 0 and 1, patience at least 1",
            ),
        };
        Ok(check(good, "schedule", format_args!("{self:?}"), reason)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_has_its_three_corners() {
        let schedule = Schedule::OneCycle { warm_up: 0.3 };
        let near = |step: usize, expected: f64| {
            assert!((schedule.factor(step, 100, &[]) - expected).abs() < 1e-12);
        };
        near(0, 0.04);
        near(15, 0.52);
        near(30, 1.0);
        near(65, 0.5 * (1.0 + 4e-6));
        near(100, 4e-6);
    }

    #[test]
    fn a_plateau_lowers_the_rate_after_its_patience() {
        let schedule = Schedule::Plateau {
            factor: 0.5,
            patience: 2,
        };
        let factor = |losses: &[f64]| schedule.factor(0, 1, losses);
        assert_eq!(factor(&[]), 1.0);
        assert_eq!(factor(&[1.0, 1.0]), 1.0);
        assert_eq!(factor(&[1.0, 1.0, 2.0]), 0.5);
        assert_eq!(factor(&[1.0, 1.0, 2.0, 0.5, 0.6]), 0.5);
        assert_eq!(factor(&[1.0, 1.0, 2.0, 2.0, 2.0]), 0.25);
    }

    #[test]
    fn warm_up_ends_at_one_and_cosine_at_zero() {
        let schedule = Schedule::Cosine { warm_up: 0.1 };
        assert_eq!(schedule.factor(9, 100, &[]), 1.0);
        assert_eq!(schedule.factor(10, 100, &[]), 1.0);
        assert!(schedule.factor(99, 100, &[]) < 1e-3);
        assert!(Schedule::Cosine { warm_up: 1.0 }.validate().is_err());
    }
}
