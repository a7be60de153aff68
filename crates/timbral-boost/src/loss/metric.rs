use std::borrow::Cow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use timbral_core::InvalidParameter;

use super::objective::{Objective, side};
use super::ranking::{Groups, LambdaRankParams, RankingScore, check_gains, is_relevance};
use crate::error::{Error, Result};
use crate::math::exp;

/// A score of evaluated sets, with XGBoost's names. A lower score is better, except for the metrics of ranking
/// ([`rises`](Self::rises)).
///
/// ```
/// use timbral_boost::Metric;
/// assert_eq!("ndcg@10".parse::<Metric>()?, Metric::Ndcg { k: Some(10) });
/// assert_eq!(Metric::Ndcg { k: Some(10) }.name(), "ndcg@10");
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Metric {
    /// `rmse`: root of the mean squared error.
    Rmse,
    /// `mae`: mean absolute error.
    Mae,
    /// `mphe`: mean pseudo-Huber error.
    PseudoHuber,
    /// `quantile`: mean of `a (y - p)` where the prediction `p` is below the label `y`, and of
    /// `(1 - a) (p - y)` elsewhere. `a` is the fraction of `reg:quantileerror`, and 0.5 for other objectives.
    /// For several fractions it is the mean over all of them.
    Quantile,
    /// `expectile`: mean of `a r^2` where the residual `r = p - y` is below 0, and of `(1 - a) r^2` elsewhere.
    /// `a` is the fraction of `reg:expectileerror`, and 0.5 for other objectives.
    Expectile,
    /// `poisson-nloglik`: mean of `ln(y!) + p - y ln p`.
    Poisson,
    /// `gamma-deviance`: twice the mean of `ln(p / y) + y / p - 1`.
    GammaDeviance,
    /// `tweedie-nloglik`: mean of `p^(2 - v) / (2 - v) - y p^(1 - v) / (1 - v)`. `v` is the variance power of
    /// the objective, or 1.5 if the objective has none.
    Tweedie,
    /// `logloss`: mean of `-ln p(y)` for two classes.
    LogLoss,
    /// `error`: proportion of wrong classes, for two classes and the threshold 0.5.
    Error,
    /// `mlogloss`: mean of `-ln p(y)` for `multi:softprob` and `multi:softmax`.
    MultiLogLoss,
    /// `merror`: proportion of wrong classes for `multi:softprob` and `multi:softmax`.
    MultiError,
    /// `ndcg`, `ndcg@k`: normalised discounted cumulative gain. For each query group it is the sum of
    /// `gain / log2(rank + 1)` divided by that sum for the best order; the score is the mean over groups.
    /// [`LambdaRankParams::ndcg_exp_gain`] defines the gain.
    Ndcg {
        /// The number of first rows of a group that count, at least 1; `None` for all. (XGBoost counts 32 if its
        /// `eval_metric` has no number.)
        k: Option<u32>,
    },
    /// `map`, `map@k`: mean average precision. For each query group it is the mean of the precision up to each
    /// row with label 1; the score is the mean over groups. All labels are 0 or 1.
    Map {
        /// As in [`Ndcg`](Self::Ndcg).
        k: Option<u32>,
    },
    /// `pre`, `pre@k`: precision. For each query group it is the proportion of rows with label 1; the score is
    /// the mean over groups. All labels are 0 or 1.
    Precision {
        /// As in [`Ndcg`](Self::Ndcg).
        k: Option<u32>,
    },
}

/// The metrics without a number.
const PLAIN: [Metric; 12] = [
    Metric::Rmse,
    Metric::Mae,
    Metric::PseudoHuber,
    Metric::Quantile,
    Metric::Expectile,
    Metric::Poisson,
    Metric::GammaDeviance,
    Metric::Tweedie,
    Metric::LogLoss,
    Metric::Error,
    Metric::MultiLogLoss,
    Metric::MultiError,
];

impl FromStr for Metric {
    type Err = Error;

    /// The metric of this name.
    fn from_str(name: &str) -> Result<Self> {
        let plain = PLAIN.into_iter().find(|metric| metric.name() == name);
        let (stem, k) = match name.split_once('@') {
            None => (name, Some(None)),
            Some((stem, k)) => (stem, k.parse().ok().filter(|k| *k >= 1).map(Some)),
        };
        let ranking = |k| match stem {
            "ndcg" => Some(Self::Ndcg { k }),
            "map" => Some(Self::Map { k }),
            "pre" => Some(Self::Precision { k }),
            _ => None,
        };
        let metric = plain.or_else(|| ranking(k?));
        let rule = "is no metric of this crate; see Metric";
        metric.ok_or_else(|| InvalidParameter::new("eval_metric", name, rule).into())
    }
}

