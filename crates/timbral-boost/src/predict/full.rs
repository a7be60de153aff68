use super::columns::{RankSplit, STAY_RANK};
use crate::model::Tree;

/// Splits from the root of a full tree to each of its leaves.
const DEPTH: u32 = 6;

/// Leaves of a full tree.
const N: usize = 1 << DEPTH;

/// Columns that a byte can index.
const COLUMNS: usize = 256;

/// Trees descended at the same time, to hide memory latency.
const GROUP: usize = 8;

/// Trees descended before the values of their leaves are read.
const RUN: usize = 256;

/// Column and rank of each split of a tree of up to six levels, filled up with splits that send every
/// row left. The root is split 1, the children of split `i` are `2 i` and `2 i + 1`.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Splits([(u8, i8); N]);

/// Shallow trees, laid out to be descended one row at a time: few cache lines, all paths equally long.
#[derive(Debug, Clone, Default)]
pub(super) struct FullTrees {
    splits: Vec<Splits>,
    /// The value at each position of the last level.
    values: Vec<[f32; N]>,
}

impl FullTrees {
    /// The trees, or none if one of them is too deep. `rank_splits` are the splits of all trees, tree
    /// by tree in node order.
    pub(super) fn new(trees: &[Tree], rank_splits: &[RankSplit], n_columns: usize) -> Self {
        let mut full = Self::default();
        if n_columns > COLUMNS {
            return full;
        }
        let mut rank_splits = rank_splits;
        for tree in trees {
            let (mine, others) = rank_splits.split_at(tree.nodes().len() / 2);
            rank_splits = others;
            if full.push(tree, mine).is_none() {
                return Self::default();
            }
        }
        full
    }

    fn push(&mut self, tree: &Tree, rank_splits: &[RankSplit]) -> Option<()> {
        let mut splits = [(0, STAY_RANK); N];
        let mut values = [0.0; N];
        let mut rank_splits = rank_splits.iter();
        // Children come after their parents, so that the position of a node is known.
        let mut at = vec![(1_usize, DEPTH); tree.nodes().len()];
        for (index, node) in tree.nodes().iter().enumerate() {
            let (position, below) = at[index];
            match node.children {
                None => values[(position << below) % N] = node.leaf_value,
                Some(split) => {
                    let below = below.checked_sub(1)?;
                    let RankSplit { column, rank } = *rank_splits.next()?;
                    splits[position] = (u8::try_from(column).ok()?, rank);
                    at[split.left as usize] = (2 * position, below);
                    at[split.right as usize] = (2 * position + 1, below);
                }
            }
        }
        self.splits.push(Splits(splits));
        self.values.push(values);
        Some(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.splits.is_empty()
    }

    /// Adds the value that a row reaches in each tree to the margin of the tree's output.
    pub(super) fn add(&self, ranks: &[i8], outputs: &[u32], margins: &mut [f32]) {
        let mut of_columns = [0; COLUMNS];
        of_columns[..ranks.len()].copy_from_slice(ranks);
        // Values are read when many positions are known, so that the memory accesses overlap.
        let runs = self.splits.chunks(RUN).zip(self.values.chunks(RUN));
        for ((splits, values), outputs) in runs.zip(outputs.chunks(RUN)) {
            let mut positions = [0_u8; RUN];
            for (positions, splits) in positions.chunks_mut(GROUP).zip(splits.chunks(GROUP)) {
                if let Some(splits) = splits.first_chunk() {
                    positions.copy_from_slice(&reached::<GROUP>(splits, &of_columns));
                } else {
                    for (position, splits) in positions.iter_mut().zip(splits) {
                        [*position] = reached(&[*splits], &of_columns);
                    }
                }
            }
            for ((values, position), &output) in values.iter().zip(positions).zip(outputs) {
                margins[output as usize] += values[usize::from(position) % N];
            }
        }
    }
}

/// The positions of the last level that a row reaches.
#[inline(always)]
fn reached<const G: usize>(trees: &[Splits; G], ranks: &[i8; COLUMNS]) -> [u8; G] {
    // Written out step by step, so that the compiler knows the range of a position.
    let step = |mut at: [usize; G]| {
        for (at, Splits(splits)) in at.iter_mut().zip(trees) {
            let (column, rank) = splits[*at % N];
            *at = 2 * *at + usize::from(ranks[usize::from(column)] > rank);
        }
        at
    };
    step(step(step(step(step(step([1; G])))))).map(|at| (at % N) as u8)
}
