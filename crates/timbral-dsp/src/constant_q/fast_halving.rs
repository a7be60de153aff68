//! A long symmetric low-pass that keeps every second sample, by fast convolution in blocks (overlap-save).
//!
//! The response of a symmetric filter is real, so one complex transform carries two blocks, as real and
//! imaginary parts. Sixteen of them run side by side, one per lane.

use num_complex::Complex;
use pulp::{Simd, WithSimd};
use timbral_core::{LaneFilterF32, transpose};

use crate::simd::{LANES, Lane, ZERO, arch, dispatch};
use crate::transform::{RealFft, RealFftScratch};

/// Blocks that are filtered together.
const BLOCKS: usize = 2 * LANES;

/// Samples at each end of a block that are not valid: at least half of the filter, and a multiple of 32.
const MARGIN: usize = 224;

/// A planned filter for blocks of one length.
#[derive(Debug, Clone)]
pub(super) struct FastHalving {
    filter: LaneFilterF32,
    /// Samples of a block.
    n: usize,
    /// The response at the bins of a block, divided by its length.
    gain: Vec<f32>,
}

impl FastHalving {
    /// For blocks of `n` samples and a filter with `taps[k]` at distance k, which are at most [`MARGIN`]; `None` for
    /// lengths without transform.
    pub(super) fn new(n: usize, taps: &[f64]) -> Option<Self> {
        if taps.len() > MARGIN || n <= 2 * MARGIN {
            return None;
        }
        let mut around = vec![0.0; n];
        for (k, tap) in taps.iter().enumerate() {
            around[k] = *tap;
            around[(n - k) % n] = *tap;
        }
        let mut spectrum: Vec<Complex<f64>> = Vec::new();
        RealFft::new(n).forward(&around, &mut spectrum, &mut RealFftScratch::default());
        let bin = |k: usize| (spectrum[k.min(n - k)].re / n as f64) as f32;
        Some(Self {
            filter: LaneFilterF32::new(n, n / 2)?,
            n,
            gain: (0..n).map(bin).collect(),
        })
    }

    /// Fills `out` with the first `n_out` filtered samples; beyond its ends the signal is zero.
    pub(super) fn process(
        &self,
        x: &[f32],
        n_out: usize,
        scratch: &mut HalvingScratch,
        out: &mut Vec<f32>,
    ) {
        let hop = self.n - 2 * MARGIN;
        let blocks = n_out.div_ceil(hop / 2);
        out.resize(blocks.next_multiple_of(BLOCKS) * hop / 2, 0.0);
        let HalvingScratch {
            edges,
            tiles,
            filtered,
            work,
        } = scratch;
        for tile in tiles.iter_mut() {
            tile.resize(spread(self.n), ZERO);
        }
        for tile in filtered.iter_mut() {
            tile.resize(spread(self.n / 2), ZERO);
        }
        for work in work.iter_mut() {
            work.resize(self.filter.work_len() * LANES, 0.0);
        }
        for first in (0..blocks).step_by(BLOCKS) {
            for (part, tile) in tiles.iter_mut().enumerate() {
                self.gather(x, first + part, edges, tile);
            }
            let lanes = (blocks - first).min(BLOCKS).div_ceil(2);
            arch().dispatch(Round {
                plan: self,
                lanes,
                tiles,
                filtered,
                work,
            });
            for (part, tile) in filtered.iter().enumerate() {
                scatter(tile, hop / 2, &mut out[(first + part) * hop / 2..]);
            }
        }
        out.truncate(n_out);
    }

    /// `tile[i][l]` is sample `i` of block `first + 2 l`; `edges` is memory for blocks that extend beyond the
    /// signal.
    fn gather(&self, x: &[f32], first: usize, edges: &mut Vec<f32>, tile: &mut [Lane]) {
        let hop = self.n - 2 * MARGIN;
        edges.resize(LANES * self.n, 0.0);
        let mut inside = [None; LANES];
        for (l, edge) in edges.chunks_exact_mut(self.n).enumerate() {
            // Where the block begins, counted from MARGIN samples before the signal.
            let start = (first + 2 * l) * hop;
            let from = start.saturating_sub(MARGIN).min(x.len());
            let to = (start + self.n).saturating_sub(MARGIN).min(x.len());
            if start >= MARGIN && to - from == self.n {
                inside[l] = Some(&x[from..to]);
            } else {
                let skipped = MARGIN.saturating_sub(start);
                edge.fill(0.0);
                edge[skipped..][..to - from].copy_from_slice(&x[from..to]);
            }
        }
        let edges = edges.chunks_exact(self.n);
        let mut lanes: [&[f32]; LANES] = [&[]; LANES];
        for ((lane, inside), edge) in lanes.iter_mut().zip(inside).zip(edges) {
            *lane = inside.unwrap_or(edge);
        }
        dispatch(
            #[inline(always)]
            || {
                for i in 0..self.n / LANES {
                    let from = lanes.map(|lane| lane.as_chunks().0.get(i).unwrap_or(&ZERO));
                    let rows = tile[spread(i * LANES)..].first_chunk_mut();
                    transpose(&from, rows.unwrap_or(&mut [ZERO; LANES]));
                }
            },
        );
    }
}

