use ndarray::ArrayView2;
use timbral_core::check;

use crate::error::{Error, Result};
use crate::model::CATEGORIES_END;

/// Whether a feature is numeric or categorical.
///
/// A split of a number sends those below a threshold to the left; a split of categories sends some of them to
/// the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FeatureType {
    /// A number (XGBoost's feature type `q`).
    #[default]
    Numeric,
    /// The number of a category: a whole number, at least 0 and below 2^24, or below 65535 for training
    /// (XGBoost's feature type `c`).
    Categorical,
}

impl FeatureType {
    pub(crate) fn xgboost_name(self) -> &'static str {
        match self {
            Self::Numeric => "q",
            Self::Categorical => "c",
        }
    }
}

/// A borrowed table of rows: features, labels and, if given, weights.
///
/// | part | shape | meaning |
/// |---|---|---|
/// | features | `(n_rows, n_features)` | NaN where a value is missing |
/// | labels | `n_rows` | a class number `0, 1, ..` or a number to predict |
/// | weights | `n_rows` | how much each row counts; 1 for every row if not given |
/// | groups | one size per group | rows of one query, one group after the other, for ranking |
/// | group weights | one per group | how much each group counts; 1 for every group if not given |
/// | feature types | `n_features` | which features are categories; all are numbers if not given |
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
    feature_types: Option<&'a [FeatureType]>,
    groups: Option<&'a [usize]>,
    group_weights: Option<&'a [f32]>,
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
            feature_types: None,
            groups: None,
            group_weights: None,
        })
    }

    /// The same rows with a weight for each.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of weights is not the number of rows,
    /// [`Error::InvalidValue`] if a weight is negative or not finite or all weights are 0.
    pub fn with_weights(mut self, weights: &'a [f32]) -> Result<Self> {
        check_weights("weights", weights, self.n_rows())?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// The same rows in groups of these sizes: the first group has the first rows, and so on. Objectives and
    /// metrics of ranking compare the rows within a group. Without groups all rows are one group.
    ///
    /// # Errors
    /// [`Error::Length`] if the sizes do not add up to the number of rows, [`Error::InvalidValue`] if one is 0.
    pub fn with_groups(mut self, sizes: &'a [usize]) -> Result<Self> {
        let sum = sizes
            .iter()
            .try_fold(0_usize, |sum, size| sum.checked_add(*size));
        fits("groups", sum.unwrap_or(usize::MAX), self.n_rows())?;
        if let Some(index) = sizes.iter().position(|&size| size == 0) {
            return Err(Error::InvalidValue {
                name: "groups",
                index,
                value: 0.0,
                reason: "a group must have at least one row",
            });
        }
        (self.groups, self.group_weights) = (Some(sizes), None);
        Ok(self)
    }

    /// The same rows with a weight for each group; call [`with_groups`](Self::with_groups) first. Objectives of
    /// ranking do not allow weights of rows.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of weights is not the number of groups, [`Error::InvalidValue`] if a weight is
    /// negative or not finite or all weights are 0.
    pub fn with_group_weights(mut self, weights: &'a [f32]) -> Result<Self> {
        check_weights(
            "group_weights",
            weights,
            self.groups.map_or(1, <[usize]>::len),
        )?;
        self.group_weights = Some(weights);
        Ok(self)
    }

    /// The sizes of the groups of rows whose query has the same number (XGBoost's `qid`). They are the argument
    /// of [`with_groups`](Self::with_groups).
    ///
    /// ```
    /// use timbral_boost::Dataset;
    /// assert_eq!(Dataset::group_sizes(&[3, 3, 5, 8, 8, 8])?, [2, 1, 3]);
    /// assert!(Dataset::group_sizes(&[3, 5, 3]).is_err());
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidValue`] if a number is smaller than the one before it.
    pub fn group_sizes(query_ids: &[u64]) -> Result<Vec<usize>> {
        if let Some(place) = query_ids.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(Error::InvalidValue {
                name: "query_ids",
                index: place + 1,
                value: query_ids[place + 1] as f64,
                reason: "must not be less than the number of the row before",
            });
        }
        Ok(query_ids
            .chunk_by(|a, b| a == b)
            .map(<[u64]>::len)
            .collect())
    }

    /// The same rows with the type of each feature. Rows that are used for evaluation only need no types.
    ///
    /// ```
    /// use timbral_boost::{BoostParams, Dataset, FeatureType};
    /// let features = ndarray::array![[0.0], [1.0], [2.0], [0.0], [1.0], [2.0]];
    /// let data = Dataset::new(features.view(), &[0.0, 9.0, 0.0, 0.0, 9.0, 0.0])?
    ///     .with_feature_types(&[FeatureType::Categorical])?;
    /// let params = BoostParams { n_rounds: 1, max_depth: 1, ..Default::default() };
    /// // One split tells category 1 from the others.
    /// assert_eq!(params.fit(&data)?.trees()[0].categories(0), Some(&[1][..]));
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the number of types is not the number of features, [`Error::InvalidValue`] if a
    /// category is negative, not whole or not below 2^24.
    pub fn with_feature_types(mut self, types: &'a [FeatureType]) -> Result<Self> {
        fits("feature_types", types.len(), self.n_features())?;
        let is_category = |v: f32| v >= 0.0 && v < CATEGORIES_END as f32 && v.fract() == 0.0;
        for (column, _) in
            (types.iter().enumerate()).filter(|(_, kind)| **kind == FeatureType::Categorical)
        {
            let values = self.features.column(column);
            if let Some(row) = values.iter().position(|&v| !v.is_nan() && !is_category(v)) {
                return Err(Error::InvalidValue {
                    name: "features",
                    index: row * self.n_features() + column,
                    value: f64::from(values[row]),
                    reason: "a category must be a whole number from 0 and below 2^24 (index counts cells row by row)",
                });
            }
        }
        self.feature_types = Some(types);
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

    /// The sizes of the groups, if given.
    pub fn groups(&self) -> Option<&'a [usize]> {
        self.groups
    }

    /// The weight of each group, if given.
    pub fn group_weights(&self) -> Option<&'a [f32]> {
        self.group_weights
    }

    /// The type of each feature, if given.
    pub fn feature_types(&self) -> Option<&'a [FeatureType]> {
        self.feature_types
    }

    /// The same rows with a shorter lifetime (that of an array view is not shortened implicitly).
    pub(crate) fn shorter(&self) -> Dataset<'_> {
        Dataset {
            features: self.features.reborrow(),
            labels: self.labels,
            weights: self.weights,
            feature_types: self.feature_types,
            groups: self.groups,
            group_weights: self.group_weights,
        }
    }

    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

/// Rows have numbers of 32 bits.
pub(crate) fn check_n_rows(n_rows: usize) -> Result<()> {
    check(
        u32::try_from(n_rows).is_ok(),
        "n_rows",
        n_rows,
        "must be at most 4294967295",
    )?;
    Ok(())
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

fn check_weights(name: &'static str, weights: &[f32], expected: usize) -> Result<()> {
    fits(name, weights.len(), expected)?;
    let is_good = |w: f32| w >= 0.0 && w.is_finite();
    all(name, weights, is_good, "must be finite and not negative")?;
    if weights.iter().all(|&w| w == 0.0) {
        return Err(Error::InvalidValue {
            name,
            index: 0,
            value: 0.0,
            reason: "at least one must be above 0",
        });
    }
    Ok(())
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
