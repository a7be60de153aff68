use ndarray::ArrayView2;
use rayon::prelude::*;

use super::sketch::Sketch;

/// Where the values of each feature are cut into bins.
#[derive(Debug)]
pub(crate) struct Cuts {
    /// Ascending; a value belongs to the first bin whose cut is greater than it.
    of_feature: Vec<Vec<f32>>,
    has_missing: Vec<bool>,
}

impl Cuts {
    pub(crate) fn new(
        features: ArrayView2<'_, f32>,
        weights: Option<&[f32]>,
        max_bin: usize,
    ) -> Self {
        let (of_feature, has_missing) = (0..features.ncols())
            .into_par_iter()
            .map(|feature| {
                let column = features.column(feature);
                let n_values = column.iter().filter(|v| !v.is_nan()).count();
                let mut sketch = Sketch::new(n_values, max_bin);
                for (row, &value) in column.iter().enumerate() {
                    if !value.is_nan() {
                        sketch.push(value, weights.map_or(1.0, |w| w[row]));
                    }
                }
                (sketch.cuts(), n_values < column.len())
            })
            .unzip();
        Self {
            of_feature,
            has_missing,
        }
    }

    pub(crate) fn n_features(&self) -> usize {
        self.of_feature.len()
    }

    /// Bins of a feature without the bin of missing values, which comes last.
    pub(crate) fn n_bins(&self, feature: usize) -> usize {
        self.of_feature[feature].len()
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

    /// The bin of a value; the one after the last where it is missing.
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
