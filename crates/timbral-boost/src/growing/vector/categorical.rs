use super::exact::Scan;
use super::node::VectorSplit;
use crate::growing::categorical::CategoryParams;
use crate::growing::regularisation::{Bounds, Sums, minus, plus};
use crate::model::CategorySet;

impl Scan<'_> {
    /// Replaces `best` by the best split of the categorical feature if that is better; the search is that of
    /// [`CategoricalScan`](crate::growing::categorical::CategoricalScan) for all outputs together.
    pub(super) fn run_categorical(&self, params: &CategoryParams, best: &mut Option<VectorSplit>) {
        let n_outputs = self.node.sums.len();
        let bins: Vec<&[Sums]> = (self.bins.of_values())
            .map(|sums| &sums.as_chunks::<2>().0[..n_outputs])
            .collect();
        let mut found = None;
        let categories = match params.is_one_hot(bins.len()) {
            true => {
                self.one_against_others(&bins, &mut found);
                found.as_ref().map(|split| vec![split.n_left as u32])
            }
            false => {
                let mut sorted = self.sorted(&bins);
                self.partitions(&bins, &sorted, params.max_cat_threshold, &mut found);
                found.as_ref().map(|split| {
                    sorted.truncate(split.n_left);
                    sorted
                })
            }
        };
        let least = best.as_ref().map_or(0.0, |best| best.loss_change);
        if let (Some(split), Some(categories)) = (found, categories)
            && split.loss_change > least
        {
            *best = Some(VectorSplit {
                categories: Some(CategorySet::new(categories)),
                ..split
            });
        }
    }

    fn one_against_others(&self, bins: &[&[Sums]], best: &mut Option<VectorSplit>) {
        let all = &self.node.sums;
        let none = vec![[0.0; 2]; all.len()];
        let known = bins.iter().fold(none, |sums, bin| each(&sums, bin, plus));
        let missing = each(all, &known, minus);
        for (category, &bin) in bins.iter().enumerate() {
            self.offer(best, category, true, each(all, bin, minus), bin.to_vec());
            if self.has_missing {
                let right = each(bin, &missing, plus);
                self.offer(best, category, false, each(all, &right, minus), right);
            }
        }
    }

    fn partitions(
        &self,
        bins: &[&[Sums]],
        sorted: &[u32],
        max_cat_threshold: usize,
        best: &mut Option<VectorSplit>,
    ) {
        let all = &self.node.sums;
        let sums = || sorted.iter().map(|&category| bins[category as usize]);
        let n_splits = sorted.len().min(max_cat_threshold) - 1;
        let mut right = vec![[0.0; 2]; all.len()];
        for (i, bin) in sums().enumerate().take(n_splits) {
            right = each(&right, bin, plus);
            self.offer(best, i + 1, true, each(all, &right, minus), right.clone());
        }
        let mut left = vec![[0.0; 2]; all.len()];
        for (i, bin) in sums().enumerate().rev().take(n_splits) {
            left = each(&left, bin, plus);
            self.offer(best, i, false, left.clone(), each(all, &left, minus));
        }
    }

    /// The categories by the scalar product of their weights as leaves with those of the node.
    fn sorted(&self, bins: &[&[Sums]]) -> Vec<u32> {
        let weight = |sums: &Sums| self.regularisation.weight(*sums, Bounds::NONE);
        let of_node: Vec<f32> = self.node.sums.iter().map(weight).collect();
        let score = |bin: &&[Sums]| {
            let products = bin.iter().map(weight).zip(&of_node);
            // Adding 0 makes 0 of -0.
            products.fold(0.0, |score, (w, n)| score + f64::from(w * n)) + 0.0
        };
        let scores: Vec<f64> = bins.iter().map(score).collect();
        let mut sorted: Vec<u32> = (0..bins.len() as u32).collect();
        sorted.sort_by(|&a, &b| scores[a as usize].total_cmp(&scores[b as usize]));
        sorted
    }
}

fn each(a: &[Sums], b: &[Sums], combine: impl Fn(Sums, Sums) -> Sums) -> Vec<Sums> {
    a.iter().zip(b).map(|(a, b)| combine(*a, *b)).collect()
}
