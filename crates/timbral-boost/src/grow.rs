use std::collections::BinaryHeap;

use crate::bins::{Bin, Binned, Cuts, LANES};
use crate::histogram::{Histogram, Histograms, Line, Sums};
use crate::params::{GrowPolicy, TreeParams};
use crate::partition::partition;
use crate::queue::Candidate;
use crate::random::Key;
use crate::search::{Look, Search};
use crate::split::{Bounds, NodeSums, Split};
use crate::tree::{Children, Node, Tree};

/// Rows of a node whose two subtrees are grown side by side.
const PARALLEL_ROWS: usize = 512;

/// The depth up to which a tree is grown by recursion.
const RECURSION: usize = 64;

/// Bytes of histograms kept for nodes that wait; those of further nodes are made anew.
const KEPT_BYTES: usize = 256 << 20;

/// The smallest gain that counts (`kRtEps`).
const EPSILON: f32 = 1e-6;

/// Grows the trees of a model from binned rows.
pub(crate) struct Grower<'a, B> {
    pub(crate) params: &'a TreeParams,
    pub(crate) cuts: &'a Cuts,
    pub(crate) binned: &'a Binned<B>,
    pub(crate) histograms: Histograms<'a, B>,
}

/// A tree, and what it does with the rows it was grown from.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// Bins that go left at each node of the tree.
    pub(crate) n_left: Vec<usize>,
    /// Ranges of the rows in their new order, with the value of their leaf.
    pub(crate) leaves: Vec<(std::ops::Range<usize>, f32)>,
}

/// A node that may still be split.
struct Open {
    node: NodeSums,
    weight: f32,
    depth: usize,
    key: Key,
    histogram: Option<Histogram>,
    looks: Vec<Look>,
    split: Option<Split>,
}

/// A node that is done, with indices into the list it stands in.
struct Done {
    weight: f32,
    hessian: f64,
    rows: std::ops::Range<usize>,
    split: Option<(Split, [usize; 2])>,
}

impl Done {
    fn leaf(open: &Open, rows: std::ops::Range<usize>) -> Self {
        Self {
            weight: open.weight,
            hessian: open.node.sums[1],
            rows,
            split: None,
        }
    }
}

/// What a tree is grown for: the gradients of its output, and where its random choices start.
pub(crate) struct Target<'a, G> {
    pub(crate) gradient: &'a G,
    pub(crate) key: Key,
    pub(crate) learning_rate: f32,
}

