use timbral_core::{InvalidParameter, check};

use super::objective::Objective;
use super::ranking::{check_gains, is_relevance};
use crate::error::{Error, Result};

impl Objective {
    /// Checks the parameters of the objective.
    pub(crate) fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let between = |name, x: f32, least: f32, most: f32, reason| {
            check(x > least && x < most, name, x, reason)
        };
        match self {
            Self::PseudoHuber { slope } => {
                let reason = "must be finite and above 0";
                between("slope", *slope, 0.0, f32::INFINITY, reason)
            }
            Self::Quantile { alpha } | Self::Expectile { alpha } => {
                let good = !alpha.is_empty()
                    && alpha.is_sorted()
                    && alpha.iter().all(|a| (0.0..=1.0).contains(a));
                let reason = "must be numbers from 0 to 1 in ascending order";
                check(good, "alpha", format!("{alpha:?}"), reason)
            }
            &Self::Tweedie { variance_power: p } => {
                between("variance_power", p, 1.0, 2.0, "must be above 1 and below 2")
            }
            &Self::Poisson { max_delta_step } => check(
                max_delta_step >= 0.0 && max_delta_step.is_finite(),
                "max_delta_step",
                max_delta_step,
                "must be finite and not negative",
            ),
            Self::RankPairwise(params) | Self::RankNdcg(params) | Self::RankMap(params) => {
                params.validate()
            }
            _ => Ok(()),
        }
    }

    /// Refuses labels that are not classes of the objective, or outside of its range.
    pub(crate) fn check_labels(&self, labels: &[f32]) -> Result<()> {
        let is_class = |y: f32| y >= 0.0 && (y as usize) < self.n_classes() && y.fract() == 0.0;
        let (is_good, reason): (&dyn Fn(f32) -> bool, _) = match self {
            Self::Logistic | Self::Softprob { .. } | Self::Softmax { .. } => (
                &is_class,
                "must be a class number below the number of classes",
            ),
            Self::Poisson { .. } | Self::Tweedie { .. } => (&|y| y >= 0.0, "must not be negative"),
            Self::Gamma => (&|y| y > 0.0, "must be above 0"),
            Self::RankNdcg(params) => return check_gains(labels, params),
            Self::RankMap(_) => (&is_relevance, "must be 0 or 1"),
            _ => return Ok(()),
        };
        match labels.iter().position(|y| !is_good(*y)) {
            None => Ok(()),
            Some(index) => Err(Error::InvalidValue {
                name: "labels",
                index,
                value: f64::from(labels[index]),
                reason,
            }),
        }
    }
}
