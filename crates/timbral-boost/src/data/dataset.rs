use ndarray::ArrayView2;

use crate::error::{Error, Result};

/// A borrowed table of rows: features, labels and, if given, weights.
///
/// | part | shape | meaning |
/// |---|---|---|
/// | features | `(n_rows, n_features)` | NaN where a value is missing |
/// | labels | `n_rows` | a class number `0, 1, ..` or a number to predict |
/// | weights | `n_rows` | how much each row counts; 1 for every row if not given |
///
/// ```
/// use timbral_boost::Dataset;
/// let features = ndarray::array![[1.0, f32::NAN], [2.0, 0.5]];
/// let rows = Dataset::new(features.view(), &[0.0, 1.0])?.with_weights(&[1.0, 2.0])?;
/// assert_eq!(rows.n_rows(), 2);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dataset<'a> {
    features: ArrayView2<'a, f32>,
    labels: &'a [f32],
    weights: Option<&'a [f32]>,
}

impl<'a> Dataset<'a> {
    /// Features with one label per row.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or columns, [`Error::Length`] if the number of labels is not
    /// the number of rows, [`Error::InvalidValue`] if a feature is infinite or a label not finite.
    pub fn new(features: ArrayView2<'a, f32>, labels: &'a [f32]) -> Result<Self> {
        if features.is_empty() {
            return Err(Error::Empty { name: "features" });
        }
        fits("labels", labels.len(), features.nrows())?;
        all("labels", labels, |y| y.is_finite(), "must be finite")?;
        let infinite = features.iter().position(|v| v.is_infinite());
        if let Some(index) = infinite {
            let cell = [index / features.ncols(), index % features.ncols()];
            return Err(Error::InvalidValue {
                name: "features",
                index,
                value: f64::from(features[cell]),
                reason: "must be finite, or NaN where missing (index counts cells row by row)",
            });
        }
        Ok(Self {
            features,
            labels,
            weights: None,
        })
    }

    /// The same rows with a weight for each.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of weights is not the number of rows,
    /// [`Error::InvalidValue`] if a weight is negative or not finite or all weights are 0.
    pub fn with_weights(mut self, weights: &'a [f32]) -> Result<Self> {
        fits("weights", weights.len(), self.n_rows())?;
        all(
            "weights",
            weights,
            |w| w >= 0.0 && w.is_finite(),
            "must be finite and not negative",
        )?;
        if weights.iter().all(|&w| w == 0.0) {
            return Err(Error::InvalidValue {
                name: "weights",
                index: 0,
                value: 0.0,
                reason: "at least one must be above 0",
            });
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.features.nrows()
    }

    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.features.ncols()
    }

    /// The features, `(n_rows, n_features)`.
    pub fn features(&self) -> ArrayView2<'a, f32> {
        self.features
    }

    /// The label of each row.
    pub fn labels(&self) -> &'a [f32] {
        self.labels
    }

    /// The weight of each row, if given.
    pub fn weights(&self) -> Option<&'a [f32]> {
        self.weights
    }

    /// The same rows with a shorter lifetime (that of an array view is not shortened implicitly).
    pub(crate) fn shorter(&self) -> Dataset<'_> {
        Dataset {
            features: self.features.reborrow(),
            labels: self.labels,
            weights: self.weights,
        }
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

pub(crate) fn fits(name: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::Length {
            name,
            expected,
            got,
        })
    }
}

fn all(
    name: &'static str,
    values: &[f32],
    good: impl Fn(f32) -> bool,
    reason: &'static str,
) -> Result<()> {
    match values.iter().position(|&v| !good(v)) {
        None => Ok(()),
        Some(index) => Err(Error::InvalidValue {
            name,
            index,
            value: f64::from(values[index]),
            reason,
        }),
    }
}
