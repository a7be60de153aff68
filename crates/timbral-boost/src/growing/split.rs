use super::regularisation::{NodeSums, Regularisation, Sums, is_ordered, minus, plus};

/// A split of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) loss_change: f32,
    pub(super) feature: usize,
    /// Number of bins that go left, counted from the lowest; for a categorical feature a number that encodes
    /// the categories that go right.
    pub(super) n_left: usize,
    pub(super) default_left: bool,
    pub(super) left: Sums,
    pub(super) right: Sums,
}

impl Split {
    /// A split whose gain is not computed yet.
    pub(super) fn candidate(
        feature: usize,
        n_left: usize,
        default_left: bool,
        left: Sums,
        right: Sums,
    ) -> Self {
        Self {
            loss_change: 0.0,
            feature,
            n_left,
            default_left,
            left,
            right,
        }
    }
}

/// The sums of the bins of a feature in one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) feature: usize,
    pub(super) bins: &'a [Sums],
    /// Whether the feature is missing in any row of the table.
    pub(super) has_missing: bool,
    /// The sign of its monotone constraint.
    pub(super) monotone: i8,
}

impl Regularisation {
    /// Replaces `best` by the best split of a feature if that is better; among equal splits the
    /// first is kept.
    pub(super) fn scan(&self, column: &Column<'_>, node: &NodeSums, best: &mut Option<Split>) {
        let &Column {
            feature, monotone, ..
        } = column;
        let mut left = [0.0; 2];
        for (bin, sums) in column.bins.iter().enumerate() {
            left = plus(left, *sums);
            let right = minus(node.sums, left);
            let split = Split::candidate(feature, bin + 1, false, left, right);
            self.offer(node, monotone, best, split);
        }
        if !column.has_missing || left == node.sums {
            return;
        }
        // Missing values go left.
        let mut right = [0.0; 2];
        for (n_left, sums) in column.bins.iter().enumerate().rev() {
            right = plus(right, *sums);
            let left = minus(node.sums, right);
            let split = Split::candidate(feature, n_left, true, left, right);
            self.offer(node, monotone, best, split);
        }
    }

    /// Replaces `best` by `split` if that is better.
    #[inline]
    pub(super) fn offer(
        &self,
        node: &NodeSums,
        monotone: i8,
        best: &mut Option<Split>,
        split: Split,
    ) {
        let Split { left, right, .. } = split;
        if !self.is_heavy(left[1]) || !self.is_heavy(right[1]) {
            return;
        }
        let weights = [left, right].map(|sums| self.weight(sums, node.bounds));
        if !is_ordered(monotone, weights) {
            return;
        }
        let gain = self.gain_of(left, weights[0]) + self.gain_of(right, weights[1]);
        let loss_change = gain - node.gain;
        if loss_change.is_finite() && loss_change > best.map_or(0.0, |b| b.loss_change) {
            *best = Some(Split {
                loss_change,
                ..split
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growing::regularisation::{Bounds, PLAIN};
    use crate::random::Key;

    fn column(bins: &[Sums], has_missing: bool) -> Column<'_> {
        Column {
            feature: 0,
            bins,
            has_missing,
            monotone: 0,
        }
    }

    fn node(regularisation: &Regularisation, sums: Sums) -> NodeSums {
        NodeSums::new(regularisation, sums, Bounds::NONE)
    }

    #[test]
    fn the_best_split_is_that_of_the_formula() {
        let key = Key::new(1);
        let bins: Vec<Sums> = (0..40)
            .map(|bin| {
                let draw = |label| key.with(bin).with(label).uniform();
                [draw(1) - 0.5, draw(2)]
            })
            .collect();
        let sums = bins.iter().fold([0.0; 2], |sum, bin| plus(sum, *bin));
        let gain = |[g, h]: Sums| g * g / (h + 1.0);
        let mut best = (0.0, 0);
        for n_left in 1..bins.len() {
            let left = bins[..n_left]
                .iter()
                .fold([0.0; 2], |sum, bin| plus(sum, *bin));
            let right = minus(sums, left);
            let change = gain(left) + gain(right) - gain(sums);
            if left[1] >= 1.0 && right[1] >= 1.0 && change > best.0 {
                best = (change, n_left);
            }
        }
        let mut found = None;
        let node = node(&PLAIN, sums);
        PLAIN.scan(&column(&bins, false), &node, &mut found);
        let found = found.unwrap();
        assert_eq!((found.feature, found.n_left), (0, best.1));
        // The change is a difference of f32 gains near 1.
        assert!((f64::from(found.loss_change) - best.0).abs() < 1e-6);
    }

    #[test]
    fn missing_values_go_where_the_gain_is_larger() {
        // Gradients: one bin of -1, one of +1; missing values are like the first.
        let bins = [[-4.0, 4.0], [4.0, 4.0]];
        let node = node(&PLAIN, [-4.0, 12.0]);
        let mut best = None;
        PLAIN.scan(&column(&bins, true), &node, &mut best);
        let best = best.unwrap();
        assert!(best.default_left);
        assert_eq!(
            (best.n_left, best.left, best.right),
            (1, [-8.0, 8.0], [4.0, 4.0])
        );
    }
}
