use timbral_core::{LANES, rows_at, transpose};

/// A borrowed matrix `[rows, columns]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows lie one after the other.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        debug_assert_eq!(data.len(), rows * columns);
        Self {
            data,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transposed matrix, without copying.
    pub(crate) fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    pub(crate) fn rows(self) -> usize {
        self.rows
    }

    pub(crate) fn columns(self) -> usize {
        self.columns
    }

    /// Copies columns `start..start + width` to `panel`, row by row, each row filled up with zeros.
    ///
    /// Must be inlined where the width is a constant, so that copies become plain moves.
    #[inline(always)]
    pub(crate) fn pack(self, start: usize, width: usize, panel: &mut [f32]) {
        if self.transposed {
            return self.pack_transposed(start, width, panel);
        }
        let used = width.min(self.columns - start);
        let rows = panel.chunks_exact_mut(width);
        let all = self.data.chunks_exact(self.columns);
        if used == width {
            for (row, values) in rows.zip(all) {
                row.copy_from_slice(&values[start..start + width]);
            }
        } else {
            for (row, values) in rows.zip(all) {
                row[..used].copy_from_slice(&values[start..]);
                row[used..].fill(0.0);
            }
        }
    }

    /// The same of a transposed matrix, block by block.
    #[inline(always)]
    fn pack_transposed(self, start: usize, width: usize, panel: &mut [f32]) {
        let mut ends = [[0.0; LANES]; LANES];
        let mut block = [[0.0; LANES]; LANES];
        for first in (0..width).step_by(LANES) {
            let n = LANES.min(width - first);
            for row in (0..self.rows).step_by(LANES) {
                let column = |l: usize| (start + first + l) * self.rows + row;
                transpose(&rows_at(self.data, column, &mut ends), &mut block);
                let rows = panel[row * width..].chunks_exact_mut(width);
                for (to, from) in rows.zip(&block) {
                    to[first..first + n].copy_from_slice(&from[..n]);
                }
            }
        }
    }
}
