use std::collections::BinaryHeap;
use std::ops::Range;

use timbral_core::parallel;

use super::node::{VectorNode, VectorSplit};
use super::search::{Task, VectorSearch};
use crate::data::{Bin, Binned, Cuts, LANES};
use crate::growing::grower::leaf_binned;
use crate::growing::interactions::Path;
use crate::growing::partition::{partition, partition_by};
use crate::growing::queue::Candidate;
use crate::growing::tree_params::{GrowPolicy, TreeParams};
use crate::loss::Gradients;
use crate::model::{Children, Node, Tree, Vectors};
use crate::random::{Key, Stream};

/// Grows trees with vectors as leaves from binned rows.
pub(crate) struct VectorGrower<'a, B> {
    pub(crate) params: &'a TreeParams,
    pub(crate) cuts: &'a Cuts,
    pub(crate) binned: &'a Binned<B>,
    pub(crate) n_outputs: usize,
}

/// What a tree is fitted to, and the key of its random choices.
pub(crate) struct VectorTarget<'a> {
    pub(crate) gradients: &'a Gradients,
    pub(crate) key: Key,
    pub(crate) learning_rate: f32,
}

/// A tree, and the leaves of the rows it was grown from.
pub(crate) struct GrownVectors {
    pub(crate) tree: Tree,
    /// Bins that go left at each node of the tree.
    n_left: Vec<usize>,
    /// Ranges of the rows in their new order, with their leaves.
    pub(crate) leaves: Vec<(Range<usize>, usize)>,
}

