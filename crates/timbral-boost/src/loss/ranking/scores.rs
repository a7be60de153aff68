use super::groups::{Groups, descending};
use super::params::LambdaRankParams;
use crate::error::{Error, Result};

/// The largest relevance whose gain is a power of 2.
const MOST: f32 = 31.0;

/// The gain of a row with a relevance.
pub(super) fn gain(relevance: f32, is_exponential: bool) -> f64 {
    match is_exponential {
        true => f64::from((1_u32 << (relevance as u32).min(MOST as u32)) - 1),
        false => f64::from(relevance),
    }
}

/// `1 / log2(rank + 2)`, for ranks from 0.
pub(super) fn discounts(n: usize) -> Vec<f64> {
    (0..n)
        .map(|rank| 1.0 / libm::log2(rank as f64 + 2.0))
        .collect()
}

/// The reciprocal of the discounted gain of a group in the best order, of the first `k` rows; 0 without any gain.
pub(super) fn inverse_dcg(
    labels: &[f32],
    discounts: &[f64],
    k: usize,
    is_exponential: bool,
) -> f64 {
    let best = descending(labels);
    let gains = best.iter().map(|&row| gain(labels[row], is_exponential));
    let dcg = gains
        .zip(discounts)
        .take(k)
        .fold(0.0, |sum, (gain, d)| sum + d * gain);
    if dcg == 0.0 { 0.0 } else { 1.0 / dcg }
}

/// Whether a label is a class of binary relevance.
pub(crate) fn is_relevance(label: f32) -> bool {
    label == 0.0 || label == 1.0
}

/// Refuses labels that have no gain.
pub(crate) fn check_gains(labels: &[f32], params: &LambdaRankParams) -> Result<()> {
    let is_bad = |y: &f32| match params.ndcg_exp_gain {
        true => !(0.0..=MOST).contains(y) || y.fract() != 0.0,
        false => *y < 0.0,
    };
    match labels.iter().position(is_bad) {
        None => Ok(()),
        Some(index) => Err(Error::InvalidValue {
            name: "labels",
            index,
            value: f64::from(labels[index]),
            reason: match params.ndcg_exp_gain {
                true => {
                    "a relevance must be a whole number from 0 to 31; for others set ndcg_exp_gain to false"
                }
                false => "a relevance must not be negative",
            },
        }),
    }
}

/// The metrics of the order of groups, for their first `k` rows or for all; 1 is the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RankingScore {
    Ndcg { is_exponential: bool },
    Map,
    Precision,
}

impl RankingScore {
    /// The mean over groups by their weights, as XGBoost computes it: the score of a group without relevant rows
    /// is 1 (for [`Precision`](Self::Precision) 0), for [`Ndcg`](Self::Ndcg) whatever its weight.
    pub(crate) fn mean(
        self,
        k: Option<usize>,
        groups: &Groups<'_>,
        margins: &[f32],
        labels: &[f32],
    ) -> f64 {
        let discounts = match self {
            Self::Ndcg { .. } => discounts(groups.largest()),
            _ => Vec::new(),
        };
        let mut sum = 0.0;
        for (group, rows) in groups.ranges().enumerate() {
            let (margins, labels) = (&margins[rows.clone()], &labels[rows]);
            let by_rank: Vec<f32> = descending(margins).iter().map(|&row| labels[row]).collect();
            let weight = f64::from(groups.weight(group));
            let k_of_group = k.unwrap_or(usize::MAX);
            sum += match self {
                Self::Ndcg { is_exponential } => {
                    let inverse = inverse_dcg(labels, &discounts, k_of_group, is_exponential);
                    let gains = by_rank.iter().map(|&y| gain(y, is_exponential));
                    let gains = gains.zip(&discounts).take(k_of_group);
                    let dcg = gains.fold(0.0, |sum, (gain, d)| sum + d * gain * inverse);
                    if inverse <= 0.0 { 1.0 } else { dcg * weight }
                }
                Self::Map => weight * average_precision(&by_rank, k_of_group),
                Self::Precision => {
                    let n = k_of_group.min(by_rank.len());
                    let hits = by_rank[..n]
                        .iter()
                        .fold(0.0, |hits, &y| hits + f64::from(y) * weight);
                    hits / n as f64
                }
            };
        }
        let total = groups.total_weight();
        f64::min(if total > 0.0 { sum / total } else { sum }, 1.0)
    }
}

/// The mean, over the relevant rows among the first `k`, of the precision up to each of them.
fn average_precision(by_rank: &[f32], k: usize) -> f64 {
    let (mut hits, mut sum) = (0.0, 0.0);
    for (rank, &label) in by_rank.iter().enumerate() {
        hits += f64::from(label);
        if rank < k {
            sum += hits / (rank + 1) as f64 * f64::from(label);
        }
    }
    if hits > 0.0 {
        sum / hits.min(k as f64)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_definitions() {
        // In the order of the margins the labels are 0, 2, 1 and 1, 0.
        let (margins, labels) = ([0.1, 0.3, 0.2, 0.5, 0.4], [1.0, 0.0, 2.0, 1.0, 0.0]);
        let groups = Groups::new(5, Some(&[3, 2]), Some(&[1.0, 3.0]));
        let log2 = f64::log2;
        for (is_exponential, most) in [(true, 3.0), (false, 2.0)] {
            let dcg = most / log2(3.0) + 1.0 / log2(4.0);
            let ndcg = dcg / (most + 1.0 / log2(3.0));
            let score = RankingScore::Ndcg { is_exponential };
            let mean = score.mean(None, &groups, &margins, &labels);
            assert!((mean - (ndcg + 3.0) / 4.0).abs() < 1e-12);
            // At the top of the first group is a row without gain.
            assert_eq!(score.mean(Some(1), &groups, &margins, &labels), 0.75);
        }
        let labels = labels.map(|y: f32| y.min(1.0));
        let map = RankingScore::Map.mean(None, &groups, &margins, &labels);
        assert!((map - ((0.5 + 2.0 / 3.0) / 2.0 + 3.0) / 4.0).abs() < 1e-12);
        let map = RankingScore::Map.mean(Some(2), &groups, &margins, &labels);
        assert!((map - (0.25 + 3.0) / 4.0).abs() < 1e-12);
        let precision = RankingScore::Precision.mean(Some(2), &groups, &margins, &labels);
        assert!((precision - (0.5 + 1.5) / 4.0).abs() < 1e-12);
    }
}
