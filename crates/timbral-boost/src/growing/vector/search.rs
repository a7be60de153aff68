use std::sync::{Mutex, PoisonError};

use super::estimate::{Feature, Rounded, Scratch};
use super::exact::{Scan, sums_of_bins};
use super::node::{VectorNode, VectorSplit, hessian};
use crate::data::{Bin, Binned, Cuts, LANES};
use crate::growing::tree_params::TreeParams;
use crate::loss::Gradients;

/// The smallest gain that counts (`kRtEps`).
const EPSILON: f32 = 1e-6;

/// The relative error of an estimated gain beside that of the rounded gradients: some dozen roundings in
/// f32, and sums of as many outputs as there may be.
const ESTIMATE_ERROR: f64 = 64.0 * f32::EPSILON as f64;

/// Two losses that are equal in f32 differ by less than this fraction.
const TIE: f64 = 2.0 * f32::EPSILON as f64;

/// Regularisation below this and sums of hessians above the other are not estimated: products of them
/// must keep their precision.
const RANGE: std::ops::Range<f64> = 1e-9..1e15;

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
    /// The gradients of the rows, if gains can be estimated from them.
    rounded: Option<Rounded>,
}

impl<B: Bin> VectorSearch<'_, B> {
    /// Prepares the search: copies the gradients of the rows next to each other.
    pub(super) fn task<'n>(
        &self,
        node: &'n VectorNode,
        rows: &'n [u32],
        features: Vec<usize>,
    ) -> Task<'n> {
        let regularisation = &self.params.regularisation;
        let lambda = f64::from(regularisation.lambda);
        let heaviest = node.sums.iter().map(|[_, h]| *h).fold(0.0, f64::max);
        let is_estimated = regularisation.is_plain()
            && regularisation.alpha == 0.0
            && lambda >= RANGE.start
            && heaviest + 2.0 * lambda < RANGE.end;
        let n_outputs = self.n_outputs;
        let pairs = |&row: &u32| &self.gradients.row(row).as_chunks::<2>().0[..n_outputs];
        let pairs = rows.iter().map(pairs);
        let rounded = || Rounded::new(n_outputs, regularisation.lambda, pairs);
        Task {
            node,
            rows,
            features,
            rounded: is_estimated.then(rounded),
        }
    }

    /// The largest gains of features of one word, estimated; infinite without an estimate.
    pub(super) fn estimate(&self, task: &Task<'_>, features: &[usize]) -> Vec<f64> {
        let Some(rounded) = &task.rounded else {
            return vec![f64::INFINITY; features.len()];
        };
        let n_outputs = self.n_outputs as f64;
        let least = f64::from(self.params.regularisation.min_child_weight) * n_outputs;
        let [_, error] = rounded.errors();
        let heaviest = hessian(&task.node.sums) + error * n_outputs;
        let least = least - n_outputs * error - ESTIMATE_ERROR * heaviest;
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        let word = features.first().map_or(0, |feature| feature / LANES);
        let words: Vec<[B; LANES]> = self.binned.of_rows(word, task.rows).copied().collect();
        let best = |&feature: &usize| {
            let bins = Feature {
                words: &words,
                lane: feature % LANES,
                n_bins: self.cuts.n_bins(feature),
                has_missing: self.cuts.has_missing(feature),
            };
            bins.estimate(rounded, least, &mut scratch)
        };
        let gains = features.iter().map(best).collect();
        pool().push(scratch);
        gains
    }

    /// The largest error of an estimated gain `E`, to first order.
    ///
    /// With weights `w = G / (H + lambda)` errors `d` of `G` and `e` of `H` change the gain by
    /// `sum 2 |w| d + w^2 e` over the outputs of both sides. `sum w^2 (H + lambda) = E`, so that the first
    /// part is at most `2 d sqrt(E) sqrt(2 K / lambda)` (Cauchy-Schwarz), the second at most
    /// `e E / lambda`.
    fn error(&self, task: &Task<'_>, gain: f64) -> f64 {
        let lambda = f64::from(self.params.regularisation.lambda);
        let [g, h] = task.rounded.as_ref().map_or([0.0; 2], Rounded::errors);
        let gain = gain.abs();
        let of_gradients = 2.0 * g * (gain * 2.0 * self.n_outputs as f64 / lambda).sqrt();
        let roundings = (ESTIMATE_ERROR + h / lambda) * gain;
        let squares = 2.0 * self.n_outputs as f64 * g * g / lambda;
        of_gradients + roundings + squares
    }

    /// The best split of a node from the estimates of its features; among equal splits the first.
    pub(super) fn best(&self, task: &Task<'_>, gains: &[f64]) -> Option<VectorSplit> {
        let most = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = if most.is_finite() {
            let tie = TIE * (most - task.node.gain).abs();
            most - tie - 2.0 * self.error(task, most)
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
