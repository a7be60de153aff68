use super::onset::{OnsetParams, envelope, reference, rises};
use crate::simd::Lane;

/// [`onset_strength`](super::onset_strength) of a spectrogram in decibels that arrives in tiles. Its values
/// must be finite.
#[derive(Debug, Clone)]
pub(crate) struct OnsetTiles {
    params: OnsetParams,
    rises: Vec<f32>,
    n_frames: usize,
    /// The last frames, one row of `width` values per band.
    strip: Vec<f32>,
    width: usize,
    next: Vec<f32>,
}

impl OnsetTiles {
    /// The parameters must be valid.
    pub(crate) fn new(params: OnsetParams) -> Self {
        Self {
            params,
            rises: Vec::new(),
            n_frames: 0,
            strip: Vec::new(),
            width: 0,
            next: Vec::new(),
        }
    }

    /// Takes the first `used` frames of a tile.
    pub(crate) fn push(&mut self, tile: &[Lane], used: usize) {
        // The frames that those of the tile are compared with, then the tile.
        let earlier = self.width.min(self.params.lag);
        let width = earlier + used;
        self.next.clear();
        for (band, lane) in tile.iter().enumerate() {
            let end = (band + 1) * self.width;
            self.next.extend_from_slice(&self.strip[end - earlier..end]);
            self.next.extend_from_slice(&lane[..used]);
        }
        std::mem::swap(&mut self.strip, &mut self.next);
        self.width = width;
        self.n_frames += used;
        let reference = reference(&self.strip, width, &self.params);
        let rises = rises(&self.strip, &reference, width, &self.params);
        self.rises.extend(rises);
    }

    /// The envelope of all frames.
    pub(crate) fn finish(&self) -> Vec<f32> {
        envelope(&self.rises, self.n_frames, &self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rhythm::{Aggregate, onset_strength};
    use crate::simd::for_each_tile;
    use ndarray::Array2;

    #[test]
    fn tiles_give_the_envelope_of_the_whole() {
        let value = |(i, j): (usize, usize)| (i * 7919 + j * 104_729) % 1009;
        for n_frames in [1, 2, 15, 16, 17, 32, 33, 70] {
            let s = Array2::from_shape_fn((9, n_frames), |at| value(at) as f32 / 10.0 - 60.0);
            for (lag, max_size) in [(1, 1), (2, 3), (15, 1), (16, 1), (17, 1), (40, 2)] {
                for aggregate in [Aggregate::Mean, Aggregate::Median] {
                    let params = OnsetParams {
                        lag,
                        max_size,
                        aggregate,
                        detrend: lag == 2,
                        ..OnsetParams::default()
                    };
                    let mut tiles = OnsetTiles::new(params);
                    for_each_tile(s.view(), |_, used, tile| tiles.push(tile, used));
                    assert_eq!(
                        Ok(tiles.finish()),
                        onset_strength(s.view(), &params),
                        "{n_frames} {params:?}"
                    );
                }
            }
        }
    }
}
