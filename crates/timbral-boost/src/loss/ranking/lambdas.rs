use std::ops::Range;

use timbral_core::parallel;

use super::bias::{Costs, PositionBias};
use super::groups::{Groups, descending};
use super::params::{LambdaRankParams, PairMethod};
use super::scores::{discounts, gain, inverse_dcg};
use crate::math::exp;
use crate::random::Key;

/// What a pair in the wrong order costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RankingLoss {
    /// The same for each pair.
    Pairwise,
    /// By how much the NDCG changes if the two rows change places.
    Ndcg,
    /// The same with the mean average precision.
    Map,
}

/// The gradients of LambdaRank (Burges 2010, From RankNet to LambdaRank to LambdaMART), as XGBoost computes them.
///
/// Let the first row of a pair be more relevant than the second, `s` the difference of their margins,
/// `p = 1 / (1 + e^-s)`, and `d` the cost of [`RankingLoss`]. The pair adds `(p - 1) d` to the gradient of the first
/// row, subtracts it from that of the second, and adds `2 p (1 - p) d` to both hessians.
#[derive(Debug)]
pub(crate) struct Ranking<'a> {
    loss: RankingLoss,
    params: &'a LambdaRankParams,
    groups: Groups<'a>,
    labels: &'a [f32],
    discounts: Vec<f64>,
    /// By group.
    inverse_dcgs: Vec<f64>,
    /// Of the next round, if labels are clicks.
    bias: Option<PositionBias>,
}

impl<'a> Ranking<'a> {
    pub(crate) fn new(
        loss: RankingLoss,
        params: &'a LambdaRankParams,
        groups: Groups<'a>,
        labels: &'a [f32],
    ) -> Self {
        let largest = groups.largest();
        let mut ranking = Self {
            bias: (params.unbiased).then(|| PositionBias::none(params, largest)),
            loss,
            params,
            groups,
            labels,
            discounts: Vec::new(),
            inverse_dcgs: Vec::new(),
        };
        if loss == RankingLoss::Ndcg {
            ranking.discounts = discounts(largest);
            let k = params.top_k().unwrap_or(usize::MAX);
            let inverse = |rows| {
                let labels = &labels[rows];
                inverse_dcg(labels, &ranking.discounts, k, params.ndcg_exp_gain)
            };
            ranking.inverse_dcgs = ranking.groups.ranges().map(inverse).collect();
        }
        ranking
    }

    /// Goes on with the bias of a model.
    pub(crate) fn continue_from(&mut self, bias: Option<&PositionBias>) {
        if let (Some(bias), Some(of_model)) = (&mut self.bias, bias)
            && bias.relevant.len() == of_model.relevant.len()
        {
            *bias = of_model.clone();
        }
    }

    pub(crate) fn into_bias(self) -> Option<PositionBias> {
        self.bias
    }

    /// Computes gradient and hessian of each row, and the bias of the next round; `key` draws pairs, where they are
    /// drawn.
    pub(crate) fn gradients(&mut self, margins: &[f32], key: Key, out: &mut [[f32; 2]]) {
        let costs = self.of_groups(margins, key, out);
        if let Some(bias) = &mut self.bias {
            bias.update(self.params, &costs);
        }
    }

    fn of_groups(&self, margins: &[f32], key: Key, out: &mut [[f32; 2]]) -> Vec<Costs> {
        let mut rest = out;
        let mut parts = Vec::with_capacity(self.groups.len());
        for rows in self.groups.ranges() {
            let (part, others) = rest.split_at_mut(rows.len());
            parts.push((rows, part));
            rest = others;
        }
        parallel::map_each(parts, 1, &|group, (rows, out): (Range<usize>, _)| {
            let margins = &margins[rows.clone()];
            let key = key.with(group as u64);
            self.of_group(group, margins, &self.labels[rows], key, out)
        })
    }

    /// The base score: one Newton step from 0, which is 0 but for rounding.
    pub(crate) fn estimate(&self, key: Key) -> f32 {
        let n_rows = self.labels.len();
        let mut gradients = vec![[0.0; 2]; n_rows];
        self.of_groups(&vec![0.0; n_rows], key, &mut gradients);
        let sums = gradients.iter().fold([0.0; 2], |sums, pair| {
            [sums[0] + f64::from(pair[0]), sums[1] + f64::from(pair[1])]
        });
        /// The smallest sum of hessians.
        const LEAST: f64 = 1e-6;
        (-sums[0] / sums[1].max(LEAST)) as f32
    }

