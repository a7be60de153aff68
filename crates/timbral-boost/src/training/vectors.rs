use timbral_core::parallel;

use super::draw::Draw;
use super::params::BoostParams;
use crate::data::Bin;
use crate::growing::{GrownVectors, VectorGrower, VectorTarget};
use crate::loss::Gradients;
use crate::model::Tree;

/// Rows of a task that predicts.
pub(super) const ROWS: usize = 256;

/// Grows the trees of one round, each for all outputs, and adds their predictions to the margins.
pub(super) fn grow_vectors<B: Bin>(
    params: &BoostParams,
    grower: &VectorGrower<'_, B>,
    gradients: &Gradients,
    round: usize,
    margins: &mut [Vec<f32>],
    rows: &mut Vec<u32>,
) -> Vec<Tree> {
    let n_rows = grower.binned.n_rows();
    let learning_rate = params.learning_rate / params.num_parallel_tree as f32;
    let tree = |parallel: usize| {
        let draw = Draw::new(params, n_rows, [round, 0, parallel]);
        draw.fill(rows);
        let target = VectorTarget {
            gradients,
            key: draw.key,
            learning_rate,
        };
        let grown = grower.grow(&target, rows);
        let leaf = |row: u32| (row, grower.leaf_binned(&grown, row as usize));
        let others: Vec<(u32, usize)> = draw.others().map(leaf).collect();
        add(&grown, rows, &others, margins);
        grown.tree
    };
    (0..params.num_parallel_tree).map(tree).collect()
}

/// Adds the leaves of the rows of a tree, and of the others, to the margins.
fn add(grown: &GrownVectors, rows: &[u32], others: &[(u32, usize)], margins: &mut [Vec<f32>]) {
    let work = |output: usize, margins: &mut Vec<f32>| {
        let value = |leaf: usize| grown.tree.leaf_values(leaf)[output];
        for (range, leaf) in &grown.leaves {
            let value = value(*leaf);
            for &row in &rows[range.clone()] {
                margins[row as usize] += value;
            }
        }
        for &(row, leaf) in others {
            margins[row as usize] += value(leaf);
        }
    };
    parallel::for_each(margins, 1, &work);
}

/// Adds the predictions of trees with vectors as leaves to the margins of rows of `width` numbers.
pub(super) fn add_vectors(margins: &mut [Vec<f32>], trees: &[Tree], rows: &[f32], width: usize) {
    for tree in trees {
        let n_rows = rows.len() / width;
        let leaf = |row: usize| tree.leaf(&rows[row * width..][..width]);
        let leaves = parallel::map(n_rows, ROWS, &leaf);
        for (output, margins) in margins.iter_mut().enumerate() {
            for (margin, &leaf) in margins.iter_mut().zip(&leaves) {
                *margin += tree.leaf_values(leaf)[output];
            }
        }
    }
}
