use std::sync::{Mutex, PoisonError};

use super::estimate::{Feature, Scratch};
use super::exact::{Bins, Scan};
use super::node::{VectorNode, VectorSplit, hessian};
use super::rounded::Rounded;
use crate::data::{Bin, Binned, Cuts, LANES};
use crate::growing::tree_params::TreeParams;
use crate::loss::Gradients;

/// The smallest gain that counts (`kRtEps`).
const EPSILON: f32 = 1e-6;

/// The relative error of an estimated gain in addition to that of the rounded gradients: about a dozen
/// roundings in f32, and sums of as many outputs as there may be.
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
    /// The gradients as integers, if gains can be estimated from them.
    pub(super) rounded: Option<Rounded>,
    pub(super) scratch: Mutex<Vec<Scratch>>,
}

/// A node whose best split is searched.
pub(super) struct Task<'a> {
    pub(super) node: &'a VectorNode,
    pub(super) rows: &'a [u32],
    /// The features that the node may use, in ascending order.
    pub(super) features: Vec<usize>,
    /// The rounded gradients of the rows, if gains can be estimated from them.
    values: Option<Vec<i32>>,
}

impl<'a, B: Bin> VectorSearch<'a, B> {
    pub(super) fn new(
        params: &'a TreeParams,
        cuts: &'a Cuts,
        binned: &'a Binned<B>,
        gradients: &'a Gradients,
        n_outputs: usize,
    ) -> Self {
        let regularisation = &params.regularisation;
        let is_estimated = regularisation.is_plain()
            && regularisation.alpha == 0.0
            && f64::from(regularisation.lambda) >= RANGE.start;
        let rounded = || Rounded::new(gradients, n_outputs, regularisation.lambda);
        Self {
            params,
            cuts,
            binned,
            gradients,
            n_outputs,
            rounded: is_estimated.then(rounded).flatten(),
            scratch: Mutex::default(),
        }
    }

