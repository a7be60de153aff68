//! Models of random trees.

use ndarray::Array2;
use timbral_core::Rng;

use crate::loss::Objective;
use crate::model::{Children, Model, Node, Tree};

/// Random trees and rows.
#[derive(Debug)]
pub(crate) struct Random(Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    /// One of `n` different numbers around 0.
    fn number(&mut self, n: usize) -> f32 {
        (self.below(n) as f32 - (n / 2) as f32) / 4.0
    }

    /// A tree with `n_leaves` leaves, `n_features` features and `n_values` thresholds. The leaf that is
    /// split next is one of the latest or any one.
    pub(crate) fn tree(&mut self, n_leaves: usize, n_features: usize, n_values: usize) -> Tree {
        let mut nodes = vec![Node::leaf(self.number(64), 0.0, 100.0)];
        while nodes.len() < 2 * n_leaves - 1 {
            let n = nodes.len();
            let mut parent = n - 1 - self.below(n.min(2));
            if self.below(2) == 0 || nodes[parent].children.is_some() {
                parent = self.below(n);
            }
            if nodes[parent].children.is_some() {
                continue;
            }
            let threshold = match self.below(8) {
                0 => -0.0,
                _ => self.number(n_values),
            };
            let (feature, default_left) = (self.below(n_features), self.below(2) == 0);
            let children = Children::new(
                feature as u32,
                threshold,
                default_left,
                n as u32,
                n as u32 + 1,
            );
            let cover = nodes[parent].sum_hessian;
            let left = cover * (1 + self.below(9)) as f32 / 10.0;
            nodes[parent] = Node::split(children, 0.0, 1.0, cover);
            nodes.push(Node::leaf(self.number(64), 0.0, left));
            nodes.push(Node::leaf(self.number(64), 0.0, cover - left));
        }
        Tree::new(nodes).unwrap()
    }

    /// A tree as [`tree`](Self::tree) makes them, some of whose splits are categorical.
    pub(crate) fn categorical_tree(
        &mut self,
        n_leaves: usize,
        n_features: usize,
        n_values: usize,
    ) -> Tree {
        let mut tree = self.tree(n_leaves, n_features, n_values);
        for node in 0..tree.nodes().len() {
            if tree.nodes()[node].children.is_some() && self.below(2) == 0 {
                let n = 1 + self.below(5);
                let categories: Vec<u32> = (0..n).map(|_| self.below(12) as u32).collect();
                tree = tree.with_categories(node, &categories).unwrap();
            }
        }
        tree
    }

    /// Rows of values that are often equal to thresholds, some of them missing or infinite.
    pub(crate) fn rows(&mut self, n: usize, n_features: usize, n_values: usize) -> Array2<f32> {
        Array2::from_shape_simple_fn((n, n_features), || match self.below(16) {
            0 => f32::NAN,
            1 => [f32::INFINITY, f32::NEG_INFINITY, -0.0][self.below(3)],
            _ => self.number(n_values),
        })
    }
}

/// A model of some trees; each round has `n_outputs` trees.
pub(crate) fn model(trees: Vec<Tree>, n_features: usize, n_outputs: usize) -> Model {
    let objective = match n_outputs {
        1 => Objective::SquaredError,
        n_classes => Objective::Softprob { n_classes },
    };
    let base_score = (0..n_outputs).map(|k| 0.3 + k as f32).collect();
    Model {
        tree_outputs: (0..trees.len()).map(|i| (i % n_outputs) as u32).collect(),
        round_starts: (0..=trees.len()).step_by(n_outputs).collect(),
        trees,
        ..Model::without_trees(objective, n_features, base_score)
    }
}
