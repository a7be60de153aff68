use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::line::{Line, Pairs, add_lanes, finish};
use crate::data::{Bin, Binned, Cuts, LANES};

/// Rows whose bins are gathered at a time.
const BLOCK: usize = 512;

/// Rows per task. The partial sums are added in order, so that the result does not depend on the
/// number of threads.
const CHUNK: usize = 1 << 15;

/// From this many additions on the words of a row are distributed over threads.
const PARALLEL: usize = 1 << 20;

/// The sums of each bin of each feature over the rows of one node: bin `b` of the features of
/// word `w` at `w * N_BINS + b`.
pub(crate) type Histogram = Vec<Line>;

/// Builds histograms and keeps their memory for reuse.
#[derive(Debug)]
pub(crate) struct Histograms<'a, B> {
    pub(super) binned: &'a Binned<B>,
    /// The largest number of bins of a feature of each word, the bin of missing values included.
    pub(super) n_bins: Vec<usize>,
    pub(super) n_features: usize,
    free: Mutex<Vec<Histogram>>,
    /// Memory to add rows to, all zero.
    zeros: Mutex<Vec<Vec<Pairs>>>,
}

impl<'a, B: Bin> Histograms<'a, B> {
    pub(crate) fn new(binned: &'a Binned<B>, cuts: &Cuts) -> Self {
        let mut n_bins = vec![0; binned.n_words()];
        for feature in 0..cuts.n_features() {
            let n = cuts.n_bins(feature) + usize::from(cuts.has_missing(feature));
            let longest = &mut n_bins[feature / LANES];
            *longest = n.max(*longest);
        }
        Self {
            binned,
            n_bins,
            n_features: cuts.n_features(),
            free: Mutex::default(),
            zeros: Mutex::default(),
        }
    }

