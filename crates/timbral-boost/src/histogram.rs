use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::bins::{Bin, Binned, Cuts, LANES};
use crate::gradient::{Gradients, WIDTH};

/// Sum of gradients and sum of hessians.
pub(crate) type Sums = [f64; 2];

/// The sums of one bin of each feature of a word.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(align(64))]
pub(crate) struct Line {
    pub(crate) gradients: [f64; LANES],
    pub(crate) hessians: [f64; LANES],
}

impl Line {
    /// The sums of one feature.
    #[inline(always)]
    pub(crate) fn get(&self, lane: usize) -> Sums {
        [self.gradients[lane], self.hessians[lane]]
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, lane: usize, sums: Sums) {
        [self.gradients[lane], self.hessians[lane]] = sums;
    }
}

/// A line to add to, gradient beside hessian.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Pairs([Sums; LANES]);

/// Where the sums of each feature of a word stand in [`Pairs`]: as shuffles within the halves of a
/// register part gradients from hessians.
const SLOT: [usize; LANES] = [0, 2, 1, 3, 4, 6, 5, 7];

/// Rows whose gradients are gathered at once where there are many.
const BLOCK: usize = 512;

/// Rows whose histogram one task makes; the parts are added in order, so that the sums do not
/// depend on the number of threads.
const CHUNK: usize = 1 << 15;

/// Adds that make it worth while to share the words of a row among threads.
const PARALLEL: usize = 1 << 20;

/// The sums of each bin of each feature over the rows of one node: bin `b` of the features of
/// word `w` at `w * N_BINS + b`.
pub(crate) type Histogram = Vec<Line>;

