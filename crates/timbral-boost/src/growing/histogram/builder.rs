use std::sync::{Mutex, PoisonError};

use timbral_core::parallel;

use super::finish::Word;
use super::line::{Line, add_lanes, take_from};
use crate::data::{Bin, Binned, Cuts, LANES};
use crate::growing::regularisation::{Sums, plus};
use crate::simd::dispatch;

/// Rows whose bins are gathered at a time.
const BLOCK: usize = 512;

/// Rows whose bins one task gathers of those of a node that are kept.
const GATHERED: usize = 2048;

/// Rows per task. The partial sums are added in order, so that the result does not depend on the
/// number of threads.
const CHUNK: usize = 1 << 15;

/// From this many rows on there are several tasks.
pub(crate) const MANY: usize = 2 * CHUNK;

/// From this many additions on the words of a row are distributed over threads.
const PARALLEL: usize = 1 << 20;

/// The sums of each bin of each feature over the rows of one node: bin `b` of the features of
/// word `w` at `w * N_BINS + b`.
pub(crate) type Histogram = Vec<Line>;

/// Less than [`MANY`] rows, with what is added for them.
pub(crate) struct Few<'r, B> {
    rows: &'r [u32],
    sums: Vec<Sums>,
    /// Their bins, [`GATHERED`] rows after the other and each of these word by word. Without it each word would
    /// load all rows again; empty if the whole table is in the cache, or few words are wanted.
    gathered: Vec<Vec<[B; LANES]>>,
    words_per_task: usize,
}

