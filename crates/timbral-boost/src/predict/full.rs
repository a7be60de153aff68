use super::columns::Place;
use super::layout::STAY_RANK;
use crate::tree::Tree;

/// Splits from the root of a full tree to any of its leaves.
const DEPTH: u32 = 6;

/// Leaves of a full tree.
const N: usize = 1 << DEPTH;

/// Columns that a byte numbers.
const COLUMNS: usize = 256;

/// Trees walked side by side, to hide the latency of each.
const GROUP: usize = 8;

/// Trees walked before the values they lead to are read.
const RUN: usize = 256;

/// Column and rank of each split of a tree of up to six levels, filled up with splits that send
/// every row left: those below split `i` are `2 i` and `2 i + 1`, the root is 1.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Splits([(u8, i8); N]);

/// Shallow trees to walk down one row at a time: in few lines of memory, all equally long.
#[derive(Debug, Clone, Default)]
pub(super) struct FullTrees {
    splits: Vec<Splits>,
    /// The value at each place of the last level.
    values: Vec<[f32; N]>,
}

impl FullTrees {
    /// The trees, or none if one of them does not fit. `places` are those of all splits, tree by
    /// tree in node order.
    pub(super) fn new(trees: &[Tree], places: &[Place], n_columns: usize) -> Self {
        let mut full = Self::default();
        if n_columns > COLUMNS {
            return full;
        }
        let mut places = places;
        for tree in trees {
            let (mine, others) = places.split_at(tree.nodes().len() / 2);
            places = others;
            if full.push(tree, mine).is_none() {
                return Self::default();
            }
        }
        full
    }

    fn push(&mut self, tree: &Tree, places: &[Place]) -> Option<()> {
        let mut splits = [(0, STAY_RANK); N];
        let mut values = [0.0; N];
        let mut places = places.iter();
        // Children stand behind their parents, so that a node's own place is known.
        let mut at = vec![(1_usize, DEPTH); tree.nodes().len()];
        for (index, node) in tree.nodes().iter().enumerate() {
            let (place, below) = at[index];
            match node.children {
                None => values[(place << below) % N] = node.leaf_value,
                Some(split) => {
                    let below = below.checked_sub(1)?;
                    let Place { column, rank } = *places.next()?;
                    splits[place] = (u8::try_from(column).ok()?, rank);
                    at[split.left as usize] = (2 * place, below);
                    at[split.right as usize] = (2 * place + 1, below);
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
        // Values are read when many places are known, so that their ways from memory overlap.
        let runs = self.splits.chunks(RUN).zip(self.values.chunks(RUN));
        for ((splits, values), outputs) in runs.zip(outputs.chunks(RUN)) {
            let mut places = [0_u8; RUN];
            for (places, splits) in places.chunks_mut(GROUP).zip(splits.chunks(GROUP)) {
                if let Some(splits) = splits.first_chunk() {
                    places.copy_from_slice(&reached::<GROUP>(splits, &of_columns));
                } else {
                    for (place, splits) in places.iter_mut().zip(splits) {
                        [*place] = reached(&[*splits], &of_columns);
                    }
                }
            }
            for ((values, place), &output) in values.iter().zip(places).zip(outputs) {
                margins[output as usize] += values[usize::from(place) % N];
            }
        }
    }
}

/// The places of the last level that a row reaches.
#[inline(always)]
fn reached<const G: usize>(trees: &[Splits; G], ranks: &[i8; COLUMNS]) -> [u8; G] {
    // One step after the other in the text, so that the compiler knows how large a place can be.
    let step = |mut at: [usize; G]| {
        for (at, Splits(splits)) in at.iter_mut().zip(trees) {
            let (column, rank) = splits[*at % N];
            *at = 2 * *at + usize::from(ranks[usize::from(column)] > rank);
        }
        at
    };
    step(step(step(step(step(step([1; G])))))).map(|at| (at % N) as u8)
}
