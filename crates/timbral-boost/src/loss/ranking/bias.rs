use super::params::LambdaRankParams;

/// Ratios and probabilities below this are not divided by.
const LEAST: f64 = 1e-16;

/// Most positions that are followed.
const MOST: usize = 1 << 20;

/// How often rows are clicked because of their position in a group alone, relative to the first position.
/// Training estimates it round by round (Unbiased LambdaMART, Hu et al. 2019). XGBoost's files call it `ti+`
/// and `tj-`.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionBias {
    pub(crate) relevant: Vec<f64>,
    pub(crate) irrelevant: Vec<f64>,
}

/// The costs of the pairs of a group, by the positions of the row that is more relevant and of the other.
pub(super) type Costs = Vec<[f64; 2]>;

impl PositionBias {
    /// The bias before the first round: none.
    pub(super) fn none(params: &LambdaRankParams, largest_group: usize) -> Self {
        /// Positions that are followed where pairs are drawn.
        const FEW: usize = 32;
        let n = match params.top_k() {
            Some(k) => k.min(MOST),
            None => largest_group.min(FEW),
        };
        Self {
            relevant: vec![1.0; n],
            irrelevant: vec![1.0; n],
        }
    }

    /// The ratio for rows that are more relevant than others, one number per position.
    pub fn relevant(&self) -> &[f64] {
        &self.relevant
    }

    /// The ratio for rows that are less relevant than others, one number per position.
    pub fn irrelevant(&self) -> &[f64] {
        &self.irrelevant
    }

    /// Costs of a group with so many rows, before its first pair.
    pub(super) fn costs(&self, n_rows: usize) -> Costs {
        vec![[0.0; 2]; n_rows.min(self.relevant.len())]
    }

    fn ratios(&self, row: usize, other: usize) -> Option<[f64; 2]> {
        Some([*self.relevant.get(row)?, *self.irrelevant.get(other)?])
    }

    /// What the gradient of a pair of rows, the first of them more relevant, is divided by.
    pub(super) fn divisor(&self, row: usize, other: usize) -> f64 {
        match self.ratios(row, other) {
            Some([plus, minus]) if plus >= LEAST && minus >= LEAST => plus * minus,
            _ => 1.0,
        }
    }

    /// Adds what a pair costs that is in the right order with probability `p`.
    pub(super) fn add(&self, costs: &mut Costs, [row, other]: [usize; 2], p: f64, cost: f64) {
        let Some([plus, minus]) = self.ratios(row, other) else {
            return;
        };
        let cost = libm::log(1.0 / (1.0 - p).max(LEAST)) * cost;
        if minus >= LEAST {
            costs[row][0] += cost / minus;
        }
        if plus >= LEAST {
            costs[other][1] += cost / plus;
        }
    }

    /// The ratios of the next round from the costs of all groups: those of a position by those of the first one, to
    /// the power `1 / (1 + bias_norm)`.
    pub(super) fn update(&mut self, params: &LambdaRankParams, groups: &[Costs]) {
        let mut sums = vec![[0.0; 2]; self.relevant.len()];
        for costs in groups {
            for (sums, costs) in sums.iter_mut().zip(costs) {
                *sums = [sums[0] + costs[0], sums[1] + costs[1]];
            }
        }
        let power = 1.0 / (1.0 + params.bias_norm);
        for (side, ratios) in [&mut self.relevant, &mut self.irrelevant]
            .into_iter()
            .enumerate()
        {
            let first = sums.first().map_or(0.0, |sums| sums[side]);
            for (ratio, sums) in ratios.iter_mut().zip(&sums).filter(|_| first >= LEAST) {
                *ratio = libm::pow(sums[side] / first, power);
            }
        }
    }
}
