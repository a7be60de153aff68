/// Sum of gradients and sum of hessians.
pub(crate) type Sums = [f64; 2];

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

/// The range that the monotone constraints above a node leave for its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) lower: f32,
    pub(super) upper: f32,
}

impl Bounds {
    pub(super) const NONE: Self = Self {
        lower: f32::MIN,
        upper: f32::MAX,
    };
}

/// The sums of a node, its gain without a split, and the bounds of its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeSums {
    pub(super) sums: Sums,
    pub(super) gain: f32,
    pub(super) bounds: Bounds,
}

impl NodeSums {
    pub(super) fn new(regularisation: &Regularisation, sums: Sums, bounds: Bounds) -> Self {
        Self {
            sums,
            gain: regularisation.gain(sums, bounds),
            bounds,
        }
    }
}

/// Whether the weights of both sides of a split keep a monotone constraint of this sign.
pub(super) fn is_ordered(sign: i8, [left, right]: [f32; 2]) -> bool {
    match sign.signum() {
        0 => true,
        1 => left <= right,
        _ => left >= right,
    }
}

#[inline]
fn threshold_l1(sum: f64, alpha: f64) -> f64 {
    if sum > alpha {
        sum - alpha
    } else if sum < -alpha {
        sum + alpha
    } else {
        0.0
    }
}

#[inline]
pub(super) fn plus(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline]
pub(super) fn minus(a: Sums, b: Sums) -> Sums {
    [a[0] - b[0], a[1] - b[1]]
}

impl Regularisation {
    /// The optimal weight of a leaf: `-T(G, alpha) / (H + lambda)`, limited by `max_delta_step` and
    /// the bounds. `T` is soft thresholding.
    #[inline]
    pub(super) fn weight(&self, [g, h]: Sums, bounds: Bounds) -> f32 {
        if h <= 0.0 {
            return 0.0;
        }
        let step = f64::from(self.max_delta_step);
        let mut weight = -threshold_l1(g, f64::from(self.alpha)) / (h + f64::from(self.lambda));
        if step != 0.0 && weight.abs() > step {
            weight = step.copysign(weight);
        }
        (weight as f32).max(bounds.lower).min(bounds.upper)
    }

    /// Twice the reduction of the loss by a leaf: `T(G, alpha)^2 / (H + lambda)` at the optimal weight.
    #[inline]
    pub(super) fn gain(&self, sums: Sums, bounds: Bounds) -> f32 {
        self.gain_of(sums, self.weight(sums, bounds))
    }

    /// The same for any weight: `-(2 G w + (H + lambda) w^2 + 2 alpha |w|)`.
    #[inline]
    pub(super) fn gain_of(&self, [g, h]: Sums, weight: f32) -> f32 {
        if h <= 0.0 {
            return 0.0;
        }
        self.gain_in_f64([g, h], weight) as f32
    }

    /// The same before it is rounded to f32.
    #[inline]
    pub(super) fn gain_in_f64(&self, [g, h]: Sums, weight: f32) -> f64 {
        let (w, square) = (f64::from(weight), f64::from(weight * weight));
        let penalty = 2.0 * f64::from(self.alpha) * w.abs();
        -(2.0 * g * w + (h + f64::from(self.lambda)) * square + penalty)
    }

    /// The gain at the optimal weight, all in f64.
    pub(super) fn best_gain(&self, [g, h]: Sums) -> f64 {
        if h <= 0.0 {
            return 0.0;
        }
        let shrunk = threshold_l1(g, f64::from(self.alpha));
        let weight = h + f64::from(self.lambda);
        let step = f64::from(self.max_delta_step);
        if step == 0.0 {
            return shrunk * shrunk / weight;
        }
        let w = (-shrunk / weight).clamp(-step, step);
        -(2.0 * g * w + weight * (w * w) + 2.0 * f64::from(self.alpha) * w.abs())
    }

    /// The weights of the two sides of a split of a feature whose monotone constraint has this sign; those in the
    /// wrong order are replaced by the weight of both sides together, as of two leaves.
    pub(super) fn ordered_weights(
        &self,
        sign: i8,
        bounds: Bounds,
        left: Sums,
        right: Sums,
    ) -> [f32; 2] {
        let [l, r] = [left, right].map(|sums| self.weight(sums, bounds));
        if is_ordered(sign, [l, r]) {
            return [l, r];
        }
        let pooled = Self {
            lambda: 2.0 * self.lambda,
            alpha: 2.0 * self.alpha,
            ..*self
        };
        [pooled.weight(plus(left, right), bounds); 2]
    }

    /// Whether gains depend on the sums alone.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.max_delta_step == 0.0 && !self.monotone
    }

    /// Whether a child may have this sum of hessians.
    #[inline]
    pub(super) fn is_heavy(&self, h: f64) -> bool {
        h > 0.0 && h >= f64::from(self.min_child_weight)
    }
}

/// The defaults of XGBoost, without constraints.
#[cfg(test)]
pub(super) const PLAIN: Regularisation = Regularisation {
    lambda: 1.0,
    alpha: 0.0,
    max_delta_step: 0.0,
    min_child_weight: 1.0,
    monotone: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_gains_are_those_of_the_definitions() {
        let weight = |r: Regularisation, sums| r.weight(sums, Bounds::NONE);
        assert_eq!(weight(PLAIN, [-6.0, 2.0]), 2.0);
        assert_eq!(
            weight(PLAIN, [-6.0, 0.5]),
            4.0,
            "lighter than a child may be"
        );
        assert_eq!(weight(PLAIN, [-6.0, 0.0]), 0.0);
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
        let alpha = Regularisation {
            alpha: 3.0,
            ..PLAIN
        };
        assert_eq!(alpha.gain([-6.0, 2.0], Bounds::NONE), 3.0);
        assert_eq!(PLAIN.gain([-6.0, 2.0], bounds), 11.25);
        let sides = [[-6.0, 2.0], [-1.0, 1.0]];
        let weights = |sign| PLAIN.ordered_weights(sign, Bounds::NONE, sides[0], sides[1]);
        assert_eq!([weights(0), weights(-1)], [[2.0, 0.5]; 2]);
        // 7 / (3 + 2 * 1).
        assert_eq!(weights(1), [1.4; 2]);
    }
}
