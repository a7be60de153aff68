use ndarray::{ArrayView1, ArrayView2, Axis, s};
use timbral_core::parallel;

use super::cuts::{Cuts, ROWS, features_per_task};

/// The features of a row are stored in words: the bins of this many features side by side.
pub(crate) const LANES: usize = 8;

/// An integer that holds the index of a bin.
pub(crate) trait Bin: Copy + Default + Send + Sync {
    /// The number of different bins it can hold.
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

/// The bins of all rows, stored twice: in words for histograms, by column for partitions. Of tables larger than memory
/// there are only the words.
#[derive(Debug)]
pub(crate) struct Binned<B> {
    n_rows: usize,
    n_words: usize,
    /// Words from one row to the next; 1 if the table is stored word by word.
    stride: usize,
    /// Words from one word of a row to its next word.
    word_stride: usize,
    /// Index of the first row, which is aligned to a cache line.
    first: usize,
    words: Vec<[B; LANES]>,
    columns: Vec<B>,
}

/// Tables of up to this many bytes stay in the second-level cache.
const CACHE: usize = 1 << 20;

/// Bytes in a cache line.
const LINE: usize = 64;

impl<B: Bin> Binned<B> {
    pub(crate) fn new(features: ArrayView2<'_, f32>, cuts: &Cuts) -> Self {
        let (n_rows, n_features) = features.dim();
        let mut columns = vec![B::default(); n_rows * n_features];
        let n = features_per_task(n_features);
        let groups = columns.chunks_mut(n * n_rows);
        parallel::for_each(groups, 1, &|task, columns: &mut [B]| {
            let group = features.slice(s![.., task * n..task * n + columns.len() / n_rows]);
            for (chunk, block) in group.axis_chunks_iter(Axis(0), ROWS).enumerate() {
                let columns = columns.chunks_exact_mut(n_rows).zip(block.columns());
                for (i, (bins, values)) in columns.enumerate() {
                    let feature = task * n + i;
                    let bins = &mut bins[chunk * ROWS..][..values.len()];
                    if cuts.is_categorical(feature) {
                        categories(values, cuts.n_bins(feature), bins);
                        continue;
                    }
                    for (bin, &value) in bins.iter_mut().zip(values) {
                        *bin = B::from_index(cuts.bin(feature, value));
                    }
                }
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
        let mut binned = Self::zeros(n_rows, n_features);
        let stride = binned.stride;
        let rows = &mut binned.words[binned.first..][..n_rows * stride];
        parallel::for_each(rows.chunks_mut(ROWS * stride), 1, &|chunk, words| {
            for feature in 0..n_features {
                let column = &columns[feature * n_rows + chunk * ROWS..];
                for (row, &bin) in words.chunks_exact_mut(stride).zip(column) {
                    row[feature / LANES][feature % LANES] = bin;
                }
            }
        });
        binned.columns = columns;
        binned
    }

    /// Memory for the words of a table, row by row, without columns.
    pub(super) fn zeros(n_rows: usize, n_features: usize) -> Self {
        let n_words = n_features.div_ceil(LANES);
        // Rows start at a cache line or divide one, so that each touches as few lines as possible.
        let in_line = (LINE / size_of::<[B; LANES]>()).max(1);
        let stride = if n_words <= in_line {
            n_words.next_power_of_two()
        } else {
            n_words.next_multiple_of(in_line)
        };
        let words = vec![[B::default(); LANES]; n_rows * stride + in_line];
        let past = words.as_ptr().addr() % LINE / size_of::<[B; LANES]>();
        Self {
            n_rows,
            n_words,
            stride,
            word_stride: 1,
            first: (in_line - past) % in_line,
            words,
            columns: Vec::new(),
        }
    }

    /// Fills the rows from `start` on.
    pub(super) fn fill(&mut self, start: usize, features: ArrayView2<'_, f32>, cuts: &Cuts) {
        let (n_rows, stride) = (features.nrows(), self.stride);
        let words = &mut self.words[self.first + start * stride..][..n_rows * stride];
        let chunks = words.chunks_mut(ROWS * stride);
        parallel::for_each(chunks, 1, &|chunk, words: &mut [[B; LANES]]| {
            for (row, words) in words.chunks_exact_mut(stride).enumerate() {
                let row = features.row(chunk * ROWS + row);
                for (feature, &value) in row.iter().enumerate() {
                    let bin = B::from_index(cuts.bin(feature, value));
                    words[feature / LANES][feature % LANES] = bin;
                }
            }
        });
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Words per row.
    pub(crate) fn n_words(&self) -> usize {
        self.n_words
    }

    /// Whether all words are in the cache.
    pub(crate) fn is_cached(&self) -> bool {
        self.stride == 1
    }

    /// One word of each of some rows.
    pub(crate) fn of_rows<'w>(
        &'w self,
        word: usize,
        rows: &'w [u32],
    ) -> impl Iterator<Item = &'w [B; LANES]> {
        let words = &self.words[self.first + word * self.word_stride..];
        rows.iter()
            .map(move |&row| &words[row as usize * self.stride])
    }

    /// The bins of a feature.
    pub(crate) fn column(&self, feature: usize) -> Column<'_, B> {
        if self.columns.is_empty() {
            let (word, lane) = (feature / LANES, feature % LANES);
            let words = &self.words[self.first + word * self.word_stride..];
            return Column {
                bins: &words.as_flattened()[lane..],
                stride: self.stride * LANES,
            };
        }
        Column {
            bins: &self.columns[feature * self.n_rows..][..self.n_rows],
            stride: 1,
        }
    }
}

/// The bins of a feature, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a, B> {
    bins: &'a [B],
    /// From one row to the next.
    stride: usize,
}

impl<'a, B: Bin> Column<'a, B> {
    #[inline(always)]
    pub(crate) fn get(&self, row: u32) -> B {
        self.bins[row as usize * self.stride]
    }

    /// The number of the bin of a row.
    #[inline(always)]
    pub(crate) fn bin(&self, row: u32) -> usize {
        self.get(row).index()
    }

    /// The bins one after the other, if they are stored so.
    pub(crate) fn as_slice(&self) -> Option<&'a [B]> {
        (self.stride == 1).then_some(self.bins)
    }
}

/// The bins of a column of categories; `missing` is that of missing values.
#[cold]
fn categories<B: Bin>(column: ArrayView1<'_, f32>, missing: usize, bins: &mut [B]) {
    for (bin, &category) in bins.iter_mut().zip(column) {
        *bin = B::from_index(match category.is_nan() {
            true => missing,
            false => category as usize,
        });
    }
}