impl<B: Bin> Grower<'_, B> {
    /// A tree for the given rows, which are put in the order of its leaves. `root` is their
    /// histogram where it is known.
    pub(crate) fn grow<G: Fn(u32) -> [f32; 2] + Sync>(
        &self,
        target: &Target<'_, G>,
        rows: &mut [u32],
        root: Option<Histogram>,
    ) -> Grown {
        let features = self.columns(target.key);
        let growth = Growth {
            grower: self,
            target,
            words: self.words(&features),
            features,
        };
        let mut scratch = vec![0; rows.len()];
        let root = growth.root(rows, root);
        let params = self.params;
        let bounded = (1..=RECURSION).contains(&params.max_depth);
        let done =
            if params.grow_policy == GrowPolicy::DepthWise && params.max_leaves == 0 && bounded {
                growth.branch(root, rows, &mut scratch, 0)
            } else {
                growth.one_by_one(root, rows, &mut scratch)
            };
        self.finish(&done, target.learning_rate)
    }

    fn search(&self) -> Search<'_> {
        Search {
            params: self.params,
            cuts: self.cuts,
        }
    }

    /// The columns that a tree may use.
    fn columns(&self, key: Key) -> Vec<usize> {
        let all: Vec<usize> = (0..self.cuts.n_features()).collect();
        key.with(0).sample(&all, self.params.colsample_bytree)
    }

    fn words(&self, features: &[usize]) -> Vec<bool> {
        let mut words = vec![false; self.binned.n_words()];
        features.iter().for_each(|f| words[f / LANES] = true);
        words
    }

    /// The tree of a list of nodes, numbered breadth first (by gain, in the order of the list).
    fn finish(&self, done: &[Done], learning_rate: f32) -> Grown {
        let mut order = vec![0];
        let mut nodes = Vec::with_capacity(done.len());
        let mut n_left = Vec::with_capacity(done.len());
        let mut leaves = Vec::new();
        let best_first = self.params.grow_policy == GrowPolicy::LossGuide;
        for i in 0..done.len() {
            let node = &done[if best_first { i } else { order[i] }];
            let (weight, hessian) = (node.weight, node.hessian as f32);
            match &node.split {
                None => {
                    let value = weight * learning_rate;
                    leaves.push((node.rows.clone(), value));
                    n_left.push(0);
                    nodes.push(Node::leaf(
                        value,
                        if i == 0 { weight } else { value },
                        hessian,
                    ));
                }
                Some((split, children)) => {
                    let [left, right] = if best_first {
                        *children
                    } else {
                        order.extend(children);
                        [order.len() - 2, order.len() - 1]
                    };
                    let threshold = self.cuts.threshold(split.feature, split.n_left);
                    let children = Children::new(
                        split.feature as u32,
                        threshold,
                        split.default_left,
                        left as u32,
                        right as u32,
                    );
                    n_left.push(split.n_left);
                    nodes.push(Node::split(children, weight, split.loss_change, hessian));
                }
            }
        }
        Grown {
            tree: Tree::from_grown(nodes),
            n_left,
            leaves,
        }
    }

    /// The value that a tree of this grower answers for a row by its bins.
    pub(crate) fn answer(&self, grown: &Grown, row: usize) -> f32 {
        let nodes = grown.tree.nodes();
        let mut index = 0;
        while let Some(children) = nodes[index].children {
            let feature = children.feature as usize;
            let bin = self.binned.column(feature)[row].index();
            let left = if bin == self.cuts.n_bins(feature) {
                children.default_left
            } else {
                bin < grown.n_left[index]
            };
            index = if left { children.left } else { children.right } as usize;
        }
        nodes[index].leaf_value
    }
}

/// The growth of one tree.
struct Growth<'a, B, G> {
    grower: &'a Grower<'a, B>,
    target: &'a Target<'a, G>,
    features: Vec<usize>,
    words: Vec<bool>,
}