/// Builds histograms and keeps their memory for reuse.
#[derive(Debug)]
pub(crate) struct Histograms<'a, B> {
    pub(super) binned: &'a Binned<B>,
    /// The largest number of bins of a feature of each word, the bin of missing values included.
    pub(super) n_bins: Vec<usize>,
    pub(super) n_features: usize,
    free: Mutex<Vec<Histogram>>,
    /// Memory to add rows to, all zero.
    zeros: Mutex<Vec<Vec<Line>>>,
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
        zeros.resize(n.max(zeros.len()), Line::default());
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
        parallel::map(wanted.len(), WORDS, &|word| match wanted[word] {
            true => visit(word, self.of_word(histogram, word)),
            false => T::default(),
        })
    }

    /// Builds the histogram of some rows for the words that are `wanted`, and subtracts it from `rest`.
    /// `finish` has to finish each word.
    pub(crate) fn build<T: Default + Send>(
        &self,
        rows: &[u32],
        gradient: impl Fn(u32) -> [f32; 2] + Sync,
        wanted: &[bool],
        rest: Option<&mut Histogram>,
        finish: impl Fn(usize, Word<'_>) -> T + Sync,
    ) -> (Histogram, Vec<T>) {
        let mut histogram = self.take();
        let rests: Vec<&mut [Line]> = match rest {
            Some(rest) => rest.chunks_exact_mut(B::N_BINS).collect(),
            None => wanted.iter().map(|_| &mut [][..]).collect(),
        };
        let words = histogram.chunks_exact_mut(B::N_BINS).zip(rests);
        let finish = |word: usize, sums: &mut [Line], (own, rest): (&mut [Line], &mut [Line])| {
            let n_bins = self.n_bins[word];
            let n_rest = n_bins.min(rest.len());
            let word_of_both = Word {
                sums: &mut sums[..n_bins],
                own: &mut own[..n_bins],
                rest: &mut rest[..n_rest],
            };
            finish(word, word_of_both)
        };
        let results = if rows.len() < MANY {
            let rows = self.few(rows, gradient, wanted);
            let visit = |word: usize, lines| {
                if !wanted[word] {
                    return T::default();
                }
                let mut zeros = self.zeros(1);
                self.add_few(word, &rows, &mut zeros.0);
                finish(word, &mut zeros.0, lines)
            };
            parallel::map_each(words, rows.words_per_task, &visit)
        } else {
            let part = |_, rows| self.part(rows, &gradient, wanted);
            let mut parts: Vec<Zeros<'_>> = parallel::map_each(rows.chunks(CHUNK), 1, &part);
            let by_word = self.by_word(parts.iter_mut().map(|part| &mut part.0[..]));
            let visit =
                |word, (lines, mut parts): (_, Vec<&mut [Line]>)| match parts.split_first_mut() {
                    Some((first, others)) if wanted[word] => {
                        others.iter_mut().for_each(|part| take_from(part, first));
                        finish(word, first, lines)
                    }
                    _ => T::default(),
                };
            parallel::map_each(words.zip(by_word), 1, &visit)
        };
        (histogram, results)
    }

    /// Calls `visit` with each wanted word of the histogram of less than [`MANY`] rows. It must set all sums
    /// to zero.
    pub(crate) fn pass<T: Default + Send>(
        &self,
        rows: &Few<'_, B>,
        wanted: &[bool],
        visit: impl Fn(usize, &mut [Line]) -> T + Sync,
    ) -> Vec<T> {
        let visit = |zeros: &mut Zeros<'_>, word: usize| {
            if !wanted[word] {
                return T::default();
            }
            self.add_few(word, rows, &mut zeros.0);
            visit(word, &mut zeros.0[..self.n_bins[word]])
        };
        parallel::map_init(wanted.len(), rows.words_per_task, &|| self.zeros(1), &visit)
    }

    /// Prepares less than [`MANY`] rows for the words that are `wanted`.
    pub(crate) fn few<'r>(
        &self,
        rows: &'r [u32],
        gradient: impl Fn(u32) -> [f32; 2],
        wanted: &[bool],
    ) -> Few<'r, B> {
        let few = (rows.len() + BLOCK) * self.n_features < PARALLEL;
        let n_wanted = wanted.iter().filter(|wanted| **wanted).count();
        let is_gathered = !self.binned.is_cached() && (few || 2 * n_wanted > wanted.len());
        let gather = |_, rows: &[u32]| self.gather(rows, Vec::new());
        let min_len = if few { rows.len() } else { 1 };
        Few {
            rows,
            sums: rows
                .iter()
                .map(|&row| gradient(row).map(f64::from))
                .collect(),
            gathered: match is_gathered {
                true => parallel::map_each(rows.chunks(GATHERED), min_len, &gather),
                false => Vec::new(),
            },
            words_per_task: if few { self.n_bins.len() } else { 1 },
        }
    }

    fn add_few(&self, word: usize, rows: &Few<'_, B>, lines: &mut [Line]) {
        let Few {
            rows,
            sums,
            gathered,
            ..
        } = rows;
        if gathered.is_empty() {
            return self.add_word(word, self.binned.of_rows(word, rows), sums, lines);
        }
        for (gathered, sums) in gathered.iter().zip(sums.chunks(GATHERED)) {
            let bins = gathered[word * sums.len()..].iter();
            self.add_word(word, bins, sums, lines);
        }
    }

    /// The sums of the bins of one feature, as [`build`](Self::build) has them.
    pub(crate) fn of_feature(&self, feature: usize, rows: &Few<'_, B>, bins: &mut Vec<Sums>) {
        bins.resize(self.n_bins[feature / LANES], [0.0; 2]);
        let column = self.binned.column(feature);
        for (&row, sums) in rows.rows.iter().zip(&rows.sums) {
            let bin = &mut bins[column.bin(row)];
            *bin = plus(*bin, *sums);
        }
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
            let both = by_word.iter_mut().zip(words);
            both.for_each(|(of_word, lines)| of_word.push(lines));
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
                *sum = gradient(row).map(f64::from);
            }
            gathered = self.gather(rows, gathered);
            let words = part.0.chunks_exact_mut(B::N_BINS).enumerate();
            for (word, lines) in words.filter(|(word, _)| wanted[*word]) {
                let bins = gathered[word * rows.len()..].iter();
                self.add_word(word, bins, &sums[..rows.len()], lines);
            }
        }
        part
    }

    /// Copies some rows word by word. Only loads of a few instructions follow each other, so that many misses of the
    /// cache overlap in the first word of some rows; the other words are in the cache then.
    fn gather(&self, rows: &[u32], mut gathered: Vec<[B; LANES]>) -> Vec<[B; LANES]> {
        const TOGETHER: usize = 64;
        gathered.resize(rows.len() * self.n_bins.len(), [B::default(); LANES]);
        for (i, together) in rows.chunks(TOGETHER).enumerate() {
            for word in 0..self.n_bins.len() {
                let to = &mut gathered[word * rows.len() + i * TOGETHER..][..together.len()];
                for (to, bins) in to.iter_mut().zip(self.binned.of_rows(word, together)) {
                    *to = *bins;
                }
            }
        }
        gathered
    }

    fn add_word<'w>(
        &self,
        word: usize,
        bins: impl Iterator<Item = &'w [B; LANES]>,
        sums: &[Sums],
        lines: &mut [Line],
    ) where
        B: 'w,
    {
        let n = (self.n_features - word * LANES).min(LANES);
        dispatch(
            #[inline(always)]
            || match n {
                1 => add_lanes::<1, B>(bins, sums, lines),
                2 => add_lanes::<2, B>(bins, sums, lines),
                3 => add_lanes::<3, B>(bins, sums, lines),
                4 => add_lanes::<4, B>(bins, sums, lines),
                5 => add_lanes::<5, B>(bins, sums, lines),
                6 => add_lanes::<6, B>(bins, sums, lines),
                7 => add_lanes::<7, B>(bins, sums, lines),
                _ => add_lanes::<LANES, B>(bins, sums, lines),
            },
        );
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
struct Zeros<'a>(Vec<Line>, &'a Mutex<Vec<Vec<Line>>>);

