use std::collections::BinaryHeap;

use timbral_core::parallel;

use super::grower::{Grower, Grown, Target};
use super::growth::Growth;
use super::histogram::Histogram;
use super::node::{Chosen, Done, Open};
use super::queue::Candidate;
use super::tree_params::GrowPolicy;
use crate::data::Bin;

/// From this many rows on the two subtrees of a node are grown in parallel.
const PARALLEL_ROWS: usize = 512;

/// Trees of at most this depth are grown recursively.
const RECURSION: usize = 64;

/// Bytes of histograms kept for waiting nodes; histograms of further nodes are built again.
const KEPT_BYTES: usize = 256 << 20;

impl<B: Bin> Grower<'_, B> {
    /// Grows a tree from the given rows and sorts them by leaf. `root` is the histogram of the rows
    /// if it is already known.
    pub(crate) fn grow<G: Fn(u32) -> [f32; 2] + Sync>(
        &self,
        target: &Target<'_, G>,
        rows: &mut [u32],
        root: Option<Histogram>,
    ) -> Grown {
        let growth = Growth::new(self, target, rows);
        let mut scratch = vec![0; rows.len()];
        let mut root = growth.root(rows, root);
        let params = self.params;
        let bounded = (1..=RECURSION).contains(&params.max_depth);
        let done =
            if params.grow_policy == GrowPolicy::DepthWise && params.max_leaves == 0 && bounded {
                growth.branch(&mut root, rows, &mut scratch, 0)
            } else {
                growth.one_by_one(root, rows, &mut scratch)
            };
        self.finish(&done, target.learning_rate)
    }
}

impl<B: Bin> Growth<'_, B> {
    /// Grows the subtree below a node.
    fn branch(
        &self,
        open: &mut Open,
        rows: &mut [u32],
        scratch: &mut [u32],
        start: usize,
    ) -> Vec<Done> {
        let mut done = vec![Done::leaf(open, start..start + rows.len())];
        let Some(split) = open.split.take() else {
            return done;
        };
        let (n_left, [mut left, mut right]) = self.split(open, &split, rows, scratch);
        let in_parallel = rows.len() >= PARALLEL_ROWS;
        let (left_rows, right_rows) = rows.split_at_mut(n_left);
        let (left_scratch, right_scratch) = scratch.split_at_mut(n_left);
        let [mut in_left, mut in_right] = [Vec::new(), Vec::new()];
        let mut grow_left = || {
            self.find_split(&mut left);
            in_left = self.branch(&mut left, left_rows, left_scratch, start);
        };
        let mut grow_right = || {
            self.find_split(&mut right);
            in_right = self.branch(&mut right, right_rows, right_scratch, start + n_left);
        };
        if in_parallel {
            parallel::join(&mut grow_left, &mut grow_right);
        } else {
            grow_left();
            grow_right();
        }
        let mut children = [0; 2];
        for (child, part) in children.iter_mut().zip([in_left, in_right]) {
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

    /// Grows node by node. The next node is the one with the largest gain (`lossguide`) or the
    /// earliest one; if there is no limit to the leaves the order has no effect, and the latest
    /// comes first so that few histograms wait.
    fn one_by_one(&self, root: Open, rows: &mut [u32], scratch: &mut [u32]) -> Vec<Done> {
        let Grower {
            params, histograms, ..
        } = self.grower;
        let mut done = Vec::new();
        let mut waiting: Vec<Option<Open>> = Vec::new();
        let mut queue = BinaryHeap::new();
        let mut kept = histograms.n_fitting(KEPT_BYTES);
        let mut n_leaves = 0;
        let mut new = vec![(root, 0..rows.len())];
        loop {
            for (mut open, range) in new {
                let index = done.len();
                if let Some(Chosen { split, .. }) = &open.split {
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
                .and_then(|mut open| open.split.take().map(|split| (open, split)));
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
            parallel::join(&mut || self.find_split(&mut left), &mut || {
                self.find_split(&mut right)
            });
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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::data::Dataset;
    use crate::random::Key;
    use crate::training::BoostParams;

    /// Sums of the last level are added up again for a few features only.
    #[test]
    fn the_last_level_is_split_as_if_there_were_another() {
        for (n_rows, colsample_bynode) in [(3000, 1.0), (3000, 0.4), (80_000, 1.0)] {
            let features = Array2::from_shape_fn((n_rows, 19), |(row, column)| {
                Key::new(column as u64).with(row as u64).uniform() as f32
            });
            let label = |row: usize| {
                let row = features.row(row);
                (6.0 * row[3]).sin() + (9.0 * row[11] * row[17]).cos() + 0.3 * row[0]
            };
            let labels: Vec<f32> = (0..n_rows).map(label).collect();
            let data = Dataset::new(features.view(), &labels).unwrap();
            let tree = |max_depth| {
                let params = BoostParams {
                    max_depth,
                    n_rounds: 1,
                    colsample_bynode,
                    ..Default::default()
                };
                params.fit(&data).unwrap().trees[0].clone()
            };
            let mut n_splits = 0;
            for max_depth in 1..5 {
                let trees = [tree(max_depth), tree(max_depth + 1)];
                let [last, inner] = trees.each_ref().map(|tree| tree.nodes());
                let mut pairs = vec![(0, 0)];
                while let Some((i, j)) = pairs.pop() {
                    let Some(children) = last[i].children else {
                        continue;
                    };
                    let others = inner[j].children.unwrap();
                    assert_eq!(children.feature, others.feature);
                    assert_eq!(children.threshold, others.threshold);
                    assert_eq!(last[i].loss_change, inner[j].loss_change);
                    pairs.push((children.left as usize, others.left as usize));
                    pairs.push((children.right as usize, others.right as usize));
                    n_splits += 1;
                }
            }
            assert!(n_splits > 20, "{n_splits}");
        }
    }
}
