use super::estimate::Estimates;
use super::grower::{Grower, Target};
use super::histogram::{Histogram, Line, MANY, Word, visit_parts};
use super::interactions::Path;
use super::node::{Chosen, Open};
use super::partition::{partition, partition_by};
use super::regularisation::{Bounds, NodeSums, Sums, minus, plus};
use crate::data::{Bin, LANES};
use crate::model::CategorySet;
use crate::random::{Key, Stream};

/// The smallest gain that counts (`kRtEps`).
const EPSILON: f32 = 1e-6;

/// The growth of one tree.
pub(super) struct Growth<'a, B> {
    pub(super) grower: &'a Grower<'a, B>,
    key: Key,
    /// The gradients of all rows of the tree next to each other, by row of the table.
    gradients: Vec<[f32; 2]>,
    features: Vec<usize>,
    words: Vec<bool>,
}

impl<'a, B: Bin> Growth<'a, B> {
    pub(super) fn new<G: Fn(u32) -> [f32; 2]>(
        grower: &'a Grower<'a, B>,
        target: &Target<'_, G>,
        rows: &[u32],
    ) -> Self {
        let features = grower.columns(target.key);
        let mut gradients = vec![[0.0; 2]; grower.binned.n_rows()];
        for &row in rows {
            gradients[row as usize] = (target.gradient)(row);
        }
        Self {
            grower,
            key: target.key,
            gradients,
            words: grower.words(&features),
            features,
        }
    }

    fn gradient(&self) -> impl Fn(u32) -> [f32; 2] + Sync {
        |row| self.gradients[row as usize]
    }

    pub(super) fn root(&self, rows: &[u32], histogram: Option<Histogram>) -> Open {
        let params = self.grower.params;
        let sums = rows.iter().fold([0.0; 2], |sums: Sums, &row| {
            plus(sums, self.gradients[row as usize].map(f64::from))
        });
        let node = NodeSums::new(&params.regularisation, sums, Bounds::NONE);
        let (histogram, estimates) = match histogram {
            Some(histogram) => {
                let estimates =
                    self.grower
                        .histograms
                        .visit(&histogram, &self.words, |word, lines| {
                            self.grower.search().estimate(&node, word, lines)
                        });
                (histogram, estimates)
            }
            None => self.build(rows, &node),
        };
        let mut root = Open {
            node,
            weight: params.regularisation.weight(sums, Bounds::NONE),
            depth: 0,
            key: self.key.stream(Stream::Root),
            histogram: Some(histogram),
            estimates,
            split: None,
            path: Path::root(&params.interaction_constraints),
        };
        self.find_split(&mut root);
        root
    }

    /// The histogram of a node, and the estimated gains of its features.
    fn build(&self, rows: &[u32], node: &NodeSums) -> (Histogram, Vec<Estimates>) {
        let search = self.grower.search();
        let estimate = |word, bins: Word<'_>| search.finish(node, word, bins);
        let histograms = &self.grower.histograms;
        histograms.build(rows, self.gradient(), &self.words, None, estimate)
    }

    /// Finds the best split of a node from its histogram, which is recycled if there is none.
    pub(super) fn find_split(&self, open: &mut Open) {
        let Some(histogram) = open.histogram.take() else {
            return;
        };
        let histograms = &self.grower.histograms;
        let bins = |feature: usize, bins: &mut Vec<Sums>| {
            let lines = histograms.of_word(&histogram, feature / LANES);
            bins.extend(lines.iter().map(|line| line.get(feature % LANES)));
        };
        let gain = |feature: usize| open.estimates[feature / LANES].gain(feature % LANES);
        open.split = self.best(open, bins, gain);
        match open.split {
            Some(_) => open.histogram = Some(histogram),
            None => histograms.recycle(histogram),
        }
    }

    /// The best split of a node, if it is good enough.
    fn best(
        &self,
        open: &Open,
        bins: impl Fn(usize, &mut Vec<Sums>) + Sync,
        gain: impl Fn(usize) -> f32 + Sync,
    ) -> Option<Chosen> {
        let params = self.grower.params;
        let of_level = self
            .key
            .stream(Stream::LevelColumns)
            .with(open.depth as u64);
        let sampled = params.colsample_bylevel < 1.0 || params.colsample_bynode < 1.0;
        let sample = sampled.then(|| {
            let level = of_level.sample(&self.features, params.colsample_bylevel);
            open.key.sample(&level, params.colsample_bynode)
        });
        let features = sample.as_deref().unwrap_or(&self.features);
        let allowed = open.path.as_ref().map(|path| path.allowed(features));
        let features = allowed.as_deref().unwrap_or(features);
        let search = self.grower.search();
        let best = search.best(&open.node, features, &bins, gain);
        let split = best.filter(|s| s.loss_change > EPSILON && s.loss_change >= params.gamma)?;
        let categories = self.grower.cuts.is_categorical(split.feature).then(|| {
            let mut sums = Vec::new();
            bins(split.feature, &mut sums);
            let sums = &sums[..self.grower.cuts.n_bins(split.feature)];
            Box::new(CategorySet::new(
                search.categorical(&open.node).categories(sums, &split),
            ))
        });
        Some(Chosen { split, categories })
    }