impl TryFrom<String> for Metric {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.name().into_owned()
    }
}

/// What a metric is computed from.
pub(crate) struct Evaluated<'a, W> {
    pub(crate) objective: &'a Objective,
    /// Output by output.
    pub(crate) margins: &'a [Vec<f32>],
    pub(crate) labels: &'a [f32],
    /// The weight of each row.
    pub(crate) weight: W,
    pub(crate) groups: &'a Groups<'a>,
}

impl Metric {
    /// XGBoost's name of the metric, such as `mlogloss` or `ndcg@5`.
    pub fn name(self) -> Cow<'static, str> {
        let at = |name: &'static str, k: Option<u32>| match k {
            None => Cow::Borrowed(name),
            Some(k) => Cow::Owned(format!("{name}@{k}")),
        };
        Cow::Borrowed(match self {
            Self::Ndcg { k } => return at("ndcg", k),
            Self::Map { k } => return at("map", k),
            Self::Precision { k } => return at("pre", k),
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
        })
    }

    /// Whether the score rises as the model improves.
    pub fn rises(self) -> bool {
        matches!(
            self,
            Self::Ndcg { .. } | Self::Map { .. } | Self::Precision { .. }
        )
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
            Objective::RankPairwise(params) | Objective::RankNdcg(params) => Self::Ndcg {
                k: params.top_k().map(|k| k as u32),
            },
            Objective::RankMap(params) => Self::Map {
                k: params.top_k().map(|k| k as u32),
            },
            _ => Self::Rmse,
        }
    }

    /// Whether the metric has a meaning for predictions of an objective.
    pub(crate) fn fits(self, objective: &Objective) -> bool {
        match self {
            Self::LogLoss | Self::Error => *objective == Objective::Logistic,
            Self::MultiLogLoss | Self::MultiError => objective.is_multiclass(),
            Self::Quantile if matches!(objective, Objective::Quantile { .. }) => true,
            Self::Expectile if matches!(objective, Objective::Expectile { .. }) => true,
            _ => objective.n_outputs() == 1,
        }
    }

    /// Refuses labels that the metric has no meaning for.
    pub(crate) fn check_labels(self, objective: &Objective, labels: &[f32]) -> Result<()> {
        let bad = match self {
            Self::Ndcg { .. } => return check_gains(labels, &gains_of(objective)),
            Self::Map { .. } | Self::Precision { .. } => {
                labels.iter().position(|label| !is_relevance(*label))
            }
            _ => None,
        };
        match bad {
            None => Ok(()),
            Some(index) => Err(Error::InvalidValue {
                name: "labels",
                index,
                value: f64::from(labels[index]),
                reason: "must be 0 or 1 for this metric",
            }),
        }
    }

    pub(crate) fn evaluate<W: Fn(usize) -> f32>(self, set: &Evaluated<'_, W>) -> f64 {
        let ranking = |score: RankingScore, k: Option<u32>| {
            score.mean(
                k.map(|k| k as usize),
                set.groups,
                &set.margins[0],
                set.labels,
            )
        };
        match self {
            Self::Ndcg { k } => {
                let is_exponential = gains_of(set.objective).ndcg_exp_gain;
                return ranking(RankingScore::Ndcg { is_exponential }, k);
            }
            Self::Map { k } => return ranking(RankingScore::Map, k),
            Self::Precision { k } => return ranking(RankingScore::Precision, k),
            _ => {}
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for (row, &label) in set.labels.iter().enumerate() {
            let weight = f64::from((set.weight)(row));
            sum += weight * self.loss(set.objective, set.margins, row, label);
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
                let of_residual = |residual: f64| match self {
                    Self::Quantile => residual.abs(),
                    _ => residual * residual,
                };
                let alpha = match (self, objective) {
                    (Self::Quantile, Objective::Quantile { alpha })
                    | (Self::Expectile, Objective::Expectile { alpha }) => alpha,
                    _ => return 0.5 * of_residual(prediction - label_f64),
                };
                let mut values: Vec<f32> = margins.iter().map(|m| m[row]).collect();
                objective.order(&mut values);
                let losses = alpha.iter().zip(values).map(|(alpha, value)| {
                    f64::from(side(*alpha, value - label))
                        * of_residual(f64::from(value) - label_f64)
                });
                losses.sum::<f64>() / alpha.len() as f64
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
            Self::Ndcg { .. } | Self::Map { .. } | Self::Precision { .. } => f64::NAN,
        }
    }
}

/// The gains of the NDCG for an objective.
fn gains_of(objective: &Objective) -> LambdaRankParams {
    let ranking = objective.ranking().map(|(_, params)| params.clone());
    ranking.unwrap_or_default()
}
