//! The layout and the dispatch that all spectral kernels share.
//!
//! A spectrogram is worked on in *tiles* of 16 neighbouring frames, `tile[bin][lane]`: what is
//! done along frequency (sums, cumulative sums, filter banks, median windows) then runs for 16
//! frames at once in one to four registers, with no shuffles and in the order in which the
//! textbook adds, so that rounding does not depend on the instruction set. A tile of 1025 bins
//! is 64 KiB and stays in the cache through all kernels that read it.

use ndarray::{ArrayView2, ArrayViewMut2, s};

/// Frames in a tile.
pub(crate) const LANES: usize = 16;

/// One bin of a tile.
pub(crate) type Lane = [f32; LANES];

pub(crate) const ZERO: Lane = [0.0; LANES];

/// Runs `kernel` compiled for the best instruction set of this machine (AVX-512, AVX2, NEON or
/// the target's base), found at run time; everything in it must be `#[inline(always)]`.
#[inline(always)]
pub(crate) fn dispatch<R>(kernel: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(kernel)
}

/// A spectrogram stored tile after tile; lanes beyond the last frame are zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tiles {
    lanes: Vec<Lane>,
    n_bins: usize,
    n_frames: usize,
}

impl Tiles {
    /// Makes this a spectrogram of the given shape with unspecified values, reusing its memory.
    pub(crate) fn reshape(&mut self, n_bins: usize, n_frames: usize) {
        self.n_bins = n_bins;
        self.n_frames = n_frames;
        self.lanes.resize(n_bins * n_frames.div_ceil(LANES), ZERO);
    }

    /// Forgets the first `n` tiles; those that follow take their place.
    pub(crate) fn drop_front(&mut self, n: usize) {
        self.lanes.drain(..(n * self.n_bins).min(self.lanes.len()));
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.n_bins
    }

    pub(crate) fn n_frames(&self) -> usize {
        self.n_frames
    }

    pub(crate) fn n_tiles(&self) -> usize {
        self.n_frames.div_ceil(LANES)
    }

    /// Frames that tile `t` really holds.
    pub(crate) fn used(&self, t: usize) -> usize {
        (self.n_frames - t * LANES).min(LANES)
    }

    pub(crate) fn tile(&self, t: usize) -> &[Lane] {
        &self.lanes[t * self.n_bins..][..self.n_bins]
    }

    pub(crate) fn tile_mut(&mut self, t: usize) -> &mut [Lane] {
        &mut self.lanes[t * self.n_bins..][..self.n_bins]
    }

    /// All lanes, tile after tile.
    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// All lanes, tile after tile.
    pub(crate) fn lanes_mut(&mut self) -> &mut [Lane] {
        &mut self.lanes
    }

    /// Copies an array of shape `(n_bins, n_frames)` of any memory order.
    pub(crate) fn from_array(array: ArrayView2<'_, f32>) -> Self {
        let mut tiles = Self::default();
        tiles.reshape(array.nrows(), array.ncols());
        for t in 0..tiles.n_tiles() {
            load_tile(array, t, tiles.tile_mut(t));
        }
        tiles
    }

    /// Copies into an array of shape `(n_bins, n_frames)`.
    pub(crate) fn store(&self, mut array: ArrayViewMut2<'_, f32>) {
        for t in 0..self.n_tiles() {
            store_tile(self.tile(t), t * LANES, &mut array);
        }
    }
}

/// Copies a tile into the columns of an array from `first` on, as far as there are any.
pub(crate) fn store_tile(tile: &[Lane], first: usize, array: &mut ArrayViewMut2<'_, f32>) {
    let used = (array.ncols() - first).min(LANES);
    let mut block = array.slice_mut(s![.., first..first + used]);
    for (mut row, lane) in block.outer_iter_mut().zip(tile) {
        if let Some(row) = row.as_slice_mut() {
            row.copy_from_slice(&lane[..used]);
        } else {
            row.iter_mut().zip(lane).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Copies frames `16 t ..` of an array of any memory order into a tile.
pub(crate) fn load_tile(array: ArrayView2<'_, f32>, t: usize, tile: &mut [Lane]) {
    let used = (array.ncols() - t * LANES).min(LANES);
    let block = array.slice(s![.., t * LANES..t * LANES + used]);
    for (row, lane) in block.outer_iter().zip(tile) {
        *lane = ZERO;
        for (from, to) in row.iter().zip(lane) {
            *to = *from;
        }
    }
}

/// Calls `visit(first_frame, used_lanes, tile)` for every 16 frames of an array.
pub(crate) fn for_each_tile(
    array: ArrayView2<'_, f32>,
    mut visit: impl FnMut(usize, usize, &[Lane]),
) {
    let mut tile = vec![ZERO; array.nrows()];
    for t in 0..array.ncols().div_ceil(LANES) {
        load_tile(array, t, &mut tile);
        visit(t * LANES, (array.ncols() - t * LANES).min(LANES), &tile);
    }
}

/// Transposes a 16 x 16 block: `to[j][i] = from[i][j]`.
#[inline(always)]
pub(crate) fn transpose(from: &[Lane], to: &mut [Lane; LANES]) {
    for (i, row) in from.iter().enumerate() {
        for j in 0..LANES {
            to[j][i] = row[j];
        }
    }
}

/// `out = a b`, value by value.
pub(crate) fn multiply(a: &[Lane], b: &[Lane], out: &mut [Lane]) {
    dispatch(
        #[inline(always)]
        || {
            let (a, b) = (a.as_flattened(), b.as_flattened());
            for ((a, b), out) in a.iter().zip(b).zip(out.as_flattened_mut()) {
                *out = a * b;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder};

    #[test]
    fn tiles_hold_any_memory_order() {
        for (bins, frames) in [(1, 1), (3, 16), (5, 17), (7, 40)] {
            let c = Array2::from_shape_fn((bins, frames), |(i, j)| (i * 100 + j) as f32);
            let mut f = Array2::zeros((bins, frames).f());
            f.assign(&c);
            for array in [c.view(), f.view(), f.slice(s![.., ..])] {
                let tiles = Tiles::from_array(array);
                let mut back = Array2::zeros((bins, frames));
                tiles.store(back.view_mut());
                assert_eq!(back, c);
            }
        }
    }
}
