use std::sync::{Mutex, PoisonError};

use super::estimate::{Estimate, Feature, Group, Pair, Scratch, WIDTH};
use super::exact::{Scan, sums_of_bins};
use super::node::{VectorNode, VectorSplit, hessian};
use crate::data::{Bin, Binned, Cuts};
use crate::growing::tree_params::TreeParams;
use crate::loss::Gradients;

/// The smallest gain that counts (`kRtEps`).
const EPSILON: f32 = 1e-6;

/// The relative error of an estimated gain: some dozen roundings in f64, and sums of a thousand terms.
const ESTIMATE_ERROR: f64 = 1e-11;

/// Two losses that are equal in f32 differ by less than this fraction.
const TIE: f64 = 2.0 * f32::EPSILON as f64;

/// Regularisation below this and sums of hessians above the other are not estimated: products of them
/// must keep their precision.
const RANGE: std::ops::Range<f64> = 1e-9..1e15;

/// Features per task.
pub(super) const FEATURES: usize = 8;

/// The search for the best splits of nodes.
///
/// The largest gain of each feature is estimated first, with sums that stay in the cache and are
/// forgotten. Only the features that may hold the best split are then scanned in XGBoost's arithmetic.
pub(super) struct VectorSearch<'a, B> {
    pub(super) params: &'a TreeParams,
    pub(super) cuts: &'a Cuts,
    pub(super) binned: &'a Binned<B>,
    pub(super) gradients: &'a Gradients,
    pub(super) n_outputs: usize,
    pub(super) scratch: Mutex<Vec<Scratch>>,
}

/// A node whose best split is searched.
pub(super) struct Task<'a> {
    pub(super) node: &'a VectorNode,
    pub(super) rows: &'a [u32],
    /// The features that the node may use, in ascending order.
    pub(super) features: Vec<usize>,
    gradients: Vec<Pair<f32>>,
    total: Vec<Pair<f64>>,
    lambda: Vec<Group<f64>>,
    is_estimated: bool,
}

impl<B: Bin> VectorSearch<'_, B> {
    /// Prepares the search: copies the gradients of the rows next to each other.
    pub(super) fn task<'n>(
        &self,
        node: &'n VectorNode,
        rows: &'n [u32],
        features: Vec<usize>,
    ) -> Task<'n> {
        let n_groups = self.n_outputs.div_ceil(WIDTH);
        let regularisation = &self.params.regularisation;
        let lambda = f64::from(regularisation.lambda);
        let heaviest = node.sums.iter().map(|[_, h]| *h).fold(0.0, f64::max);
        let is_estimated = regularisation.is_plain()
            && regularisation.alpha == 0.0
            && lambda >= RANGE.start
            && heaviest + 2.0 * lambda < RANGE.end;
        let mut task = Task {
            node,
            rows,
            features,
            gradients: Vec::new(),
            total: vec![Pair::default(); n_groups],
            lambda: vec![[1.0; WIDTH]; n_groups],
            is_estimated,
        };
        if !is_estimated {
            return task;
        }
        task.lambda.as_flattened_mut()[..self.n_outputs].fill(lambda);
        for (output, &sums) in node.sums.iter().enumerate() {
            let [g, h] = &mut task.total[output / WIDTH];
            [g[output % WIDTH], h[output % WIDTH]] = sums;
        }
        task.gradients = vec![Pair::default(); rows.len() * n_groups];
        for (group, of_group) in task.gradients.chunks_exact_mut(rows.len()).enumerate() {
            for (&row, pair) in rows.iter().zip(of_group) {
                let row = self.gradients.row(row).as_chunks::<2>().0;
                let row = row.iter().skip(group * WIDTH).take(WIDTH);
                for (lane, [g, h]) in row.enumerate() {
                    (pair[0][lane], pair[1][lane]) = (*g, *h);
                }
            }
        }
        task
    }

    /// The largest gains of some of the features, estimated; infinite without an estimate.
    pub(super) fn estimate(&self, task: &Task<'_>, chunk: usize) -> Vec<f64> {
        let features = &task.features[chunk * FEATURES..];
        let features = &features[..features.len().min(FEATURES)];
        if !task.is_estimated {
            return vec![f64::INFINITY; features.len()];
        }
        let least = f64::from(self.params.regularisation.min_child_weight) * self.n_outputs as f64;
        let estimate = Estimate {
            gradients: &task.gradients,
            rows: task.rows,
            total: &task.total,
            lambda: &task.lambda,
            least: least * (1.0 - ESTIMATE_ERROR),
        };
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        let best = |&feature: &usize| {
            let feature = Feature {
                column: self.binned.column(feature),
                n_bins: self.cuts.n_bins(feature),
                has_missing: self.cuts.has_missing(feature),
            };
            estimate.best(feature, &mut scratch)
        };
        let gains = features.iter().map(best).collect();
        pool().push(scratch);
        gains
    }

    /// The best split of a node from the estimates of its features; among equal splits the first.
    pub(super) fn best(&self, task: &Task<'_>, gains: &[f64]) -> Option<VectorSplit> {
        let most = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let margin = |gain: f64| TIE * (gain - task.node.gain).abs() + ESTIMATE_ERROR * gain.abs();
        let least = if most.is_finite() {
            most - margin(most)
        } else {
            f64::NEG_INFINITY
        };
        let mut best = None;
        for (&feature, _) in task
            .features
            .iter()
            .zip(gains)
            .filter(|(_, g)| **g >= least)
        {
            self.scan(task, feature, &mut best);
        }
        best.filter(|split| split.loss_change > EPSILON && split.loss_change >= self.params.gamma)
    }

    fn scan(&self, task: &Task<'_>, feature: usize, best: &mut Option<VectorSplit>) {
        let gradient = |row: u32, output: usize| self.gradients.get(row, output);
        let bins = sums_of_bins(
            self.binned,
            self.cuts,
            feature,
            task.rows,
            self.n_outputs,
            &gradient,
        );
        let scan = Scan {
            regularisation: &self.params.regularisation,
            node: task.node,
            feature,
            has_missing: self.cuts.has_missing(feature),
            bins: &bins,
        };
        scan.run(best);
    }

    /// Whether a node may have children.
    pub(super) fn may_split(&self, node: &VectorNode) -> bool {
        let least = f64::from(self.params.regularisation.min_child_weight) * self.n_outputs as f64;
        (self.params.max_depth == 0 || node.depth < self.params.max_depth)
            && node.rows.len() > 1
            && hessian(&node.sums) >= 2.0 * least * (1.0 - ESTIMATE_ERROR)
    }
}