/// Makes histograms and keeps their memory.
#[derive(Debug)]
pub(crate) struct Histograms<'a, B> {
    binned: &'a Binned<B>,
    /// Bins of the longest feature of each word, missing values included.
    n_bins: Vec<usize>,
    n_features: usize,
    free: Mutex<Vec<Histogram>>,
    /// Lines to add to, all zero.
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

    /// The sums of the bins of the features of one word.
    pub(crate) fn of_word<'h>(&self, histogram: &'h [Line], word: usize) -> &'h [Line] {
        &histogram[word * B::N_BINS..][..self.n_bins[word]]
    }

    /// Histograms that a number of bytes holds.
    pub(crate) fn that_fit(&self, bytes: usize) -> usize {
        bytes / (self.binned.n_words() * B::N_BINS * size_of::<Line>())
    }

    /// Gives the memory of a histogram back.
    pub(crate) fn recycle(&self, histogram: Histogram) {
        give(&self.free, histogram);
    }

    /// A histogram of old numbers.
    fn take(&self) -> Histogram {
        let n = self.binned.n_words() * B::N_BINS;
        take(&self.free).unwrap_or_else(|| vec![Line::default(); n])
    }

    fn zeros(&self, n_words: usize) -> Zeros<'_> {
        let n = n_words * B::N_BINS;
        let mut zeros = take(&self.zeros).unwrap_or_default();
        zeros.resize(n.max(zeros.len()), Pairs::default());
        Zeros(zeros, &self.zeros)
    }

    /// Shows each word that `wanted` names; what is seen is in the order of the words.
    pub(crate) fn visit<T: Default + Send>(
        &self,
        histogram: &[Line],
        wanted: &[bool],
        see: impl Fn(usize, &[Line]) -> T + Sync,
    ) -> Vec<T> {
        const WORDS: usize = 16;
        let see = |(word, &wanted): (usize, &bool)| {
            if wanted {
                see(word, self.of_word(histogram, word))
            } else {
                T::default()
            }
        };
        let words = wanted.par_iter().with_min_len(WORDS);
        words.enumerate().map(see).collect()
    }

    /// The histogram of some rows over the words that `wanted` names. They are taken out of the
    /// histogram of `parent`, and both are shown word by word while they are at hand; without a
    /// parent its part is empty.
    pub(crate) fn build<T: Default + Send>(
        &self,
        rows: &[u32],
        gradient: impl Fn(u32) -> [f32; 2] + Sync,
        wanted: &[bool],
        parent: Option<&mut Histogram>,
        see: impl Fn(usize, &[Line], &[Line]) -> T + Sync,
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
        let show =
            |parts: &mut [&mut [Pairs]], word: usize, own: &mut [Line], rest: &mut [Line]| {
                let n_bins = self.n_bins[word];
                let n_rest = n_bins.min(rest.len());
                let (own, rest) = (&mut own[..n_bins], &mut rest[..n_rest]);
                finish(parts, own, rest);
                see(word, own, rest)
            };
        let seen = if rows.len() < 2 * CHUNK {
            let few = (rows.len() + BLOCK) * self.n_features < PARALLEL;
            let n_words = if few { self.n_bins.len() } else { 1 };
            let sums: Vec<[f32; 2]> = rows.iter().map(|&row| gradient(row)).collect();
            let gathered = few && !self.binned.is_at_hand();
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
                show(&mut [pairs], word, own, rest)
            };
            let words = words.with_min_len(n_words);
            words.map_init(|| self.zeros(1), add).collect()
        } else {
            let mut parts: Vec<Zeros<'_>> = rows
                .par_chunks(CHUNK)
                .map(|rows| self.part(rows, &gradient, wanted))
                .collect();
            let by_word = self.by_word(parts.iter_mut().map(|part| &mut part.0[..]));
            let seen = words.zip(by_word).map(|((word, (own, rest)), mut parts)| {
                if wanted[word] {
                    show(&mut parts, word, own, rest)
                } else {
                    T::default()
                }
            });
            seen.collect()
        };
        (histogram, seen)
    }

    /// The lines of several histograms, word by word.
    fn by_word<'h, L>(
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

    /// The sums of a part of many rows.
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

    /// Copies some rows word by word: nothing but loads, so that many wait for memory at once.
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
            5 => self.build_wide::<5>(gradients, n_outputs),
            6 => self.build_wide::<6>(gradients, n_outputs),
            7 => self.build_wide::<7>(gradients, n_outputs),
            8 => self.build_wide::<8>(gradients, n_outputs),
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
                    for (bin, line) in lines[..self.n_bins[word]].iter_mut().enumerate() {
                        *line = Line::default();
                        for (lane, sums) in sums.iter().enumerate() {
                            let sums = &sums[bin][wide].0;
                            line.set(lane, [sums[half], sums[half + 1]]);
                        }
                    }
                }
            });
        histograms.into_iter().map(Some).collect()
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

/// Lines to add to, which go back when they are dropped: all zero by then.
struct Zeros<'a>(Vec<Pairs>, &'a Mutex<Vec<Vec<Pairs>>>);

impl Drop for Zeros<'_> {
    fn drop(&mut self) {
        give(self.1, std::mem::take(&mut self.0));
    }
}

/// Adds the gradients of each row to the sums of its bins.
#[inline(always)]
fn add_lanes<'w, const N: usize, B: Bin + 'w>(
    bins: impl Iterator<Item = &'w [B; LANES]>,
    sums: &[[f32; 2]],
    pairs: &mut [Pairs],
) {
    // The length that makes bounds checks vanish.
    let pairs = &mut pairs[..B::N_BINS];
    for (bins, sum) in bins.zip(sums) {
        let [g, h] = sum.map(f64::from);
        for lane in 0..N {
            let pair = &mut pairs[bins[lane].index()].0[SLOT[lane]];
            pair[0] += g;
            pair[1] += h;
        }
    }
}

/// Adds up the parts of a word, which become zero, and takes the sum out of the rest.
fn finish(parts: &mut [&mut [Pairs]], own: &mut [Line], rest: &mut [Line]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        let line = |pairs: Pairs| {
            let pairs: [std::arch::x86_64::__m256d; 4] = pulp::cast(pairs.0);
            let [low, high] = [[pairs[0], pairs[1]], [pairs[2], pairs[3]]];
            Line {
                gradients: pulp::cast([low, high].map(|[a, b]| simd.avx._mm256_unpacklo_pd(a, b))),
                hessians: pulp::cast([low, high].map(|[a, b]| simd.avx._mm256_unpackhi_pd(a, b))),
            }
        };
        simd.vectorize(
            #[inline(always)]
            || finish_with(line, parts, own, rest),
        );
        return;
    }
    finish_with(line, parts, own, rest);
}

