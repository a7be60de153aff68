use super::histogram::{Bins, Lanes};
use super::regularisation::{NodeSums, Regularisation, Sums};
use crate::data::LANES;

/// Half an epsilon: the largest relative error of one rounding.
const ROUNDING: f32 = f32::EPSILON / 2.0;

/// The relative error of an estimated gain, compared with that of the scan: both round at most a
/// dozen times, and add only numbers above zero.
pub(super) const ESTIMATE_ERROR: f32 = 32.0 * ROUNDING;

/// The largest ratio of the weight of both children to the smallest weight of one for which gains are
/// computed with [`InF32`].
const MAX_F32_RATIO: f32 = 4096.0;

/// The largest gain of each feature of a word, estimated in f32.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Estimates([f32; LANES]);

impl Estimates {
    /// Without an estimate every gain is possible.
    pub(super) const NONE: Self = Self([f32::INFINITY; LANES]);

    pub(super) fn gain(&self, lane: usize) -> f32 {
        self.0[lane]
    }

    /// Replaces estimates by larger ones.
    pub(super) fn raise(&mut self, others: &Self) {
        for (gain, other) in self.0.iter_mut().zip(others.0) {
            *gain = gain.max(other);
        }
    }
}

/// The estimate of the gains of a node's splits in f32, with a known error bound.
#[derive(Clone, Copy)]
pub(super) struct Estimator<'a> {
    pub(super) regularisation: &'a Regularisation,
    pub(super) node: &'a NodeSums,
}

impl Estimator<'_> {
    /// Whether gains depend on the sums alone and f32 can hold their squares and products; children
    /// without weight are excluded.
    pub(super) fn is_possible(&self) -> bool {
        let least = self.regularisation.min_child_weight;
        let lambda = self.regularisation.lambda;
        self.regularisation.is_plain()
            && least > 0.0
            && least + lambda >= 1e-9
            && self.node.sums[1] as f32 + 2.0 * lambda <= 1e15
    }

    pub(super) fn if_possible(self) -> Option<Self> {
        self.is_possible().then_some(self)
    }

    /// The ratio of the weight of both children to the smallest weight of one.
    fn ratio(&self) -> f32 {
        let lambda = self.regularisation.lambda;
        let least = self.regularisation.min_child_weight;
        (self.node.sums[1] as f32 + 2.0 * lambda) / (least + lambda)
    }

    /// Whether gains may be computed with [`InF32`].
    pub(super) fn allows_f32(&self) -> bool {
        self.regularisation.alpha == 0.0 && self.ratio() <= MAX_F32_RATIO
    }

    /// The relative error of the estimated gains of a node, compared with those of the scan.
    ///
    /// In the notation of [`InF32`] the errors of `l`, `w` and `a` change `d` by at most a rounding of `l` and
    /// three of `w a`, neither of which is more than the root of `a` times the gain. That changes `s d^2 / (a b)`
    /// by 8 roundings of at most the gain times the root of `s / b`. `s - a` has an error of two roundings of
    /// `s`, which changes the quotient by two roundings of itself times `s / b`.
    pub(super) fn relative_error(&self) -> f32 {
        if self.allows_f32() {
            let ratio = self.ratio();
            ESTIMATE_ERROR + ROUNDING * (8.0 * ratio.sqrt() + 2.0 * ratio)
        } else {
            ESTIMATE_ERROR
        }
    }
}

