use crate::bins::LANES;
use crate::histogram::{Line, Sums};

/// The regularisation of leaves and splits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regularisation {
    pub(crate) lambda: f32,
    pub(crate) alpha: f32,
    pub(crate) max_delta_step: f32,
    pub(crate) min_child_weight: f32,
    /// Whether any feature has a monotone constraint.
    pub(crate) monotone: bool,
}

/// Where the weights of a node must lie for the monotone constraints above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) lower: f32,
    pub(crate) upper: f32,
}

impl Bounds {
    pub(crate) const NONE: Self = Self {
        lower: f32::MIN,
        upper: f32::MAX,
    };
}

/// What is known of a node before it is split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeSums {
    pub(crate) sums: Sums,
    pub(crate) gain: f32,
    pub(crate) bounds: Bounds,
}

impl NodeSums {
    pub(crate) fn new(regularisation: &Regularisation, sums: Sums, bounds: Bounds) -> Self {
        Self {
            sums,
            gain: regularisation.gain(sums, bounds),
            bounds,
        }
    }
}

/// A way to split a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) loss_change: f32,
    pub(crate) feature: usize,
    /// Bins that go left, counted from the lowest.
    pub(crate) n_left: usize,
    pub(crate) default_left: bool,
    pub(crate) left: Sums,
    pub(crate) right: Sums,
}

impl Split {
    /// A split whose gain is not known yet.
    fn candidate(
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

fn threshold_l1(sum: f64, alpha: f64) -> f64 {
    if sum > alpha {
        sum - alpha
    } else if sum < -alpha {
        sum + alpha
    } else {
        0.0
    }
}

/// The sums of the bins of a feature in one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) feature: usize,
    /// The bins of its word, missing values after the others.
    pub(crate) lines: &'a [Line],
    /// Bins without that of missing values.
    pub(crate) n_bins: usize,
    pub(crate) has_missing: bool,
    /// The sign of its constraint.
    pub(crate) monotone: i8,
}

impl Column<'_> {
    fn bins(&self) -> impl DoubleEndedIterator<Item = Sums> + ExactSizeIterator {
        let lane = self.feature % LANES;
        self.lines[..self.n_bins]
            .iter()
            .map(move |line| line.get(lane))
    }

    /// The sums of the rows without a value.
    pub(crate) fn missing(&self) -> Sums {
        if self.has_missing {
            self.lines[self.n_bins].get(self.feature % LANES)
        } else {
            [0.0; 2]
        }
    }
}

fn plus(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
}

fn minus(a: Sums, b: Sums) -> Sums {
    [a[0] - b[0], a[1] - b[1]]
}

impl Regularisation {
    /// The best answer of a leaf: `-T(G, alpha) / (H + lambda)`, within `max_delta_step` and the
    /// bounds.
    pub(crate) fn weight(&self, [g, h]: Sums, bounds: Bounds) -> f32 {
        if h < f64::from(self.min_child_weight) || h <= 0.0 {
            return 0.0;
        }
        let step = f64::from(self.max_delta_step);
        let mut weight = -threshold_l1(g, f64::from(self.alpha)) / (h + f64::from(self.lambda));
        if step != 0.0 && weight.abs() > step {
            weight = step.copysign(weight);
        }
        (weight as f32).max(bounds.lower).min(bounds.upper)
    }

    /// What a leaf takes off the loss, doubled: `T(G, alpha)^2 / (H + lambda)`.
    pub(crate) fn gain(&self, sums: Sums, bounds: Bounds) -> f32 {
        if self.is_plain() {
            self.plain_gain(sums)
        } else {
            self.gain_of(sums, self.weight(sums, bounds))
        }
    }

    fn gain_of(&self, [g, h]: Sums, weight: f32) -> f32 {
        if h <= 0.0 {
            return 0.0;
        }
        let (g, h) = (g as f32, h as f32);
        -(2.0 * g * weight + (h + self.lambda) * (weight * weight))
    }