    /// Prepares the search: copies the gradients of the rows next to each other.
    pub(super) fn task<'n>(
        &self,
        node: &'n VectorNode,
        rows: &'n [u32],
        features: Vec<usize>,
    ) -> Task<'n> {
        let lambda = f64::from(self.params.regularisation.lambda);
        let heaviest = node.sums.iter().map(|[_, h]| *h).fold(0.0, f64::max);
        let is_estimated = heaviest + 2.0 * lambda < RANGE.end;
        let rounded = self.rounded.as_ref().filter(|_| is_estimated);
        Task {
            node,
            rows,
            features,
            values: rounded.map(|rounded| rounded.of_rows(rows)),
        }
    }

    /// The largest gains of features of one word, estimated; infinite without an estimate, NaN for categorical
    /// features.
    pub(super) fn estimate(&self, task: &Task<'_>, features: &[usize]) -> Vec<f64> {
        let (Some(rounded), Some(values)) = (&self.rounded, &task.values) else {
            return vec![f64::INFINITY; features.len()];
        };
        let n_outputs = self.n_outputs as f64;
        let least = f64::from(self.params.regularisation.min_child_weight) * n_outputs;
        let [_, error] = rounded.errors(task.rows.len());
        let heaviest = hessian(&task.node.sums) + error * n_outputs;
        let least = least - n_outputs * error - ESTIMATE_ERROR * heaviest;
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        let word = features.first().map_or(0, |feature| feature / LANES);
        let words: Vec<[B; LANES]> = self.binned.of_rows(word, task.rows).copied().collect();
        let best = |&feature: &usize| {
            if self.cuts.is_categorical(feature) {
                return f64::NAN;
            }
            let bins = Feature {
                words: &words,
                lane: feature % LANES,
                n_bins: self.cuts.n_bins(feature),
            };
            bins.estimate(rounded, values, least, &mut scratch)
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
        let rounded = self.rounded.as_ref();
        let [g, h] = rounded.map_or([0.0; 2], |rounded| rounded.errors(task.rows.len()));
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
            .filter(|(_, g)| **g >= least || g.is_nan())
        {
            self.scan(task, feature, &mut best);
        }
        best.filter(|split| split.loss_change > EPSILON && split.loss_change >= self.params.gamma)
    }

    fn scan(&self, task: &Task<'_>, feature: usize, best: &mut Option<VectorSplit>) {
        let bins = Bins::new(
            self.binned,
            self.cuts,
            feature,
            task.rows,
            self.n_outputs,
            self.gradients,
        );
        let scan = Scan {
            regularisation: &self.params.regularisation,
            node: task.node,
            feature,
            monotone: self.params.monotone(feature),
            has_missing: self.cuts.has_missing(feature),
            bins: &bins,
        };
        match self.cuts.is_categorical(feature) {
            true => scan.run_categorical(&self.params.categories, best),
            false => scan.run(best),
        }
    }

    /// Whether a node may have children.
    pub(super) fn may_split(&self, node: &VectorNode) -> bool {
        let least = f64::from(self.params.regularisation.min_child_weight) * self.n_outputs as f64;
        (self.params.max_depth == 0 || node.depth < self.params.max_depth)
            && node.rows.len() > 1
            && hessian(&node.sums) >= 2.0 * least * (1.0 - ESTIMATE_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::loss::{Boosted, Loss, Objective, Outputs};
    use crate::random::Key;
    use crate::training::BoostParams;

    /// Columns with many and with few values, equal columns, and some with missing values.
    fn table(key: Key) -> Array2<f32> {
        Array2::from_shape_fn((900, 11), |(row, column)| {
            let key = key.with(row as u64).with((column % 9) as u64);
            let value = key.uniform() as f32;
            match column % 4 {
                0 => (value * 3.0).floor(),
                1 if key.with(1).uniform() < 0.3 => f32::NAN,
                _ => value,
            }
        })
    }

    /// Numbers of outputs that fill a group, a chunk, and several chunks.
    #[test]
    fn the_search_finds_what_scanning_every_feature_finds() {
        let mut n_found = 0;
        for (seed, n_outputs) in [2, 7, 8, 15, 16, 31, 40].into_iter().enumerate() {
            let key = Key::new(seed as u64);
            let features = table(key);
            let cuts = Cuts::new(features.view(), None, None, 255);
            let binned = Binned::<u8>::new(features.view(), &cuts);
            let n_rows = features.nrows();
            let objective = Objective::Softprob {
                n_classes: n_outputs,
            };
            // From the first round, where all is alike, to late ones, where most gradients are tiny.
            for scale in [0.0, 2.0, 30.0] {
                let draw = |key: Key, row: usize| key.with(2).with(row as u64).uniform();
                let margins: Vec<Vec<f32>> = (0..n_outputs)
                    .map(|k| {
                        let margin = |row| (draw(key.with(k as u64), row) * scale) as f32;
                        (0..n_rows).map(margin).collect()
                    })
                    .collect();
                let label = |row: usize| (draw(key, row) * n_outputs as f64).floor() as f32;
                let labels: Vec<f32> = (0..n_rows).map(label).collect();
                let mut gradients = Gradients::new(n_rows, n_outputs);
                gradients.update(
                    Boosted::Objective(&objective),
                    Outputs::all(&margins),
                    &labels,
                    None,
                );
                for (n, min_child_weight) in [(3, 1.0), (60, 0.0), (60, 1e-3), (900, 1.0)] {
                    let params = BoostParams {
                        min_child_weight,
                        ..Default::default()
                    };
                    let params = params.tree_params();
                    let regularisation = &params.regularisation;
                    let rows: Vec<u32> = (0..n).map(|i| (i * (900 / n)) as u32).collect();
                    let mut sums = vec![[0.0; 2]; n_outputs];
                    for &row in &rows {
                        for (output, sums) in sums.iter_mut().enumerate() {
                            let [g, h] = gradients.get(row, output).map(f64::from);
                            *sums = [sums[0] + g, sums[1] + h];
                        }
                    }
                    let node = VectorNode::root(regularisation, sums, n, key);
                    let search = VectorSearch::new(&params, &cuts, &binned, &gradients, n_outputs);
                    let all: Vec<usize> = (0..features.ncols()).collect();
                    let task = search.task(&node, &rows, all.clone());
                    let gains = all.chunk_by(|a, b| a / LANES == b / LANES);
                    let gains: Vec<f64> = gains.flat_map(|f| search.estimate(&task, f)).collect();
                    assert!(gains.iter().all(|gain| *gain < f64::INFINITY));
                    let found = search.best(&task, &gains);
                    let scanned = search.best(&task, &vec![f64::INFINITY; all.len()]);
                    assert_eq!(found, scanned, "{n_outputs} {scale} {n}");
                    n_found += usize::from(found.is_some());
                }
            }
        }
        assert!(n_found > 40, "{n_found}");
    }

    #[test]
    fn nothing_is_estimated_with_negative_hessians() {
        struct Concave;
        impl Loss for Concave {
            fn name(&self) -> &str {
                "concave"
            }
            fn gradients(&self, label: f32, _: &[f32], gradients: &mut [[f32; 2]]) {
                gradients.fill([label, label]);
            }
        }
        for (label, expected) in [(1.0, true), (-1e-6, false)] {
            let mut gradients = Gradients::new(2, 3);
            let margins = vec![vec![0.0; 2]; 3];
            gradients.update(
                Boosted::Loss(&Concave),
                Outputs::all(&margins),
                &[1.0, label],
                None,
            );
            assert_eq!(Rounded::new(&gradients, 3, 1.0).is_some(), expected);
        }
    }
}
