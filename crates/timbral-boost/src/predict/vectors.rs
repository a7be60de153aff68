use ndarray::ArrayView2;

use super::layout::{Block, Layout};
use crate::model::Tree;
use crate::simd::dispatch;

/// The values of a leaf are padded to a multiple of this.
const WIDTH: usize = 4;

/// The leaves of a model with vectors as leaves: one number per output.
#[derive(Debug, Clone)]
pub(super) struct LeafVectors {
    n_outputs: usize,
    /// Groups of numbers per leaf.
    n_groups: usize,
    /// Leaf by leaf in the order of the layout.
    values: Vec<[f32; WIDTH]>,
    /// The number of each leaf.
    numbers: Vec<u32>,
}

impl LeafVectors {
    /// The leaves of some trees; `None` if no leaf is a vector. `outputs` are those of the trees whose
    /// leaves are single numbers, `nodes` the nodes of the leaves, tree by tree.
    pub(super) fn new(
        trees: &[Tree],
        outputs: &[u32],
        n_outputs: usize,
        nodes: &[u32],
    ) -> Option<Self> {
        trees.iter().find(|tree| tree.vectors().is_some())?;
        let n_groups = n_outputs.div_ceil(WIDTH);
        let mut values = vec![[0.0; WIDTH]; nodes.len() * n_groups];
        let mut leaves = nodes.iter().zip(values.chunks_exact_mut(n_groups));
        for (tree, &output) in trees.iter().zip(outputs) {
            let first = match tree.vectors() {
                Some(_) => 0,
                None => output as usize,
            };
            let n_leaves = tree.nodes().len() / 2 + 1;
            for (&node, values) in leaves.by_ref().take(n_leaves) {
                let of_leaf = tree.leaf_values(node as usize);
                values.as_flattened_mut()[first..][..of_leaf.len()].copy_from_slice(of_leaf);
            }
        }
        Some(Self {
            n_outputs,
            n_groups,
            values,
            numbers: (0..nodes.len() as u32).collect(),
        })
    }

    /// Adds the values of a leaf to the margins of a row.
    pub(super) fn add(&self, leaf: usize, margins: &mut [f32]) {
        let values = &self.values[leaf * self.n_groups..][..self.n_groups];
        for (margin, value) in margins.iter_mut().zip(values.as_flattened()) {
            *margin += value;
        }
    }

    /// Adds the leaves that up to `W` rows reach to their margins, row by row.
    pub(super) fn add_block<const W: usize>(
        &self,
        layout: &Layout,
        rows: ArrayView2<'_, f32>,
        margins: &mut [f32],
    ) {
        let mut ranks = vec![[0; W]; layout.columns.len()];
        let copied: Vec<f32> = match layout.has_wide() {
            true => rows.iter().copied().collect(),
            false => Vec::new(),
        };
        let n_features = rows.ncols();
        let mut sums = vec![[0.0; WIDTH]; rows.nrows() * self.n_groups];
        let by_row = || margins.chunks_exact(self.n_outputs);
        for (sums, margins) in sums.chunks_exact_mut(self.n_groups).zip(by_row()) {
            sums.as_flattened_mut()[..self.n_outputs].copy_from_slice(margins);
        }
        dispatch(
            #[inline(always)]
            || {
                layout.columns.rank_block(rows, &mut ranks);
                let block = Block {
                    ranks: &ranks,
                    rows: &copied,
                    n_features,
                };
                layout.scan(&block, &self.numbers, |_, leaves: &[u32; W]| {
                    match self.n_groups {
                        1 => self.add_leaves::<1>(leaves, &mut sums),
                        2 => self.add_leaves::<2>(leaves, &mut sums),
                        3 => self.add_leaves::<3>(leaves, &mut sums),
                        4 => self.add_leaves::<4>(leaves, &mut sums),
                        _ => {
                            let by_row = sums.as_flattened_mut();
                            let by_row = by_row.chunks_exact_mut(self.n_groups * WIDTH);
                            by_row
                                .zip(leaves)
                                .for_each(|(sums, &leaf)| self.add(leaf as usize, sums));
                        }
                    }
                });
            },
        );
        let by_row = margins.chunks_exact_mut(self.n_outputs);
        for (sums, margins) in sums.chunks_exact(self.n_groups).zip(by_row) {
            margins.copy_from_slice(&sums.as_flattened()[..self.n_outputs]);
        }
    }

    #[inline(always)]
    fn add_leaves<const N: usize>(&self, leaves: &[u32], sums: &mut [[f32; WIDTH]]) {
        let (values, _) = self.values.as_chunks::<N>();
        let (sums, _) = sums.as_chunks_mut::<N>();
        for (sums, &leaf) in sums.iter_mut().zip(leaves) {
            for (sums, values) in sums.iter_mut().zip(&values[leaf as usize]) {
                // All loads before the stores, so that the compiler makes one of each.
                let mut sum = *sums;
                for lane in 0..WIDTH {
                    sum[lane] += values[lane];
                }
                *sums = sum;
            }
        }
    }
}
