use super::estimate::{ESTIMATE_ERROR, Estimator, gain, shrunk};
use super::regularisation::{Sums, minus, plus};
use super::split::{Column, Split};
use crate::data::LANES;
use crate::simd::dispatch;

/// Bins whose gains are estimated before any is computed.
const BLOCK: usize = 256;

impl Estimator<'_> {
    /// Does what [`Regularisation::scan`](super::regularisation::Regularisation::scan) does, faster.
    ///
    /// Of each block of splits only those are offered whose estimate is at least `M (1 - 2 e)`, where `M`
    /// is the largest estimate of an allowed split and `e` the relative error. The best split is among them: its
    /// gain is at least that of the split with `M`, which is at least `M (1 - e)`, so its estimate is at least
    /// `M (1 - e)^2`. So are all splits whose gains differ from it by a few roundings, which is what splits
    /// with the same change of the loss do, as `e` is that much larger than the true error. Gains too small
    /// for this are too small to count; where one is too large for f32 all splits are offered.
    pub(super) fn scan(&self, column: &Column<'_>, best: &mut Option<Split>) {
        let (feature, node) = (column.feature, self.node);
        let mut offer = |n_left, default_left, [left, right]: [Sums; 2]| {
            let split = Split::candidate(feature, n_left, default_left, left, right);
            self.regularisation
                .offer(node, column.monotone, best, split);
        };
        let (mut n_left, mut left) = (0, [0.0; 2]);
        for bins in column.bins.chunks(BLOCK) {
            let block = self.block(bins.iter(), &mut left);
            block.promising(|i, left| {
                offer(n_left + i + 1, false, [left, minus(node.sums, left)]);
            });
            n_left += bins.len();
        }
        if !column.has_missing || left == node.sums {
            return;
        }
        // Missing values go left.
        let mut right = [0.0; 2];
        for bins in column.bins.rchunks(BLOCK) {
            let block = self.block(bins.iter().rev(), &mut right);
            block.promising(|i, right| {
                offer(n_left - i - 1, true, [minus(node.sums, right), right]);
            });
            n_left -= bins.len();
        }
    }

    /// The splits after each of some bins; `side` are the sums of the bins before them.
    fn block<'b>(&self, bins: impl Iterator<Item = &'b Sums>, side: &mut Sums) -> Block {
        let mut block = Block {
            gradients: [0.0; BLOCK],
            hessians: [0.0; BLOCK],
            gains: [f32::NEG_INFINITY; BLOCK],
            largest: [f32::NEG_INFINITY; LANES],
        };
        let mut n = 0;
        for ((g, h), sums) in (block.gradients.iter_mut())
            .zip(&mut block.hessians)
            .zip(bins)
        {
            *side = plus(*side, *sums);
            [*g, *h] = *side;
            n += 1;
        }
        dispatch(
            #[inline(always)]
            || self.estimate_block(&mut block, n),
        );
        block
    }

    #[inline(always)]
    fn estimate_block(&self, block: &mut Block, n: usize) {
        let least = f64::from(self.regularisation.min_child_weight);
        let (lambda, alpha) = (
            self.regularisation.lambda,
            f64::from(self.regularisation.alpha),
        );
        let all = self.node.sums;
        let gradients = block.gradients.as_chunks::<LANES>().0;
        let hessians = block.hessians.as_chunks::<LANES>().0;
        let gains = block.gains.as_chunks_mut::<LANES>().0;
        let groups = gradients.iter().zip(hessians).zip(gains);
        for ((g, h), gains) in groups.take(n.div_ceil(LANES)) {
            for lane in 0..LANES {
                let other = all[1] - h[lane];
                let lightest = if h[lane] < other { h[lane] } else { other };
                let sides = [shrunk(g[lane], alpha), shrunk(all[0] - g[lane], alpha)];
                let gain = gain(sides, [h[lane] as f32, other as f32], lambda);
                gains[lane] = if lightest >= least {
                    gain
                } else {
                    f32::NEG_INFINITY
                };
            }
            for (largest, &gain) in block.largest.iter_mut().zip(&*gains) {
                *largest = if gain > *largest { gain } else { *largest };
            }
        }
    }
}

