use std::fmt;

use ndarray::Array2;
use timbral_data::{FeatureTable, Scaler};

use crate::error::{Error, Result};
use crate::experiment::parts::complete;

/// The training rows: standardised, their classes numbered from 0 without gaps.
pub(crate) struct TrainingRows {
    pub(crate) x: Array2<f32>,
    pub(crate) y: Vec<usize>,
    pub(crate) n_classes: usize,
}

impl TrainingRows {
    pub(crate) fn wide(&self) -> Array2<f64> {
        self.x.mapv(f64::from)
    }

    pub(crate) fn labels(&self) -> Vec<u32> {
        self.y.iter().map(|label| *label as u32).collect()
    }

    /// The numbers of the rows of a class.
    pub(crate) fn of_class(&self, class: usize) -> Vec<usize> {
        (0..self.y.len())
            .filter(|row| self.y[*row] == class)
            .collect()
    }
}

/// From standardised rows to their probabilities of the classes in the training rows.
pub(crate) type Predict = Box<dyn Fn(&Array2<f32>) -> Result<Array2<f64>> + Send + Sync>;

pub(crate) fn standardise(scaler: &Scaler, table: &FeatureTable) -> Result<Array2<f32>> {
    complete(table)?;
    Ok(scaler.transform(table)?.features().to_owned())
}

pub(crate) fn failed(reason: impl fmt::Display) -> Error {
    Error::Classical {
        reason: reason.to_string(),
    }
}

/// The softmax of each row of scores.
pub(crate) fn softmax(mut scores: Array2<f64>) -> Array2<f64> {
    for mut row in scores.rows_mut() {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|score| libm::exp(score - top));
        let sum = row.sum();
        row /= sum;
    }
    scores
}

/// Relative frequencies of votes: each voter names one class for every row.
pub(crate) fn votes(
    each: impl ExactSizeIterator<Item = Vec<usize>>,
    n_classes: usize,
) -> Array2<f64> {
    let weight = 1.0 / each.len() as f64;
    let mut frequencies = Array2::zeros((0, n_classes));
    for classes in each {
        if frequencies.nrows() == 0 {
            frequencies = Array2::zeros((classes.len(), n_classes));
        }
        for (row, class) in classes.into_iter().enumerate() {
            frequencies[[row, class]] += weight;
        }
    }
    frequencies
}
