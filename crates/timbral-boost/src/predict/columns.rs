use std::collections::BTreeMap;

use ndarray::ArrayView2;
use rayon::slice::ParallelSliceMut;

use crate::model::{CategorySet, Children, Tree};

/// The most thresholds of a column: a byte holds as many ranks and one more.
const MAX_THRESHOLDS: usize = 255;

/// Thresholds compared at once.
const RUN: usize = 16;

/// Ascending thresholds, then NaN, which no value exceeds.
type Run = [f32; RUN];

/// The lowest rank. Ranks are signed because vector instructions compare signed bytes.
const LOWEST: i8 = i8::MIN;

/// No rank is above this one: every row goes left.
pub(super) const STAY_RANK: i8 = i8::MAX;

/// The rank of a value that is not below `n_thresholds` thresholds.
fn above(n_thresholds: u8) -> i8 {
    LOWEST.wrapping_add_unsigned(n_thresholds)
}

/// The sorted thresholds of a model: each value of a row becomes a rank of one byte, and the splits
/// compare ranks.
///
/// A column belongs to one feature and one direction of missing values, so that a missing value has a
/// rank, too: the lowest if it goes left, the highest if it goes right. A feature with more than 255
/// thresholds has several columns. Each set of categories has a column of its own, with two ranks; these
/// columns come last.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    columns: Vec<Column>,
    categorical: Vec<CategoryColumn>,
    /// For each column: the last threshold of each full run, then the runs, of which the last is not
    /// full.
    runs: Vec<Run>,
}

#[derive(Debug, Clone)]
struct Column {
    feature: usize,
    default_left: bool,
    /// Index of its first run.
    start: usize,
    n_thresholds: usize,
}

/// The lowest rank goes left at the split of this column, the next one right.
#[derive(Debug, Clone)]
struct CategoryColumn {
    feature: usize,
    default_left: bool,
    set: CategorySet,
}

/// A split in terms of ranks: a row goes right if its rank in the column is above `rank`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RankSplit {
    pub(super) column: u32,
    pub(super) rank: i8,
}

impl Columns {
    /// The columns of some trees, and every split in terms of ranks, tree by tree in node order.
    pub(super) fn new(trees: &[Tree]) -> (Self, Vec<RankSplit>) {
        let splits = trees
            .iter()
            .flat_map(Tree::nodes)
            .filter_map(|n| n.children);
        let n_splits = trees.iter().map(|tree| tree.nodes().len() / 2).sum();
        let mut keys: Vec<(u64, usize)> = Vec::with_capacity(n_splits);
        for (index, split) in splits.enumerate() {
            if !split.is_categorical {
                keys.push((key(&split), index));
            }
        }
        keys.par_sort_unstable();

        let mut columns: Vec<Column> = Vec::new();
        let mut runs = Vec::new();
        let mut rank_splits = vec![RankSplit::default(); n_splits];
        for (i, &(key, index)) in keys.iter().enumerate() {
            let previous = i.checked_sub(1).map(|i| keys[i].0);
            if previous != Some(key) {
                let full = columns
                    .last()
                    .is_none_or(|c| c.n_thresholds == MAX_THRESHOLDS);
                if full || previous.is_none_or(|p| p >> 32 != key >> 32) {
                    columns.push(Column {
                        feature: (key >> 33) as usize,
                        default_left: (key >> 32) & 1 == 1,
                        start: runs.len(),
                        n_thresholds: 0,
                    });
                    runs.extend([[f32::NAN; RUN]; 2]);
                }
                if let Some(column) = columns.last_mut() {
                    column.push(threshold(key), &mut runs);
                }
            }
            let rank = columns.last().map_or(0, |c| c.n_thresholds - 1);
            rank_splits[index] = RankSplit {
                column: (columns.len() - 1) as u32,
                rank: above(rank as u8),
            };
        }
        let categorical = if keys.len() < n_splits {
            category_columns(trees, columns.len(), &mut rank_splits)
        } else {
            Vec::new()
        };
        let columns = Self {
            columns,
            categorical,
            runs,
        };
        (columns, rank_splits)
    }

    /// Number of columns.
    pub(super) fn len(&self) -> usize {
        self.columns.len() + self.categorical.len()
    }

