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

/// Dividend and divisor of the gain.
#[inline(always)]
fn gain_parts([g, h]: Sums, alpha: f64, lambda: f64) -> (f32, f32) {
    let g = threshold_l1(g, alpha);
    let square = if h > 0.0 { g * g } else { 0.0 };
    let scale = if h > 0.0 { h + lambda } else { 1.0 };
    (square as f32, scale as f32)
}

#[inline(always)]
fn plus(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
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
        -(2.0 * g * weight + (h + self.lambda) * (weight * weight))
    }

    #[inline(always)]
    fn is_plain(&self) -> bool {
        self.max_delta_step == 0.0 && !self.monotone
    }

    #[inline(always)]
    fn plain_gain(&self, sums: Sums) -> f32 {
        let (square, scale) = gain_parts(sums, f64::from(self.alpha), f64::from(self.lambda));
        square / scale
    }

    #[inline(always)]
    fn is_heavy(&self, h: f64) -> bool {
        h >= f64::from(self.min_child_weight)
    }

    /// Makes `best` the best split of a feature where that is better; among equals the first
    /// stays. `monotone` is the sign of the feature's constraint.
    fn scan(
        &self,
        bins: &[Sums],
        has_missing: bool,
        node: &NodeSums,
        feature: usize,
        monotone: i8,
        best: &mut Option<Split>,
    ) {
        let mut left = [0.0; 2];
        for (bin, sums) in bins.iter().enumerate() {
            left = plus(left, *sums);
            let right = minus(node.sums, left);
            let split = Split::candidate(feature, bin + 1, false, left, right);
            self.offer(node, monotone, best, split);
        }
        if has_missing && left != node.sums {
            self.scan_back(bins, node, feature, monotone, best);
        }
    }

    /// The scan that sends missing values left.
    fn scan_back(
        &self,
        bins: &[Sums],
        node: &NodeSums,
        feature: usize,
        monotone: i8,
        best: &mut Option<Split>,
    ) {
        let mut right = [0.0; 2];
        for (n_left, sums) in bins.iter().enumerate().rev() {
            right = plus(right, *sums);
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

/// The search for the best split of a node among some features.
pub(crate) struct Scan<'a, F> {
    pub(crate) regularisation: &'a Regularisation,
    pub(crate) node: &'a NodeSums,
    pub(crate) features: &'a [usize],
    /// The sums of the bins of a feature, whether it has missing values, its constraint.
    pub(crate) of_feature: F,
}

impl<'h, F: Fn(usize) -> (&'h [Sums], bool, i8)> Scan<'_, F> {
    /// The best split, feature by feature and bin by bin.
    fn one_by_one(&self, features: &[usize], best: &mut Option<Split>) {
        for &feature in features {
            let (bins, has_missing, monotone) = (self.of_feature)(feature);
            self.regularisation
                .scan(bins, has_missing, self.node, feature, monotone, best);
        }
    }
}

/// Features whose sums are accumulated side by side, since each addition waits for the last.
const ABREAST: usize = 4;

/// Bins that the fast scan can hold.
const BINS: usize = 256;

/// Bins looked at together.
const LANES: usize = 16;

impl<'h, F: Fn(usize) -> (&'h [Sums], bool, i8)> pulp::WithSimd for Scan<'_, F> {
    type Output = Option<Split>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Self::Output {
        let mut best = None;
        let mut sums = [[[0.0; 2]; BINS]; ABREAST];
        for group in self.features.chunks(ABREAST) {
            let bins: [&[Sums]; ABREAST] =
                std::array::from_fn(|i| group.get(i).map_or(&[][..], |&f| (self.of_feature)(f).0));
            if !self.regularisation.is_plain() || bins.iter().any(|b| b.len() > BINS) {
                self.one_by_one(group, &mut best);
                continue;
            }
            accumulate(bins, &mut sums);
            for ((&feature, bins), sums) in group.iter().zip(bins).zip(&mut sums) {
                let n = bins.len();
                sums[n..n.next_multiple_of(LANES)].fill(self.node.sums);
                self.regularisation
                    .scan_sums(sums, n, self.node, feature, &mut best);
                let (_, has_missing, _) = (self.of_feature)(feature);
                if has_missing && sums[n - 1] != self.node.sums {
                    self.regularisation
                        .scan_back(bins, self.node, feature, 0, &mut best);
                }
            }
        }
        best
    }
}

