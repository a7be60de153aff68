use pulp::{Simd, WithSimd};

use super::rounded::{MOST_GROUPS, Rounded, WIDTH, Wide};
use crate::data::{Bin, LANES};

/// Splits whose gains are computed at a time, so that their sums stay in the first-level cache.
const SPLITS: usize = 32;

/// Numbers in a cache line.
const LINE: usize = 16;

/// Memory for one feature.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The sums of each bin; all zero between two features.
    sums: Vec<i32>,
    /// A bit for each bin that has rows; all zero between two features.
    occupied: Vec<u64>,
    /// The bins that have rows.
    bins: Vec<usize>,
    /// Of the splits after each of these bins, first with missing values on the right, then on the left: the
    /// gain, and the hessians on the left.
    splits: [Vec<[f32; 2]>; 2],
    block: Block,
}

/// The sums of some splits, split by split and output by output.
#[derive(Debug, Default)]
struct Block {
    /// Gradients on the left and on the right.
    gradients: [Vec<i32>; 2],
    hessians: [Vec<i32>; 2],
    gains: Vec<f32>,
}

/// The bins of a feature in a node.
pub(super) struct Feature<'a, B> {
    /// The bins of the features of its word, for each row of the node.
    pub(super) words: &'a [[B; LANES]],
    /// The place of the feature in its word.
    pub(super) lane: usize,
    /// Without the bin of missing values.
    pub(super) n_bins: usize,
}

impl<B: Bin> Feature<'_, B> {
    /// The largest gain of the splits of the feature, `sum G^2 / (H + lambda)` of both sides, of rounded
    /// gradients and in f32. Hessians of both sides must be at least `least`. `values` are the gradients of
    /// the rows of the node, as [`Rounded::of_rows`] gives them.
    pub(super) fn estimate(
        &self,
        rounded: &Rounded,
        values: &[i32],
        least: f64,
        scratch: &mut Scratch,
    ) -> f64 {
        let size = rounded.size();
        scratch.sums.resize(B::N_BINS * size + LINE, 0);
        scratch.occupied.resize(B::N_BINS / 64, 0);
        scratch.splits.iter_mut().for_each(Vec::clear);
        let mut heaviest = 0.0;
        for values in values.chunks_exact((self.words.len() + 1) * size) {
            match rounded.n_groups {
                1 => self.add::<1>(rounded, values, scratch),
                2 => self.add::<2>(rounded, values, scratch),
                3 => self.add::<3>(rounded, values, scratch),
                _ => self.add::<MOST_GROUPS>(rounded, values, scratch),
            }
            heaviest += values.last().map_or(0.0, |&h| f64::from(h));
        }
        let (heaviest, least) = (heaviest as f32, (least / rounded.steps[1]) as f32);
        let splits = scratch.splits.iter().flatten();
        let best = splits.fold(f32::NEG_INFINITY, |best, &[gain, left]| {
            let allowed = left.min(heaviest - left) >= least;
            if allowed && gain > best { gain } else { best }
        });
        f64::from(best) * rounded.steps[0] * rounded.steps[0]
    }

    fn add<const N: usize>(&self, rounded: &Rounded, values: &[i32], scratch: &mut Scratch) {
        pulp::Arch::new().dispatch(Kernel::<B, N> {
            feature: self,
            rounded,
            values,
            scratch,
        });
    }
}

/// Adds what a chunk of outputs contributes to the splits of a feature.
struct Kernel<'a, 'f, B, const N: usize> {
    feature: &'a Feature<'f, B>,
    rounded: &'a Rounded,
    values: &'a [i32],
    scratch: &'a mut Scratch,
}

impl<B: Bin, const N: usize> WithSimd for Kernel<'_, '_, B, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Feature {
            words,
            lane,
            n_bins,
        } = *self.feature;
        let Scratch {
            sums,
            occupied,
            bins,
            splits,
            block,
        } = self.scratch;
        // With these lengths the compiler removes the bounds checks.
        let first = sums
            .as_ptr()
            .align_offset(LINE * size_of::<i32>())
            .min(LINE);
        let sums = &mut wide_mut::<N>(&mut sums[first..])[..B::N_BINS];
        let occupied = &mut occupied[..B::N_BINS / 64];
        let (values, total) = self.values.split_at(words.len() * 2 * N * WIDTH);
        for (word, values) in words.iter().zip(wide::<N>(values)) {
            let bin = word[lane].index();
            occupied[bin / 64] |= 1 << (bin % 64);
            let mut sum = sums[bin];
            combine(&mut sum, values, i32::wrapping_add);
            sums[bin] = sum;
        }
        bins.clear();
        for (i, word) in occupied.iter_mut().enumerate() {
            while *word != 0 {
                bins.push(i * 64 + word.trailing_zeros() as usize);
                *word &= *word - 1;
            }
        }
        let sweep = Sweep {
            total: wide::<N>(total)[0],
            lambda: self.rounded.lambda,
            step: self.rounded.steps[1] as f32,
        };
        let none = [[[0; WIDTH]; N]; 2];
        // The bin of missing values comes last.
        let missing = bins.pop_if(|bin| *bin == n_bins);
        let [right, left] = splits;
        sweep.run(simd, none, sums, bins, block, right);
        if let Some(bin) = missing {
            sweep.run(simd, sums[bin], sums, bins, block, left);
            sums[bin] = none;
        }
        for &bin in &*bins {
            sums[bin] = none;
        }
    }
}

