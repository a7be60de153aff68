use std::ops::Range;

use crate::growing::interactions::Path;
use crate::growing::regularisation::{Bounds, Regularisation, Sums};
use crate::model::CategorySet;
use crate::random::Key;

/// A split of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct VectorSplit {
    pub(super) loss_change: f32,
    pub(super) feature: usize,
    /// As in [`Split::n_left`](crate::growing::split::Split::n_left).
    pub(super) n_left: usize,
    pub(super) default_left: bool,
    pub(super) left: Vec<Sums>,
    pub(super) right: Vec<Sums>,
    /// The categories that go right if the feature is categorical.
    pub(super) categories: Option<CategorySet>,
}

/// A node of a growing tree.
#[derive(Debug)]
pub(super) struct VectorNode {
    /// The sums of each output.
    pub(super) sums: Vec<Sums>,
    /// Weight of each output before the learning rate.
    pub(super) weights: Vec<f32>,
    /// The gain without a split.
    pub(super) gain: f64,
    pub(super) sum_hessian: f32,
    pub(super) rows: Range<usize>,
    pub(super) depth: usize,
    pub(super) key: Key,
    /// What features it may use; `None` without constraints.
    pub(super) path: Option<Box<Path>>,
    pub(super) split: Option<VectorSplit>,
    pub(super) children: Option<[usize; 2]>,
}

impl VectorNode {
    pub(super) fn new(
        regularisation: &Regularisation,
        sums: Vec<Sums>,
        rows: Range<usize>,
        depth: usize,
        key: Key,
    ) -> Self {
        let weights: Vec<f32> = (sums.iter())
            .map(|&sums| regularisation.weight(sums, Bounds::NONE))
            .collect();
        let gains = sums.iter().zip(&weights);
        let gain = gains.fold(0.0, |gain, (&sums, &weight)| {
            gain + regularisation.gain_in_f64(sums, weight)
        });
        Self {
            gain,
            sum_hessian: hessian(&sums) as f32,
            weights,
            sums,
            rows,
            depth,
            key,
            path: None,
            split: None,
            children: None,
        }
    }
}

/// The sum of the hessians of all outputs.
pub(super) fn hessian(sums: &[Sums]) -> f64 {
    sums.iter().fold(0.0, |sum, [_, h]| sum + h)
}
