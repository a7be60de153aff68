use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::ranking::{LambdaRankParams, RankingLoss};
use crate::math::exp;

/// What a model predicts and what training minimises, with XGBoost's names.
///
/// With serde an objective is XGBoost's name, with its parameters if it has any: `"binary:logistic"`,
/// `{"multi:softprob": {"num_class": 10}}`, `{"reg:pseudohubererror": {"huber_slope": 1.0}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Objective {
    /// `reg:squarederror`: predicts a number; the loss is `(margin - y)^2 / 2`.
    #[serde(rename = "reg:squarederror")]
    SquaredError,
    /// `reg:pseudohubererror`: predicts a number; the loss is `d^2 (sqrt(1 + (r / d)^2) - 1)` of the residual
    /// `r`.
    #[serde(rename = "reg:pseudohubererror")]
    PseudoHuber {
        /// `d`, finite and above 0: the loss is linear for residuals much larger than this (`huber_slope`).
        #[serde(rename = "huber_slope")]
        slope: f32,
    },
    /// `reg:absoluteerror`: predicts the median. The loss is `|margin - y|`, approximated by a smooth function
    /// whose width follows from the residuals of all rows.
    #[serde(rename = "reg:absoluteerror")]
    AbsoluteError,
    /// `reg:quantileerror`: predicts quantiles, the numbers below which given fractions of the labels lie. Each
    /// fraction is an output. The loss is approximated as for `AbsoluteError`.
    #[serde(rename = "reg:quantileerror")]
    Quantile {
        /// The fractions, from 0 to 1, in ascending order (`quantile_alpha`). With serde one fraction may be a
        /// number instead of an array.
        #[serde(rename = "quantile_alpha", deserialize_with = "one_or_more")]
        alpha: Vec<f32>,
    },
    /// `reg:expectileerror`: predicts expectiles; each fraction `a` is an output. The loss is `a r^2` for
    /// residuals below 0 and `(1 - a) r^2` for others. The first margin is the first expectile. Each further
    /// margin `m` gives the step `1e-6 + ln(1 + e^m)` from one expectile to the next.
    #[serde(rename = "reg:expectileerror")]
    Expectile {
        /// Each `a`, from 0 to 1, in ascending order (`expectile_alpha`). With serde one
        /// number may be given instead of an array.
        #[serde(rename = "expectile_alpha", deserialize_with = "one_or_more")]
        alpha: Vec<f32>,
    },
    /// `count:poisson`: predicts a count, at least 0; the loss is `e^m - y m` of the margin `m`.
    #[serde(rename = "count:poisson")]
    Poisson {
        /// A number that is added to the margin in the second derivative, and that limits the weight of a leaf
        /// unless [`BoostParams::max_delta_step`](crate::BoostParams::max_delta_step) is above 0. Finite and at
        /// least 0; XGBoost's default is 0.7.
        max_delta_step: f32,
    },
    /// `reg:gamma`: predicts a number above 0; the loss is `m + y e^-m` of the margin `m`.
    #[serde(rename = "reg:gamma")]
    Gamma,
    /// `reg:tweedie`: predicts a number that is at least 0, such as a sum of a random number of payments. The
    /// loss is `e^((2 - p) m) / (2 - p) - y e^((1 - p) m) / (1 - p)` of the margin `m`.
    #[serde(rename = "reg:tweedie")]
    Tweedie {
        /// `p`, above 1 and below 2: the variance is proportional to the mean to this power
        /// (`tweedie_variance_power`). XGBoost's default is 1.5.
        #[serde(rename = "tweedie_variance_power")]
        variance_power: f32,
    },
    /// `binary:logistic`: predicts the probability of class 1 of two classes.
    #[serde(rename = "binary:logistic")]
    Logistic,
    /// `multi:softprob`: predicts the probability of each class.
    #[serde(rename = "multi:softprob")]
    Softprob {
        /// Number of classes, 2 to 65536.
        #[serde(rename = "num_class")]
        n_classes: usize,
    },
    /// `multi:softmax`: trained as [`Softprob`](Self::Softprob), predicts the class.
    #[serde(rename = "multi:softmax")]
    Softmax {
        /// Number of classes, 2 to 65536.
        #[serde(rename = "num_class")]
        n_classes: usize,
    },
    /// `rank:pairwise`: puts the rows of a query group ([`Dataset::with_groups`](crate::Dataset::with_groups))
    /// in the order of their labels, so that the most relevant row has the largest margin. All pairs of rows
    /// have the same cost.
    #[serde(rename = "rank:pairwise")]
    RankPairwise(LambdaRankParams),
    /// `rank:ndcg`: as `RankPairwise`, but the cost of a pair is the change of the NDCG if its rows change
    /// places. Labels are whole numbers from 0 to 31; if [`LambdaRankParams::ndcg_exp_gain`] is false, any
    /// numbers from 0 on.
    #[serde(rename = "rank:ndcg")]
    RankNdcg(LambdaRankParams),
    /// `rank:map`: as `RankNdcg`, with the mean average precision. Labels are 0 or 1.
    #[serde(rename = "rank:map")]
    RankMap(LambdaRankParams),
    /// A custom [`Loss`](crate::Loss): models predict margins. It is trained only through
    /// [`Training::loss`](crate::Training::loss).
    #[serde(rename = "loss")]
    Loss {
        /// Its name, [`Loss::name`](crate::Loss::name).
        name: String,
        /// Number of margins per row.
        n_outputs: usize,
    },
    /// Any other objective of XGBoost, or one of the above with several targets. Models predict margins, and
    /// cannot be trained.
    #[serde(rename = "other")]
    Other {
        /// Its name in the model file.
        name: String,
        /// Number of margins per row.
        n_outputs: usize,
        /// Its parameters in the model file, such as
        /// `poisson_regression_param: {max_delta_step: "0.7"}`.
        params: BTreeMap<String, BTreeMap<String, String>>,
    },
}