    fn of_group(
        &self,
        group: usize,
        margins: &[f32],
        labels: &[f32],
        key: Key,
        out: &mut [[f32; 2]],
    ) -> Costs {
        /// Added to the difference of margins that a cost is divided by.
        const NEAR_ZERO: f64 = 0.01;
        const LEAST: f64 = 1e-16;
        let bias = self.bias.as_ref();
        let mut costs = bias.map_or_else(Costs::new, |bias| bias.costs(labels.len()));
        let by_rank = descending(margins);
        let (Some(&first), Some(&last)) = (by_rank.first(), by_rank.last()) else {
            return costs;
        };
        let divided = self.params.score_normalization && margins[first] != margins[last];
        let cost = self.cost(group, labels, &by_rank);
        out.fill([0.0; 2]);
        let mut sum = 0.0;
        self.for_each_pair(labels, &by_rank, key, |a, b| {
            let [y_a, y_b] = [a, b].map(|rank| labels[by_rank[rank]]);
            if y_a == y_b {
                return;
            }
            let (high, low) = if y_a < y_b { (b, a) } else { (a, b) };
            let (row, other) = (by_rank[high], by_rank[low]);
            let difference = margins[row] - margins[other];
            let p = f64::from(sigmoid(difference));
            let mut cost = cost(high, low).abs();
            if divided {
                cost /= f64::from(difference.abs()) + NEAR_ZERO;
            }
            let divisor = bias.map_or(1.0, |bias| bias.divisor(row, other));
            let g = ((p - 1.0) * cost / divisor) as f32;
            let h = ((p * (1.0 - p)).max(LEAST) * cost * 2.0 / divisor) as f32;
            out[row] = [out[row][0] + g, out[row][1] + h];
            out[other] = [out[other][0] - g, out[other][1] + h];
            sum += -2.0 * f64::from(g);
            if let Some(bias) = bias {
                bias.add(&mut costs, [row, other], p, cost);
            }
        });
        let norm = match self.params.pair_method {
            _ if !self.params.normalization => 1.0,
            PairMethod::Mean => 1.0 / self.params.n_pairs() as f64,
            PairMethod::TopK if sum > 0.0 => libm::log2(1.0 + sum) / sum,
            PairMethod::TopK => 1.0,
        };
        let of_mean = self.groups.len() as f64 / self.groups.total_weight();
        let factors = [norm as f32, self.groups.weight(group), of_mean as f32];
        for pair in out {
            for factor in factors {
                *pair = pair.map(|x| x * factor);
            }
        }
        costs
    }

