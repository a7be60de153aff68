use ndarray::{ArrayView1, ArrayView2, Axis, s};
use timbral_core::parallel;

use super::dataset::FeatureType;
use super::sketch::Sketch;

/// Rows of a block, whose values of several features are read one feature after the other: the table has them row by
/// row, and a cache line of it holds sixteen.
pub(super) const ROWS: usize = 256;

/// Features of a task that reads a table by feature: several that share cache lines, and tasks for all threads.
pub(super) fn features_per_task(n_features: usize) -> usize {
    (n_features / (4 * rayon::current_num_threads())).clamp(1, 16)
}

/// Where the values of each feature are cut into bins.
#[derive(Debug)]
pub(crate) struct Cuts {
    /// Ascending; a value belongs to the first bin whose cut is greater than it. Of a categorical feature the
    /// categories, each of which is a bin.
    of_feature: Vec<Vec<f32>>,
    has_missing: Vec<bool>,
    /// Empty without categorical features.
    is_categorical: Vec<bool>,
}

impl Cuts {
    /// Categorical features have a category for each number up to the largest.
    pub(crate) fn new(
        features: ArrayView2<'_, f32>,
        types: Option<&[FeatureType]>,
        weights: Option<&[f32]>,
        max_bin: usize,
    ) -> Self {
        let is_categorical = types.unwrap_or_default().iter();
        let mut is_categorical: Vec<bool> = is_categorical
            .map(|kind| *kind == FeatureType::Categorical)
            .collect();
        if !is_categorical.contains(&true) {
            is_categorical.clear();
        }
        let n = features_per_task(features.ncols());
        let cuts = parallel::map(features.ncols().div_ceil(n), 1, &|task| {
            let first = task * n;
            let group = features.slice(s![.., first..features.ncols().min(first + n)]);
            let mut n_values = vec![0; group.ncols()];
            for block in group.axis_chunks_iter(Axis(0), ROWS) {
                for (n_values, column) in n_values.iter_mut().zip(block.columns()) {
                    *n_values += column.iter().filter(|v| !v.is_nan()).count();
                }
            }
            let sketches = n_values.iter().map(|&n| Sketch::new(n, max_bin));
            let mut sketches: Vec<Sketch> = sketches.collect();
            let is_categorical = |i: usize| is_categorical.get(first + i) == Some(&true);
            for (chunk, block) in group.axis_chunks_iter(Axis(0), ROWS).enumerate() {
                let weights = weights.map(|weights| &weights[chunk * ROWS..]);
                let columns = sketches.iter_mut().zip(block.columns()).enumerate();
                for (_, (sketch, column)) in columns.filter(|(i, _)| !is_categorical(*i)) {
                    sketch.push_column(column, weights);
                }
            }
            let cuts = sketches.into_iter().enumerate().map(|(i, sketch)| {
                let cuts = match is_categorical(i) {
                    true => categories(group.column(i)),
                    false => sketch.cuts(),
                };
                (cuts, n_values[i] < group.nrows())
            });
            cuts.collect::<Vec<_>>()
        });
        let (of_feature, has_missing) = cuts.into_iter().flatten().unzip();
        Self::of(of_feature, has_missing, is_categorical)
    }

    pub(super) fn of(
        of_feature: Vec<Vec<f32>>,
        has_missing: Vec<bool>,
        is_categorical: Vec<bool>,
    ) -> Self {
        Self {
            of_feature,
            has_missing,
            is_categorical,
        }
    }

    pub(crate) fn n_features(&self) -> usize {
        self.of_feature.len()
    }

    /// Bins of a feature without the bin of missing values, which comes last.
    pub(crate) fn n_bins(&self, feature: usize) -> usize {
        self.of_feature[feature].len()
    }

    /// Whether each bin of the feature is a category.
    #[inline]
    pub(crate) fn is_categorical(&self, feature: usize) -> bool {
        !self.is_categorical.is_empty() && self.is_categorical[feature]
    }

    /// Whether the feature is missing in any row.
    pub(crate) fn has_missing(&self, feature: usize) -> bool {
        self.has_missing[feature]
    }

    pub(crate) fn any_missing(&self) -> bool {
        self.has_missing.contains(&true)
    }

    /// The threshold that separates the values of the first `n_left` bins from the others.
    pub(crate) fn threshold(&self, feature: usize, n_left: usize) -> f32 {
        match n_left.checked_sub(1) {
            Some(bin) => self.of_feature[feature][bin],
            // No value is less: all go right.
            None => f32::NEG_INFINITY,
        }
    }

    /// The largest number of bins of a feature, the bin of missing values included.
    pub(crate) fn most_bins(&self) -> usize {
        let bins = |f| self.n_bins(f) + usize::from(self.has_missing(f));
        (0..self.n_features()).map(bins).max().unwrap_or(0)
    }

    /// The bin of a value; the one after the last where it is missing. Not for categories, which are their
    /// own bins.
    #[inline]
    pub(super) fn bin(&self, feature: usize, value: f32) -> usize {
        let cuts = &self.of_feature[feature];
        if value.is_nan() {
            return cuts.len();
        }
        cuts.partition_point(|&cut| cut <= value)
            .min(cuts.len() - 1)
    }
}

/// The categories up to the largest in a column.
#[cold]
fn categories(column: ArrayView1<'_, f32>) -> Vec<f32> {
    let last = column.iter().fold(0.0, |last, &v| f32::max(last, v)) as u32;
    (0..=last).map(|category| category as f32).collect()
}
