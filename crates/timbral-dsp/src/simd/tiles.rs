use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::{LANES, Lane, ZERO};

/// A spectrogram stored tile after tile; lanes beyond the last frame are zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tiles {
    lanes: Vec<Lane>,
    n_bins: usize,
    n_frames: usize,
}

impl Tiles {
    /// Makes this a spectrogram of the given shape, reusing its memory. With as many bins as before, the tiles
    /// there were keep their values; others have unspecified ones.
    pub(crate) fn reshape(&mut self, n_bins: usize, n_frames: usize) {
        self.n_bins = n_bins;
        self.n_frames = n_frames;
        let needed = n_bins * self.n_tiles();
        // Never shorter, as filling it again would take time.
        if self.lanes.len() < needed {
            self.lanes.resize(needed, ZERO);
        }
    }

    /// Removes the first `n` tiles; the following ones take their place.
    pub(crate) fn drop_front(&mut self, n: usize) {
        let end = self.n_bins * self.n_tiles();
        self.lanes.copy_within((n * self.n_bins).min(end)..end, 0);
        self.n_frames = self.n_frames.saturating_sub(n * LANES);
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

    /// Frames of tile `t`: 16, or fewer in the last one.
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
        &self.lanes[..self.n_bins * self.n_tiles()]
    }

    /// All lanes, tile after tile.
    pub(crate) fn lanes_mut(&mut self) -> &mut [Lane] {
        let n = self.n_bins * self.n_tiles();
        &mut self.lanes[..n]
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

/// Copies a tile into the columns of an array from `first` on; lanes beyond its last column are dropped.
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

/// Copies the frames from `16 t` on of an array of any memory order into a tile.
fn load_tile(array: ArrayView2<'_, f32>, t: usize, tile: &mut [Lane]) {
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
