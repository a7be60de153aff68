use std::ops::Range;

use crate::growing::interactions::Path;
use crate::growing::regularisation::{Bounds, Regularisation, Sums};
use crate::model::CategorySet;
use crate::random::{Key, Stream};

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
    /// Weight of each output as a leaf, before the learning rate.
    pub(super) weights: Vec<f32>,
    /// The bounds of the weight of each output; empty without monotone constraints.
    pub(super) bounds: Vec<Bounds>,
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
    pub(super) fn root(
        regularisation: &Regularisation,
        sums: Vec<Sums>,
        n_rows: usize,
        key: Key,
    ) -> Self {
        let bounds = match regularisation.monotone {
            true => vec![Bounds::NONE; sums.len()],
            false => Vec::new(),
        };
        let weights = weights(regularisation, &sums, &bounds);
        Self::new(regularisation, sums, weights, bounds, (0..n_rows, 0, key))
    }

    fn new(
        regularisation: &Regularisation,
        sums: Vec<Sums>,
        weights: Vec<f32>,
        bounds: Vec<Bounds>,
        (rows, depth, key): (Range<usize>, usize, Key),
    ) -> Self {
        let gains = sums.iter().zip(&weights);
        let gain = gains.fold(0.0, |gain, (&sums, &weight)| {
            gain + regularisation.gain_in_f64(sums, weight)
        });
        Self {
            gain,
            sum_hessian: hessian(&sums) as f32,
            weights,
            bounds,
            sums,
            rows,
            depth,
            key,
            path: None,
            split: None,
            children: None,
        }
    }

    /// The children of a split of a feature whose monotone constraint has the sign `sign`; the rows of the left one
    /// end at `middle`.
    pub(super) fn children(
        &self,
        regularisation: &Regularisation,
        split: &VectorSplit,
        sign: i8,
        middle: usize,
    ) -> [Self; 2] {
        let [left, right] = self.split_weights(regularisation, sign, &split.left, &split.right);
        let mut bounds = [self.bounds.clone(), self.bounds.clone()];
        // The order must hold for all leaves below.
        let [low, high] = if sign > 0 { [0, 1] } else { [1, 0] };
        for output in (0..self.bounds.len()).filter(|_| sign != 0) {
            let middle = left[output] + 0.5 * (right[output] - left[output]);
            bounds[low][output].upper = middle;
            bounds[high][output].lower = middle;
        }
        let depth = self.depth + 1;
        let [of_left, of_right] = bounds;
        let Range { start, end } = self.rows;
        let child = |sums: &[Sums], weights, bounds, rows, stream| {
            let place = (rows, depth, self.key.stream(stream));
            Self::new(regularisation, sums.to_vec(), weights, bounds, place)
        };
        [
            child(&split.left, left, of_left, start..middle, Stream::LeftChild),
            child(
                &split.right,
                right,
                of_right,
                middle..end,
                Stream::RightChild,
            ),
        ]
    }

    /// The weights of each output on both sides of a split.
    pub(super) fn split_weights(
        &self,
        regularisation: &Regularisation,
        sign: i8,
        left: &[Sums],
        right: &[Sums],
    ) -> [Vec<f32>; 2] {
        if self.bounds.is_empty() {
            return [left, right].map(|sums| weights(regularisation, sums, &[]));
        }
        let sides = left.iter().zip(right).zip(&self.bounds);
        let sides = sides.map(|((left, right), bounds)| {
            regularisation.ordered_weights(sign, *bounds, *left, *right)
        });
        let (left, right) = sides.map(<(f32, f32)>::from).unzip();
        [left, right]
    }

    /// The weights of a node with children: as if there were none, and no constraint of the split above.
    pub(super) fn own_weights(&self, regularisation: &Regularisation) -> Vec<f32> {
        weights(regularisation, &self.sums, &self.bounds)
    }
}

/// The weight of each output; `bounds` are empty where there are none.
fn weights(regularisation: &Regularisation, sums: &[Sums], bounds: &[Bounds]) -> Vec<f32> {
    let bounds = bounds
        .iter()
        .copied()
        .chain(std::iter::repeat(Bounds::NONE));
    let weights = sums.iter().zip(bounds);
    let weights = weights.map(|(&sums, bounds)| regularisation.weight(sums, bounds));
    weights.collect()
}

/// The sum of the hessians of all outputs.
pub(super) fn hessian(sums: &[Sums]) -> f64 {
    sums.iter().fold(0.0, |sum, [_, h]| sum + h)
}