impl<B: Bin, G: Fn(u32) -> [f32; 2] + Sync> Growth<'_, B, G> {
    fn root(&self, rows: &[u32], histogram: Option<Histogram>) -> Open {
        let params = self.grower.params;
        let sums = rows.iter().fold([0.0; 2], |sums: Sums, &row| {
            let [g, h] = (self.target.gradient)(row);
            [sums[0] + f64::from(g), sums[1] + f64::from(h)]
        });
        let node = NodeSums::new(&params.regularisation, sums, Bounds::NONE);
        let (histogram, looks) = match histogram {
            Some(histogram) => {
                let looks = self
                    .grower
                    .histograms
                    .visit(&histogram, &self.words, |word, lines| {
                        self.grower.search().look(&node, word, lines)
                    });
                (histogram, looks)
            }
            None => self.build(rows, &node),
        };
        let mut root = Open {
            node,
            weight: params.regularisation.weight(sums, Bounds::NONE),
            depth: 0,
            key: self.target.key.with(1),
            histogram: Some(histogram),
            looks,
            split: None,
        };
        self.find_split(&mut root);
        root
    }

    /// The histogram of a node, and what is seen in it.
    fn build(&self, rows: &[u32], node: &NodeSums) -> (Histogram, Vec<Look>) {
        let look = |word, lines: &[Line], _: &[Line]| self.grower.search().look(node, word, lines);
        self.grower
            .histograms
            .build(rows, self.target.gradient, &self.words, None, look)
    }

    /// Finds the best split of a node; without a good one its histogram is given back.
    fn find_split(&self, open: &mut Open) {
        let Some(histogram) = open.histogram.take() else {
            return;
        };
        let Grower {
            params, histograms, ..
        } = self.grower;
        let of_level = self.target.key.with(2).with(open.depth as u64);
        let sampled = params.colsample_bylevel < 1.0 || params.colsample_bynode < 1.0;
        let sample = sampled.then(|| {
            let level = of_level.sample(&self.features, params.colsample_bylevel);
            open.key.sample(&level, params.colsample_bynode)
        });
        let features = sample.as_deref().unwrap_or(&self.features);
        let of_word = |word| histograms.of_word(&histogram, word);
        let best = self
            .grower
            .search()
            .best(&open.node, features, of_word, &open.looks);
        open.split = best.filter(|split: &Split| {
            split.loss_change > EPSILON
                && split.loss_change >= params.gamma
                && split.left[1] > 0.0
                && split.right[1] > 0.0
        });
        match open.split {
            Some(_) => open.histogram = Some(histogram),
            None => histograms.recycle(histogram),
        }
    }

    /// Splits a node: its rows are parted, left first; returns their number and the children.
    fn split(
        &self,
        open: &mut Open,
        split: &Split,
        rows: &mut [u32],
        scratch: &mut [u32],
    ) -> (usize, [Open; 2]) {
        let Grower {
            params,
            cuts,
            binned,
            histograms,
        } = self.grower;
        let missing = cuts.n_bins(split.feature);
        let column = binned.column(split.feature);
        let n_left = partition(rows, scratch, |row| {
            let bin = column[row as usize].index();
            if bin == missing {
                split.default_left
            } else {
                bin < split.n_left
            }
        });
        let regularisation = &params.regularisation;
        let bounds = open.node.bounds;
        let mut children = [(split.left, 3), (split.right, 4)].map(|(sums, label)| Open {
            node: NodeSums::new(regularisation, sums, bounds),
            weight: regularisation.weight(sums, bounds),
            depth: open.depth + 1,
            key: open.key.with(label),
            histogram: None,
            looks: Vec::new(),
            split: None,
        });
        let monotone = params
            .monotone_constraints
            .get(split.feature)
            .copied()
            .unwrap_or(0);
        if monotone != 0 {
            let middle = (children[0].weight + children[1].weight) / 2.0;
            let (low, high) = if monotone > 0 { (0, 1) } else { (1, 0) };
            children[low].node.bounds.upper = middle;
            children[high].node.bounds.lower = middle;
        }
        let (left, right) = rows.split_at(n_left);
        let rows = [left, right];
        let least = 2.0 * f64::from(regularisation.min_child_weight);
        let may_split = |i: usize| {
            (params.max_depth == 0 || open.depth + 1 < params.max_depth)
                && children[i].node.sums[1] >= least
                && rows[i].len() > 1
        };
        let small = usize::from(right.len() < left.len());
        let large = 1 - small;
        let wanted = [may_split(0), may_split(1)];
        match open.histogram.take() {
            Some(mut parent) if wanted[large] => {
                let look = |i: usize, word, lines: &[Line]| {
                    let node = &children[i].node;
                    if wanted[i] {
                        self.grower.search().look(node, word, lines)
                    } else {
                        Look::default()
                    }
                };
                let (histogram, looks) = histograms.build(
                    rows[small],
                    self.target.gradient,
                    &self.words,
                    Some(&mut parent),
                    |word, own, rest| [look(small, word, own), look(large, word, rest)],
                );
                children[large].histogram = Some(parent);
                children[large].looks = looks.iter().map(|looks| looks[1]).collect();
                if wanted[small] {
                    children[small].histogram = Some(histogram);
                    children[small].looks = looks.iter().map(|looks| looks[0]).collect();
                } else {
                    histograms.recycle(histogram);
                }
            }
            parent => {
                parent.into_iter().for_each(|h| histograms.recycle(h));
                for i in [0, 1] {
                    if wanted[i] {
                        let (histogram, looks) = self.build(rows[i], &children[i].node);
                        children[i].histogram = Some(histogram);
                        children[i].looks = looks;
                    }
                }
            }
        }
        (n_left, children)
    }

    /// The nodes at and below an open one, grown to the end.
    fn branch(
        &self,
        mut open: Open,
        rows: &mut [u32],
        scratch: &mut [u32],
        start: usize,
    ) -> Vec<Done> {
        let mut done = vec![Done::leaf(&open, start..start + rows.len())];
        let Some(split) = open.split.take() else {
            return done;
        };
        let (n_left, [mut left, mut right]) = self.split(&mut open, &split, rows, scratch);
        let parallel = rows.len() >= PARALLEL_ROWS;
        let (left_rows, right_rows) = rows.split_at_mut(n_left);
        let (left_scratch, right_scratch) = scratch.split_at_mut(n_left);
        let grow_left = || {
            self.find_split(&mut left);
            self.branch(left, left_rows, left_scratch, start)
        };
        let grow_right = || {
            self.find_split(&mut right);
            self.branch(right, right_rows, right_scratch, start + n_left)
        };
        let parts: [Vec<Done>; 2] = if parallel {
            rayon::join(grow_left, grow_right).into()
        } else {
            [grow_left(), grow_right()]
        };
        let mut children = [0; 2];
        for (child, part) in children.iter_mut().zip(parts) {
            *child = done.len();
            let offset = done.len();
            done.extend(part.into_iter().map(|mut node| {
                if let Some((_, children)) = &mut node.split {
                    children.iter_mut().for_each(|c| *c += offset);
                }
                node
            }));
        }
        done[0].split = Some((split, children));
        done
    }

    /// Grows node by node: by the largest gain, by the earliest number, or, where no limit makes
    /// the order matter, by the latest (so that few histograms wait).
    fn one_by_one(&self, root: Open, rows: &mut [u32], scratch: &mut [u32]) -> Vec<Done> {
        let Grower {
            params, histograms, ..
        } = self.grower;
        let mut done = Vec::new();
        let mut waiting: Vec<Option<Open>> = Vec::new();
        let mut queue = BinaryHeap::new();
        let mut kept = histograms.that_fit(KEPT_BYTES);
        let mut n_leaves = 0;
        let mut new = vec![(root, 0..rows.len())];
        loop {
            for (mut open, range) in new {
                let index = done.len();
                if let Some(split) = &open.split {
                    queue.push(match (params.grow_policy, params.max_leaves) {
                        (GrowPolicy::LossGuide, _) => {
                            Candidate::new(split.loss_change, false, index)
                        }
                        (GrowPolicy::DepthWise, 0) => Candidate::new(0.0, true, index),
                        (GrowPolicy::DepthWise, _) => Candidate::new(0.0, false, index),
                    });
                    match open.histogram.take() {
                        Some(histogram) if kept == 0 => histograms.recycle(histogram),
                        histogram => {
                            kept -= usize::from(histogram.is_some());
                            open.histogram = histogram;
                        }
                    }
                }
                done.push(Done::leaf(&open, range));
                waiting.push(Some(open));
                n_leaves += 1;
            }
            let Some(next) = queue
                .pop()
                .filter(|_| params.max_leaves == 0 || n_leaves < params.max_leaves)
            else {
                break;
            };
            let index = next.index;
            let opened = waiting[index]
                .take()
                .and_then(|open| open.split.map(|split| (open, split)));
            let Some((mut open, split)) = opened else {
                break;
            };
            kept += usize::from(open.histogram.is_some());
            let range = done[index].rows.clone();
            let (n_left, [mut left, mut right]) = self.split(
                &mut open,
                &split,
                &mut rows[range.clone()],
                &mut scratch[range.clone()],
            );
            rayon::join(
                || self.find_split(&mut left),
                || self.find_split(&mut right),
            );
            let middle = range.start + n_left;
            done[index].split = Some((split, [done.len(), done.len() + 1]));
            new = vec![(left, range.start..middle), (right, middle..range.end)];
            n_leaves -= 1;
        }
        waiting
            .into_iter()
            .flatten()
            .filter_map(|o| o.histogram)
            .for_each(|h| histograms.recycle(h));
        done
    }
}
