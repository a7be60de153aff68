use crate::data::{Bin, LANES};

/// Outputs per group: as many as fill half a register.
pub(super) const WIDTH: usize = 4;

/// The most groups of outputs that are added together.
const MOST_GROUPS: usize = 4;

/// The numbers of a group of outputs.
type Group<T> = [T; WIDTH];

/// The gradients of `N` groups of outputs, then their hessians; zeros for outputs that do not exist.
type Wide<const N: usize, T> = [[Group<T>; N]; 2];

/// The largest sum of integers.
const MOST: f64 = (1 << 30) as f64;

/// Memory for one feature.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For each bin its rank among the bins that have rows.
    ranks: Vec<u16>,
    /// The rank of the bin of each row.
    bins: Vec<u16>,
    sums: Vec<i32>,
    /// Of the splits after each of these bins, first with missing values on the right, then on the left:
    /// the gain, and the hessians on the left, each as one sum per lane.
    splits: [Splits; 2],
}

#[derive(Debug, Default)]
struct Splits {
    gains: Vec<Group<f32>>,
    hessians: Vec<Group<f32>>,
}

/// The gradients of the rows of a node as integers: multiples of a step for the gradients and of another
/// for the hessians, so small that sums are exact in any order.
#[derive(Debug)]
pub(super) struct Rounded {
    /// Chunks of outputs, each of `n_groups` groups: the rows, and then their sum.
    values: Vec<i32>,
    n_rows: usize,
    n_groups: usize,
    n_chunks: usize,
    /// The steps.
    steps: [f64; 2],
    /// Added to the hessians: lambda, and 1 for outputs that do not exist.
    lambda: Vec<f32>,
}

impl Rounded {
    /// `pairs` are the gradient and the hessian of each output of each row.
    pub(super) fn new<'p>(
        n_outputs: usize,
        lambda: f32,
        pairs: impl ExactSizeIterator<Item = &'p [[f32; 2]]> + Clone,
    ) -> Self {
        let n_rows = pairs.len();
        let mut largest = [f32::MIN_POSITIVE; 2];
        for pair in pairs.clone().flatten() {
            largest = [0, 1].map(|i| largest[i].max(pair[i].abs()));
        }
        // Powers of two, so that the division is exact.
        let step = |largest: f32| {
            let least = f64::from(largest) * n_rows as f64 / MOST;
            f64::from_bits(((least.to_bits() >> 52) + 1) << 52)
        };
        let steps = largest.map(step);
        let all_groups = n_outputs.div_ceil(WIDTH);
        let n_chunks = all_groups.div_ceil(MOST_GROUPS);
        let n_groups = all_groups.div_ceil(n_chunks);
        let half = n_groups * WIDTH;
        let mut values = vec![0; n_chunks * (n_rows + 1) * 2 * half];
        for (chunk, values) in values.chunks_exact_mut((n_rows + 1) * 2 * half).enumerate() {
            let (rows, sums) = values.split_at_mut(n_rows * 2 * half);
            let factors = steps.map(|step| (1.0 / step) as f32);
            for (row, pairs) in rows.chunks_exact_mut(2 * half).zip(pairs.clone()) {
                let (g, h) = row.split_at_mut(half);
                let (sums_g, sums_h) = sums.split_at_mut(half);
                let pairs = pairs.iter().skip(chunk * half).take(half);
                for (lane, pair) in pairs.enumerate() {
                    (g[lane], h[lane]) = (round(pair[0] * factors[0]), round(pair[1] * factors[1]));
                    sums_g[lane] += g[lane];
                    sums_h[lane] += h[lane];
                }
            }
        }
        let mut lambdas = vec![1.0; n_chunks * half];
        lambdas[..n_outputs].fill(lambda);
        Self {
            values,
            n_rows,
            n_groups,
            n_chunks,
            steps,
            lambda: lambdas,
        }
    }

    /// The largest errors of sums of gradients and of hessians.
    pub(super) fn errors(&self) -> [f64; 2] {
        self.steps.map(|step| 0.5 * step * self.n_rows as f64)
    }
}

