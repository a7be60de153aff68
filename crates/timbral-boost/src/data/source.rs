use super::dataset::Dataset;
use crate::error::Result;

/// Rows that come in blocks and can be read more than once, for tables that are larger than memory. See
/// [`BinnedRows`](crate::BinnedRows).
///
/// A [`Dataset`] is a source with one block.
pub trait RowSource {
    /// Number of rows of all blocks, 1 or more.
    fn n_rows(&self) -> usize;

    /// Number of feature columns of every block.
    fn n_features(&self) -> usize;

    /// Calls `visit` with each block, in the same order every time.
    ///
    /// # Errors
    /// Those of `visit`, and [`Error::Source`](crate::Error::Source) if the rows cannot be read.
    fn visit(&mut self, visit: &mut dyn FnMut(&Dataset<'_>) -> Result<()>) -> Result<()>;
}

impl RowSource for Dataset<'_> {
    fn n_rows(&self) -> usize {
        Dataset::n_rows(self)
    }

    fn n_features(&self) -> usize {
        Dataset::n_features(self)
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&Dataset<'_>) -> Result<()>) -> Result<()> {
        visit(self)
    }
}