    /// The cost of a pair of ranks, the first of them of the row that is more relevant.
    fn cost(
        &self,
        group: usize,
        labels: &[f32],
        by_rank: &[usize],
    ) -> Box<dyn Fn(usize, usize) -> f64 + '_> {
        let labels: Vec<f32> = by_rank.iter().map(|&row| labels[row]).collect();
        match self.loss {
            RankingLoss::Pairwise => Box::new(|_, _| 1.0),
            RankingLoss::Ndcg => {
                let inverse = self.inverse_dcgs[group];
                let gains = labels.iter().map(|&y| gain(y, self.params.ndcg_exp_gain));
                let gains: Vec<f64> = gains.collect();
                Box::new(move |high, low| {
                    let [d_high, d_low] = [self.discounts[high], self.discounts[low]];
                    let now = gains[high] * d_high + gains[low] * d_low;
                    let changed = gains[low] * d_high + gains[high] * d_low;
                    (now - changed) * inverse
                })
            }
            RankingLoss::Map => {
                // Relevant rows up to each rank, and the sum of their reciprocal ranks.
                let (mut n_relevant, mut reciprocals) = (Vec::new(), Vec::new());
                let (mut n, mut sum) = (0.0, 0.0);
                for (rank, &label) in labels.iter().enumerate() {
                    n += f64::from(label);
                    sum += f64::from(label) / (rank + 1) as f64;
                    n_relevant.push(n);
                    reciprocals.push(sum);
                }
                Box::new(move |high, low| {
                    let (upper, lower) = (high.min(low), high.max(low));
                    let [above, below] = [upper, lower].map(|rank| (rank + 1) as f64);
                    let between = reciprocals[lower - 1] - reciprocals[upper];
                    let (at, end) = (n_relevant[upper], n_relevant[lower]);
                    let change = if high < low {
                        (at / above - end / below) + between
                    } else {
                        (end / below - (at + 1.0) / above) - between
                    };
                    change / n
                })
            }
        }
    }

    /// Calls `visit` with pairs of ranks.
    fn for_each_pair(
        &self,
        labels: &[f32],
        by_rank: &[usize],
        key: Key,
        mut visit: impl FnMut(usize, usize),
    ) {
        let n = by_rank.len();
        if let Some(k) = self.params.top_k() {
            for a in 0..n.min(k) {
                (a + 1..n).for_each(|b| visit(a, b));
            }
            return;
        }
        // Ranks by label; each is paired with ranks drawn from those of other labels.
        let labels: Vec<f32> = by_rank.iter().map(|&row| labels[row]).collect();
        let by_label = descending(&labels);
        let mut start = 0;
        for equal in by_label.chunk_by(|&a, &b| labels[a] == labels[b]) {
            let others = n - equal.len();
            for draw in (0..self.params.n_pairs()).filter(|_| others > 0) {
                for (i, &rank) in equal.iter().enumerate() {
                    let key = key.with(draw as u64).with((start + i) as u64);
                    let mut other = (key.uniform() * others as f64) as usize;
                    if other >= start {
                        other += equal.len();
                    }
                    visit(rank, by_label[other]);
                }
            }
            start += equal.len();
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    /// The exponential of more is too large for f32.
    const MOST: f32 = 88.7;
    1.0 / (exp((-x).min(MOST)) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::scores::RankingScore;
    use super::*;

    const LABELS: [f32; 7] = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0];
    const MARGINS: [f32; 7] = [0.3, 0.9, 0.1, 0.5, -0.2, -0.3, 0.7];

    /// The cost of a pair is the change of the metric if the two rows change places.
    #[test]
    fn costs_are_changes_of_the_metric() {
        let params = LambdaRankParams {
            num_pair_per_sample: Some(9),
            ..Default::default()
        };
        let ndcg = RankingScore::Ndcg {
            is_exponential: true,
        };
        for (loss, score) in [
            (RankingLoss::Ndcg, ndcg),
            (RankingLoss::Map, RankingScore::Map),
        ] {
            let groups = || Groups::new(7, None, None);
            let ranking = Ranking::new(loss, &params, groups(), &LABELS);
            let by_rank = descending(&MARGINS);
            let cost = ranking.cost(0, &LABELS, &by_rank);
            let before = score.mean(None, &groups(), &MARGINS, &LABELS);
            let mut n_pairs = 0;
            for (high, low) in (0..7).flat_map(|a| (0..7).map(move |b| (a, b))) {
                let (row, other) = (by_rank[high], by_rank[low]);
                if LABELS[row] > LABELS[other] {
                    let mut margins = MARGINS;
                    margins.swap(row, other);
                    let after = score.mean(None, &groups(), &margins, &LABELS);
                    let change = (cost(high, low).abs() - (after - before).abs()).abs();
                    assert!(change < 1e-12, "{loss:?} {high} {low}");
                    n_pairs += 1;
                }
            }
            assert_eq!(n_pairs, 12);
        }
    }

    #[test]
    fn drawn_pairs_are_of_different_labels_and_each_row_has_its_number() {
        let params = LambdaRankParams {
            pair_method: PairMethod::Mean,
            num_pair_per_sample: Some(200),
            ..Default::default()
        };
        let groups = Groups::new(7, None, None);
        let ranking = Ranking::new(RankingLoss::Pairwise, &params, groups, &LABELS);
        let by_rank = descending(&MARGINS);
        let mut counts = [[0; 7]; 7];
        ranking.for_each_pair(&LABELS, &by_rank, Key::new(1), |a, b| counts[a][b] += 1);
        for (a, counts) in counts.iter().enumerate() {
            assert_eq!(counts.iter().sum::<usize>(), 200);
            for (b, &count) in counts.iter().enumerate() {
                let differ = LABELS[by_rank[a]] != LABELS[by_rank[b]];
                // 50 or 67 expected, standard deviation below 7.
                assert!(if differ {
                    (20..110).contains(&count)
                } else {
                    count == 0
                });
            }
        }
    }
}
