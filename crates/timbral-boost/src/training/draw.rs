use super::params::BoostParams;
use crate::random::{Key, Stream};

/// The rows of a tree, drawn at random.
pub(super) struct Draw {
    /// The seed of the random choices of the tree.
    pub(super) key: Key,
    of_rows: Key,
    subsample: f64,
    n_rows: u32,
}

impl Draw {
    /// For a tree of a round, of an output, with its number among those that grow in parallel.
    pub(super) fn new(params: &BoostParams, n_rows: usize, tree: [usize; 3]) -> Self {
        let key = tree.iter();
        let key = key.fold(Key::new(params.seed), |key, &i| key.with(i as u64));
        Self {
            key,
            of_rows: key.stream(Stream::Rows),
            subsample: f64::from(params.subsample),
            n_rows: n_rows as u32,
        }
    }

    fn is_drawn(&self, row: u32) -> bool {
        self.subsample >= 1.0 || self.of_rows.with(row.into()).uniform() < self.subsample
    }

    /// Puts the drawn rows into `rows`.
    pub(super) fn fill(&self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend((0..self.n_rows).filter(|&row| self.is_drawn(row)));
    }

    /// The rows that are not drawn.
    pub(super) fn others(&self) -> impl Iterator<Item = u32> {
        let n_rows = if self.subsample < 1.0 { self.n_rows } else { 0 };
        (0..n_rows).filter(|&row| !self.is_drawn(row))
    }
}
