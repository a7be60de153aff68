use super::columns::{Columns, RankSplit, STAY_RANK};
use super::full::FullTrees;
use crate::model::Tree;

/// The most leaves of a tree whose states fit into bytes.
const MAX_LEAVES: usize = 256;

/// Trees descended at the same time, to hide memory latency.
const GROUP: usize = 16;

/// Trees laid out for prediction. The leaves of a tree are numbered from left to right.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) columns: Columns,
    /// All trees if they are shallow, else none.
    pub(super) full: FullTrees,
    steps: Vec<Step>,
    trees: Vec<Packed>,
    /// The value of each leaf, tree by tree.
    pub(super) values: Vec<f32>,
    /// The node of each leaf in its tree.
    pub(super) nodes: Vec<u32>,
}

/// A split of a tree. The steps of its left subtree follow it, then those of its right subtree; a last
/// step that changes nothing ends a tree.
#[derive(Debug, Clone, Copy)]
struct Step {
    column: u16,
    /// A row goes right if its rank in the column is above this.
    rank: i8,
    /// The first leaf below the split.
    first: u8,
    /// Added to the state of a descent that goes left: the distance to the next step.
    left: u16,
    /// The same to the right, plus 256 times the number of leaves on the left.
    right: u16,
}

/// A step that changes nothing.
const STAY: Step = Step {
    column: 0,
    rank: STAY_RANK,
    first: 0,
    left: 0,
    right: 0,
};

#[derive(Debug, Clone)]
struct Packed {
    step: usize,
    leaf: usize,
    n_leaves: usize,
    depth: usize,
    wide: Option<Box<Wide>>,
}

/// A tree too large for steps.
#[derive(Debug, Clone)]
struct Wide {
    tree: Tree,
    /// The number of the leaf for each node.
    leaves: Vec<usize>,
}

/// A block of rows.
pub(super) struct Block<'a, const W: usize> {
    /// Ranks, column by column.
    pub(super) ranks: &'a [[i8; W]],
    /// Row by row; used only for trees that are too large for steps.
    pub(super) rows: &'a [f32],
    pub(super) n_features: usize,
}

impl Layout {
    pub(super) fn new(trees: &[Tree]) -> Self {
        let (columns, rank_splits) = Columns::new(trees);
        let n_nodes: usize = trees.iter().map(|t| t.nodes().len()).sum();
        let n_leaves = n_nodes - rank_splits.len();
        let mut layout = Self {
            full: match trees.iter().any(|tree| tree.vectors().is_some()) {
                true => FullTrees::default(),
                false => FullTrees::new(trees, &rank_splits, columns.len()),
            },
            columns,
            steps: Vec::with_capacity(n_nodes - n_leaves + trees.len() + MAX_LEAVES),
            trees: Vec::with_capacity(trees.len()),
            values: Vec::with_capacity(n_leaves),
            nodes: Vec::with_capacity(n_leaves),
        };
        let mut rank_splits = rank_splits.as_slice();
        for tree in trees {
            let (mine, others) = rank_splits.split_at(tree.nodes().len() / 2);
            layout.push(tree, mine);
            rank_splits = others;
        }
        // A descent may address 256 steps from the first step of any tree.
        layout.steps.extend([STAY; MAX_LEAVES]);
        layout
    }

    fn push(&mut self, tree: &Tree, rank_splits: &[RankSplit]) {
        let nodes = tree.nodes();
        // Children come after their parents: backwards, subtrees are known before their roots.
        let mut below = vec![(1, 0); nodes.len()];
        for (index, node) in nodes.iter().enumerate().rev() {
            if let Some(split) = node.children {
                let (left, right) = (below[split.left as usize], below[split.right as usize]);
                below[index] = (left.0 + right.0, 1 + left.1.max(right.1));
            }
        }
        let (n_leaves, depth) = below[0];
        let packed = Packed {
            step: self.steps.len(),
            leaf: self.values.len(),
            n_leaves,
            depth,
            wide: None,
        };
        let narrow = n_leaves <= MAX_LEAVES
            && rank_splits
                .iter()
                .all(|rank_split| rank_split.column <= u32::from(u16::MAX));
        if narrow {
            self.steps.resize(packed.step + n_leaves, STAY);
        }
        self.values.resize(packed.leaf + n_leaves, 0.0);
        self.nodes.resize(packed.leaf + n_leaves, 0);

        // The step and the first leaf of each node.
        let mut at = vec![(0, 0); nodes.len()];
        let mut rank_splits = rank_splits.iter();
        for (index, node) in nodes.iter().enumerate() {
            let (step, first) = at[index];
            let Some(split) = node.children else {
                self.values[packed.leaf + first] = node.leaf_value;
                self.nodes[packed.leaf + first] = index as u32;
                continue;
            };
            let rank_split = rank_splits.next().copied().unwrap_or_default();
            let (left, right) = (split.left as usize, split.right as usize);
            let passed = below[left].0;
            at[left] = (step + 1, first);
            at[right] = (step + passed, first + passed);
            if narrow {
                let end = n_leaves - 1 - step;
                let to = |child: usize, way: usize| if below[child].0 == 1 { end } else { way };
                self.steps[packed.step + step] = Step {
                    column: rank_split.column as u16,
                    rank: rank_split.rank,
                    first: first as u8,
                    left: to(left, 1) as u16,
                    right: (passed << 8 | to(right, passed)) as u16,
                };
            }
        }
        let wide = (!narrow).then(|| {
            let leaves = at.iter().map(|&(_, first)| first).collect();
            Box::new(Wide {
                tree: tree.clone(),
                leaves,
            })
        });
        self.trees.push(Packed { wide, ..packed });
    }

