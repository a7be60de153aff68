use crate::histogram::Sums;

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

#[inline(always)]
fn threshold_l1(sum: f64, alpha: f64) -> f64 {
    if sum > alpha {
        sum - alpha
    } else if sum < -alpha {
        sum + alpha
    } else {
        0.0
    }
}

#[inline(always)]
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
        -(2.0 * g * weight + (h + self.lambda) * weight * weight)
    }

    #[inline(always)]
    fn is_plain(&self) -> bool {
        self.max_delta_step == 0.0 && !self.monotone
    }

    #[inline(always)]
    fn plain_gain(&self, [g, h]: Sums) -> f32 {
        let g = threshold_l1(g, f64::from(self.alpha));
        let gain = (g * g) as f32 / (h + f64::from(self.lambda)) as f32;
        if h > 0.0 { gain } else { 0.0 }
    }

    #[inline(always)]
    fn is_heavy(&self, h: f64) -> bool {
        h >= f64::from(self.min_child_weight)
    }

    /// Makes `best` the best split of a feature where that is better; among equals the first
    /// stays. `monotone` is the sign of the feature's constraint.
    #[inline(always)]
    pub(crate) fn scan(
        &self,
        bins: &[Sums],
        has_missing: bool,
        node: &NodeSums,
        feature: usize,
        monotone: i8,
        best: &mut Option<Split>,
    ) {
        let mut total = [0.0; 2];
        if self.is_plain() {
            total = self.scan_plain(bins, node, feature, best);
        } else {
            for (bin, sums) in bins.iter().enumerate() {
                total = [total[0] + sums[0], total[1] + sums[1]];
                let (left, right) = (total, minus(node.sums, total));
                self.offer(
                    node,
                    monotone,
                    best,
                    Split {
                        loss_change: 0.0,
                        feature,
                        n_left: bin + 1,
                        default_left: false,
                        left,
                        right,
                    },
                );
            }
        }
        if !has_missing || total == node.sums {
            return;
        }
        let mut right = [0.0; 2];
        for (bin, sums) in bins.iter().enumerate().rev() {
            right = [right[0] + sums[0], right[1] + sums[1]];
            let left = minus(node.sums, right);
            self.offer(
                node,
                monotone,
                best,
                Split {
                    loss_change: 0.0,
                    feature,
                    n_left: bin,
                    default_left: true,
                    left,
                    right,
                },
            );
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

    /// The forward scan without steps and constraints, 8 bins at a time.
    #[inline(always)]
    fn scan_plain(
        &self,
        bins: &[Sums],
        node: &NodeSums,
        feature: usize,
        best: &mut Option<Split>,
    ) -> Sums {
        const BINS: usize = 256;
        let mut total = [0.0; 2];
        for (part, bins) in bins.chunks(BINS).enumerate() {
            let mut g_left = [0.0; BINS];
            let mut h_left = [0.0; BINS];
            for ((sums, g), h) in bins.iter().zip(&mut g_left).zip(&mut h_left) {
                total = [total[0] + sums[0], total[1] + sums[1]];
                (*g, *h) = (total[0], total[1]);
            }
            let mut loss_changes = [f32::NEG_INFINITY; BINS];
            let n = bins.len().next_multiple_of(16).min(BINS);
            let mut highest = [f32::NEG_INFINITY; 16];
            for ((losses, g), h) in (loss_changes[..n].as_chunks_mut::<16>().0.iter_mut())
                .zip(g_left[..n].as_chunks::<16>().0)
                .zip(h_left[..n].as_chunks::<16>().0)
            {
                for lane in 0..16 {
                    let left = [g[lane], h[lane]];
                    let right = minus(node.sums, left);
                    let loss = self.plain_gain(left) + self.plain_gain(right) - node.gain;
                    let heavy = self.is_heavy(left[1]) & self.is_heavy(right[1]);
                    losses[lane] = if heavy { loss } else { f32::NEG_INFINITY };
                }
                for lane in 0..16 {
                    highest[lane] = if losses[lane] > highest[lane] {
                        losses[lane]
                    } else {
                        highest[lane]
                    };
                }
            }
            let highest = highest.into_iter().fold(f32::NEG_INFINITY, f32::max);
            if highest > best.map_or(0.0, |b| b.loss_change) && highest.is_finite() {
                let bin = loss_changes[..bins.len()]
                    .iter()
                    .position(|&l| l == highest);
                if let Some(bin) = bin {
                    let left = [g_left[bin], h_left[bin]];
                    *best = Some(Split {
                        loss_change: highest,
                        feature,
                        n_left: part * BINS + bin + 1,
                        default_left: false,
                        left,
                        right: minus(node.sums, left),
                    });
                }
            }
        }
        total
    }
}