/// The place of a sample in a tile, with one extra row after every 64. Transforms read rows that are a multiple
/// of 64 apart, which would otherwise compete for the same place in the cache.
#[inline(always)]
fn spread(i: usize) -> usize {
    i + i / 64
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct HalvingScratch {
    edges: Vec<f32>,
    tiles: [Vec<Lane>; 2],
    filtered: [Vec<Lane>; 2],
    work: [Vec<f32>; 2],
}

/// `out[i + 2 l n] = tile[MARGIN / 2 + i][l]` for `i < n`, as far as `out` reaches.
fn scatter(tile: &[Lane], n: usize, out: &mut [f32]) {
    dispatch(
        #[inline(always)]
        || {
            let mut to = [ZERO; LANES];
            for i in (0..n).step_by(LANES) {
                let rows = tile[spread(MARGIN / 2 + i)..].first_chunk();
                transpose(&rows.unwrap_or(&[ZERO; LANES]).each_ref(), &mut to);
                for (l, to) in to.iter().enumerate() {
                    if let Some(out) = out.get_mut(i + 2 * l * n..) {
                        out.iter_mut().zip(to).for_each(|(out, v)| *out = *v);
                    }
                }
            }
        },
    );
}

struct Round<'a> {
    plan: &'a FastHalving,
    lanes: usize,
    tiles: &'a [Vec<Lane>; 2],
    filtered: &'a mut [Vec<Lane>; 2],
    work: &'a mut [Vec<f32>; 2],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            lanes,
            tiles: [re, im],
            filtered: [out_re, out_im],
            work: [work_re, work_im],
        } = self;
        let (re, _) = S::as_simd_f32s(re.as_flattened());
        let (im, _) = S::as_simd_f32s(im.as_flattened());
        let (out_re, _) = S::as_mut_simd_f32s(out_re.as_flattened_mut());
        let (out_im, _) = S::as_mut_simd_f32s(out_im.as_flattened_mut());
        let (work_re, _) = S::as_mut_simd_f32s(work_re);
        let (work_im, _) = S::as_mut_simd_f32s(work_im);
        let stride = LANES / S::F32_LANES;
        for column in 0..lanes.div_ceil(S::F32_LANES) {
            plan.filter.run(
                simd,
                &plan.gain,
                #[inline(always)]
                |i| {
                    let i = spread(i) * stride + column;
                    (re[i], im[i])
                },
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |i, v| {
                    let i = spread(i) * stride + column;
                    (out_re[i], out_im[i]) = v;
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_textbook_convolution() {
        let taps: Vec<f64> = (0..200).map(|k| 1.0 / (1.0 + k as f64 * 0.37)).collect();
        for (n, length) in [(1024, 100), (1024, 30_000), (2048, 5000)] {
            let x: Vec<f32> = (0..length)
                .map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0)
                .collect();
            let fast = FastHalving::new(n, &taps).unwrap();
            let (mut got, mut scratch) = (vec![1.0; 7], HalvingScratch::default());
            fast.process(&x, length / 2 + 100, &mut scratch, &mut got);
            assert_eq!(got.len(), length / 2 + 100);
            for (i, got) in got.iter().enumerate().step_by(37) {
                let near = (2 * i).saturating_sub(199)..(2 * i + 200).min(length);
                let exact: f64 = near
                    .map(|j| taps[j.abs_diff(2 * i)] * f64::from(x[j]))
                    .sum();
                // Transforms in f32 of sums of some ten.
                assert!((f64::from(*got) - exact).abs() < 5e-5, "{n} {length} {i}");
            }
        }
        assert!(FastHalving::new(256, &taps).is_none());
        assert!(FastHalving::new(1024, &[0.0; 257]).is_none());
    }
}