impl Objective {
    /// XGBoost's name, as in a model file, or the name of a custom loss.
    pub fn name(&self) -> &str {
        match self {
            Self::SquaredError => "reg:squarederror",
            Self::PseudoHuber { .. } => "reg:pseudohubererror",
            Self::AbsoluteError => "reg:absoluteerror",
            Self::Quantile { .. } => "reg:quantileerror",
            Self::Expectile { .. } => "reg:expectileerror",
            Self::Poisson { .. } => "count:poisson",
            Self::Gamma => "reg:gamma",
            Self::Tweedie { .. } => "reg:tweedie",
            Self::Logistic => "binary:logistic",
            Self::Softprob { .. } => "multi:softprob",
            Self::Softmax { .. } => "multi:softmax",
            Self::RankPairwise(_) => "rank:pairwise",
            Self::RankNdcg(_) => "rank:ndcg",
            Self::RankMap(_) => "rank:map",
            Self::Loss { name, .. } | Self::Other { name, .. } => name,
        }
    }

    /// Number of margins per row: one per class for `multi:softprob` and `multi:softmax`, one per fraction for
    /// `reg:quantileerror` and `reg:expectileerror`, else one.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Softprob { n_classes } | Self::Softmax { n_classes } => *n_classes,
            Self::Loss { n_outputs, .. } | Self::Other { n_outputs, .. } => *n_outputs,
            Self::Quantile { alpha } | Self::Expectile { alpha } => alpha.len(),
            _ => 1,
        }
    }

    /// Number of classes; 2 for `binary:logistic`, 1 if a number is predicted.
    pub(crate) fn n_classes(&self) -> usize {
        if *self == Self::Logistic {
            2
        } else {
            self.n_outputs()
        }
    }

    pub(crate) fn is_multiclass(&self) -> bool {
        matches!(self, Self::Softprob { .. } | Self::Softmax { .. })
    }

    /// What pairs of rows cost, and its parameters, for objectives of ranking.
    pub(crate) fn ranking(&self) -> Option<(RankingLoss, &LambdaRankParams)> {
        match self {
            Self::RankPairwise(params) => Some((RankingLoss::Pairwise, params)),
            Self::RankNdcg(params) => Some((RankingLoss::Ndcg, params)),
            Self::RankMap(params) => Some((RankingLoss::Map, params)),
            _ => None,
        }
    }

    /// Whether each margin is that of a probability of its own: `binary:logistic` and `reg:logistic`,
    /// with any number of targets.
    pub(crate) fn is_logistic(&self) -> bool {
        match self {
            Self::Logistic => true,
            Self::Other { name, .. } => ["binary:logistic", "reg:logistic"].contains(&&**name),
            _ => false,
        }
    }

    /// Makes quantiles or expectiles of the margins of a row.
    pub(crate) fn order(&self, margins: &mut [f32]) {
        match self {
            Self::Quantile { .. } => margins.sort_by(f32::total_cmp),
            Self::Expectile { .. } => expectiles(margins),
            _ => {}
        }
    }

    /// Whether the logarithm of the prediction is the margin.
    pub(crate) fn has_log_link(&self) -> bool {
        matches!(
            self.name(),
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:aft" | "survival:cox"
        ) && !matches!(self, Self::Loss { .. })
    }

    /// The width of the smooth approximation of an error that has a kink: the square of the mean of `sqrt |r|`
    /// over all residuals `r`.
    pub(crate) fn width(
        &self,
        residuals: impl Iterator<Item = f32>,
        weights: Option<&[f32]>,
    ) -> f32 {
        if !matches!(self, Self::AbsoluteError | Self::Quantile { .. }) {
            return 0.0;
        }
        let mean = weighted_mean(residuals.map(|r| f64::from(r.abs()).sqrt()), weights);
        (mean * mean) as f32
    }

    /// First and second derivative of the loss with respect to the margin of an output; `width` is that of
    /// [`width`](Self::width).
    pub(crate) fn gradient(&self, output: usize, margin: f32, label: f32, width: f32) -> [f32; 2] {
        const LEAST: f32 = 1e-16;
        /// The width of the approximated quantile error, as a fraction of that of the residuals.
        const NARROW: f32 = 0.04;
        /// The least curvature of it, as a fraction of the largest.
        const FLAT: f32 = 3e-4;
        match self {
            Self::Logistic => {
                let p = 1.0 / (exp(-margin) + 1.0 + LEAST);
                [p - label, (p * (1.0 - p)).max(LEAST)]
            }
            Self::PseudoHuber { slope } => {
                let (residual, slope) = (margin - label, *slope);
                let root = (1.0 + (residual / slope) * (residual / slope)).sqrt();
                let square = slope * slope;
                [
                    residual / root,
                    square / ((square + residual * residual) * root),
                ]
            }
            Self::AbsoluteError => {
                let residual = margin - label;
                let slope = match width {
                    0.0 => 1.0,
                    _ => width / libm::hypotf(width, residual),
                };
                [residual * slope, slope]
            }
            Self::Quantile { .. } if width == 0.0 => [0.0; 2],
            Self::Quantile { alpha } => {
                let x = (margin - label) / (NARROW * width);
                let tanh = libm::tanhf(x);
                let slope = if x == 0.0 { 1.0 } else { tanh / x };
                [
                    width / 2.0 * (tanh + 1.0 - 2.0 * alpha[output]),
                    slope.max(FLAT) / (2.0 * NARROW),
                ]
            }
            Self::Expectile { alpha } => {
                let residual = margin - label;
                let weight = side(alpha[output], residual);
                [weight * residual, weight]
            }
            Self::Poisson { max_delta_step } => [exp(margin) - label, exp(margin + max_delta_step)],
            Self::Gamma => {
                let ratio = label / exp(margin);
                [1.0 - ratio, ratio]
            }
            &Self::Tweedie { variance_power: p } => {
                let below = exp((1.0 - p) * margin);
                let above = exp((2.0 - p) * margin);
                [
                    above - label * below,
                    (2.0 - p) * above - label * (1.0 - p) * below,
                ]
            }
            _ => [margin - label, 1.0],
        }
    }

    /// The margin of a `base_score` as model files hold it: `ln(p / (1 - p))` for
    /// `binary:logistic` and `reg:logistic`, `ln(s)` for `count:poisson`, `reg:gamma`,
    /// `reg:tweedie`, `survival:aft` and `survival:cox`; else the score itself.
    ///
    /// As in XGBoost, a probability from 0 to 1 is first clamped to the range from 1e-6 to 1 - 1e-6. The margin
    /// is NaN or infinite for a score that the objective does not allow. For several expectiles the score is
    /// that of the first one.
    ///
    /// ```
    /// use timbral_boost::Objective;
    /// assert_eq!(Objective::Logistic.base_margin(0.5), 0.0);
    /// assert_eq!(Objective::Logistic.base_margin(0.0), -13.81551);
    /// assert_eq!(Objective::Logistic.base_margin(1.0), 13.74516);
    /// assert!(Objective::Logistic.base_margin(1.5).is_nan());
    /// ```
    pub fn base_margin(&self, base_score: f32) -> f32 {
        match self.is_logistic() {
            true if !(0.0..=1.0).contains(&base_score) => f32::NAN,
            true => -libm::logf(1.0 / clamped(base_score) - 1.0),
            false if self.has_log_link() => libm::logf(base_score),
            false => base_score,
        }
    }

    /// The margins of the base scores of all outputs.
    pub(crate) fn base_margins(&self, base_scores: &[f32]) -> Vec<f32> {
        let margins = base_scores.iter().map(|score| self.base_margin(*score));
        match self {
            Self::Expectile { .. } => steps(margins.collect()),
            _ => margins.collect(),
        }
    }
}