    pub(super) fn n_trees(&self) -> usize {
        self.trees.len()
    }

    pub(super) fn has_wide(&self) -> bool {
        self.trees.iter().any(|tree| tree.wide.is_some())
    }

    /// Calls `visit` with the index of each tree and the leaf that a row reaches.
    pub(super) fn walk(&self, ranks: &[i8], row: &[f32], mut visit: impl FnMut(usize, usize)) {
        let mut tree = 0;
        for group in self.trees.chunks(GROUP) {
            if let Some(group) = group.first_chunk::<GROUP>()
                && group.iter().all(|tree| tree.wide.is_none())
            {
                for leaf in self.walk_group(group, ranks) {
                    visit(tree, leaf);
                    tree += 1;
                }
                continue;
            }
            for packed in group {
                let leaf = match &packed.wide {
                    Some(wide) => packed.leaf + wide.leaf(row),
                    None => self.walk_group(std::array::from_ref(packed), ranks)[0],
                };
                visit(tree, leaf);
                tree += 1;
            }
        }
    }

    /// The leaves that a row reaches in several trees, one step in each tree at a time.
    #[inline(always)]
    fn walk_group<const N: usize>(&self, trees: &[Packed; N], ranks: &[i8]) -> [usize; N] {
        // The low byte is the step in the tree, the rest the first leaf below it.
        let mut states = [0_u32; N];
        let steps: [&[Step; MAX_LEAVES]; N] = std::array::from_fn(|i| {
            self.steps[trees[i].step..]
                .first_chunk()
                .unwrap_or(&[STAY; MAX_LEAVES])
        });
        let depth = trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
        for _ in 0..depth {
            for (state, steps) in states.iter_mut().zip(&steps) {
                let step = &steps[(*state & 255) as usize];
                let right = ranks[usize::from(step.column)] > step.rank;
                *state += u32::from(if right { step.right } else { step.left });
            }
        }
        std::array::from_fn(|i| trees[i].leaf + (states[i] >> 8) as usize)
    }

    /// Calls `visit` with the index of each tree and the entries of `table` for the leaves that the
    /// rows reach.
    ///
    /// Every split of a tree is applied to all rows, in an order in which a split comes after the
    /// splits above it. The state of a row is the first leaf of the subtree that it is in: a row is
    /// at a split if its state is the first leaf below the split.
    #[inline(always)]
    pub(super) fn scan<const W: usize, T: Copy + Default>(
        &self,
        block: &Block<'_, W>,
        table: &[T],
        mut visit: impl FnMut(usize, &[T; W]),
    ) {
        let mut entries = [T::default(); MAX_LEAVES];
        let mut found = [T::default(); W];
        for (tree, packed) in self.trees.iter().enumerate() {
            let table = &table[packed.leaf..][..packed.n_leaves];
            if let Some(wide) = &packed.wide {
                let rows = block.rows.chunks_exact(block.n_features);
                for (to, row) in found.iter_mut().zip(rows) {
                    *to = table[wide.leaf(row)];
                }
            } else {
                let mut states = [0_u8; W];
                for step in &self.steps[packed.step..][..packed.n_leaves - 1] {
                    let ranks = &block.ranks[usize::from(step.column)];
                    let next = step.first.wrapping_add((step.right >> 8) as u8);
                    // A row that goes right and has this state is at the split; before this step no
                    // row is in the subtree of `next`.
                    let mut movers = [0_u8; W];
                    for (mover, rank) in movers.iter_mut().zip(ranks) {
                        *mover = if *rank > step.rank { step.first } else { next };
                    }
                    for (state, mover) in states.iter_mut().zip(&movers) {
                        *state = if *state == *mover { next } else { *state };
                    }
                }
                entries[..table.len()].copy_from_slice(table);
                for (to, state) in found.iter_mut().zip(&states) {
                    *to = entries[usize::from(*state)];
                }
            }
            visit(tree, &found);
        }
    }
}

impl Wide {
    fn leaf(&self, row: &[f32]) -> usize {
        self.leaves[self.tree.leaf(row)]
    }
}