    /// The ranks of a row: in each column, how many thresholds are not above the value.
    pub(super) fn rank_row(&self, row: &[f32], ranks: &mut [i8]) {
        let (ranks, of_categories) = ranks.split_at_mut(self.columns.len());
        for (column, rank) in self.categorical.iter().zip(of_categories) {
            *rank = column.rank(row[column.feature]);
        }
        for (column, rank) in self.columns.iter().zip(ranks) {
            let value = row[column.feature];
            let below = |run: &Run| run.iter().map(|t| u32::from(*t <= value)).sum::<u32>();
            *rank = if value.is_nan() {
                column.missing()
            } else {
                let full = below(&self.runs[column.start]);
                let last = below(&self.runs[column.start + 1 + full as usize]);
                above((RUN as u32 * full + last) as u8)
            };
        }
    }

    /// The ranks of up to `W` rows, column by column.
    #[inline(always)]
    pub(super) fn rank_block<const W: usize>(
        &self,
        rows: ArrayView2<'_, f32>,
        ranks: &mut [[i8; W]],
    ) {
        let (ranks, of_categories) = ranks.split_at_mut(self.columns.len());
        for (column, ranks) in self.categorical.iter().zip(of_categories) {
            for (rank, value) in ranks.iter_mut().zip(rows.column(column.feature)) {
                *rank = column.rank(*value);
            }
        }
        let mut values = [0.0_f32; W];
        for (column, ranks) in self.columns.iter().zip(ranks) {
            for (to, from) in values.iter_mut().zip(rows.column(column.feature)) {
                *to = *from;
            }
            // No value exceeds NaN.
            let mut table = [f32::NAN; 256];
            let thresholds = self.runs[column.start + 1..][..column.n_runs()].as_flattened();
            table[..thresholds.len()].copy_from_slice(thresholds);
            let mut below = [0_u8; W];
            for half in [128_u8, 64, 32, 16, 8, 4, 2, 1] {
                for (rank, value) in below.iter_mut().zip(&values) {
                    let probe = table[usize::from(rank.wrapping_add(half - 1))];
                    *rank = if probe <= *value {
                        rank.wrapping_add(half)
                    } else {
                        *rank
                    };
                }
            }
            let missing = column.missing();
            for ((rank, below), value) in ranks.iter_mut().zip(below).zip(&values) {
                *rank = if value.is_nan() {
                    missing
                } else {
                    above(below)
                };
            }
        }
    }
}

impl Column {
    /// Runs of thresholds.
    fn n_runs(&self) -> usize {
        self.n_thresholds / RUN + 1
    }

    /// Adds the next threshold to the last column of `runs`.
    fn push(&mut self, threshold: f32, runs: &mut Vec<Run>) {
        let (run, place) = (self.n_thresholds / RUN, self.n_thresholds % RUN);
        runs[self.start + 1 + run][place] = threshold;
        self.n_thresholds += 1;
        if self.n_runs() > run + 1 {
            runs[self.start][run] = threshold;
            runs.push([f32::NAN; RUN]);
        }
    }

    fn missing(&self) -> i8 {
        if self.default_left {
            LOWEST
        } else {
            above(self.n_thresholds as u8)
        }
    }
}

/// The columns of the categorical splits of some trees, after `first` others; sets their `rank_splits`.
fn category_columns(
    trees: &[Tree],
    first: usize,
    rank_splits: &mut [RankSplit],
) -> Vec<CategoryColumn> {
    let mut columns = Vec::new();
    let mut known = BTreeMap::new();
    let nodes = trees.iter().flat_map(|tree| {
        let nodes = tree.nodes().iter().enumerate();
        nodes.filter_map(move |(node, n)| Some((n.children?, tree.category_set(node))))
    });
    for ((split, set), rank_split) in nodes.zip(rank_splits) {
        let Some(set) = set else { continue };
        let key = (split.feature, split.default_left, set);
        let column = *known.entry(key).or_insert_with(|| {
            columns.push(CategoryColumn {
                feature: split.feature as usize,
                default_left: split.default_left,
                set: set.clone(),
            });
            first + columns.len() - 1
        });
        *rank_split = RankSplit {
            column: column as u32,
            rank: LOWEST,
        };
    }
    columns
}

impl CategoryColumn {
    fn rank(&self, value: f32) -> i8 {
        let left = match value.is_nan() {
            true => self.default_left,
            false => self.set.goes_left(value),
        };
        above(u8::from(!left))
    }
}

/// A key that sorts splits by feature, direction of missing values and threshold.
fn key(split: &Children) -> u64 {
    // -0 and 0 are the same threshold.
    let bits = (split.threshold + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    };
    u64::from(split.feature) << 33 | u64::from(split.default_left) << 32 | u64::from(ordered)
}

/// The threshold of a key.
fn threshold(key: u64) -> f32 {
    let ordered = key as u32;
    f32::from_bits(if ordered >> 31 == 1 {
        ordered & !(1 << 31)
    } else {
        !ordered
    })
}
