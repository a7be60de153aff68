use std::ops::Range;

use super::estimate::Estimates;
use super::histogram::Histogram;
use super::interactions::Path;
use super::regularisation::NodeSums;
use super::split::Split;
use crate::model::CategorySet;
use crate::random::Key;

/// The split of a node, and the categories that go right if it is categorical.
pub(super) struct Chosen {
    pub(super) split: Split,
    pub(super) categories: Option<Box<CategorySet>>,
}

/// A node that may still be split.
pub(super) struct Open {
    pub(super) node: NodeSums,
    pub(super) weight: f32,
    pub(super) depth: usize,
    pub(super) key: Key,
    pub(super) histogram: Option<Histogram>,
    pub(super) estimates: Vec<Estimates>,
    pub(super) split: Option<Chosen>,
    /// What features it may use; `None` without constraints.
    pub(super) path: Option<Box<Path>>,
}

/// A finished node; its children are indices into the list of finished nodes.
pub(super) struct Done {
    pub(super) weight: f32,
    pub(super) hessian: f64,
    pub(super) rows: Range<usize>,
    pub(super) split: Option<(Chosen, [usize; 2])>,
}

impl Done {
    pub(super) fn leaf(open: &Open, rows: Range<usize>) -> Self {
        Self {
            weight: open.weight,
            hessian: open.node.sums[1],
            rows,
            split: None,
        }
    }
}