    /// Whether a gain is a matter of the sums alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.max_delta_step == 0.0 && !self.monotone
    }

    fn plain_gain(&self, [g, h]: Sums) -> f32 {
        if h <= 0.0 {
            return 0.0;
        }
        let g = threshold_l1(g, f64::from(self.alpha));
        (g * g) as f32 / (h + f64::from(self.lambda)) as f32
    }

    fn is_heavy(&self, h: f64) -> bool {
        h >= f64::from(self.min_child_weight)
    }

    /// Makes `best` the best split of a feature where that is better; among equals the first
    /// stays.
    pub(crate) fn scan(&self, column: &Column<'_>, node: &NodeSums, best: &mut Option<Split>) {
        let &Column {
            feature, monotone, ..
        } = column;
        let mut left = [0.0; 2];
        for (bin, sums) in column.bins().enumerate() {
            left = plus(left, sums);
            let right = minus(node.sums, left);
            let split = Split::candidate(feature, bin + 1, false, left, right);
            self.offer(node, monotone, best, split);
        }
        if !column.has_missing || left == node.sums {
            return;
        }
        // Missing values go left.
        let mut right = [0.0; 2];
        for (n_left, sums) in column.bins().enumerate().rev() {
            right = plus(right, sums);
            let left = minus(node.sums, right);
            let split = Split::candidate(feature, n_left, true, left, right);
            self.offer(node, monotone, best, split);
        }
    }

    fn offer(&self, node: &NodeSums, monotone: i8, best: &mut Option<Split>, split: Split) {
        let Split { left, right, .. } = split;
        if !self.is_heavy(left[1]) || !self.is_heavy(right[1]) {
            return;
        }
        let gain = if self.is_plain() {
            self.plain_gain(left) + self.plain_gain(right)
        } else {
            let weights = [left, right].map(|sums| self.weight(sums, node.bounds));
            let wrong = match monotone.signum() {
                1 => weights[0] > weights[1],
                -1 => weights[0] < weights[1],
                _ => false,
            };
            if wrong {
                return;
            }
            self.gain_of(left, weights[0]) + self.gain_of(right, weights[1])
        };
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
    use crate::random::Key;

    const PLAIN: Regularisation = Regularisation {
        lambda: 1.0,
        alpha: 0.0,
        max_delta_step: 0.0,
        min_child_weight: 1.0,
        monotone: false,
    };

    /// The bins of one feature.
    fn lines(bins: &[Sums]) -> Vec<Line> {
        let line = |sums: &Sums| {
            let mut line = Line::default();
            line.set(0, *sums);
            line
        };
        bins.iter().map(line).collect()
    }

    fn column(lines: &[Line], n_bins: usize) -> Column<'_> {
        Column {
            feature: 0,
            lines,
            n_bins,
            has_missing: n_bins < lines.len(),
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
        PLAIN.scan(&column(&lines(&bins), bins.len()), &node, &mut found);
        let found = found.unwrap();
        assert_eq!((found.feature, found.n_left), (0, best.1));
        // The change is a difference of f32 gains near 1.
        assert!((f64::from(found.loss_change) - best.0).abs() < 1e-6);
    }

    #[test]
    fn missing_values_go_where_the_gain_is_larger() {
        // Gradients: one bin of -1, one of +1; the missing are like the first.
        let lines = lines(&[[-4.0, 4.0], [4.0, 4.0], [-4.0, 4.0]]);
        let node = node(&PLAIN, [-4.0, 12.0]);
        let mut best = None;
        PLAIN.scan(&column(&lines, 2), &node, &mut best);
        let best = best.unwrap();
        assert!(best.default_left);
        assert_eq!(
            (best.n_left, best.left, best.right),
            (1, [-8.0, 8.0], [4.0, 4.0])
        );
    }

    #[test]
    fn weights_and_gains_are_those_of_the_definitions() {
        let weight = |r: Regularisation, sums| r.weight(sums, Bounds::NONE);
        assert_eq!(weight(PLAIN, [-6.0, 2.0]), 2.0);
        assert_eq!(weight(PLAIN, [-6.0, 0.5]), 0.0, "too light");
        assert_eq!(
            weight(
                Regularisation {
                    alpha: 3.0,
                    ..PLAIN
                },
                [-6.0, 2.0]
            ),
            1.0
        );
        assert_eq!(
            weight(
                Regularisation {
                    alpha: 9.0,
                    ..PLAIN
                },
                [-6.0, 2.0]
            ),
            0.0
        );
        assert_eq!(
            weight(
                Regularisation {
                    max_delta_step: 0.5,
                    ..PLAIN
                },
                [-6.0, 2.0]
            ),
            0.5
        );
        let bounds = Bounds {
            lower: -1.0,
            upper: 1.5,
        };
        assert_eq!(PLAIN.weight([-6.0, 2.0], bounds), 1.5);
        assert_eq!(PLAIN.gain([-6.0, 2.0], Bounds::NONE), 12.0);
        // At the best weight both forms of the gain agree.
        let bounded = Regularisation {
            monotone: true,
            ..PLAIN
        };
        assert_eq!(bounded.gain([-6.0, 2.0], Bounds::NONE), 12.0);
    }
}
