use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::sketch::Sketch;

/// Features in a word of a row.
pub(crate) const LANES: usize = 8;

/// Where the values of each feature are cut into bins.
#[derive(Debug)]
pub(crate) struct Cuts {
    /// Rising; a value belongs to the first bin whose cut lies above it.
    of_feature: Vec<Vec<f32>>,
    /// Below every value; the threshold that sends all values right.
    lowest: Vec<f32>,
    has_missing: Vec<bool>,
}

impl Cuts {
    pub(crate) fn new(
        features: ArrayView2<'_, f32>,
        weights: Option<&[f32]>,
        max_bin: usize,
    ) -> Self {
        let columns: Vec<(Vec<f32>, f32, bool)> = (0..features.ncols())
            .into_par_iter()
            .map(|feature| {
                let column = features.column(feature);
                let mut n_values = 0;
                let mut min = f32::INFINITY;
                for &value in column.iter().filter(|v| !v.is_nan()) {
                    n_values += 1;
                    min = min.min(value);
                }
                let mut sketch = Sketch::new(n_values, max_bin);
                for (row, &value) in column.iter().enumerate() {
                    if !value.is_nan() {
                        sketch.push(value, weights.map_or(1.0, |w| w[row]));
                    }
                }
                let lowest = if n_values == 0 {
                    1e-5
                } else {
                    min - min.abs() - 1e-5
                };
                (
                    sketch.cuts(n_values, max_bin),
                    lowest.max(f32::MIN),
                    n_values < column.len(),
                )
            })
            .collect();
        let mut cuts = Self {
            of_feature: Vec::new(),
            lowest: Vec::new(),
            has_missing: Vec::new(),
        };
        for (of_feature, lowest, has_missing) in columns {
            cuts.of_feature.push(of_feature);
            cuts.lowest.push(lowest);
            cuts.has_missing.push(has_missing);
        }
        cuts
    }

    pub(crate) fn n_features(&self) -> usize {
        self.of_feature.len()
    }

    /// Bins of a feature, without that of missing values, which comes after them.
    pub(crate) fn n_bins(&self, feature: usize) -> usize {
        self.of_feature[feature].len()
    }

    /// Whether any row lacks the feature.
    pub(crate) fn has_missing(&self, feature: usize) -> bool {
        self.has_missing[feature]
    }

    /// The threshold below which lie the values of the first `n_left` bins.
    pub(crate) fn threshold(&self, feature: usize, n_left: usize) -> f32 {
        match n_left.checked_sub(1) {
            Some(bin) => self.of_feature[feature][bin],
            None => self.lowest[feature],
        }
    }

    /// Bins of the widest feature, that of missing values included.
    pub(crate) fn most_bins(&self) -> usize {
        let bins = |f| self.n_bins(f) + usize::from(self.has_missing(f));
        (0..self.n_features()).map(bins).max().unwrap_or(0)
    }

    fn bin(&self, feature: usize, value: f32) -> usize {
        let cuts = &self.of_feature[feature];
        if value.is_nan() {
            return cuts.len();
        }
        cuts.partition_point(|&cut| cut <= value)
            .min(cuts.len() - 1)
    }
}

/// A number that can hold a bin.
pub(crate) trait Bin: Copy + Default + Send + Sync {
    /// Bins that it can tell apart.
    const N_BINS: usize;
    fn index(self) -> usize;
    fn from_index(index: usize) -> Self;
}

impl Bin for u8 {
    const N_BINS: usize = 1 << 8;
    fn index(self) -> usize {
        usize::from(self)
    }
    fn from_index(index: usize) -> Self {
        index as u8
    }
}

impl Bin for u16 {
    const N_BINS: usize = 1 << 16;
    fn index(self) -> usize {
        usize::from(self)
    }
    fn from_index(index: usize) -> Self {
        index as u16
    }
}

