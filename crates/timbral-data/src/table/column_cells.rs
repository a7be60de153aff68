use super::cell::Cell;

/// The cells of a column, from the top.
pub(super) trait ColumnCells {
    /// The next cell.
    fn next(&mut self) -> Cell<'_>;

    /// The next cells, if all are floating-point numbers; they are still the next ones.
    fn floats(&self, n_rows: usize) -> Option<Floats<'_>>;

    /// Passes over the next cells.
    fn skip(&mut self, n_rows: usize);
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Floats<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
}

impl Floats<'_> {
    /// Copies them, as [`Cell::number`] gives them. Ends with `false` at one that is out of range.
    pub(super) fn copy<'t>(self, to: impl Iterator<Item = &'t mut f32>) -> bool {
        let copy = |(to, x): (&mut f32, f32)| {
            *to = x;
            !x.is_infinite()
        };
        match self {
            Self::Single(x) => to.zip(x.iter().copied()).all(copy),
            Self::Double(x) => to.zip(x.iter().map(|x| *x as f32)).all(copy),
        }
    }
}
