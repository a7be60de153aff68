use super::regularisation::{Bounds, NodeSums, Regularisation, Sums, minus, plus};
use super::split::{Column, Split};

/// How the categories of a feature are divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CategoryParams {
    /// With fewer categories one goes right and all others left.
    pub(crate) max_cat_to_onehot: usize,
    /// At most as many categories, less one, are on one side of any other split.
    pub(crate) max_cat_threshold: usize,
}

impl CategoryParams {
    pub(super) fn is_one_hot(&self, n_categories: usize) -> bool {
        n_categories < self.max_cat_to_onehot
    }
}

/// The search of one categorical feature, as XGBoost does it: the bins are the categories.
pub(super) struct CategoricalScan<'a> {
    pub(super) params: &'a CategoryParams,
    pub(super) regularisation: &'a Regularisation,
    pub(super) node: &'a NodeSums,
}

impl CategoricalScan<'_> {
    /// The best split of a feature; among equal splits the first. [`Split::n_left`] has the meaning that
    /// [`categories`](Self::categories) gives it.
    #[cold]
    pub(super) fn run(&self, column: &Column<'_>) -> Option<Split> {
        match self.params.is_one_hot(column.bins.len()) {
            true => self.one_against_others(column),
            false => self.partitions(column),
        }
    }

    /// The categories that go right in a split that [`run`](Self::run) found.
    pub(super) fn categories(&self, bins: &[Sums], split: &Split) -> Vec<u32> {
        if self.params.is_one_hot(bins.len()) {
            return vec![split.n_left as u32];
        }
        self.sorted(bins).into_iter().take(split.n_left).collect()
    }

    fn one_against_others(&self, column: &Column<'_>) -> Option<Split> {
        let mut best = None;
        let all = self.node.sums;
        let known = column
            .bins
            .iter()
            .fold([0.0; 2], |sum, bin| plus(sum, *bin));
        let missing = minus(all, known);
        for (category, &bin) in column.bins.iter().enumerate() {
            let mut offer = |default_left, right| {
                let left = minus(all, right);
                self.offer(column, &mut best, category, default_left, [left, right]);
            };
            offer(true, bin);
            if column.has_missing {
                offer(false, plus(bin, missing));
            }
        }
        best
    }

    /// Sorted by their weights as leaves, the first categories go right (Fisher 1958); at first missing values go
    /// left, then right.
    fn partitions(&self, column: &Column<'_>) -> Option<Split> {
        let mut best = None;
        let all = self.node.sums;
        let sorted = self.sorted(column.bins);
        let sums = || {
            sorted
                .iter()
                .map(|&category| column.bins[category as usize])
        };
        let n_splits = sorted.len().min(self.params.max_cat_threshold) - 1;
        let mut right = [0.0; 2];
        for (i, bin) in sums().enumerate().take(n_splits) {
            right = plus(right, bin);
            self.offer(column, &mut best, i + 1, true, [minus(all, right), right]);
        }
        let mut left = [0.0; 2];
        for (i, bin) in sums().enumerate().rev().take(n_splits) {
            left = plus(left, bin);
            self.offer(column, &mut best, i, false, [left, minus(all, left)]);
        }
        best
    }

    fn sorted(&self, bins: &[Sums]) -> Vec<u32> {
        // Adding 0 makes 0 of -0.
        let weight = |bin: &Sums| self.regularisation.weight(*bin, Bounds::NONE) + 0.0;
        let weights: Vec<f32> = bins.iter().map(weight).collect();
        let mut sorted: Vec<u32> = (0..bins.len() as u32).collect();
        sorted.sort_by(|&a, &b| weights[a as usize].total_cmp(&weights[b as usize]));
        sorted
    }

    fn offer(
        &self,
        column: &Column<'_>,
        best: &mut Option<Split>,
        n_left: usize,
        default_left: bool,
        [left, right]: [Sums; 2],
    ) {
        let split = Split::candidate(column.feature, n_left, default_left, left, right);
        (self.regularisation).offer(self.node, column.monotone, best, split);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growing::regularisation::PLAIN;
    use crate::random::Key;

    /// The best of all divisions of a few categories, and of missing values, by the formula of the gain.
    #[test]
    fn no_other_division_is_better() {
        for seed in 0..200 {
            let key = Key::new(seed);
            let n = 2 + seed as usize % 6;
            let bins: Vec<Sums> = (0..n)
                .map(|bin| match key.with(bin as u64) {
                    key if key.with(3).uniform() < 0.2 => [0.0; 2],
                    key => [key.with(1).uniform() - 0.5, key.with(2).uniform()].map(|x| 8.0 * x),
                })
                .collect();
            let has_missing = seed % 2 == 0;
            let missing = if has_missing { [1.5, 2.0] } else { [0.0; 2] };
            let all = bins.iter().fold(missing, |sum, bin| plus(sum, *bin));
            let node = NodeSums::new(&PLAIN, all, Bounds::NONE);
            let gain = |[g, h]: Sums| g * g / (h + 1.0);
            for max_cat_to_onehot in [0, 99] {
                let mut most = 0.0_f64;
                for set in 1_u32..1 << n {
                    let of_set = (0..n).filter(|bin| set >> bin & 1 == 1);
                    let known = of_set.fold([0.0; 2], |sum, bin| plus(sum, bins[bin]));
                    if max_cat_to_onehot > 0 && set.count_ones() != 1 {
                        continue;
                    }
                    for right in [known, plus(known, missing)] {
                        let left = minus(all, right);
                        if left[1] >= 1.0 && right[1] >= 1.0 {
                            most = most.max(gain(left) + gain(right) - gain(all));
                        }
                    }
                }
                let scan = CategoricalScan {
                    params: &CategoryParams {
                        max_cat_to_onehot,
                        max_cat_threshold: 64,
                    },
                    regularisation: &PLAIN,
                    node: &node,
                };
                let column = Column {
                    feature: 0,
                    bins: &bins,
                    has_missing,
                    monotone: 0,
                };
                let found = scan.run(&column);
                let change = found.map_or(0.0, |split| f64::from(split.loss_change));
                // Partitions of sorted categories are the best ones where no child is too light.
                let is_best = (change - most).abs() < 1e-5 * most.max(1.0);
                assert!(
                    is_best || (max_cat_to_onehot == 0 && change < most),
                    "{seed}: {change} {most}"
                );
                if let Some(split) = found {
                    let right = scan.categories(&bins, &split).into_iter();
                    let right = right.fold([0.0; 2], |sum, c| plus(sum, bins[c as usize]));
                    let right = if split.default_left {
                        right
                    } else {
                        plus(right, missing)
                    };
                    assert!((right[0] - split.right[0]).abs() < 1e-12);
                }
            }
        }
    }
}