impl<B: Bin> VectorGrower<'_, B> {
    /// Grows a tree from the given rows and sorts them by leaf.
    pub(crate) fn grow(&self, target: &VectorTarget<'_>, rows: &mut [u32]) -> GrownVectors {
        let search = VectorSearch::new(
            self.params,
            self.cuts,
            self.binned,
            target.gradients,
            self.n_outputs,
        );
        let all: Vec<usize> = (0..self.cuts.n_features()).collect();
        let columns = target.key.stream(Stream::TreeColumns);
        let columns = columns.sample(&all, self.params.colsample_bytree);
        let mut sums = vec![[0.0; 2]; self.n_outputs];
        for &row in &*rows {
            let pairs = target.gradients.row(row).as_chunks::<2>().0;
            for (sums, [g, h]) in sums.iter_mut().zip(pairs) {
                sums[0] += f64::from(*g);
                sums[1] += f64::from(*h);
            }
        }
        let root = target.key.stream(Stream::Root);
        let regularisation = &self.params.regularisation;
        let mut nodes = vec![VectorNode::root(regularisation, sums, rows.len(), root)];
        nodes[0].path = Path::root(&self.params.interaction_constraints);
        let mut scratch = vec![0; rows.len()];
        let mut queue = BinaryHeap::new();
        let mut n_leaves = 1;
        let mut first = 0;
        loop {
            self.find_splits(&search, target.key, &columns, rows, &mut nodes[first..]);
            for (index, node) in nodes.iter().enumerate().skip(first) {
                if let Some(split) = &node.split {
                    let priority = match self.params.grow_policy {
                        GrowPolicy::LossGuide => split.loss_change,
                        GrowPolicy::DepthWise => 0.0,
                    };
                    queue.push(Candidate::new(priority, false, index));
                }
            }
            first = nodes.len();
            // All nodes of a level, or the one with the largest gain.
            while let Some(next) = queue.pop() {
                let index = next.index;
                if self.params.max_leaves > 0 && n_leaves >= self.params.max_leaves {
                    break;
                }
                let Some(split) = nodes[index].split.take() else {
                    continue;
                };
                let children = self.split(&nodes[index], &split, rows, &mut scratch);
                nodes[index].split = Some(split);
                nodes[index].children = Some([nodes.len(), nodes.len() + 1]);
                nodes.extend(children);
                n_leaves += 1;
                if self.params.grow_policy == GrowPolicy::LossGuide {
                    break;
                }
            }
            if nodes.len() == first {
                break;
            }
        }
        self.finish(&nodes, target.learning_rate)
    }

    /// Splits the rows of a node; returns its children.
    fn split(
        &self,
        node: &VectorNode,
        split: &VectorSplit,
        rows: &mut [u32],
        scratch: &mut [u32],
    ) -> [VectorNode; 2] {
        let missing = self.cuts.n_bins(split.feature);
        let column = self.binned.column(split.feature);
        let Range { start, end } = node.rows.clone();
        let goes_left = |row: u32| {
            let bin = column.bin(row);
            if bin == missing {
                split.default_left
            } else {
                bin < split.n_left
            }
        };
        let (rows, scratch) = (&mut rows[start..end], &mut scratch[start..end]);
        let n_left = match &split.categories {
            Some(set) => partition_by(set, column, (missing, split.default_left), rows, scratch),
            None => partition(rows, scratch, goes_left),
        };
        let regularisation = &self.params.regularisation;
        let sign = self.params.monotone(split.feature);
        let mut children = node.children(regularisation, split, sign, start + n_left);
        for child in &mut children {
            child.path = (node.path.as_ref())
                .map(|path| path.below(split.feature, &self.params.interaction_constraints));
        }
        children
    }

    /// Finds the best splits of some nodes.
    fn find_splits(
        &self,
        search: &VectorSearch<'_, B>,
        tree: Key,
        columns: &[usize],
        rows: &[u32],
        nodes: &mut [VectorNode],
    ) {
        let features = |node: &VectorNode| {
            let level = tree.stream(Stream::LevelColumns).with(node.depth as u64);
            let level = level.sample(columns, self.params.colsample_bylevel);
            let features = node.key.sample(&level, self.params.colsample_bynode);
            match &node.path {
                Some(path) => path.allowed(&features),
                None => features,
            }
        };
        let open = nodes.iter().filter(|node| search.may_split(node));
        let open: Vec<&VectorNode> = open.collect();
        let task = |i: usize| {
            let node = open[i];
            search.task(node, &rows[node.rows.clone()], features(node))
        };
        let tasks: Vec<Task<'_>> = parallel::map(open.len(), 1, &task);
        let parts: Vec<(usize, &[usize])> = (tasks.iter().enumerate())
            .flat_map(|(i, task)| {
                let by_word = task.features.chunk_by(|a, b| a / LANES == b / LANES);
                by_word.map(move |features| (i, features))
            })
            .collect();
        let gains = parallel::map(parts.len(), 1, &|i| {
            search.estimate(&tasks[parts[i].0], parts[i].1)
        });
        let mut of_tasks: Vec<Vec<f64>> = tasks.iter().map(|_| Vec::new()).collect();
        for ((task, _), gains) in parts.iter().zip(gains) {
            of_tasks[*task].extend(gains);
        }
        let splits = parallel::map(tasks.len(), 1, &|i| search.best(&tasks[i], &of_tasks[i]));
        drop(tasks);
        let may_split: Vec<bool> = nodes.iter().map(|node| search.may_split(node)).collect();
        let open = nodes.iter_mut().zip(may_split).filter(|(_, may)| *may);
        for ((node, _), split) in open.zip(splits) {
            node.split = split;
        }
    }

    /// The tree of a list of nodes, parents first.
    fn finish(&self, grown: &[VectorNode], learning_rate: f32) -> GrownVectors {
        let mut nodes = Vec::with_capacity(grown.len());
        let mut n_left = Vec::with_capacity(grown.len());
        let mut leaves = Vec::new();
        let mut vectors = Vectors {
            n_outputs: self.n_outputs,
            weights: Vec::with_capacity(grown.len() * self.n_outputs),
            values: Vec::with_capacity(grown.len() * self.n_outputs),
        };
        for (index, node) in grown.iter().enumerate() {
            match (&node.split, node.children) {
                (Some(split), Some([left, right])) => {
                    let threshold = match split.categories {
                        Some(_) => 0.0,
                        None => self.cuts.threshold(split.feature, split.n_left),
                    };
                    let children = Children::new(
                        split.feature as u32,
                        threshold,
                        split.default_left,
                        left as u32,
                        right as u32,
                    );
                    n_left.push(split.n_left);
                    nodes.push(Node::split(
                        children,
                        0.0,
                        split.loss_change,
                        node.sum_hessian,
                    ));
                    let weights = node.own_weights(&self.params.regularisation);
                    vectors.weights.extend(weights);
                    let zeros = std::iter::repeat_n(0.0, self.n_outputs);
                    vectors.values.extend(zeros);
                }
                _ => {
                    n_left.push(0);
                    leaves.push((node.rows.clone(), index));
                    nodes.push(Node::leaf(0.0, 0.0, node.sum_hessian));
                    let values = node.weights.iter().map(|weight| weight * learning_rate);
                    vectors.weights.extend(values.clone());
                    vectors.values.extend(values);
                }
            }
        }
        let mut tree = Tree::from_grown(nodes).with_vectors(vectors);
        for (index, node) in grown.iter().enumerate() {
            let split = node.split.as_ref().filter(|_| node.children.is_some());
            if let Some(set) = split.and_then(|split| split.categories.as_ref()) {
                tree.make_categorical(index, set.clone());
            }
        }
        GrownVectors {
            tree,
            n_left,
            leaves,
        }
    }

    /// The leaf of a tree of this grower that a row reaches, from the bins of the row.
    pub(crate) fn leaf_binned(&self, grown: &GrownVectors, row: usize) -> usize {
        leaf_binned(self.cuts, self.binned, &grown.tree, &grown.n_left, row)
    }
}
