use ndarray::Array2;
use timbral_data::{FeatureTable, Scaler, ScalerParams, Scaling};

use crate::error::{Error, Result};
use crate::experiment::parts::complete;

/// The training rows of a table in the form that most models of other crates need.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrainingRows {
    /// The features, `(n_rows, n_features)`: finite, and scaled as the recipe asks.
    pub x: Array2<f32>,
    /// The class of each row, below `n_classes`; every class has a row.
    pub y: Vec<usize>,
    /// Number of classes, at least 2: those of the table that have training rows, in their order.
    pub n_classes: usize,
}

/// From rows, scaled like the training rows, to their probabilities of the classes that have training rows.
pub(crate) type Predict = Box<dyn Fn(&Array2<f32>) -> Result<Array2<f64>> + Send + Sync>;

/// A model of the scaled rows of a table, with its scaler.
pub(crate) struct FittedRows {
    scaler: Scaler,
    predict: Predict,
    /// The classes that have training rows, among all.
    present: Vec<usize>,
    n_classes: usize,
}

impl FittedRows {
    /// Scales the training rows, numbers their classes without gaps, and fits a model to them.
    pub(crate) fn fit(
        train: &FeatureTable,
        scaling: Scaling,
        fit: impl FnOnce(&TrainingRows) -> Result<Predict>,
    ) -> Result<Self> {
        let labels = train.labels().ok_or(Error::NoLabels)?;
        let n_classes = train.classes().len();
        let present = (0..n_classes).filter(|class| labels.contains(class));
        let present: Vec<usize> = present.collect();
        match present[..] {
            [] => return Err(Error::EmptyPart { part: "training" }),
            [class] => {
                let label = train.classes()[class].clone();
                return Err(Error::OneClass { label });
            }
            _ => {}
        }
        let all: Vec<usize> = (0..train.n_rows()).collect();
        let params = ScalerParams {
            scaling,
            ..ScalerParams::default()
        };
        complete(train)?;
        let scaler = params.fit(train, &all)?;
        let place = |label: &usize| present.partition_point(|class| class < label);
        let rows = TrainingRows {
            x: scaler.transform(train)?.features().to_owned(),
            y: labels.iter().map(place).collect(),
            n_classes: present.len(),
        };
        Ok(Self {
            predict: fit(&rows)?,
            scaler,
            present,
            n_classes,
        })
    }

    /// The probabilities of the rows of a table, 0 for classes without training rows. Features are found by name.
    pub(crate) fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let mut all = Array2::zeros((rows.n_rows(), self.n_classes));
        if rows.n_rows() == 0 {
            return Ok(all);
        }
        let rows = rows.select_features(self.scaler.feature_names())?;
        complete(&rows)?;
        let x = self.scaler.transform(&rows)?.features().to_owned();
        let known = (self.predict)(&x)?;
        let (expected, got) = ((x.nrows(), self.present.len()), known.dim());
        if got != expected {
            return Err(Error::Probabilities { expected, got });
        }
        for (column, class) in known.columns().into_iter().zip(&self.present) {
            all.column_mut(*class).assign(&column.mapv(|p| p as f32));
        }
        Ok(all)
    }
}

/// Probability 1 for one class per row.
#[cfg(any(feature = "linfa", feature = "smartcore"))]
pub(crate) fn certain(
    classes: impl ExactSizeIterator<Item = usize>,
    n_classes: usize,
) -> Result<Array2<f64>> {
    let mut p = Array2::zeros((classes.len(), n_classes));
    for (row, class) in classes.enumerate() {
        match p.get_mut((row, class)) {
            Some(p) => *p = 1.0,
            None => {
                let reason = format!("predicted class {class} of {n_classes} classes");
                return Err(Error::recipe(reason));
            }
        }
    }
    Ok(p)
}