#[inline(always)]
fn round(x: f32) -> i32 {
    (x + 0.5_f32.copysign(x)) as i32
}

/// The bins of a feature.
pub(super) struct Feature<'a, B> {
    /// The bins of the features of its word, for each row of the node.
    pub(super) words: &'a [[B; LANES]],
    /// The place of the feature in its word.
    pub(super) lane: usize,
    /// Without the bin of missing values.
    pub(super) n_bins: usize,
    pub(super) has_missing: bool,
}

impl<B: Bin> Feature<'_, B> {
    /// The largest gain of the splits of the feature, `sum G^2 / (H + lambda)` of both sides, of rounded
    /// gradients and in f32. Hessians of both sides must be at least `least`.
    pub(super) fn estimate(&self, rounded: &Rounded, least: f64, scratch: &mut Scratch) -> f64 {
        let (n, has_missing) = self.rank(scratch);
        let n_values = n - usize::from(has_missing);
        for Splits { gains, hessians } in &mut scratch.splits {
            for sums in [gains, hessians] {
                sums.clear();
                sums.resize(n_values, Group::default());
            }
        }
        let mut heaviest = 0.0;
        let size = 2 * rounded.n_groups * WIDTH;
        let chunks = rounded.values.chunks_exact((self.words.len() + 1) * size);
        let lambdas = rounded.lambda.chunks_exact(rounded.n_groups * WIDTH);
        for (values, lambda) in chunks.zip(lambdas).take(rounded.n_chunks) {
            scratch.sums.clear();
            scratch.sums.resize(n * size, 0);
            match rounded.n_groups {
                1 => kernel::<1>(rounded, values, lambda, has_missing, scratch),
                2 => kernel::<2>(rounded, values, lambda, has_missing, scratch),
                3 => kernel::<3>(rounded, values, lambda, has_missing, scratch),
                _ => kernel::<MOST_GROUPS>(rounded, values, lambda, has_missing, scratch),
            }
            let hessians = &values[values.len() - size / 2..];
            heaviest += hessians.iter().map(|&h| f64::from(h)).sum::<f64>();
        }
        let (heaviest, least) = (heaviest as f32, (least / rounded.steps[1]) as f32);
        let sum = |x: &Group<f32>| (x[0] + x[1]) + (x[2] + x[3]);
        let mut best = f32::NEG_INFINITY;
        for splits in scratch.splits.iter().take(1 + usize::from(has_missing)) {
            for (gains, hessians) in splits.gains.iter().zip(&splits.hessians) {
                let left = sum(hessians);
                if left.min(heaviest - left) >= least {
                    best = best.max(sum(gains));
                }
            }
        }
        f64::from(best) * rounded.steps[0] * rounded.steps[0]
    }

    /// Numbers the bins that have rows; returns how many there are, and whether the last one is that of
    /// missing values.
    fn rank(&self, scratch: &mut Scratch) -> (usize, bool) {
        let Scratch { ranks, bins, .. } = scratch;
        ranks.clear();
        ranks.resize(B::N_BINS, 0);
        let ranks = &mut ranks[..B::N_BINS];
        for word in self.words {
            ranks[word[self.lane].index()] = 1;
        }
        let has_missing = self.has_missing && ranks[self.n_bins] == 1;
        let mut n = 0;
        for rank in &mut ranks[..self.n_bins + usize::from(self.has_missing)] {
            let has_rows = *rank;
            *rank = n;
            n += has_rows;
        }
        bins.resize(self.words.len(), 0);
        for (bin, word) in bins.iter_mut().zip(self.words) {
            *bin = ranks[word[self.lane].index()];
        }
        (usize::from(n), has_missing)
    }
}

fn kernel<const N: usize>(
    rounded: &Rounded,
    values: &[i32],
    lambda: &[f32],
    has_missing: bool,
    scratch: &mut Scratch,
) {
    pulp::Arch::new().dispatch(Kernel::<N> {
        values,
        lambda,
        step: rounded.steps[1] as f32,
        has_missing,
        scratch,
    });
}

