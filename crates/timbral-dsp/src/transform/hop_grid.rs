//! Samples rearranged so that 16 overlapping frames can be read side by side.
//!
//! Sample `n` of frame `t` is sample `hop t + n` of the signal. With `n = q hop + m` and the 16
//! frames of a tile in lanes `l`, that is `line[m + hop (q + l)]`. So the samples are transposed once
//! into `grid[m][column]`, where `column` counts hops, and each window sample reads the 16
//! neighbouring columns that start at `q`. Overlap-add is the same in reverse.

use timbral_core::{rows_at, transpose};

use crate::simd::{LANES, ZERO};

/// The shape of the grid of a tile, and the window at each of its places.
#[derive(Debug, Clone)]
pub(crate) struct HopGrid {
    pub(super) n_fft: usize,
    pub(super) hop: usize,
    /// The analysis window.
    pub(super) window: Vec<f64>,
    /// The window divided by `n_fft`.
    pub(super) synthesis: Vec<f32>,
    /// Index in the grid of sample `n` of frame 0.
    pub(crate) places: Vec<usize>,
    /// Place and window of each even sample and the odd one after it.
    pub(super) pairs: Vec<[(usize, f64); 2]>,
}

impl HopGrid {
    pub(crate) fn new(window: Vec<f64>, hop: usize) -> Self {
        let n_fft = window.len();
        let synthesis = window.iter().map(|w| (w / n_fft as f64) as f32).collect();
        let mut grid = Self {
            n_fft,
            hop,
            window,
            synthesis,
            places: Vec::new(),
            pairs: Vec::new(),
        };
        let width = grid.width();
        grid.places = (0..n_fft).map(|n| n % hop * width + n / hop).collect();
        let windowed = |n: usize| (grid.places[n], grid.window[n]);
        grid.pairs = (0..n_fft / 2)
            .map(|m| [windowed(2 * m), windowed(2 * m + 1)])
            .collect();
        grid
    }

    /// Samples that the frames of a tile span.
    pub(super) fn span(&self) -> usize {
        self.columns() * self.hop
    }

    /// Hops that the frames of a tile span, rounded up: 16, and those that the last frame adds.
    fn columns(&self) -> usize {
        LANES - 1 + self.n_fft.div_ceil(self.hop)
    }

    /// Row length of the grid: the columns in whole blocks of 16, for the transposition.
    pub(crate) fn width(&self) -> usize {
        self.columns().next_multiple_of(LANES)
    }

    /// Rows of the grid that frames read.
    fn rows(&self) -> usize {
        self.hop.min(self.n_fft)
    }

    /// Values of the grid.
    pub(crate) fn len(&self) -> usize {
        self.rows() * self.width()
    }

    /// `grid[m][column] = line[m + hop column]` for the rows that frames read; 0 beyond the end of `line`.
    #[inline(always)]
    pub(crate) fn to_grid<T: From<f32>>(&self, line: &[f32], grid: &mut [T]) {
        let (hop, rows, width) = (self.hop, self.rows(), self.width());
        let (mut ends, mut to) = ([ZERO; LANES], [ZERO; LANES]);
        for first in (0..self.columns()).step_by(LANES) {
            for m in (0..rows).step_by(LANES) {
                transpose(
                    &rows_at(line, |c| m + hop * (first + c), &mut ends),
                    &mut to,
                );
                for (r, row) in to.iter().enumerate().take(rows - m) {
                    let out = &mut grid[(m + r) * width + first..][..LANES];
                    for (out, v) in out.iter_mut().zip(row) {
                        *out = T::from(*v);
                    }
                }
            }
        }
    }

    /// `line[m + hop column] = grid[m][column]`, 0 where the grid has no row.
    #[inline(always)]
    pub(super) fn to_line(&self, grid: &[f32], line: &mut [f32]) {
        let (hop, width) = (self.hop, self.width());
        let columns = line.len() / hop;
        let (mut ends, mut to) = ([ZERO; LANES], [ZERO; LANES]);
        for first in (0..columns).step_by(LANES) {
            for m in (0..hop).step_by(LANES) {
                let rows = rows_at(grid, |r| (m + r) * width + first, &mut ends);
                transpose(&rows, &mut to);
                for (c, to) in to.iter().enumerate().take(columns - first) {
                    let rows = (hop - m).min(LANES);
                    line[m + hop * (first + c)..][..rows].copy_from_slice(&to[..rows]);
                }
            }
        }
    }
}
