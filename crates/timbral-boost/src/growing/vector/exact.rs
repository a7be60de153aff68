use super::node::{VectorNode, VectorSplit, hessian};
use crate::data::{Bin, Binned, Cuts};
use crate::growing::regularisation::{Regularisation, Sums, minus, plus};

/// Adds the gradients of some rows to the sums of the bins of a feature: those of output `k` in bin `b`
/// at `b * n_outputs + k`.
pub(super) fn sums_of_bins<B: Bin>(
    binned: &Binned<B>,
    cuts: &Cuts,
    feature: usize,
    rows: &[u32],
    n_outputs: usize,
    gradient: &dyn Fn(u32, usize) -> [f32; 2],
) -> Vec<Sums> {
    let column = binned.column(feature);
    let mut bins = vec![[0.0; 2]; (cuts.n_bins(feature) + 1) * n_outputs];
    for &row in rows {
        let bin = column[row as usize].index();
        let sums = &mut bins[bin * n_outputs..][..n_outputs];
        for (output, sums) in sums.iter_mut().enumerate() {
            *sums = plus(*sums, gradient(row, output).map(f64::from));
        }
    }
    bins
}

/// The search of one feature in XGBoost's own arithmetic.
pub(super) struct Scan<'a> {
    pub(super) regularisation: &'a Regularisation,
    pub(super) node: &'a VectorNode,
    pub(super) feature: usize,
    pub(super) has_missing: bool,
    /// The sums of the bins; those of missing values come last.
    pub(super) bins: &'a [Sums],
}

impl Scan<'_> {
    /// Replaces `best` by the best split of the feature if that is better; among equal splits the first
    /// is kept.
    pub(super) fn run(&self, best: &mut Option<VectorSplit>) {
        let n_outputs = self.node.sums.len();
        let n_values = self.bins.len() - n_outputs;
        let bins = || self.bins[..n_values].chunks_exact(n_outputs).enumerate();
        let none = vec![[0.0; 2]; n_outputs];
        let (mut left, mut right) = (none.clone(), none.clone());
        for (bin, sums) in bins() {
            if self.pass(sums, &mut left, &mut right) {
                self.offer(best, bin + 1, false, &left, &right);
            }
        }
        if !self.has_missing || left == self.node.sums {
            return;
        }
        // Missing values go left.
        right.copy_from_slice(&none);
        for (n_left, sums) in bins().rev() {
            if self.pass(sums, &mut right, &mut left) {
                self.offer(best, n_left, true, &left, &right);
            }
        }
    }

    /// Moves the rows of a bin to one side; `false` for an empty bin, which changes nothing.
    fn pass(&self, sums: &[Sums], to: &mut [Sums], from: &mut [Sums]) -> bool {
        if sums.iter().flatten().all(|&x| x == 0.0) {
            return false;
        }
        let sides = to.iter_mut().zip(from).zip(sums).zip(&self.node.sums);
        for (((to, from), sums), all) in sides {
            *to = plus(*to, *sums);
            *from = minus(*all, *to);
        }
        true
    }

    fn offer(
        &self,
        best: &mut Option<VectorSplit>,
        n_left: usize,
        default_left: bool,
        left: &[Sums],
        right: &[Sums],
    ) {
        // Hessians count by their mean over the outputs.
        let is_heavy = |side: &[Sums]| {
            let mean = hessian(side) / side.len() as f64;
            self.regularisation.is_heavy(mean)
        };
        if !is_heavy(left) || !is_heavy(right) {
            return;
        }
        let gain = left.iter().zip(right).fold(0.0, |gain, (l, r)| {
            gain + self.regularisation.best_gain(*l) + self.regularisation.best_gain(*r)
        });
        let loss_change = (gain - self.node.gain) as f32;
        let least = best.as_ref().map_or(0.0, |b| b.loss_change);
        if loss_change.is_finite() && loss_change > least {
            *best = Some(VectorSplit {
                loss_change,
                feature: self.feature,
                n_left,
                default_left,
                left: left.to_vec(),
                right: right.to_vec(),
            });
        }
    }
}