/// The bins of all rows, twice: by words for histograms, column by column for partitions.
#[derive(Debug)]
pub(crate) struct Binned<B> {
    n_rows: usize,
    n_words: usize,
    /// Words from one row to the next: one where the words of all rows follow each other.
    stride: usize,
    /// Words from one word of a row to the next.
    word_stride: usize,
    /// Index of the first row, at the start of a line of the cache.
    first: usize,
    words: Vec<[B; LANES]>,
    columns: Vec<B>,
}

/// Bytes of words that are at hand without waiting.
const CACHE: usize = 1 << 20;

/// Bytes in a line of the cache.
const LINE: usize = 64;

impl<B: Bin> Binned<B> {
    pub(crate) fn new(features: ArrayView2<'_, f32>, cuts: &Cuts) -> Self {
        let (n_rows, n_features) = features.dim();
        let mut columns = vec![B::default(); n_rows * n_features];
        columns
            .par_chunks_mut(n_rows)
            .enumerate()
            .for_each(|(feature, bins)| {
                for (bin, &value) in bins.iter_mut().zip(features.column(feature)) {
                    *bin = B::from_index(cuts.bin(feature, value));
                }
            });
        let n_words = n_features.div_ceil(LANES);
        if n_rows * n_words * size_of::<[B; LANES]>() <= CACHE {
            let mut words = vec![[B::default(); LANES]; n_rows * n_words];
            for (feature, bins) in columns.chunks_exact(n_rows).enumerate() {
                let of_feature = &mut words[feature / LANES * n_rows..][..n_rows];
                for (word, &bin) in of_feature.iter_mut().zip(bins) {
                    word[feature % LANES] = bin;
                }
            }
            return Self {
                n_rows,
                n_words,
                stride: 1,
                word_stride: n_rows,
                first: 0,
                words,
                columns,
            };
        }
        // Rows begin with a line or divide one, so that they lie in as few lines as can be.
        let in_line = (LINE / size_of::<[B; LANES]>()).max(1);
        let stride = if n_words <= in_line {
            n_words.next_power_of_two()
        } else {
            n_words.next_multiple_of(in_line)
        };
        let mut words = vec![[B::default(); LANES]; n_rows * stride + in_line];
        let past = words.as_ptr().addr() % LINE / size_of::<[B; LANES]>();
        let first = (in_line - past) % in_line;
        const ROWS: usize = 256;
        let rows = &mut words[first..][..n_rows * stride];
        rows.par_chunks_mut(ROWS * stride)
            .enumerate()
            .for_each(|(chunk, words)| {
                for feature in 0..n_features {
                    let column = &columns[feature * n_rows + chunk * ROWS..];
                    for (row, &bin) in words.chunks_exact_mut(stride).zip(column) {
                        row[feature / LANES][feature % LANES] = bin;
                    }
                }
            });
        Self {
            n_rows,
            n_words,
            stride,
            word_stride: 1,
            first,
            words,
            columns,
        }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Words a row.
    pub(crate) fn n_words(&self) -> usize {
        self.n_words
    }

    /// Whether looking a word up costs no waiting.
    pub(crate) fn is_at_hand(&self) -> bool {
        self.stride == 1
    }

    /// One word of some rows.
    pub(crate) fn of_rows<'w>(
        &'w self,
        word: usize,
        rows: &'w [u32],
    ) -> impl Iterator<Item = &'w [B; LANES]> {
        let words = &self.words[self.first + word * self.word_stride..];
        rows.iter()
            .map(move |&row| &words[row as usize * self.stride])
    }

    /// The words of a row.
    pub(crate) fn of_row(&self, row: u32) -> impl Iterator<Item = &[B; LANES]> {
        let words = &self.words[self.first + row as usize * self.stride..];
        words.iter().step_by(self.word_stride).take(self.n_words)
    }

    /// The bins of a feature, row by row.
    pub(crate) fn column(&self, feature: usize) -> &[B] {
        &self.columns[feature * self.n_rows..][..self.n_rows]
    }
}
