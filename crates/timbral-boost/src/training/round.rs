use std::ops::Range;

use timbral_core::parallel;

use super::draw::Draw;
use super::params::BoostParams;
use super::vectors::{ROWS, add_vectors};
use crate::data::{Bin, Dataset};
use crate::growing::{Grower, Target};
use crate::loss::Gradients;
use crate::model::Tree;

/// What the trees of some outputs are fitted to.
pub(super) struct Targets<'a> {
    pub(super) gradients: &'a Gradients,
    pub(super) round: usize,
    pub(super) outputs: Range<usize>,
    /// Of the model.
    pub(super) n_outputs: usize,
}

/// Grows the trees of some outputs, by output, and adds their predictions to the margins.
pub(super) fn grow_round<B: Bin>(
    params: &BoostParams,
    grower: &Grower<'_, B>,
    targets: &Targets<'_>,
    margins: &mut [Vec<f32>],
    rows: &mut [Vec<u32>],
) -> Vec<Vec<Tree>> {
    let Targets {
        gradients, round, ..
    } = *targets;
    let n_rows = grower.binned.n_rows();
    let n_parallel = params.num_parallel_tree;
    let learning_rate = params.learning_rate / n_parallel as f32;
    let mut roots = if params.subsample < 1.0 || n_parallel > 1 {
        Vec::new()
    } else {
        (grower.histograms).build_all(gradients, margins.len(), targets.n_outputs)
    };
    roots.resize_with(margins.len(), || None);
    let tasks = margins.iter_mut().zip(rows).zip(roots);
    parallel::map_each(tasks, 1, &|i, ((margins, rows), mut root)| {
        let gradient = |row: u32| gradients.get(row, i);
        let output = targets.outputs.start + i;
        (0..n_parallel)
            .map(|parallel| {
                let draw = Draw::new(params, n_rows, [round, output, parallel]);
                draw.fill(rows);
                let target = Target {
                    gradient: &gradient,
                    key: draw.key,
                    learning_rate,
                };
                let grown = grower.grow(&target, rows, root.take());
                for (range, value) in &grown.leaves {
                    for &row in &rows[range.clone()] {
                        margins[row as usize] += value;
                    }
                }
                for row in draw.others() {
                    margins[row as usize] += grower.predict_binned(&grown, row as usize);
                }
                grown.tree
            })
            .collect()
    })
}

/// Adds the predictions of trees to the margins of their outputs.
pub(super) fn add(margins: &mut [Vec<f32>], trees: &[Vec<Tree>], data: &Dataset<'_>) {
    let features = data.features();
    let features = features.as_standard_layout();
    let width = features.ncols();
    let Some(rows) = features.as_slice() else {
        return;
    };
    if let [trees] = trees
        && trees.iter().any(|tree| tree.vectors().is_some())
    {
        return add_vectors(margins, trees, rows, width);
    }
    for (margins, trees) in margins.iter_mut().zip(trees) {
        let chunks = margins.chunks_mut(ROWS).zip(rows.chunks(ROWS * width));
        parallel::for_each(chunks, 1, &|_, (margins, rows)| {
            for (margin, row) in margins.iter_mut().zip(rows.chunks(width)) {
                trees.iter().for_each(|tree| *margin += tree.predict(row));
            }
        });
    }
}
