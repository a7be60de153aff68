use std::ops::Range;

use timbral_core::parallel;

use super::builder::{Histogram, Histograms};
use super::line::Line;
use crate::data::{Bin, LANES};
use crate::loss::{Gradients, WIDTH, width};

/// Most registers for the gradients of a row.
const MOST: usize = 8;

/// Rows whose bins are copied at a time where they are not stored by column.
const BLOCK: usize = 4096;

impl<B: Bin> Histograms<'_, B> {
    /// The histograms of all rows for the first outputs of `gradients`. Empty if a model of `n_in_all` outputs
    /// has too many for this to be faster than [`build`](Self::build), which adds rows in another order.
    pub(crate) fn build_all(
        &self,
        gradients: &Gradients,
        n_outputs: usize,
        n_in_all: usize,
    ) -> Vec<Option<Histogram>> {
        if !(1..=MOST).contains(&(width(n_in_all) / WIDTH)) {
            return Vec::new();
        }
        match gradients.width() / WIDTH {
            1 => self.build_wide::<1>(gradients, n_outputs),
            2 => self.build_wide::<2>(gradients, n_outputs),
            3 => self.build_wide::<3>(gradients, n_outputs),
            4 => self.build_wide::<4>(gradients, n_outputs),
            5 => self.build_wide::<5>(gradients, n_outputs),
            6 => self.build_wide::<6>(gradients, n_outputs),
            7 => self.build_wide::<7>(gradients, n_outputs),
            MOST => self.build_wide::<MOST>(gradients, n_outputs),
            _ => Vec::new(),
        }
    }

    /// All outputs at once: one feature after the other, the sums of all outputs side by side.
    fn build_wide<const N: usize>(
        &self,
        gradients: &Gradients,
        n_outputs: usize,
    ) -> Vec<Option<Histogram>> {
        let mut histograms: Vec<Histogram> = (0..n_outputs).map(|_| self.take()).collect();
        let by_word = self.by_word(histograms.iter_mut().map(|histogram| &mut histogram[..]));
        let (gradients, _) = gradients.values().as_chunks::<WIDTH>();
        let (gradients, _) = gradients.as_chunks::<N>();
        parallel::for_each(by_word, 1, &|word, histograms| {
            let features = word * LANES..self.n_features.min((word + 1) * LANES);
            let sums = self.sum_wide(features, gradients);
            for (output, lines) in histograms.into_iter().enumerate() {
                let (wide, half) = (2 * output / WIDTH, 2 * output % WIDTH);
                let lines = &mut lines[..self.n_bins[word]];
                if sums.len() < LANES {
                    lines.fill(Line::default());
                }
                for (lane, sums) in sums.iter().enumerate() {
                    for (line, sums) in lines.iter_mut().zip(sums) {
                        let sums = &sums[wide].0;
                        line.set(lane, [sums[half], sums[half + 1]]);
                    }
                }
            }
        });
        histograms.into_iter().map(Some).collect()
    }

    /// The sums of the bins of some features, row by row.
    fn sum_wide<const N: usize>(
        &self,
        features: Range<usize>,
        gradients: &[[[f32; WIDTH]; N]],
    ) -> Vec<Vec<[Wide; N]>> {
        let zeros = || vec![[Wide::default(); N]; B::N_BINS];
        let add = |column: &[B], gradients: &[[[f32; WIDTH]; N]], sums: &mut [[Wide; N]]| {
            pulp::Arch::new().dispatch(AddWide {
                column,
                gradients,
                sums,
            });
        };
        let columns = features.clone().map(|f| self.binned.column(f).as_slice());
        if let Some(columns) = columns.collect::<Option<Vec<&[B]>>>() {
            let of_column = |column: &[B]| {
                let mut sums = zeros();
                add(column, gradients, &mut sums);
                sums
            };
            return parallel::map(columns.len(), 1, &|i| of_column(columns[i]));
        }
        let mut sums: Vec<_> = features.clone().map(|_| zeros()).collect();
        let columns: Vec<_> = features.map(|f| self.binned.column(f)).collect();
        let mut block = [B::default(); LANES * BLOCK];
        for (i, gradients) in gradients.chunks(BLOCK).enumerate() {
            let start = (i * BLOCK) as u32;
            // All features of a row at once, as they are next to each other.
            for row in 0..gradients.len() {
                for (lane, column) in columns.iter().enumerate() {
                    block[lane * BLOCK + row] = column.get(start + row as u32);
                }
            }
            for (lane, sums) in sums.iter_mut().enumerate() {
                add(&block[lane * BLOCK..][..gradients.len()], gradients, sums);
            }
        }
        sums
    }
}

/// Sums that fill one register.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Wide([f64; WIDTH]);

/// Adds the gradients of each row to the sums of its bin.
struct AddWide<'a, B, const N: usize> {
    column: &'a [B],
    gradients: &'a [[[f32; WIDTH]; N]],
    sums: &'a mut [[Wide; N]],
}

impl<B: Bin, const N: usize> pulp::WithSimd for AddWide<'_, B, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let sums = &mut self.sums[..B::N_BINS];
        for (bin, gradients) in self.column.iter().zip(self.gradients) {
            let sums = &mut sums[bin.index()];
            for (sums, gradients) in sums.iter_mut().zip(gradients) {
                // All loads before the stores, so that the compiler makes one of each.
                let gradients = gradients.map(f64::from);
                let mut sum = sums.0;
                for lane in 0..WIDTH {
                    sum[lane] += gradients[lane];
                }
                sums.0 = sum;
            }
        }
    }
}
