use timbral_core::parallel;

use crate::loss::Gradients;

/// Outputs per group.
pub(super) const WIDTH: usize = 4;

/// The most groups of outputs that are added together.
pub(super) const MOST_GROUPS: usize = 4;

/// The numbers of a group of outputs.
pub(super) type Group<T> = [T; WIDTH];

/// The gradients of `N` groups of outputs, then their hessians; zeros for outputs that do not exist. The last
/// output has no gradient; its hessian is the sum of all others.
pub(super) type Wide<const N: usize, T> = [[Group<T>; N]; 2];

/// The largest sum of integers, but for half a unit per row.
const MOST: f64 = (1 << 30) as f64;

/// Rows per task.
const CHUNK: usize = 1024;

/// The gradients of all rows as integers: multiples of a step for the gradients and of another for the
/// hessians, so small that no sum of rows overflows, and exact in any order.
#[derive(Debug)]
pub(super) struct Rounded {
    /// Row by row its chunks of outputs, each of `n_groups` groups.
    values: Vec<i32>,
    pub(super) n_groups: usize,
    pub(super) n_chunks: usize,
    /// The steps.
    pub(super) steps: [f64; 2],
    /// Added to the hessians.
    pub(super) lambda: f32,
}

impl Rounded {
    /// `None` if a hessian is negative: then nothing can be said of the errors of gains.
    pub(super) fn new(gradients: &Gradients, n_outputs: usize, lambda: f32) -> Option<Self> {
        let width = gradients.width();
        let used = 2 * n_outputs;
        let chunks = gradients.values().chunks(CHUNK * width);
        let sizes: Vec<(Vec<f64>, f32)> = parallel::map_each(chunks, 1, &|_, rows| {
            let mut sizes = vec![0.0; used];
            let mut least = 0.0_f32;
            for row in rows.chunks_exact(width) {
                for (size, &x) in sizes.iter_mut().zip(row) {
                    *size += f64::from(x.abs());
                }
                for [_, h] in row[..used].as_chunks::<2>().0 {
                    least = if *h < least { *h } else { least };
                }
            }
            (sizes, least)
        });
        if sizes.iter().any(|(_, least)| *least < 0.0) {
            return None;
        }
        let mut totals = vec![0.0; used];
        for (size, _) in &sizes {
            totals
                .iter_mut()
                .zip(size)
                .for_each(|(total, x)| *total += x);
        }
        // Powers of two, so that the division is exact.
        let step = |largest: f64| {
            let least = largest.max(f32::MIN_POSITIVE.into()) / MOST;
            f64::from_bits(((least.to_bits() >> 52) + 1) << 52)
        };
        let of = |parity: usize| totals.iter().copied().skip(parity).step_by(2);
        let steps = [of(0).fold(0.0, f64::max), of(1).sum()].map(step);
        let factors = steps.map(|step| (1.0 / step) as f32);

        // The last output of a chunk is that sum.
        let n_chunks = n_outputs.div_ceil(MOST_GROUPS * WIDTH - 1);
        let n_groups = (n_outputs.div_ceil(n_chunks) + 1).div_ceil(WIDTH);
        let half = n_groups * WIDTH;
        let size = n_chunks * 2 * half;
        let mut values = vec![0; gradients.values().len() / width * size];
        let tasks = values.chunks_mut(CHUNK * size);
        let tasks = tasks.zip(gradients.values().chunks(CHUNK * width));
        parallel::for_each(tasks, 1, &|_, (values, gradients)| {
            let rows = values.chunks_exact_mut(size);
            for (row, gradients) in rows.zip(gradients.chunks_exact(width)) {
                let pairs = gradients[..used].as_chunks::<2>().0;
                for (values, pairs) in row.chunks_exact_mut(2 * half).zip(pairs.chunks(half - 1)) {
                    let (g, h) = values.split_at_mut(half);
                    for ((g, h), pair) in g.iter_mut().zip(&mut *h).zip(pairs) {
                        *g = round(pair[0] * factors[0]);
                        *h = round(pair[1] * factors[1]);
                    }
                    h[half - 1] = h[..half - 1].iter().sum();
                }
            }
        });
        Some(Self {
            values,
            n_groups,
            n_chunks,
            steps,
            lambda,
        })
    }

    /// Numbers per row and chunk.
    pub(super) fn size(&self) -> usize {
        2 * self.n_groups * WIDTH
    }

    /// The gradients of some rows, chunk by chunk, and the sum of the rows after each chunk.
    pub(super) fn of_rows(&self, rows: &[u32]) -> Vec<i32> {
        let size = self.size();
        let mut gathered = vec![0; self.n_chunks * (rows.len() + 1) * size];
        for (chunk, gathered) in gathered
            .chunks_exact_mut((rows.len() + 1) * size)
            .enumerate()
        {
            let (of_rows, total) = gathered.split_at_mut(rows.len() * size);
            for (to, &row) in of_rows.chunks_exact_mut(size).zip(rows) {
                let from = (row as usize * self.n_chunks + chunk) * size;
                to.copy_from_slice(&self.values[from..from + size]);
                for (total, x) in total.iter_mut().zip(&*to) {
                    *total += x;
                }
            }
        }
        gathered
    }

    /// The largest errors of sums of gradients and of hessians of some rows.
    pub(super) fn errors(&self, n_rows: usize) -> [f64; 2] {
        self.steps.map(|step| 0.5 * step * n_rows as f64)
    }
}

/// The nearest integer; numbers of 2^23 and more are integers.
#[inline(always)]
fn round(x: f32) -> i32 {
    let half = if x.abs() < 8_388_608.0 { 0.5_f32 } else { 0.0 };
    (x + half.copysign(x)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_the_nearest() {
        for x in [
            0.0,
            0.4,
            0.6,
            -0.6,
            1.25e6 + 0.25,
            8_388_607.0,
            8_388_609.0,
            -16_777_214.0,
        ] {
            assert_eq!(f64::from(round(x)), f64::from(x).round(), "{x}");
        }
    }
}
