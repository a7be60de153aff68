use ndarray::ArrayView2;

use crate::error::{Error, Result};

/// A table of finite features `[rows, features]` and a label from 0 a row.
#[derive(Debug, Clone)]
pub struct Dataset {
    features: Vec<f32>,
    n_features: usize,
    labels: Vec<usize>,
    n_classes: usize,
}

impl Dataset {
    /// Copies a table.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] without rows or columns, [`Error::Length`] where there are not as many
    /// labels as rows, [`Error::InvalidValue`] for a feature that is not finite or a label of
    /// `n_classes` or more.
    pub fn new(features: ArrayView2<'_, f32>, labels: &[usize], n_classes: usize) -> Result<Self> {
        if features.is_empty() {
            return Err(Error::Empty { name: "features" });
        }
        if labels.len() != features.nrows() {
            return Err(Error::Length {
                name: "labels",
                expected: features.nrows(),
                got: labels.len(),
            });
        }
        if let Some(index) = labels.iter().position(|label| *label >= n_classes) {
            return Err(Error::InvalidValue {
                name: "labels",
                index,
                value: labels[index] as f64,
                reason: "must be below the number of classes",
            });
        }
        Ok(Self {
            features: finite(features)?,
            n_features: features.ncols(),
            labels: labels.to_vec(),
            n_classes,
        })
    }

    pub(crate) fn features(&self) -> &[f32] {
        &self.features
    }

    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub(crate) fn n_classes(&self) -> usize {
        self.n_classes
    }
}

/// The features row by row.
pub(crate) fn finite(features: ArrayView2<'_, f32>) -> Result<Vec<f32>> {
    let values: Vec<f32> = features.iter().copied().collect();
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(values),
        Some(index) => Err(Error::InvalidValue {
            name: "features",
            index,
            value: values[index].into(),
            reason: "must be finite",
        }),
    }
}
