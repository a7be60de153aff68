use rayon::prelude::*;

use super::builder::{Histogram, Histograms};
use super::line::Line;
use crate::data::{Bin, LANES};
use crate::loss::{Gradients, WIDTH};

impl<B: Bin> Histograms<'_, B> {
    /// The histograms of all rows for each output; empty if there are too many outputs for this to be
    /// faster than [`build`](Self::build).
    pub(crate) fn build_all(
        &self,
        gradients: &Gradients,
        n_outputs: usize,
    ) -> Vec<Option<Histogram>> {
        match gradients.width() / WIDTH {
            1 => self.build_wide::<1>(gradients, n_outputs),
            2 => self.build_wide::<2>(gradients, n_outputs),
            3 => self.build_wide::<3>(gradients, n_outputs),
            4 => self.build_wide::<4>(gradients, n_outputs),
            5 => self.build_wide::<5>(gradients, n_outputs),
            6 => self.build_wide::<6>(gradients, n_outputs),
            7 => self.build_wide::<7>(gradients, n_outputs),
            8 => self.build_wide::<8>(gradients, n_outputs),
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
        by_word
            .into_par_iter()
            .enumerate()
            .for_each(|(word, histograms)| {
                let features = word * LANES..self.n_features.min((word + 1) * LANES);
                let sums: Vec<Vec<[Wide; N]>> = features
                    .into_par_iter()
                    .map(|feature| {
                        let mut sums = vec![[Wide::default(); N]; B::N_BINS];
                        pulp::Arch::new().dispatch(AddWide {
                            column: self.binned.column(feature),
                            gradients,
                            sums: &mut sums,
                        });
                        sums
                    })
                    .collect();
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
