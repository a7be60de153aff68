use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::bins::{Bin, Binned, Cuts, LANES};
use crate::gradient::{Gradients, WIDTH};

/// Sum of gradients and sum of hessians.
pub(crate) type Sums = [f64; 2];

/// Rows whose gradients are gathered at once.
const BLOCK: usize = 512;

/// Rows whose histogram one task makes; the parts are added in order, so that the sums do not
/// depend on the number of threads.
const CHUNK: usize = 1 << 15;

/// Numbers of the rows of a block.
static IN_ORDER: [u32; BLOCK] = {
    let mut numbers = [0; BLOCK];
    let mut i = 0;
    while i < BLOCK {
        numbers[i] = i as u32;
        i += 1;
    }
    numbers
};

/// Bytes of words that are at hand without waiting.
const CACHE: usize = 1 << 20;

/// Adds that make it worth while to share the words of a row among threads.
const PARALLEL: usize = 1 << 20;

/// The sums of each bin of each feature over the rows of one node: bin `b` of feature `f` at
/// `f * stride + b`.
pub(crate) type Histogram = Vec<Sums>;

/// Makes histograms and keeps their memory.
#[derive(Debug)]
pub(crate) struct Histograms<'a, B> {
    binned: &'a Binned<B>,
    /// Bins of each lane of each word, missing values included.
    n_bins: Vec<usize>,
    free: Mutex<Vec<Histogram>>,
}

impl<'a, B: Bin> Histograms<'a, B> {
    pub(crate) fn new(binned: &'a Binned<B>, cuts: &Cuts) -> Self {
        let n_bins = (0..cuts.n_features())
            .map(|f| cuts.n_bins(f) + usize::from(cuts.has_missing(f)))
            .collect();
        Self {
            binned,
            n_bins,
            free: Mutex::default(),
        }
    }