    /// Finds the best splits of the children of a node whose own children are leaves, without keeping their
    /// histograms.
    fn find_last_splits(
        &self,
        children: &mut [Open; 2],
        wanted: [bool; 2],
        small: usize,
        rows: &[u32],
        parent: &[Line],
    ) {
        let histograms = &self.grower.histograms;
        let search = self.grower.search();
        let large = 1 - small;
        let rows = histograms.few(rows, self.gradient(), &self.words);
        let nodes = [small, large].map(|i| wanted[i].then_some(&children[i].node));
        let visitor = search.visitor(nodes);
        let estimates = histograms.pass(&rows, &self.words, |word, own| {
            visit_parts(&visitor, own, histograms.of_word(parent, word))
        });
        for (part, i) in [small, large]
            .into_iter()
            .enumerate()
            .filter(|(_, i)| wanted[*i])
        {
            let bins = |feature: usize, bins: &mut Vec<Sums>| {
                histograms.of_feature(feature, &rows, bins);
                if i == large {
                    let all = histograms.of_word(parent, feature / LANES);
                    for (bin, line) in bins.iter_mut().zip(all) {
                        *bin = minus(line.get(feature % LANES), *bin);
                    }
                }
            };
            let gain = |feature: usize| estimates[feature / LANES][part].gain(feature % LANES);
            children[i].split = self.best(&children[i], bins, gain);
        }
    }

    /// Splits a node: puts the rows of the left child first; returns their number and the children.
    pub(super) fn split(
        &self,
        open: &mut Open,
        chosen: &Chosen,
        rows: &mut [u32],
        scratch: &mut [u32],
    ) -> (usize, [Open; 2]) {
        let split = &chosen.split;
        let Grower {
            params,
            cuts,
            binned,
            histograms,
        } = self.grower;
        let missing = cuts.n_bins(split.feature);
        let column = binned.column(split.feature);
        let (bins_left, default_left) = (split.n_left, split.default_left);
        let n_left = match &chosen.categories {
            Some(set) => partition_by(set, column, (missing, default_left), rows, scratch),
            None => partition(rows, scratch, |row| {
                let bin = column.bin(row);
                if bin == missing {
                    default_left
                } else {
                    bin < bins_left
                }
            }),
        };
        let regularisation = &params.regularisation;
        let bounds = open.node.bounds;
        let children = [
            (split.left, Stream::LeftChild),
            (split.right, Stream::RightChild),
        ];
        let path = (open.path.as_ref())
            .map(|path| path.below(split.feature, &params.interaction_constraints));
        let mut children = children.map(|(sums, stream)| Open {
            node: NodeSums::new(regularisation, sums, bounds),
            weight: regularisation.weight(sums, bounds),
            depth: open.depth + 1,
            key: open.key.stream(stream),
            histogram: None,
            estimates: Vec::new(),
            split: None,
            path: path.clone(),
        });
        let monotone = params.monotone(split.feature);
        if monotone != 0 {
            let middle = (children[0].weight + children[1].weight) / 2.0;
            let (low, high) = if monotone > 0 { (0, 1) } else { (1, 0) };
            children[low].node.bounds.upper = middle;
            children[high].node.bounds.lower = middle;
        }
        let (left, right) = rows.split_at(n_left);
        let rows = [left, right];
        let min_hessian = 2.0 * f64::from(regularisation.min_child_weight);
        let may_split = |i: usize| {
            (params.max_depth == 0 || open.depth + 1 < params.max_depth)
                && children[i].node.sums[1] >= min_hessian
                && rows[i].len() > 1
        };
        let small = usize::from(right.len() < left.len());
        let large = 1 - small;
        let wanted = [may_split(0), may_split(1)];
        match open.histogram.take() {
            Some(parent) if wanted[large] && self.are_last(&children, rows[small]) => {
                self.find_last_splits(&mut children, wanted, small, rows[small], &parent);
                histograms.recycle(parent);
            }
            Some(mut parent) if wanted[large] => {
                let search = self.grower.search();
                let nodes = [small, large].map(|i| wanted[i].then_some(&children[i].node));
                let (histogram, estimates) = histograms.build(
                    rows[small],
                    self.gradient(),
                    &self.words,
                    Some(&mut parent),
                    |word, bins| search.finish_both(nodes, word, bins),
                );
                children[large].histogram = Some(parent);
                children[large].estimates =
                    estimates.iter().map(|estimates| estimates[1]).collect();
                if wanted[small] {
                    children[small].histogram = Some(histogram);
                    children[small].estimates =
                        estimates.iter().map(|estimates| estimates[0]).collect();
                } else {
                    histograms.recycle(histogram);
                }
            }
            parent => {
                parent.into_iter().for_each(|h| histograms.recycle(h));
                for i in [0, 1] {
                    if wanted[i] {
                        let (histogram, estimates) = self.build(rows[i], &children[i].node);
                        children[i].histogram = Some(histogram);
                        children[i].estimates = estimates;
                    }
                }
            }
        }
        (n_left, children)
    }

    /// Whether children of a node can be split with [`find_last_splits`](Self::find_last_splits); `rows` are
    /// those of the smaller one.
    fn are_last(&self, children: &[Open; 2], rows: &[u32]) -> bool {
        let search = self.grower.search();
        children[0].depth + 1 == self.grower.params.max_depth
            && rows.len() < MANY
            && !self.grower.cuts.any_missing()
            && children.iter().all(|open| search.can_estimate(&open.node))
    }
}