/// The values on which the gains of a chunk of outputs depend, in addition to the sums of bins.
struct Sweep<const N: usize> {
    total: Wide<N, i32>,
    lambda: f32,
    step: f32,
}

impl<const N: usize> Sweep<N> {
    /// Adds the gains of the outputs, in steps of the gradients, and their hessians, in steps of these, for
    /// the splits after each of the bins; the sums of `left` go left, too. The last hessian is the sum of all.
    #[inline(always)]
    fn run<S: Simd>(
        &self,
        simd: S,
        mut left: Wide<N, i32>,
        sums: &[Wide<N, i32>],
        bins: &[usize],
        block: &mut Block,
        splits: &mut Vec<[f32; 2]>,
    ) {
        splits.resize(bins.len(), [0.0; 2]);
        for (bins, splits) in bins.chunks(SPLITS).zip(splits.chunks_mut(SPLITS)) {
            block.resize(bins.len() * N * WIDTH);
            for (place, &bin) in bins.iter().enumerate() {
                combine(&mut left, &sums[bin], i32::wrapping_add);
                let mut right = self.total;
                combine(&mut right, &left, i32::wrapping_sub);
                for (to, from) in block.gradients.iter_mut().zip([&left, &right]) {
                    let to = &mut to.as_chunks_mut::<WIDTH>().0[place * N..];
                    to[..N].copy_from_slice(&from[0]);
                }
                for (to, from) in block.hessians.iter_mut().zip([&left, &right]) {
                    let to = &mut to.as_chunks_mut::<WIDTH>().0[place * N..];
                    to[..N].copy_from_slice(&from[1]);
                }
            }
            block.compute_gains(self.lambda, self.step);
            let gains = block.gains.chunks_exact(N * WIDTH);
            let weights = block.hessians[0].chunks_exact(N * WIDTH);
            for (split, (gains, weights)) in splits.iter_mut().zip(gains.zip(weights)) {
                split[0] += sum(simd, gains);
                split[1] += weights[N * WIDTH - 1] as f32;
            }
        }
    }
}

impl Block {
    fn resize(&mut self, len: usize) {
        let sums = self.gradients.iter_mut().chain(&mut self.hessians);
        sums.for_each(|sums| sums.resize(len, 0));
        self.gains.resize(len, 0.0);
    }

    #[inline(always)]
    fn compute_gains(&mut self, lambda: f32, step: f32) {
        let [left, right] = &self.gradients;
        let [left_h, right_h] = &self.hessians;
        let sums = left.iter().zip(right).zip(left_h.iter().zip(right_h));
        for (gain, ((g, other_g), (h, other_h))) in self.gains.iter_mut().zip(sums) {
            let (g, h, other_g, other_h) = (*g as f32, *h as f32, *other_g as f32, *other_h as f32);
            let (a, b) = (h * step + lambda, other_h * step + lambda);
            // One division only: it takes as long as all the rest.
            *gain = (g * g * b + other_g * other_g * a) / (a * b);
        }
    }
}

/// Combines each sum with a value; `operation` wraps, as sums of all are in range.
#[inline(always)]
fn combine<const N: usize>(
    sums: &mut Wide<N, i32>,
    values: &Wide<N, i32>,
    operation: impl Fn(i32, i32) -> i32,
) {
    let sums = sums.as_flattened_mut().iter_mut();
    for (sums, values) in sums.zip(values.as_flattened()) {
        for lane in 0..WIDTH {
            sums[lane] = operation(sums[lane], values[lane]);
        }
    }
}

#[inline(always)]
fn sum<S: Simd>(simd: S, gains: &[f32]) -> f32 {
    let (registers, rest) = S::as_simd_f32s(gains);
    let mut sum = simd.partial_load_f32s(rest);
    for register in registers {
        sum = simd.add_f32s(sum, *register);
    }
    simd.reduce_sum_f32s(sum)
}

#[inline(always)]
fn wide<const N: usize>(values: &[i32]) -> &[Wide<N, i32>] {
    let groups = values.as_chunks::<WIDTH>().0;
    groups.as_chunks::<N>().0.as_chunks::<2>().0
}

#[inline(always)]
fn wide_mut<const N: usize>(values: &mut [i32]) -> &mut [Wide<N, i32>] {
    let groups = values.as_chunks_mut::<WIDTH>().0;
    groups.as_chunks_mut::<N>().0.as_chunks_mut::<2>().0
}