    /// The sums of the bins of one feature.
    pub(crate) fn of_feature<'h>(&self, histogram: &'h [Sums], feature: usize) -> &'h [Sums] {
        &histogram[feature * B::N_BINS..][..self.n_bins[feature]]
    }

    /// Histograms that a number of bytes holds.
    pub(crate) fn that_fit(&self, bytes: usize) -> usize {
        bytes / (self.binned.n_words() * LANES * B::N_BINS * size_of::<Sums>())
    }

    /// Gives the memory of a histogram back.
    pub(crate) fn recycle(&self, histogram: Histogram) {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(histogram);
    }

    fn take(&self) -> Histogram {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut histogram =
            free.unwrap_or_else(|| vec![[0.0; 2]; self.binned.n_words() * LANES * B::N_BINS]);
        for (feature, &n) in self.n_bins.iter().enumerate() {
            histogram[feature * B::N_BINS..][..n].fill([0.0; 2]);
        }
        histogram
    }

    /// The histogram of some rows over the words that `wanted` names.
    pub(crate) fn build(
        &self,
        rows: &[u32],
        gradient: impl Fn(u32) -> [f32; 2] + Sync,
        wanted: &[bool],
    ) -> Histogram {
        if rows.len() < 2 * CHUNK {
            let mut histogram = self.take();
            if rows.len() * self.n_bins.len() < PARALLEL {
                self.add(rows, &gradient, wanted, &mut histogram);
            } else {
                self.add_by_word(rows, &gradient, wanted, &mut histogram);
            }
            return histogram;
        }
        let mut parts: Vec<Histogram> = rows
            .par_chunks(CHUNK)
            .map(|rows| {
                let mut part = self.take();
                self.add(rows, &gradient, wanted, &mut part);
                part
            })
            .collect();
        let mut sum = parts.swap_remove(0);
        sum.par_chunks_mut(B::N_BINS)
            .zip(&self.n_bins)
            .enumerate()
            .for_each(|(feature, (sums, &n))| {
                for part in &parts {
                    let part = &part[feature * B::N_BINS..][..n];
                    for (a, b) in sums.iter_mut().zip(part) {
                        *a = [a[0] + b[0], a[1] + b[1]];
                    }
                }
            });
        parts.into_iter().for_each(|part| self.recycle(part));
        sum
    }

    /// The histograms of all rows for each output, or nothing where that does not pay.
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
            _ => Vec::new(),
        }
    }

    /// All outputs at once: one feature after the other, the sums of a bin side by side.
    fn build_wide<const N: usize>(
        &self,
        gradients: &Gradients,
        n_outputs: usize,
    ) -> Vec<Option<Histogram>> {
        let mut histograms: Vec<Histogram> = (0..n_outputs).map(|_| self.take()).collect();
        let mut by_feature: Vec<Vec<&mut [Sums]>> = Vec::new();
        by_feature.resize_with(self.n_bins.len(), Vec::new);
        for histogram in &mut histograms {
            for (of_feature, cells) in by_feature.iter_mut().zip(histogram.chunks_mut(B::N_BINS)) {
                of_feature.push(cells);
            }
        }
        let (gradients, _) = gradients.values().as_chunks::<WIDTH>();
        let (gradients, _) = gradients.as_chunks::<N>();
        by_feature.into_par_iter().enumerate().for_each_init(
            || vec![[Wide::default(); N]; B::N_BINS],
            |sums, (feature, histograms)| {
                let n_bins = self.n_bins[feature];
                sums[..n_bins].fill([Wide::default(); N]);
                let column = self.binned.column(feature);
                pulp::Arch::new().dispatch(AddWide {
                    column,
                    gradients,
                    sums,
                });
                for (output, cells) in histograms.into_iter().enumerate() {
                    for (cell, sums) in cells.iter_mut().zip(&sums[..n_bins]) {
                        let (wide, lane) = (2 * output / WIDTH, 2 * output % WIDTH);
                        *cell = [sums[wide].0[lane], sums[wide].0[lane + 1]];
                    }
                }
            },
        );
        histograms.into_iter().map(Some).collect()
    }

    fn add(
        &self,
        rows: &[u32],
        gradient: &impl Fn(u32) -> [f32; 2],
        wanted: &[bool],
        histogram: &mut [Sums],
    ) {
        let mut sums = [[0.0; 2]; BLOCK];
        let mut gathered = Vec::new();
        for rows in rows.chunks(BLOCK) {
            for (sum, &row) in sums.iter_mut().zip(rows) {
                *sum = gradient(row).map(f64::from);
            }
            let (rows, words) = if size_of_val(self.binned.words()) > CACHE {
                self.gather(rows, &mut gathered);
                (&IN_ORDER[..rows.len()], &gathered[..])
            } else {
                (rows, self.binned.words())
            };
            for (word, cells) in histogram.chunks_exact_mut(LANES * B::N_BINS).enumerate() {
                if wanted[word] {
                    self.add_word(rows, &sums, words, word, cells);
                }
            }
        }
    }

    /// Copies the words of some rows: nothing but loads, so that many wait for memory at once.
    fn gather(&self, rows: &[u32], gathered: &mut Vec<[B; LANES]>) {
        let stride = self.binned.stride();
        let words = self.binned.words();
        gathered.clear();
        for &row in rows {
            gathered.extend_from_slice(&words[row as usize * stride..][..stride]);
        }
    }

    /// As [`add`](Self::add), one task a word: for tables that are wide rather than long.
    fn add_by_word(
        &self,
        rows: &[u32],
        gradient: &(impl Fn(u32) -> [f32; 2] + Sync),
        wanted: &[bool],
        histogram: &mut [Sums],
    ) {
        let sums: Vec<Sums> = rows
            .par_iter()
            .map(|&row| gradient(row).map(f64::from))
            .collect();
        let words = histogram
            .par_chunks_exact_mut(LANES * B::N_BINS)
            .enumerate();
        words
            .filter(|(word, _)| wanted[*word])
            .for_each(|(word, cells)| {
                self.add_word(rows, &sums, self.binned.words(), word, cells);
            });
    }

    fn add_word(
        &self,
        rows: &[u32],
        sums: &[Sums],
        words: &[[B; LANES]],
        word: usize,
        cells: &mut [Sums],
    ) {
        match (self.n_bins.len() - word * LANES).min(LANES) {
            1 => self.add_lanes::<1>(rows, sums, &words[word..], cells),
            2 => self.add_lanes::<2>(rows, sums, &words[word..], cells),
            3 => self.add_lanes::<3>(rows, sums, &words[word..], cells),
            4 => self.add_lanes::<4>(rows, sums, &words[word..], cells),
            5 => self.add_lanes::<5>(rows, sums, &words[word..], cells),
            6 => self.add_lanes::<6>(rows, sums, &words[word..], cells),
            7 => self.add_lanes::<7>(rows, sums, &words[word..], cells),
            _ => self.add_lanes::<LANES>(rows, sums, &words[word..], cells),
        }
    }

    fn add_lanes<const N: usize>(
        &self,
        rows: &[u32],
        sums: &[Sums],
        words: &[[B; LANES]],
        cells: &mut [Sums],
    ) {
        let stride = self.binned.stride();
        // The length that makes bounds checks vanish.
        let cells = &mut cells[..LANES * B::N_BINS];
        for (&row, sum) in rows.iter().zip(sums) {
            let bins = &words[row as usize * stride];
            for lane in 0..N {
                let cell = &mut cells[lane * B::N_BINS + bins[lane].index()];
                cell[0] += sum[0];
                cell[1] += sum[1];
            }
        }
    }

    /// Takes a part of the rows out of a histogram.
    pub(crate) fn subtract(&self, whole: &mut [Sums], part: &[Sums], wanted: &[bool]) {
        for (feature, &n) in self.n_bins.iter().enumerate() {
            if wanted[feature / LANES] {
                let range = feature * B::N_BINS..feature * B::N_BINS + n;
                for (a, b) in whole[range.clone()].iter_mut().zip(&part[range]) {
                    a[0] -= b[0];
                    a[1] -= b[1];
                }
            }
        }
    }
}

/// Sums that fill a line of the cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
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
                // All loads before the stores, so that they become one each.
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
