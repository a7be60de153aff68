use datafusion::arrow::array::{Array, AsArray, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use timbral::boost::{Model, Predictor};
use timbral::ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Names of fields that an error lists.
const LISTED: usize = 12;

/// Boosted trees that find their features by name.
#[derive(Debug)]
pub(super) struct Trees {
    location: String,
    predictor: Predictor,
    features: Vec<String>,
    classes: Vec<String>,
}

impl Trees {
    /// The trees in the bytes of a model file in XGBoost's format.
    pub(super) fn from_bytes(bytes: &[u8], location: &str) -> Result<Self> {
        let bad = |reason: String| Error::Model {
            location: location.to_owned(),
            reason,
        };
        let model = Model::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
        let Some(features) = model.feature_names() else {
            let reason = "the model has no names of its features; train it on columns with names";
            return Err(bad(reason.to_owned()));
        };
        let predictor = model.compile();
        let missing = vec![f32::NAN; model.n_features()];
        let row = predictor.probabilities_row(&missing);
        let n_classes = row.map_err(|e| bad(e.to_string()))?.len();
        let numbers = || (0..n_classes).map(|class| class.to_string()).collect();
        Ok(Self {
            location: location.to_owned(),
            features: features.to_vec(),
            classes: model.class_names().map_or_else(numbers, <[_]>::to_vec),
            predictor,
        })
    }

    /// The features of rows, in the order of the trees; a null is NaN.
    ///
    /// # Errors
    ///
    /// A field that the trees need is not there, or no number; it is named.
    pub(super) fn table(&self, rows: &StructArray) -> Result<Array2<f32>> {
        let bad = |reason| Error::Model {
            location: self.location.clone(),
            reason,
        };
        let is_missing = |name: &&String| rows.column_by_name(name).is_none();
        let missing: Vec<&str> = (self.features.iter().filter(is_missing))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let fields = rows.fields().iter().map(|field| field.name().as_str());
            let fields: Vec<_> = fields.collect();
            return Err(bad(format!(
                "the model has {} features, of which the struct has no {}; its fields are {}",
                self.features.len(),
                listed(&missing),
                listed(&fields)
            )));
        }
        let mut table = Array2::from_elem((rows.len(), self.features.len()), f32::NAN);
        for (name, mut column) in self.features.iter().zip(table.columns_mut()) {
            let Some(values) = rows.column_by_name(name) else {
                continue;
            };
            if !is_number(values.data_type()) {
                let got = values.data_type();
                return Err(bad(format!(
                    "the model's feature {name} is no number but {got} in the struct"
                )));
            }
            let values = cast(values, &DataType::Float64)?;
            for (to, value) in column.iter_mut().zip(values.as_primitive::<Float64Type>()) {
                *to = value.map_or(f32::NAN, |value| value as f32);
            }
        }
        Ok(table)
    }

    /// The probabilities of the classes of each row.
    pub(super) fn probabilities(&self, table: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let probabilities = self.predictor.probabilities(table);
        Ok(probabilities.map_err(timbral::Error::from)?)
    }

    /// The classes with their probabilities, the most probable one first; equal ones in the order of the model.
    pub(super) fn ranked(&self, probabilities: impl Iterator<Item = f32>) -> Vec<(&str, f64)> {
        let classes = self.classes.iter().map(String::as_str);
        let mut ranked: Vec<_> = classes.zip(probabilities.map(f64::from)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }
}

/// Whether values of this type are numbers; those of a literal null have none.
pub(crate) fn is_number(of: &DataType) -> bool {
    of.is_numeric() || matches!(of, DataType::Boolean | DataType::Null)
}

fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