/// Cumulative sums over the bins of each feature.
#[inline(always)]
fn accumulate(bins: [&[Sums]; ABREAST], sums: &mut [[Sums; BINS]; ABREAST]) {
    let shortest = bins.iter().map(|b| b.len()).min().unwrap_or(0).min(BINS);
    let heads = bins.map(|b| &b[..shortest]);
    let mut totals = [[0.0; 2]; ABREAST];
    for i in 0..shortest {
        for f in 0..ABREAST {
            totals[f] = plus(totals[f], heads[f][i]);
            sums[f][i] = totals[f];
        }
    }
    for f in 0..ABREAST {
        for (sum, bin) in sums[f][shortest..].iter_mut().zip(&bins[f][shortest..]) {
            totals[f] = plus(totals[f], *bin);
            *sum = totals[f];
        }
    }
}

impl Regularisation {
    /// The forward scan without steps and constraints over `n` cumulative sums.
    #[inline(always)]
    fn scan_sums(
        &self,
        sums: &[Sums; BINS],
        n: usize,
        node: &NodeSums,
        feature: usize,
        best: &mut Option<Split>,
    ) {
        // One plain loop a step: those the compiler turns into vector code.
        let n_padded = n.next_multiple_of(LANES);
        let [alpha, lambda, least] =
            [self.alpha, self.lambda, self.min_child_weight].map(f64::from);
        let all = node.sums;
        let [mut squares_left, mut squares_right] = [[0.0_f32; BINS]; 2];
        let [mut scales_left, mut scales_right] = [[0.0_f32; BINS]; 2];
        let outputs = (squares_left[..n_padded]
            .iter_mut()
            .zip(&mut scales_left[..n_padded]))
        .zip(
            squares_right[..n_padded]
                .iter_mut()
                .zip(&mut scales_right[..n_padded]),
        );
        for (&left, ((square_left, scale_left), (square_right, scale_right))) in
            sums[..n_padded].iter().zip(outputs)
        {
            let right = minus(all, left);
            let heavy = (left[1] >= least) & (right[1] >= least);
            let (square, scale) = gain_parts(left, alpha, lambda);
            *square_left = if heavy { square } else { f32::NEG_INFINITY };
            *scale_left = if heavy { scale } else { 1.0 };
            (*square_right, *scale_right) = gain_parts(right, alpha, lambda);
        }
        let mut losses = [0.0; BINS];
        for i in 0..n_padded {
            losses[i] =
                squares_left[i] / scales_left[i] + squares_right[i] / scales_right[i] - node.gain;
        }
        let mut highest = [f32::NEG_INFINITY; LANES];
        for losses in losses[..n_padded].as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                highest[lane] = if losses[lane] > highest[lane] {
                    losses[lane]
                } else {
                    highest[lane]
                };
            }
        }
        let highest = highest.into_iter().fold(f32::NEG_INFINITY, f32::max);
        if highest > best.map_or(0.0, |b| b.loss_change) && highest.is_finite() {
            let bin = losses[..n].iter().position(|&l| l == highest).unwrap_or(0);
            let (left, right) = (sums[bin], minus(node.sums, sums[bin]));
            let (n_left, default_left) = (bin + 1, false);
            let loss_change = highest;
            *best = Some(Split {
                loss_change,
                feature,
                n_left,
                default_left,
                left,
                right,
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

    /// Features of different numbers of bins, some empty; the last misses values.
    fn features(seed: u64) -> (Vec<Vec<Sums>>, Sums) {
        let all = [3.5, 60.0];
        let features = [256, 255, 1, 17, 40, 16, 300]
            .iter()
            .enumerate()
            .map(|(f, &n)| {
                let key = Key::new(seed).with(f as u64);
                let bins: Vec<Sums> = (0..n)
                    .map(|bin| {
                        let draw = |label| key.with(bin).with(label).uniform();
                        if draw(0) < 0.3 {
                            [0.0; 2]
                        } else {
                            [draw(1) - 0.5, draw(2)]
                        }
                    })
                    .collect();
                let sum = bins.iter().fold([0.0; 2], |sum, bin| plus(sum, *bin));
                let share = if f == 6 { 0.8 } else { 1.0 };
                let scale = share * all[1] / sum[1].max(1e-9);
                let rest = (share * all[0] - sum[0]) / n as f64;
                bins.iter()
                    .map(|bin| [bin[0] + rest, bin[1] * scale])
                    .collect()
            });
        (features.collect(), all)
    }

    fn node(regularisation: &Regularisation, sums: Sums) -> NodeSums {
        let gain = regularisation.gain(sums, Bounds::NONE);
        NodeSums {
            sums,
            gain,
            bounds: Bounds::NONE,
        }
    }

    #[test]
    fn the_vector_scan_equals_the_scalar_one_to_the_bit() {
        let all: Vec<usize> = (0..7).collect();
        for seed in 0..50 {
            let (bins, sums) = features(seed);
            for regularisation in [
                PLAIN,
                Regularisation {
                    alpha: 0.5,
                    lambda: 0.0,
                    ..PLAIN
                },
                Regularisation {
                    min_child_weight: 0.0,
                    ..PLAIN
                },
                Regularisation {
                    min_child_weight: 25.0,
                    ..PLAIN
                },
            ] {
                let node = node(&regularisation, sums);
                for features in [&all[..], &all[..6], &all[2..3], &all[..0]] {
                    let vector = pulp::Arch::new().dispatch(Scan {
                        regularisation: &regularisation,
                        node: &node,
                        features,
                        of_feature: |f: usize| (&bins[f][..], f == 6, 0),
                    });
                    let mut scalar = None;
                    for &f in features {
                        regularisation.scan(&bins[f], f == 6, &node, f, 0, &mut scalar);
                    }
                    assert_eq!(vector, scalar, "{regularisation:?} {features:?}");
                }
            }
        }
    }

    #[test]
    fn the_best_split_is_that_of_the_formula() {
        let (bins, sums) = features(1);
        let gain = |[g, h]: Sums| g * g / (h + 1.0);
        let mut best = (0.0, 0, 0);
        for (f, bins) in bins.iter().enumerate().take(6) {
            for n_left in 1..bins.len() {
                let left = bins[..n_left]
                    .iter()
                    .fold([0.0; 2], |sum, bin| plus(sum, *bin));
                let right = minus(sums, left);
                let change = gain(left) + gain(right) - gain(sums);
                if left[1] >= 1.0 && right[1] >= 1.0 && change > best.0 {
                    best = (change, f, n_left);
                }
            }
        }
        let node = node(&PLAIN, sums);
        let mut found = None;
        (0..6).for_each(|f| PLAIN.scan(&bins[f], false, &node, f, 0, &mut found));
        let found = found.unwrap();
        assert_eq!((found.feature, found.n_left), (best.1, best.2));
        // The change is a difference of f32 gains near 1.
        assert!((f64::from(found.loss_change) - best.0).abs() < 1e-6);
    }

    #[test]
    fn missing_values_go_where_the_gain_is_larger() {
        // Gradients: one bin of -1, one of +1; the missing are like the first.
        let bins = [[-4.0, 4.0], [4.0, 4.0]];
        let node = node(&PLAIN, [-4.0, 12.0]);
        let mut best = None;
        PLAIN.scan(&bins, true, &node, 0, 0, &mut best);
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
