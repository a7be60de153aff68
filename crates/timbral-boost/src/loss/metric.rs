use serde::{Deserialize, Serialize};

use super::objective::Objective;
use crate::math::exp;

/// A score of evaluated sets, with XGBoost's names; all fall as the model improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Metric {
    /// `rmse`: root of the mean squared error.
    Rmse,
    /// `mae`: mean absolute error.
    Mae,
    /// `mphe`: mean pseudo-Huber error.
    #[serde(rename = "mphe")]
    PseudoHuber,
    /// `quantile`: mean of `a (y - p)` of predictions below the label and `(1 - a) (p - y)` of others, with `a` of the
    /// objective, 0.5 with another one.
    Quantile,
    /// `expectile`: mean of `a r^2` of residuals below 0 and `(1 - a) r^2` of others, with `a` of the objective, 0.5
    /// with another one.
    Expectile,
    /// `poisson-nloglik`: mean of `ln(y!) + p - y ln p`.
    #[serde(rename = "poisson-nloglik")]
    Poisson,
    /// `gamma-deviance`: twice the mean of `ln(p / y) + y / p - 1`.
    #[serde(rename = "gamma-deviance")]
    GammaDeviance,
    /// `tweedie-nloglik`: mean of `p^(2 - v) / (2 - v) - y p^(1 - v) / (1 - v)` with the variance power `v` of the
    /// objective, 1.5 with another one.
    #[serde(rename = "tweedie-nloglik")]
    Tweedie,
    /// `logloss`: mean of `-ln p(y)`, two classes.
    LogLoss,
    /// `error`: proportion of wrong classes, two classes, threshold 0.5.
    Error,
    /// `mlogloss`: mean of `-ln p(y)`.
    #[serde(rename = "mlogloss")]
    MultiLogLoss,
    /// `merror`: proportion of wrong classes.
    #[serde(rename = "merror")]
    MultiError,
}

impl Metric {
    /// XGBoost's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::PseudoHuber => "mphe",
            Self::Quantile => "quantile",
            Self::Expectile => "expectile",
            Self::Poisson => "poisson-nloglik",
            Self::GammaDeviance => "gamma-deviance",
            Self::Tweedie => "tweedie-nloglik",
            Self::LogLoss => "logloss",
            Self::Error => "error",
            Self::MultiLogLoss => "mlogloss",
            Self::MultiError => "merror",
        }
    }

    /// XGBoost's default metric of an objective.
    pub fn of(objective: &Objective) -> Self {
        match objective {
            Objective::Logistic => Self::LogLoss,
            Objective::Softprob { .. } => Self::MultiLogLoss,
            Objective::Softmax { .. } => Self::MultiLogLoss,
            Objective::PseudoHuber { .. } => Self::PseudoHuber,
            Objective::AbsoluteError => Self::Mae,
            Objective::Quantile { .. } => Self::Quantile,
            Objective::Expectile { .. } => Self::Expectile,
            Objective::Poisson { .. } => Self::Poisson,
            Objective::Gamma => Self::GammaDeviance,
            Objective::Tweedie { .. } => Self::Tweedie,
            _ => Self::Rmse,
        }
    }

    /// Whether the metric has a meaning for predictions of an objective.
    pub(crate) fn fits(self, objective: &Objective) -> bool {
        match self {
            Self::LogLoss | Self::Error => *objective == Objective::Logistic,
            Self::MultiLogLoss | Self::MultiError => objective.is_multiclass(),
            _ => objective.n_outputs() == 1,
        }
    }

    /// The metric of margins, output by output.
    pub(crate) fn evaluate(
        self,
        objective: &Objective,
        margins: &[Vec<f32>],
        labels: &[f32],
        weight: impl Fn(usize) -> f32,
    ) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for (row, &label) in labels.iter().enumerate() {
            let weight = f64::from(weight(row));
            sum += weight * self.loss(objective, margins, row, label);
            total += weight;
        }
        let mean = sum / total;
        match self {
            Self::Rmse => mean.sqrt(),
            Self::GammaDeviance => 2.0 * mean,
            _ => mean,
        }
    }

    fn loss(self, objective: &Objective, margins: &[Vec<f32>], row: usize, label: f32) -> f64 {
        const LEAST: f64 = 1e-16;
        /// Added to numbers whose quotient is taken.
        const NEAR_ZERO: f64 = 1e-9;
        let margin = margins[0][row];
        let prediction = match objective {
            Objective::Logistic => f64::from(1.0 / (1.0 + exp(-margin))),
            _ if objective.has_log_link() => f64::from(exp(margin)),
            _ => f64::from(margin),
        };
        let label_f64 = f64::from(label);
        match self {
            Self::Rmse => (prediction - label_f64).powi(2),
            Self::Mae => (prediction - label_f64).abs(),
            Self::PseudoHuber => {
                let slope = match objective {
                    Objective::PseudoHuber { slope } => f64::from(*slope),
                    _ => 1.0,
                };
                let ratio = (prediction - label_f64) / slope;
                slope * slope * ((1.0 + ratio * ratio).sqrt() - 1.0)
            }
            Self::Quantile | Self::Expectile => {
                let residual = prediction - label_f64;
                let alpha = match objective {
                    Objective::Quantile { alpha } | Objective::Expectile { alpha } => {
                        f64::from(*alpha)
                    }
                    _ => 0.5,
                };
                let weight = if residual < 0.0 { alpha } else { 1.0 - alpha };
                match self {
                    Self::Quantile => weight * residual.abs(),
                    _ => weight * residual * residual,
                }
            }
            Self::Poisson => {
                let p = prediction.max(LEAST);
                libm::lgamma(label_f64 + 1.0) + p - libm::log(p) * label_f64
            }
            Self::GammaDeviance => {
                let (p, y) = (prediction + NEAR_ZERO, label_f64 + NEAR_ZERO);
                libm::log(p / y) + y / p - 1.0
            }
            Self::Tweedie => {
                let power = match objective {
                    Objective::Tweedie { variance_power } => f64::from(*variance_power),
                    _ => 1.5,
                };
                let part = |rest: f64| libm::exp(rest * libm::log(prediction)) / rest;
                part(2.0 - power) - label_f64 * part(1.0 - power)
            }
            Self::LogLoss => {
                let of = |p: f64| libm::log(p.clamp(LEAST, 1.0 - LEAST));
                -(label_f64 * of(prediction) + (1.0 - label_f64) * of(1.0 - prediction))
            }
            Self::Error => f64::from(u8::from((prediction > 0.5) != (label > 0.5))),
            Self::MultiLogLoss => {
                let highest = margins.iter().fold(f32::NEG_INFINITY, |m, k| m.max(k[row]));
                let exps = margins.iter().map(|k| f64::from(exp(k[row] - highest)));
                let p = f64::from(exp(margins[label as usize][row] - highest)) / exps.sum::<f64>();
                -libm::log(p.max(LEAST))
            }
            Self::MultiError => {
                let best = (1..margins.len()).fold(0, |best, k| {
                    if margins[k][row] > margins[best][row] {
                        k
                    } else {
                        best
                    }
                });
                f64::from(u8::from(best != label as usize))
            }
        }
    }
}
