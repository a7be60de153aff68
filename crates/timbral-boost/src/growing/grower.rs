use super::histogram::Histograms;
use super::node::{Chosen, Done};
use super::search::Search;
use super::tree_params::{GrowPolicy, TreeParams};
use crate::data::{Bin, Binned, Cuts, LANES};
use crate::model::{CategorySet, Children, Node, Tree};
use crate::random::{Key, Stream};

/// Grows the trees of a model from binned rows.
pub(crate) struct Grower<'a, B> {
    pub(crate) params: &'a TreeParams,
    pub(crate) cuts: &'a Cuts,
    pub(crate) binned: &'a Binned<B>,
    pub(crate) histograms: Histograms<'a, B>,
}

/// A tree, and the leaves of the rows it was grown from.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// Bins that go left at each node of the tree.
    pub(crate) n_left: Vec<usize>,
    /// Ranges of the rows in their new order, with the values of their leaves.
    pub(crate) leaves: Vec<(std::ops::Range<usize>, f32)>,
}

/// What a tree is fitted to: the gradients of its output; and the key of its random choices.
pub(crate) struct Target<'a, G> {
    pub(crate) gradient: &'a G,
    pub(crate) key: Key,
    pub(crate) learning_rate: f32,
}

impl<B: Bin> Grower<'_, B> {
    pub(super) fn search(&self) -> Search<'_> {
        Search {
            params: self.params,
            cuts: self.cuts,
        }
    }

    /// The columns that a tree may use.
    pub(super) fn columns(&self, key: Key) -> Vec<usize> {
        let all: Vec<usize> = (0..self.cuts.n_features()).collect();
        key.stream(Stream::TreeColumns)
            .sample(&all, self.params.colsample_bytree)
    }

    pub(super) fn words(&self, features: &[usize]) -> Vec<bool> {
        let mut words = vec![false; self.binned.n_words()];
        features.iter().for_each(|f| words[f / LANES] = true);
        words
    }

    /// The tree of a list of finished nodes. Nodes are numbered breadth first; with
    /// [`GrowPolicy::LossGuide`] in the order of the list.
    pub(super) fn finish(&self, done: &[Done], learning_rate: f32) -> Grown {
        let mut order = vec![0];
        let mut nodes = Vec::with_capacity(done.len());
        let mut n_left = Vec::with_capacity(done.len());
        let mut leaves = Vec::new();
        let mut categorical = Vec::new();
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
                Some((Chosen { split, categories }, children)) => {
                    let [left, right] = if best_first {
                        *children
                    } else {
                        order.extend(children);
                        [order.len() - 2, order.len() - 1]
                    };
                    let threshold = match categories {
                        None => self.cuts.threshold(split.feature, split.n_left),
                        Some(set) => {
                            categorical.push((i, set));
                            0.0
                        }
                    };
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
        let mut tree = Tree::from_grown(nodes);
        for (node, set) in categorical {
            tree.make_categorical(node, CategorySet::clone(set));
        }
        Grown {
            tree,
            n_left,
            leaves,
        }
    }

    /// The prediction of a tree of this grower for a row, from the bins of the row.
    pub(crate) fn predict_binned(&self, grown: &Grown, row: usize) -> f32 {
        let leaf = leaf_binned(self.cuts, self.binned, &grown.tree, &grown.n_left, row);
        grown.tree.nodes()[leaf].leaf_value
    }
}

/// The leaf that a row reaches, from the bins of the row; `n_left` are the bins that go left at each node.
pub(super) fn leaf_binned<B: Bin>(
    cuts: &Cuts,
    binned: &Binned<B>,
    tree: &Tree,
    n_left: &[usize],
    row: usize,
) -> usize {
    let by_number = |node: usize, bin: usize| bin < n_left[node];
    if !tree.has_categories() {
        return descend(cuts, binned, tree, row, by_number);
    }
    descend(cuts, binned, tree, row, |node, bin| {
        match tree.category_set(node) {
            Some(set) => !set.contains(bin as u32),
            None => by_number(node, bin),
        }
    })
}

/// The leaf that a row reaches; `goes_left` gets the node and the bin, unless the value is missing.
fn descend<B: Bin>(
    cuts: &Cuts,
    binned: &Binned<B>,
    tree: &Tree,
    row: usize,
    goes_left: impl Fn(usize, usize) -> bool,
) -> usize {
    let nodes = tree.nodes();
    let mut index = 0;
    while let Some(children) = nodes[index].children {
        let feature = children.feature as usize;
        let bin = binned.column(feature).bin(row as u32);
        let left = if bin == cuts.n_bins(feature) {
            children.default_left
        } else {
            goes_left(index, bin)
        };
        index = if left { children.left } else { children.right } as usize;
    }
    index
}