    /// The part of a histogram for the features of one word.
    pub(crate) fn of_word<'h>(&self, histogram: &'h [Line], word: usize) -> &'h [Line] {
        &histogram[word * B::N_BINS..][..self.n_bins[word]]
    }

    /// The number of histograms that fit into `bytes`.
    pub(crate) fn n_fitting(&self, bytes: usize) -> usize {
        bytes / (self.binned.n_words() * B::N_BINS * size_of::<Line>())
    }

    /// Keeps the memory of a histogram for the next one.
    pub(crate) fn recycle(&self, histogram: Histogram) {
        give(&self.free, histogram);
    }

    /// Memory for a histogram, with arbitrary numbers.
    pub(super) fn take(&self) -> Histogram {
        let n = self.binned.n_words() * B::N_BINS;
        take(&self.free).unwrap_or_else(|| vec![Line::default(); n])
    }

    fn zeros(&self, n_words: usize) -> Zeros<'_> {
        let n = n_words * B::N_BINS;
        let mut zeros = take(&self.zeros).unwrap_or_default();
        zeros.resize(n.max(zeros.len()), Pairs::default());
        Zeros(zeros, &self.zeros)
    }

    /// Calls `visit` for each word that is `wanted`; the results are in the order of the words.
    pub(crate) fn visit<T: Default + Send>(
        &self,
        histogram: &[Line],
        wanted: &[bool],
        visit: impl Fn(usize, &[Line]) -> T + Sync,
    ) -> Vec<T> {
        const WORDS: usize = 16;
        let visit = |(word, &wanted): (usize, &bool)| {
            if wanted {
                visit(word, self.of_word(histogram, word))
            } else {
                T::default()
            }
        };
        let words = wanted.par_iter().with_min_len(WORDS);
        words.enumerate().map(visit).collect()
    }

    /// Builds the histogram of some rows for the words that are `wanted`, and subtracts it from that
    /// of `parent`. `visit` is called with each word of both while it is in the cache; without a
    /// parent the second slice is empty.
    pub(crate) fn build<T: Default + Send>(
        &self,
        rows: &[u32],
        gradient: impl Fn(u32) -> [f32; 2] + Sync,
        wanted: &[bool],
        parent: Option<&mut Histogram>,
        visit: impl Fn(usize, &[Line], &[Line]) -> T + Sync,
    ) -> (Histogram, Vec<T>) {
        let mut histogram = self.take();
        let rests: Vec<&mut [Line]> = match parent {
            Some(parent) => parent.chunks_exact_mut(B::N_BINS).collect(),
            None => wanted.iter().map(|_| &mut [][..]).collect(),
        };
        let words = histogram
            .par_chunks_exact_mut(B::N_BINS)
            .zip(rests)
            .enumerate();
        let finish_word =
            |parts: &mut [&mut [Pairs]], word: usize, own: &mut [Line], rest: &mut [Line]| {
                let n_bins = self.n_bins[word];
                let n_rest = n_bins.min(rest.len());
                let (own, rest) = (&mut own[..n_bins], &mut rest[..n_rest]);
                finish(parts, own, rest);
                visit(word, own, rest)
            };
        let results = if rows.len() < 2 * CHUNK {
            let few = (rows.len() + BLOCK) * self.n_features < PARALLEL;
            let n_words = if few { self.n_bins.len() } else { 1 };
            let sums: Vec<[f32; 2]> = rows.iter().map(|&row| gradient(row)).collect();
            let gathered = few && !self.binned.is_cached();
            let gathered = gathered.then(|| self.gather(rows, Vec::new()));
            let add = |zeros: &mut Zeros<'_>, (word, (own, rest)): (usize, (&mut [Line], _))| {
                if !wanted[word] {
                    return T::default();
                }
                let pairs = &mut zeros.0[..B::N_BINS];
                match &gathered {
                    Some(gathered) => {
                        let bins = gathered[word * rows.len()..].iter();
                        self.add_word(word, bins, &sums, pairs);
                    }
                    None => {
                        self.add_word(word, self.binned.of_rows(word, rows), &sums, pairs);
                    }
                }
                finish_word(&mut [pairs], word, own, rest)
            };
            let words = words.with_min_len(n_words);
            words.map_init(|| self.zeros(1), add).collect()
        } else {
            let mut parts: Vec<Zeros<'_>> = rows
                .par_chunks(CHUNK)
                .map(|rows| self.part(rows, &gradient, wanted))
                .collect();
            let by_word = self.by_word(parts.iter_mut().map(|part| &mut part.0[..]));
            let results = words.zip(by_word).map(|((word, (own, rest)), mut parts)| {
                if wanted[word] {
                    finish_word(&mut parts, word, own, rest)
                } else {
                    T::default()
                }
            });
            results.collect()
        };
        (histogram, results)
    }

    /// The parts of several histograms, grouped by word.
    pub(super) fn by_word<'h, L>(
        &self,
        histograms: impl Iterator<Item = &'h mut [L]>,
    ) -> Vec<Vec<&'h mut [L]>> {
        let mut by_word: Vec<Vec<&mut [L]>> = Vec::new();
        by_word.resize_with(self.n_bins.len(), Vec::new);
        for histogram in histograms {
            let words = histogram.chunks_exact_mut(B::N_BINS);
            let pairs = by_word.iter_mut().zip(words);
            pairs.for_each(|(of_word, lines)| of_word.push(lines));
        }
        by_word
    }

    /// The sums of one task's rows.
    fn part(
        &self,
        rows: &[u32],
        gradient: &impl Fn(u32) -> [f32; 2],
        wanted: &[bool],
    ) -> Zeros<'_> {
        let mut part = self.zeros(self.n_bins.len());
        let mut sums = [[0.0; 2]; BLOCK];
        let mut gathered = Vec::new();
        for rows in rows.chunks(BLOCK) {
            for (sum, &row) in sums.iter_mut().zip(rows) {
                *sum = gradient(row);
            }
            gathered = self.gather(rows, gathered);
            let words = part.0.chunks_exact_mut(B::N_BINS).enumerate();
            for (word, pairs) in words.filter(|(word, _)| wanted[*word]) {
                let bins = gathered[word * rows.len()..].iter();
                self.add_word(word, bins, &sums[..rows.len()], pairs);
            }
        }
        part
    }

    /// Copies some rows word by word: only loads, so that many memory accesses overlap.
    fn gather(&self, rows: &[u32], mut gathered: Vec<[B; LANES]>) -> Vec<[B; LANES]> {
        gathered.resize(rows.len() * self.n_bins.len(), [B::default(); LANES]);
        for (i, &row) in rows.iter().enumerate() {
            for (word, bins) in self.binned.of_row(row).enumerate() {
                gathered[word * rows.len() + i] = *bins;
            }
        }
        gathered
    }

    fn add_word<'w>(
        &self,
        word: usize,
        bins: impl Iterator<Item = &'w [B; LANES]>,
        sums: &[[f32; 2]],
        pairs: &mut [Pairs],
    ) where
        B: 'w,
    {
        match (self.n_features - word * LANES).min(LANES) {
            1 => add_lanes::<1, B>(bins, sums, pairs),
            2 => add_lanes::<2, B>(bins, sums, pairs),
            3 => add_lanes::<3, B>(bins, sums, pairs),
            4 => add_lanes::<4, B>(bins, sums, pairs),
            5 => add_lanes::<5, B>(bins, sums, pairs),
            6 => add_lanes::<6, B>(bins, sums, pairs),
            7 => add_lanes::<7, B>(bins, sums, pairs),
            _ => add_lanes::<LANES, B>(bins, sums, pairs),
        }
    }
}

