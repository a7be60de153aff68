use super::node::{VectorNode, VectorSplit, hessian};
use crate::data::{Bin, Binned, Cuts};
use crate::growing::regularisation::{Regularisation, Sums};
use crate::loss::Gradients;
use crate::simd::dispatch;

/// Outputs side by side.
const LANES: usize = 8;

/// Above the relative error of a sum of gains in another order, for up to 2000 outputs.
const ORDER: f64 = 1e-12;

/// Above that of gains of weights in f32, as those of monotone constraints.
const ROUNDED: f64 = 4.0 * f32::EPSILON as f64;

/// The sums of the bins of a feature: for each bin gradient and hessian of each output, and zeros for outputs up
/// to a multiple of [`LANES`].
pub(super) struct Bins {
    sums: Vec<f64>,
    /// Numbers per bin.
    size: usize,
}

impl Bins {
    /// Adds the gradients of some rows to their bins, in the order of the rows.
    pub(super) fn new<B: Bin>(
        binned: &Binned<B>,
        cuts: &Cuts,
        feature: usize,
        rows: &[u32],
        n_outputs: usize,
        gradients: &Gradients,
    ) -> Self {
        let column = binned.column(feature);
        let size = 2 * n_outputs.next_multiple_of(LANES);
        let mut sums = vec![0.0; (cuts.n_bins(feature) + 1) * size];
        dispatch(
            #[inline(always)]
            || {
                for &row in rows {
                    let bin = column.bin(row);
                    let gradients = &gradients.row(row)[..2 * n_outputs];
                    for (sum, x) in sums[bin * size..][..size].iter_mut().zip(gradients) {
                        *sum += f64::from(*x);
                    }
                }
            },
        );
        Self { sums, size }
    }

    /// The sums of each bin but that of missing values.
    pub(super) fn of_values(&self) -> impl DoubleEndedIterator<Item = &[f64]> + ExactSizeIterator {
        let n_values = self.sums.len() - self.size;
        self.sums[..n_values].chunks_exact(self.size)
    }
}

/// The search of one feature in XGBoost's own arithmetic.
pub(super) struct Scan<'a> {
    pub(super) regularisation: &'a Regularisation,
    pub(super) node: &'a VectorNode,
    pub(super) feature: usize,
    /// The sign of its monotone constraint.
    pub(super) monotone: i8,
    pub(super) has_missing: bool,
    /// The sums of the bins; those of missing values come last.
    pub(super) bins: &'a Bins,
}

/// The sums of all outputs on the two sides of a split, as in [`Bins`].
struct Sides {
    /// The side that bins are added to.
    filled: Vec<f64>,
    other: Vec<f64>,
    all: Vec<f64>,
}

impl Scan<'_> {
    /// Replaces `best` by the best split of the feature if that is better; among equal splits the first
    /// is kept.
    pub(super) fn run(&self, best: &mut Option<VectorSplit>) {
        let size = self.bins.size;
        let mut all = self.node.sums.as_flattened().to_vec();
        all.resize(size, 0.0);
        let mut sides = Sides {
            filled: vec![0.0; size],
            other: vec![0.0; size],
            all,
        };
        for (bin, sums) in self.bins.of_values().enumerate() {
            self.pass(sums, &mut sides, best, [bin + 1, 0]);
        }
        if !self.has_missing || sides.filled == sides.all {
            return;
        }
        // Missing values go left.
        sides.filled.fill(0.0);
        for (n_left, sums) in self.bins.of_values().enumerate().rev() {
            self.pass(sums, &mut sides, best, [n_left, 1]);
        }
    }

    /// Moves the rows of a bin to one side, and offers the split; an empty bin changes nothing. With 0 as the
    /// last number the side that is filled is the left one, with 1 the right one.
    fn pass(
        &self,
        sums: &[f64],
        sides: &mut Sides,
        best: &mut Option<VectorSplit>,
        [n_left, filled]: [usize; 2],
    ) {
        if sums.iter().all(|&x| x == 0.0) {
            return;
        }
        let most = dispatch(
            #[inline(always)]
            || most_gain(sums, sides, f64::from(self.regularisation.lambda)),
        );
        let least = best.as_ref().map_or(0.0, |best| best.loss_change);
        let error = if self.regularisation.monotone {
            ROUNDED
        } else {
            ORDER
        };
        if (most * (1.0 + error) - self.node.gain) as f32 <= least {
            return;
        }
        let n_outputs = self.node.sums.len();
        let pairs = |side: &[f64]| side.as_chunks::<2>().0[..n_outputs].to_vec();
        let [filled_sums, other_sums] = [pairs(&sides.filled), pairs(&sides.other)];
        if filled == 0 {
            self.offer(best, n_left, false, filled_sums, other_sums);
        } else {
            self.offer(best, n_left, true, other_sums, filled_sums);
        }
    }

    /// The gain of both sides.
    fn gain(&self, left: &[Sums], right: &[Sums]) -> f64 {
        let regularisation = self.regularisation;
        let sides = left.iter().zip(right);
        if !regularisation.monotone {
            return sides.fold(0.0, |gain, (l, r)| {
                gain + regularisation.best_gain(*l) + regularisation.best_gain(*r)
            });
        }
        let sign = self.monotone;
        let [of_left, of_right] = self.node.split_weights(regularisation, sign, left, right);
        let weights = of_left.iter().zip(&of_right);
        sides.zip(weights).fold(0.0, |gain, ((l, r), (a, b))| {
            gain + regularisation.gain_in_f64(*l, *a) + regularisation.gain_in_f64(*r, *b)
        })
    }

    pub(super) fn offer(
        &self,
        best: &mut Option<VectorSplit>,
        n_left: usize,
        default_left: bool,
        left: Vec<Sums>,
        right: Vec<Sums>,
    ) {
        // Hessians count by their mean over the outputs.
        let is_heavy = |side: &[Sums]| {
            let mean = hessian(side) / side.len() as f64;
            self.regularisation.is_heavy(mean)
        };
        if !is_heavy(&left) || !is_heavy(&right) {
            return;
        }
        let loss_change = (self.gain(&left, &right) - self.node.gain) as f32;
        let least = best.as_ref().map_or(0.0, |b| b.loss_change);
        if loss_change.is_finite() && loss_change > least {
            *best = Some(VectorSplit {
                loss_change,
                feature: self.feature,
                n_left,
                default_left,
                left,
                right,
                categories: None,
            });
        }
    }
}

/// Moves the rows of a bin to one side; returns `sum G^2 / (H + lambda)` of both sides, which is at least the
/// gain of the split with any regularisation, to rounding.
#[inline(always)]
fn most_gain(sums: &[f64], sides: &mut Sides, lambda: f64) -> f64 {
    let Sides { filled, other, all } = sides;
    for (((filled, other), all), x) in filled.iter_mut().zip(&mut *other).zip(&*all).zip(sums) {
        *filled += x;
        *other = all - *filled;
    }
    let mut gains = [0.0; LANES];
    for side in [&*filled, &*other] {
        for pairs in side.as_chunks::<2>().0.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                let [g, h] = pairs[lane];
                let weight = if h > 0.0 { h } else { 0.0 } + lambda;
                // Outputs that do not exist have neither gradients nor, maybe, a lambda.
                let gain = g * g / weight;
                gains[lane] += if g == 0.0 { 0.0 } else { gain };
            }
        }
    }
    gains.iter().sum()
}
