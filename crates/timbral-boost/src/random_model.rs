//! Models of random trees, for tests.

use ndarray::Array2;

use crate::model::Model;
use crate::objective::Objective;
use crate::tree::{Children, Node, Tree};

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// One of `n` numbers around 0.
    fn number(&mut self, n: usize) -> f32 {
        (self.below(n) as f32 - (n / 2) as f32) / 4.0
    }

    /// A tree of `n_leaves` over some features with some thresholds; a leaf is split where
    /// another was just split, or anywhere.
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

    /// Rows of values that are often thresholds, some missing, some infinite.
    pub(crate) fn rows(&mut self, n: usize, n_features: usize, n_values: usize) -> Array2<f32> {
        Array2::from_shape_simple_fn((n, n_features), || match self.below(16) {
            0 => f32::NAN,
            1 => [f32::INFINITY, f32::NEG_INFINITY, -0.0][self.below(3)],
            _ => self.number(n_values),
        })
    }
}

/// A model of some trees, a round each `n_outputs`.
pub(crate) fn model(trees: Vec<Tree>, n_features: usize, n_outputs: usize) -> Model {
    let objective = match n_outputs {
        1 => Objective::SquaredError,
        n_classes => Objective::Softprob { n_classes },
    };
    Model {
        objective,
        n_features,
        base_score: (0..n_outputs).map(|k| 0.3 + k as f32).collect(),
        tree_outputs: (0..trees.len()).map(|i| (i % n_outputs) as u32).collect(),
        round_starts: (0..=trees.len()).step_by(n_outputs).collect(),
        trees,
        feature_names: None,
        class_names: None,
        best_iteration: None,
        attributes: Default::default(),
    }
}