fn line(Pairs(pairs): Pairs) -> Line {
    Line {
        gradients: SLOT.map(|slot| pairs[slot][0]),
        hessians: SLOT.map(|slot| pairs[slot][1]),
    }
}

#[inline(always)]
fn finish_with(
    line: impl Fn(Pairs) -> Line,
    parts: &mut [&mut [Pairs]],
    own: &mut [Line],
    rest: &mut [Line],
) {
    let Some((first, others)) = parts.split_first_mut() else {
        return;
    };
    for part in others {
        for (sum, pairs) in first.iter_mut().zip(&mut **part) {
            let pairs = std::mem::take(pairs);
            let sums = sum.0.as_flattened_mut().iter_mut();
            sums.zip(pairs.0.as_flattened()).for_each(|(a, b)| *a += b);
        }
    }
    let mut rest = rest.iter_mut();
    for (own, pairs) in own.iter_mut().zip(&mut **first) {
        let sums = line(std::mem::take(pairs));
        *own = sums;
        if let Some(rest) = rest.next() {
            for lane in 0..LANES {
                rest.gradients[lane] -= sums.gradients[lane];
                rest.hessians[lane] -= sums.hessians[lane];
            }
        }
    }
}

/// Sums that fill a register.
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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::random::Key;

    /// Integers, so that sums are exact in any order.
    fn gradient(row: u32) -> [f32; 2] {
        [(row % 17) as f32 - 8.0, (row % 5) as f32]
    }

    /// Tables that are at hand and that are not, few rows and many parts.
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
                // The second time in used memory.
                let mut parent = whole.clone();
                let (part, _) =
                    histograms.build(&thirds, gradient, &wanted, Some(&mut parent), |_, _, _| ());
                check(&thirds, &part);
                check(&rest, &parent);
                histograms.recycle(part);
            }
            // What is not wanted is not touched.
            let before = whole.clone();
            wanted[0] = false;
            let (_, seen) =
                histograms.build(&thirds, gradient, &wanted, Some(&mut whole), |_, _, _| true);
            assert_eq!(seen, wanted);
            let first = |histogram| histograms.of_word(histogram, 0).to_vec();
            assert_eq!(first(&whole), first(&before));
        }
    }

    #[test]
    fn the_vector_code_parts_sums_as_the_scalar_code() {
        let pairs = Pairs(std::array::from_fn(|slot| {
            [slot as f64 + 0.25, -(slot as f64)]
        }));
        let parts = [vec![pairs; 3], vec![pairs; 3]];
        let finished = |vector: bool| {
            let mut parts = parts.clone();
            let [first, second] = &mut parts;
            let mut own = vec![Line::default(); 3];
            let mut rest = vec![
                Line {
                    gradients: [1.0; LANES],
                    hessians: [2.0; LANES],
                };
                3
            ];
            let mut both = [&mut first[..], &mut second[..]];
            if vector {
                finish(&mut both, &mut own, &mut rest);
            } else {
                finish_with(line, &mut both, &mut own, &mut rest);
            }
            assert!(parts.iter().flatten().all(|p| p.0 == [[0.0; 2]; LANES]));
            (own, rest)
        };
        let (own, rest) = finished(false);
        assert_eq!(finished(true), (own.clone(), rest.clone()));
        for (lane, slot) in SLOT.into_iter().enumerate() {
            let [g, h] = own[2].get(lane);
            assert_eq!([g, h], [2.0 * slot as f64 + 0.5, -2.0 * slot as f64]);
            assert_eq!(rest[2].get(lane), [1.0 - g, 2.0 - h]);
        }
    }
}