impl Drop for Zeros<'_> {
    fn drop(&mut self) {
        give(self.1, std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::super::finish::{Bins, Visit, visit_parts};
    use super::*;
    use crate::random::Key;

    /// Counts the bins.
    struct Count;

    impl Visit for Count {
        type Output = usize;

        fn visit<const N: usize>(&self, bins: impl Bins<N>) -> [usize; N] {
            let mut n = 0;
            bins.for_each(|_| n += 1);
            [n; N]
        }
    }

    /// Adds up the sums of the first feature, each multiplied with the number of its bin.
    struct Weigh;

    impl Visit for Weigh {
        type Output = Sums;

        fn visit<const N: usize>(&self, bins: impl Bins<N>) -> [Sums; N] {
            let (mut sums, mut factor) = ([[0.0; 2]; N], 1.0);
            bins.for_each(|bins| {
                for (sums, bin) in sums.iter_mut().zip(bins) {
                    let bin = [bin.gradients[0], bin.hessians[0]];
                    *sums = plus(*sums, bin.map(|x| x * factor));
                }
                factor += 1.0;
            });
            sums
        }
    }

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
            let cuts = Cuts::new(features.view(), None, None, 255);
            let binned = Binned::<u8>::new(features.view(), &cuts);
            let histograms = Histograms::new(&binned, &cuts);
            let all: Vec<u32> = (0..n_rows as u32).collect();
            let naive = |rows: &[u32], feature: usize| {
                let mut sums = vec![[0.0; 2]; 256];
                for &row in rows {
                    let [g, h] = gradient(row).map(f64::from);
                    let sum = &mut sums[binned.column(feature).bin(row)];
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
            let (mut whole, n_bins) = histograms.build(&all, gradient, &wanted, None, |_, word| {
                assert_eq!(word.rest.len(), 0);
                word.finish(&Count).1
            });
            assert!(n_bins.iter().all(|n| (50..=256).contains(n)), "{n_bins:?}");
            check(&all, &whole);
            let (thirds, rest): (Vec<u32>, Vec<u32>) = all.iter().partition(|row| **row % 3 == 0);
            for _ in 0..2 {
                // The second time in recycled memory.
                let mut parent = whole.clone();
                let both = |_, word: Word<'_>| word.finish_both(&Count).1;
                let (part, n_both) =
                    histograms.build(&thirds, gradient, &wanted, Some(&mut parent), both);
                assert!(n_both.iter().zip(&n_bins).all(|(both, n)| *both == [*n; 2]));
                check(&thirds, &part);
                check(&rest, &parent);
                histograms.recycle(part);
            }
            if thirds.len() < MANY {
                // The second pass finds the sums at zero again.
                let few = histograms.few(&thirds, gradient, &wanted);
                for _ in 0..2 {
                    let parts = histograms.pass(&few, &wanted, |word, own| {
                        visit_parts(&Weigh, own, histograms.of_word(&whole, word))
                    });
                    let mut of_thirds = Vec::new();
                    histograms.of_feature(0, &few, &mut of_thirds);
                    assert_eq!(of_thirds, naive(&thirds, 0)[..of_thirds.len()]);
                    let sum = |rows: &[u32]| {
                        let sums = naive(rows, 0);
                        sums.iter().enumerate().fold([0.0; 2], |sum, (bin, sums)| {
                            plus(sum, sums.map(|x| x * (bin + 1) as f64))
                        })
                    };
                    assert_eq!(parts[0], [sum(&thirds), sum(&rest)]);
                }
            }
            // Words that are not wanted stay as they are.
            let before = whole.clone();
            wanted[0] = false;
            let (_, seen) =
                histograms.build(&thirds, gradient, &wanted, Some(&mut whole), |_, word| {
                    word.finish_both(&Count);
                    true
                });
            assert_eq!(seen, wanted);
            let first = |histogram| histograms.of_word(histogram, 0).to_vec();
            assert_eq!(first(&whole), first(&before));
        }
    }
}