/// The weight of a residual for a quantile or an expectile.
pub(super) fn side(alpha: f32, residual: f32) -> f32 {
    if residual < 0.0 { alpha } else { 1.0 - alpha }
}

/// An array, or one number.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number or an array of numbers")]
    enum Numbers {
        One(f32),
        More(Vec<f32>),
    }
    Ok(match Numbers::deserialize(deserializer)? {
        Numbers::One(number) => vec![number],
        Numbers::More(numbers) => numbers,
    })
}

/// Added to each step between two expectiles.
const LEAST_STEP: f32 = 1e-6;

/// The expectiles of a row from its margins.
fn expectiles(margins: &mut [f32]) {
    for k in 1..margins.len() {
        margins[k] = margins[k - 1] + expectile_step(margins[k]);
    }
}

/// The step to an expectile from the one before: `ln(1 + e^m)` and the least one.
pub(super) fn expectile_step(margin: f32) -> f32 {
    LEAST_STEP + (margin.max(0.0) + libm::log1pf(exp(-margin.abs())))
}

/// The margins of expectiles.
fn steps(mut expectiles: Vec<f32>) -> Vec<f32> {
    for k in (1..expectiles.len()).rev() {
        let step = (expectiles[k] - expectiles[k - 1] - LEAST_STEP).max(LEAST_STEP);
        expectiles[k] = step + libm::logf(-libm::expm1f(-step));
    }
    expectiles
}

/// A probability whose margin is finite, as XGBoost clamps it.
pub(super) fn clamped(probability: f32) -> f32 {
    probability.clamp(1e-6, 1.0 - 1e-6)
}

pub(super) fn weighted_mean(values: impl Iterator<Item = f64>, weights: Option<&[f32]>) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, value) in values.enumerate() {
        sum += weight(weights, row) * value;
        total += weight(weights, row);
    }
    sum / total
}

pub(super) fn weight(weights: Option<&[f32]>, row: usize) -> f64 {
    weights.map_or(1.0, |weights| f64::from(weights[row]))
}
