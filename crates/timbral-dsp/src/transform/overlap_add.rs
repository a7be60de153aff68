use std::ops::Range;

use super::stft_params::StftParams;
use crate::error::{Error, InvalidParameter, Result};
use crate::simd::LANES;

/// A signal being summed from windowed frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct OverlapAdd {
    /// The signal, right after [`OverlapAdd::finish`].
    pub(crate) samples: Vec<f32>,
    n_frames: usize,
    hop: usize,
    pad: usize,
}

impl OverlapAdd {
    /// Starts a resynthesis of `n_frames` frames, reusing the memory.
    pub(super) fn start(
        &mut self,
        params: &StftParams,
        n_frames: usize,
        length: Option<usize>,
    ) -> Result<()> {
        if n_frames == 0 {
            return Err(Error::TooShort {
                name: "spectrum columns",
                needed: 1,
                got: 0,
            });
        }
        let StftParams {
            n_fft, hop_length, ..
        } = *params;
        self.hop = hop_length;
        self.pad = params.framing().pad();
        let length = length.unwrap_or(n_fft + hop_length * (n_frames - 1) - 2 * self.pad);
        // Frames that start after the last wanted sample are left out, also of the sum of squares.
        let padded = length.saturating_add(2 * self.pad);
        self.n_frames = n_frames.min(padded.div_ceil(hop_length));
        self.samples.clear();
        // The length is the caller's: it may be more than there is memory for.
        self.samples
            .try_reserve_exact(length)
            .map_err(|_| InvalidParameter::new("length", length, "does not fit into memory"))?;
        self.samples.resize(length, 0.0);
        Ok(())
    }

    /// Frames from `first` on that the signal takes, at most 16.
    pub(super) fn used(&self, first: usize) -> usize {
        self.n_frames.saturating_sub(first).min(LANES)
    }

    /// Adds the overlapped frames from `first` on.
    pub(super) fn add(&mut self, first: usize, sums: &[f32]) {
        let (to, from) = overlap(first * self.hop, self.pad, sums.len(), self.samples.len());
        for (y, x) in self.samples[to].iter_mut().zip(&sums[from]) {
            *y += x;
        }
    }

    /// Divides by the sum of squared windows wherever that is not zero. The sum has the period of
    /// a hop, except at the ends, where fewer frames overlap.
    pub(super) fn finish(&mut self, window: &[f64]) {
        let hop = self.hop;
        let squares: Vec<f32> = window.iter().map(|w| (w * w) as f32).collect();
        let overlap = squares.len().div_ceil(hop);
        let weigh = |block: usize, weight: &mut [f32]| {
            weight.fill(0.0);
            for t in (block + 1).saturating_sub(overlap)..(block + 1).min(self.n_frames) {
                let part = squares[(block - t) * hop..].iter().take(hop);
                weight.iter_mut().zip(part).for_each(|(w, s)| *w += s);
            }
        };
        let inner = overlap - 1..self.n_frames;
        let (mut full, mut edge) = (vec![0.0; hop], vec![0.0; hop]);
        if !inner.is_empty() {
            weigh(inner.start, &mut full);
        }
        // Blocks of a hop, the first of them cut by the padding.
        let mut block = self.pad / hop;
        let mut skip = self.pad % hop;
        let mut rest = &mut self.samples[..];
        while !rest.is_empty() {
            let weight = if inner.contains(&block) {
                &full
            } else {
                weigh(block, &mut edge);
                &edge
            };
            let (samples, after) = rest.split_at_mut((hop - skip).min(rest.len()));
            for (y, w) in samples.iter_mut().zip(&weight[skip..]) {
                *y = if *w > f32::MIN_POSITIVE { *y / w } else { *y };
            }
            (rest, skip, block) = (after, 0, block + 1);
        }
    }
}

/// The range of an output of `length` samples that `n` samples starting at `start - pad` cover,
/// and the range of those `n` that falls into it.
fn overlap(start: usize, pad: usize, n: usize, length: usize) -> (Range<usize>, Range<usize>) {
    let from = pad.saturating_sub(start).min(n);
    let to = (start + from).saturating_sub(pad).min(length);
    let n = (n - from).min(length - to);
    (to..to + n, from..from + n)
}