/// Splits of a feature one after the other: the sums on one side, and the estimated gains, minus infinity
/// if a child is too light.
struct Block {
    gradients: [f64; BLOCK],
    hessians: [f64; BLOCK],
    gains: [f32; BLOCK],
    /// The largest gain of the splits whose index has each remainder.
    largest: [f32; LANES],
}

impl Block {
    /// The splits that may be the best, with their indices and the sums on the one side.
    fn promising(&self, mut visit: impl FnMut(usize, Sums)) {
        let largest = self.largest.into_iter().fold(f32::NEG_INFINITY, f32::max);
        if largest == f32::NEG_INFINITY {
            return;
        }
        let least = if largest < f32::INFINITY {
            largest * (1.0 - 2.0 * ESTIMATE_ERROR)
        } else {
            0.0
        };
        for (group, gains) in self.gains.as_chunks::<LANES>().0.iter().enumerate() {
            if !gains.iter().fold(false, |any, &gain| any | (gain >= least)) {
                continue;
            }
            for (lane, _) in gains.iter().enumerate().filter(|(_, gain)| **gain >= least) {
                let i = group * LANES + lane;
                visit(i, [self.gradients[i], self.hessians[i]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growing::regularisation::{Bounds, NodeSums, PLAIN, Regularisation};
    use crate::random::Key;

    /// Few and many bins, more than a block; empty bins and repeated ones, which make equal splits, and light
    /// ones, which make splits whose gains differ in the last bits.
    #[test]
    fn the_blocks_find_what_the_full_scan_finds() {
        let mut n_found = [0; 2];
        for (case, n_bins) in [1, 2, 9, 64, 255, 256, 257, 700].into_iter().enumerate() {
            for seed in 0..40 {
                let key = Key::new(seed).with(case as u64);
                let size = 10.0_f32.powi((key.with(1000).uniform() * 12.0) as i32 - 8);
                let bins: Vec<Sums> = (0..n_bins)
                    .map(|bin| {
                        let draw = |label| key.with(bin % 100).with(label).uniform() as f32;
                        let (g, h) = (size * (draw(1) - 0.5), draw(2));
                        let light = f64::from(draw(4)) * 1e-6;
                        match draw(3) {
                            _ if seed % 5 == 0 && bin % 50 != 20 => [light, 1e-6 - light],
                            ..0.5 => [0.0; 2],
                            0.5..0.7 => [0.125, 0.5],
                            0.7..0.9 => [-0.125, 0.5],
                            _ => [f64::from(g), f64::from(h)],
                        }
                    })
                    .collect();
                let has_missing = seed % 2 == 1;
                let missing = if has_missing { [0.75, 3.0] } else { [0.0; 2] };
                let sums = bins.iter().fold(missing, |sum, bin| plus(sum, *bin));
                let alpha = if seed % 3 == 0 { 0.2 } else { 0.0 };
                let regularisation = Regularisation { alpha, ..PLAIN };
                let node = NodeSums::new(&regularisation, sums, Bounds::NONE);
                let column = Column {
                    feature: 0,
                    bins: &bins,
                    has_missing,
                    monotone: 0,
                };
                let estimator = Estimator {
                    regularisation: &regularisation,
                    node: &node,
                };
                let [mut found, mut expected] = [None; 2];
                estimator.scan(&column, &mut found);
                regularisation.scan(&column, &node, &mut expected);
                assert_eq!(found, expected, "{n_bins} {seed}");
                if let Some(split) = found {
                    n_found[usize::from(split.default_left)] += 1;
                }
            }
        }
        assert!(n_found.iter().all(|n| *n > 20), "{n_found:?}");
    }
}
