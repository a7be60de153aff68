use crate::data::Bin;

/// Outputs per group: as many as f64 numbers in a register.
pub(super) const WIDTH: usize = 4;

/// The numbers of a group of outputs.
pub(super) type Group<T> = [T; WIDTH];

/// Gradients and hessians of a group of outputs; zeros for outputs that do not exist.
pub(super) type Pair<T> = [Group<T>; 2];

/// Memory for one feature.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For each bin its rank among the bins that have rows.
    ranks: Vec<u16>,
    /// The rank of the bin of each row.
    bins: Vec<u16>,
    sums: Vec<Pair<f64>>,
    /// Of the splits after each of these bins: the gains of the outputs of the same lane.
    gains: [Vec<Group<f64>>; 2],
    /// The same for the hessians on the left.
    hessians: [Vec<Group<f64>>; 2],
}

/// What the gains of the features of a node are estimated from.
pub(super) struct Estimate<'a> {
    /// Group by group: the gradients of each row.
    pub(super) gradients: &'a [Pair<f32>],
    pub(super) rows: &'a [u32],
    /// The sums of the node, group by group.
    pub(super) total: &'a [Pair<f64>],
    /// Added to the hessians, group by group: lambda, and 1 for outputs that do not exist.
    pub(super) lambda: &'a [Group<f64>],
    /// The least sum of hessians over all outputs of a child.
    pub(super) least: f64,
}

/// The bins of a feature.
pub(super) struct Feature<'a, B> {
    pub(super) column: &'a [B],
    /// Without the bin of missing values.
    pub(super) n_bins: usize,
    pub(super) has_missing: bool,
}

impl Estimate<'_> {
    /// The largest gain of the splits of a feature, `sum G^2 / (H + lambda)` of both sides, in f64 with
    /// additions in another order than XGBoost's.
    pub(super) fn best<B: Bin>(&self, feature: Feature<'_, B>, scratch: &mut Scratch) -> f64 {
        pulp::Arch::new().dispatch(Kernel {
            estimate: self,
            feature,
            scratch,
        })
    }
}

struct Kernel<'a, B> {
    estimate: &'a Estimate<'a>,
    feature: Feature<'a, B>,
    scratch: &'a mut Scratch,
}

impl<B: Bin> pulp::WithSimd for Kernel<'_, B> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let (estimate, scratch) = (self.estimate, self.scratch);
        let (n, has_missing) = self.feature.rank(estimate.rows, scratch);
        let n_values = n - usize::from(has_missing);
        let n_ways = 1 + usize::from(has_missing);
        for way in 0..n_ways {
            for sums in [&mut scratch.gains[way], &mut scratch.hessians[way]] {
                sums.clear();
                sums.resize(n_values, Group::default());
            }
        }
        let of_group = estimate.gradients.chunks_exact(estimate.rows.len());
        for ((gradients, total), lambda) in of_group.zip(estimate.total).zip(estimate.lambda) {
            scratch.sums.clear();
            scratch.sums.resize(n, Pair::default());
            add(&scratch.bins, gradients, &mut scratch.sums);
            let (values, missing) = scratch.sums.split_at(n_values);
            // Missing values go right, or left.
            let starts = [
                Pair::default(),
                missing.first().copied().unwrap_or_default(),
            ];
            for (way, start) in starts.into_iter().enumerate().take(n_ways) {
                let (gains, hessians) = (&mut scratch.gains[way], &mut scratch.hessians[way]);
                add_gains(start, values, total, lambda, gains, hessians);
            }
        }
        let sum = |group: &Group<f64>| (group[0] + group[1]) + (group[2] + group[3]);
        let heaviest = estimate.total.iter().map(|[_, h]| sum(h)).sum::<f64>();
        let mut best = f64::NEG_INFINITY;
        for way in 0..n_ways {
            for (gains, hessians) in scratch.gains[way].iter().zip(&scratch.hessians[way]) {
                let left = sum(hessians);
                if left.min(heaviest - left) >= estimate.least {
                    best = best.max(sum(gains));
                }
            }
        }
        best
    }
}

impl<B: Bin> Feature<'_, B> {
    /// Numbers the bins that have rows; returns how many there are, and whether the last one is that of
    /// missing values.
    #[inline(always)]
    fn rank(&self, rows: &[u32], scratch: &mut Scratch) -> (usize, bool) {
        let Scratch { ranks, bins, .. } = scratch;
        ranks.clear();
        ranks.resize(B::N_BINS, 0);
        for &row in rows {
            ranks[self.column[row as usize].index()] = 1;
        }
        let has_missing = self.has_missing && ranks[self.n_bins] == 1;
        let mut n = 0;
        let used = self.n_bins + usize::from(self.has_missing);
        for rank in &mut ranks[..used] {
            let has_rows = *rank;
            *rank = n;
            n += has_rows;
        }
        bins.clear();
        bins.extend(
            rows.iter()
                .map(|&row| ranks[self.column[row as usize].index()]),
        );
        (usize::from(n), has_missing)
    }
}

/// Adds the gradients of each row to the sums of its bin.
#[inline(always)]
fn add(bins: &[u16], gradients: &[Pair<f32>], sums: &mut [Pair<f64>]) {
    for (&bin, gradients) in bins.iter().zip(gradients) {
        let added = gradients.map(|group| group.map(f64::from));
        let to = &mut sums[usize::from(bin)];
        let mut sum = *to;
        for part in 0..2 {
            for lane in 0..WIDTH {
                sum[part][lane] += added[part][lane];
            }
        }
        *to = sum;
    }
}

/// Adds the gains of a group of outputs for the splits after each bin; the sums of `start` go left, too.
#[inline(always)]
fn add_gains(
    start: Pair<f64>,
    sums: &[Pair<f64>],
    total: &Pair<f64>,
    lambda: &Group<f64>,
    gains: &mut [Group<f64>],
    hessians: &mut [Group<f64>],
) {
    let [mut g, mut h] = start;
    for ((sums, gains), hessians) in sums.iter().zip(gains).zip(hessians) {
        let mut gain = *gains;
        for lane in 0..WIDTH {
            g[lane] += sums[0][lane];
            h[lane] += sums[1][lane];
            let g_right = total[0][lane] - g[lane];
            let a = h[lane] + lambda[lane];
            let b = total[1][lane] - h[lane] + lambda[lane];
            // One division only: it takes as long as all the rest.
            gain[lane] += (g[lane] * g[lane] * b + g_right * g_right * a) / (a * b);
        }
        *gains = gain;
        for lane in 0..WIDTH {
            hessians[lane] += h[lane];
        }
    }
}