/// Estimates the largest gains of nodes from the splits after each bin of a word. `pick` takes the bins of
/// the nodes; `left` are the sums that go left before the first bin.
///
/// Must be inlined into code that is compiled for the instruction set of the machine.
#[inline(always)]
pub(super) fn largest_gains<const N: usize, const K: usize>(
    estimators: [Estimator<'_>; K],
    left: [Lanes; K],
    bins: impl Bins<N>,
    pick: impl Fn([Lanes; N]) -> [Lanes; K],
) -> [Estimates; K] {
    if estimators.iter().all(Estimator::allows_f32) {
        gains(estimators.map(InF32::new), left, bins, pick)
    } else {
        gains(estimators.map(InF64::new), left, bins, pick)
    }
}

#[inline(always)]
fn gains<const N: usize, const K: usize>(
    formulas: [impl Formula; K],
    mut left: [Lanes; K],
    bins: impl Bins<N>,
    pick: impl Fn([Lanes; N]) -> [Lanes; K],
) -> [Estimates; K] {
    let mut gains = [[f32::NEG_INFINITY; LANES]; K];
    for k in 0..K {
        formulas[k].start(&mut left[k]);
    }
    bins.for_each(
        #[inline(always)]
        |lines| {
            let lines = pick(lines);
            for k in 0..K {
                for lane in 0..LANES {
                    left[k].gradients[lane] += lines[k].gradients[lane];
                    left[k].hessians[lane] += lines[k].hessians[lane];
                }
                formulas[k].raise(&left[k], &mut gains[k]);
            }
        },
    );
    for k in 0..K {
        formulas[k].end(&mut gains[k]);
    }
    gains.map(Estimates)
}

/// How gains are estimated. All must be inlined.
trait Formula {
    /// Prepares the sums on the left.
    fn start(&self, _left: &mut Lanes) {}

    /// Replaces gains by those of the splits with these sums on the left if they are larger.
    fn raise(&self, left: &Lanes, gains: &mut [f32; LANES]);

    /// Makes gains of the results of [`raise`](Self::raise).
    fn end(&self, _gains: &mut [f32; LANES]) {}
}

/// With gradients `l` and `r` and weights `a` and `b` on the two sides (lambda included) and
/// `s = a + b`, `w = (l + r) / s`, `d = l - w a`:
/// `l^2 / a + r^2 / b = w^2 s + s d^2 / (a b)`, and only `d^2 / (a b)` depends on the split.
#[derive(Clone, Copy)]
struct InF32 {
    lambda: f64,
    /// `w^2 s`.
    base: f32,
    s: f32,
    w: f32,
    min_weight: f32,
}

impl InF32 {
    #[inline(always)]
    fn new(estimator: Estimator<'_>) -> Self {
        let Regularisation {
            lambda,
            min_child_weight,
            ..
        } = *estimator.regularisation;
        let [g, h] = estimator.node.sums;
        let s = h + 2.0 * f64::from(lambda);
        Self {
            lambda: f64::from(lambda),
            base: (g * g / s) as f32,
            s: s as f32,
            w: (g / s) as f32,
            min_weight: (min_child_weight + lambda) * (1.0 - ESTIMATE_ERROR)
                - 4.0 * ROUNDING * s as f32,
        }
    }
}

impl Formula for InF32 {
    #[inline(always)]
    fn start(&self, left: &mut Lanes) {
        left.hessians.iter_mut().for_each(|h| *h += self.lambda);
    }

    #[inline(always)]
    fn raise(&self, left: &Lanes, gains: &mut [f32; LANES]) {
        let [mut l, mut a] = [[0.0_f32; LANES]; 2];
        for lane in 0..LANES {
            l[lane] = left.gradients[lane] as f32;
            a[lane] = left.hessians[lane] as f32;
        }
        for lane in 0..LANES {
            let (l, a) = (l[lane], a[lane]);
            let (b, d) = (self.s - a, l - self.w * a);
            let lightest = if a < b { a } else { b };
            raise(
                &mut gains[lane],
                d * d / (a * b),
                lightest >= self.min_weight,
            );
        }
    }

    #[inline(always)]
    fn end(&self, gains: &mut [f32; LANES]) {
        // Without a split the gain stays below all others, even where the base is infinite.
        for gain in gains.iter_mut().filter(|gain| **gain >= 0.0) {
            *gain = self.base + self.s * *gain;
        }
    }
}

/// The sum of the gains of both sides, whose sums are computed in f64.
#[derive(Clone, Copy)]
struct InF64 {
    all: Sums,
    lambda: f32,
    alpha: f64,
    min_weight: f32,
}

impl InF64 {
    #[inline(always)]
    fn new(estimator: Estimator<'_>) -> Self {
        let regularisation = estimator.regularisation;
        Self {
            all: estimator.node.sums,
            lambda: regularisation.lambda,
            alpha: f64::from(regularisation.alpha),
            min_weight: regularisation.min_child_weight * (1.0 - ESTIMATE_ERROR),
        }
    }
}

impl Formula for InF64 {
    #[inline(always)]
    fn raise(&self, left: &Lanes, gains: &mut [f32; LANES]) {
        let [mut g_left, mut h_left, mut g_right, mut h_right] = [[0.0_f32; LANES]; 4];
        for lane in 0..LANES {
            let (g, h) = (left.gradients[lane], left.hessians[lane]);
            g_left[lane] = shrunk(g, self.alpha);
            g_right[lane] = shrunk(self.all[0] - g, self.alpha);
            h_left[lane] = h as f32;
            h_right[lane] = (self.all[1] - h) as f32;
        }
        for lane in 0..LANES {
            let (a, b) = (h_left[lane], h_right[lane]);
            let lightest = if a < b { a } else { b };
            let gain = gain([g_left[lane], g_right[lane]], [a, b], self.lambda);
            raise(&mut gains[lane], gain, lightest >= self.min_weight);
        }
    }
}

#[inline(always)]
fn raise(largest: &mut f32, gain: f32, is_allowed: bool) {
    let gain = if is_allowed { gain } else { f32::NEG_INFINITY };
    *largest = if gain > *largest { gain } else { *largest };
}

/// Soft thresholding by alpha, without branches.
#[inline(always)]
pub(super) fn shrunk(g: f64, alpha: f64) -> f32 {
    let low = if g < -alpha { -alpha } else { g };
    (g - if low > alpha { alpha } else { low }) as f32
}

/// The gain of two children with these gradients and hessians.
#[inline(always)]
pub(super) fn gain([g_left, g_right]: [f32; 2], [h_left, h_right]: [f32; 2], lambda: f32) -> f32 {
    // One division only: it takes as long as all the rest.
    let (a, b) = (h_left + lambda, h_right + lambda);
    (g_left * g_left * b + g_right * g_right * a) / (a * b)
}