struct Kernel<'a, const N: usize> {
    values: &'a [i32],
    lambda: &'a [f32],
    step: f32,
    has_missing: bool,
    scratch: &'a mut Scratch,
}

impl<const N: usize> pulp::WithSimd for Kernel<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Scratch {
            bins, sums, splits, ..
        } = self.scratch;
        let (values, total) = self.values.split_at(bins.len() * 2 * N * WIDTH);
        let values = self::values::<N>(values);
        let total = &self::values::<N>(total)[0];
        let sums = wide_mut::<N>(sums);
        for (&bin, values) in bins.iter().zip(values) {
            let to = &mut sums[usize::from(bin)];
            let mut sum = *to;
            for (sum, values) in sum.as_flattened_mut().iter_mut().zip(values.as_flattened()) {
                for lane in 0..WIDTH {
                    sum[lane] = sum[lane].wrapping_add(values[lane]);
                }
            }
            *to = sum;
        }
        let (lambda, _) = self.lambda.as_chunks::<WIDTH>();
        let Some((lambda, _)) = lambda.split_first_chunk::<N>() else {
            return;
        };
        let n_values = sums.len() - usize::from(self.has_missing);
        let (values, missing) = sums.split_at(n_values);
        // Missing values go right, or left.
        add_gains(
            &[[[0; WIDTH]; N]; 2],
            values,
            total,
            lambda,
            self.step,
            &mut splits[0],
        );
        if let Some(missing) = missing.first() {
            add_gains(missing, values, total, lambda, self.step, &mut splits[1]);
        }
    }
}

/// Adds the gains of the outputs, in steps of the gradients, and their hessians, in steps of these, for the
/// splits after each bin; the sums of `start` go left, too.
#[inline(always)]
fn add_gains<const N: usize>(
    start: &Wide<N, i32>,
    sums: &[Wide<N, i32>],
    total: &Wide<N, i32>,
    lambda: &[Group<f32>; N],
    step: f32,
    splits: &mut Splits,
) {
    // Group by group, and nothing but whole groups, so that the compiler makes vector instructions of it.
    for group in 0..N {
        let [mut g, mut h] = [start[0][group], start[1][group]];
        let (total_g, total_h, lambda) = (total[0][group], total[1][group], lambda[group]);
        let splits = splits.gains.iter_mut().zip(&mut splits.hessians);
        for (sums, (gains, hessians)) in sums.iter().zip(splits) {
            let (sums_g, sums_h) = (sums[0][group], sums[1][group]);
            let mut gain = *gains;
            for lane in 0..WIDTH {
                g[lane] = g[lane].wrapping_add(sums_g[lane]);
                h[lane] = h[lane].wrapping_add(sums_h[lane]);
                let left = g[lane] as f32;
                let right = total_g[lane].wrapping_sub(g[lane]) as f32;
                let a = h[lane] as f32 * step + lambda[lane];
                let b = total_h[lane].wrapping_sub(h[lane]) as f32 * step + lambda[lane];
                // One division only: it takes as long as all the rest.
                gain[lane] += (left * left * b + right * right * a) / (a * b);
            }
            *gains = gain;
            let mut hessian = *hessians;
            for lane in 0..WIDTH {
                hessian[lane] += h[lane] as f32;
            }
            *hessians = hessian;
        }
    }
}

#[inline(always)]
fn values<const N: usize>(values: &[i32]) -> &[Wide<N, i32>] {
    values
        .as_chunks::<WIDTH>()
        .0
        .as_chunks::<N>()
        .0
        .as_chunks::<2>()
        .0
}

#[inline(always)]
fn wide_mut<const N: usize>(values: &mut [i32]) -> &mut [Wide<N, i32>] {
    let groups = values.as_chunks_mut::<WIDTH>().0;
    groups.as_chunks_mut::<N>().0.as_chunks_mut::<2>().0
}