fn take<T>(pool: &Mutex<Vec<T>>) -> Option<T> {
    pool.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn give<T>(pool: &Mutex<Vec<T>>, item: T) {
    pool.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(item);
}

/// Memory to add rows to, which must be all zero again when it is dropped and kept for reuse.
struct Zeros<'a>(Vec<Pairs>, &'a Mutex<Vec<Vec<Pairs>>>);

impl Drop for Zeros<'_> {
    fn drop(&mut self) {
        give(self.1, std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::random::Key;

    /// Integers, so that sums are exact in any order.
    fn gradient(row: u32) -> [f32; 2] {
        [(row % 17) as f32 - 8.0, (row % 5) as f32]
    }

    /// Tables that fit into the cache and that do not, with one task and with several.
    #[test]
    fn bins_hold_the_sums_of_their_rows() {
        for (n_rows, n_features) in [(100, 19), (70_000, 19), (70_000, 7), (90_000, 1)] {
            let features = Array2::from_shape_fn((n_rows, n_features), |(row, column)| {
                let key = Key::new(column as u64).with(row as u64);
                match column {
                    3 if key.with(1).uniform() < 0.1 => f32::NAN,
                    4 => (key.uniform() * 3.0).floor() as f32,
                    _ => key.uniform() as f32,
                }
            });
            let cuts = Cuts::new(features.view(), None, 255);
            let binned = Binned::<u8>::new(features.view(), &cuts);
            let histograms = Histograms::new(&binned, &cuts);
            let all: Vec<u32> = (0..n_rows as u32).collect();
            let naive = |rows: &[u32], feature: usize| {
                let mut sums = vec![[0.0; 2]; 256];
                for &row in rows {
                    let [g, h] = gradient(row).map(f64::from);
                    let sum = &mut sums[binned.column(feature)[row as usize].index()];
                    *sum = [sum[0] + g, sum[1] + h];
                }
                sums
            };
            let check = |rows: &[u32], histogram: &Histogram| {
                for feature in (0..n_features).filter(|f| f % 5 != 1) {
                    let expected = naive(rows, feature);
                    let lines = histograms.of_word(histogram, feature / LANES);
                    for (line, expected) in lines.iter().zip(expected) {
                        assert_eq!(line.get(feature % LANES), expected, "{n_rows} {feature}");
                    }
                }
            };
            let mut wanted = vec![true; n_features.div_ceil(LANES)];
            let (mut whole, n_bins) =
                histograms.build(&all, gradient, &wanted, None, |_, own, rest| {
                    assert_eq!(rest.len(), 0);
                    own.len()
                });
            assert!(n_bins.iter().all(|n| (50..=256).contains(n)), "{n_bins:?}");
            check(&all, &whole);
            let (thirds, rest): (Vec<u32>, Vec<u32>) = all.iter().partition(|row| **row % 3 == 0);
            for _ in 0..2 {
                // The second time in recycled memory.
                let mut parent = whole.clone();
                let (part, _) =
                    histograms.build(&thirds, gradient, &wanted, Some(&mut parent), |_, _, _| ());
                check(&thirds, &part);
                check(&rest, &parent);
                histograms.recycle(part);
            }
            // Words that are not wanted stay as they are.
            let before = whole.clone();
            wanted[0] = false;
            let (_, seen) =
                histograms.build(&thirds, gradient, &wanted, Some(&mut whole), |_, _, _| true);
            assert_eq!(seen, wanted);
            let first = |histogram| histograms.of_word(histogram, 0).to_vec();
            assert_eq!(first(&whole), first(&before));
        }
    }
}
