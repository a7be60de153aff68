use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::Array2;
use timbral_boost::Model;
use timbral_data::FeatureTable;
use timbral_data::gtzan::GENRES;

use crate::error::{Error, Result};
use crate::experiment::probabilities::Probabilities;
use crate::recipes::dense::DenseModel;

/// A saved model of tables: boosted trees, also of XGBoost, or a dense network.
///
/// ```
/// use timbral::TableModel;
/// use timbral::boost::{BoostParams, Dataset, Objective};
/// use timbral::data::FeatureTable;
///
/// let x = ndarray::array![[0.0], [1.0]];
/// let params = BoostParams { objective: Objective::Logistic, ..Default::default() };
/// let model = params.fit(&Dataset::new(x.view(), &[0.0, 1.0])?)?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.json");
/// model.save(&path)?;
///
/// let table = FeatureTable::new(vec!["x".into()], x, vec!["a".into(), "b".into()])?;
/// let probabilities = TableModel::load(&path)?.probabilities(&table, None)?;
/// assert_eq!(probabilities.classes(), ["0", "1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TableModel {
    /// Boosted trees.
    Trees(Model),
    /// A dense network with its scalers.
    Dense(DenseModel),
}

impl TableModel {
    /// Reads a model file; the kind of the model is found from the content.
    ///
    /// # Errors
    ///
    /// Those of [`Model::load`] and [`DenseModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut start = Vec::new();
        let read = File::open(path).and_then(|file| file.take(9).read_to_end(&mut start));
        // The length of the header in 64 bits, then the header, an object.
        let is_safetensors = matches!(start[..], [.., 0, 0, b'{']) && start.len() == 9;
        match read.is_ok() && is_safetensors {
            true => DenseModel::load(path).map(Self::Dense),
            false => Ok(Self::Trees(Model::load(path)?)),
        }
    }

    /// The names of the features, if they are known.
    pub fn feature_names(&self) -> Option<&[String]> {
        match self {
            Self::Trees(model) => model.feature_names(),
            Self::Dense(model) => Some(model.feature_names()),
        }
    }

    /// The names of the classes, if they are known.
    pub fn class_names(&self) -> Option<&[String]> {
        match self {
            Self::Trees(model) => model.class_names(),
            Self::Dense(model) => Some(model.classes()),
        }
    }

    /// The probabilities of the rows of a table. Features are found by name if the model has their names,
    /// else they are taken in order. `classes` names the classes; without it they have the names in the
    /// model or, where there are none, those that the labels of the table allow:
    ///
    /// 1. If all labels are whole numbers below the number of classes, they are the numbers of the classes.
    /// 2. If there are as many labels as classes, the classes are the labels in the order of
    ///    [`sort_classes`](timbral_data::sort_classes).
    /// 3. If there are ten classes and all labels are genres of GTZAN, the classes are GTZAN's ten genres.
    ///
    /// Without labels the classes have the names `0`, `1` and so on.
    ///
    /// # Errors
    ///
    /// The table lacks a feature or has another number of them; a dense network and a missing cell; a model
    /// that predicts no classes; classes whose names are not known ([`Error::ClassNames`]).
    pub fn probabilities(
        &self,
        table: &FeatureTable,
        classes: Option<&[String]>,
    ) -> Result<Probabilities> {
        let values = self.values(table)?;
        let n = values.ncols();
        let names = match classes.or(self.class_names()) {
            Some(names) => names.to_vec(),
            None => class_names(table, n).unwrap_or_default(),
        };
        if names.len() != n {
            return Err(Error::ClassNames {
                expected: n,
                got: names,
                labels: table.classes().to_vec(),
            });
        }
        Probabilities::new(table, &names, values.view())
    }

    fn values(&self, table: &FeatureTable) -> Result<Array2<f32>> {
        match self {
            Self::Dense(model) => model.probabilities(table),
            Self::Trees(model) => {
                let trees = model.compile();
                Ok(match model.feature_names() {
                    Some(names) if names != table.feature_names() => {
                        trees.probabilities(table.select_features(names)?.features())?
                    }
                    _ => trees.probabilities(table.features())?,
                })
            }
        }
    }
}

/// The names of `n` classes, as far as the labels of a table determine them.
fn class_names(table: &FeatureTable, n: usize) -> Option<Vec<String>> {
    let labels = table.classes();
    let number = |label: &String| label.parse().is_ok_and(|class: usize| class < n);
    if labels.iter().all(number) {
        return Some((0..n).map(|class| class.to_string()).collect());
    }
    if labels.len() == n {
        return Some(labels.to_vec());
    }
    let is_genre = |label: &String| GENRES.contains(&label.as_str());
    let known = n == GENRES.len() && labels.iter().all(is_genre);
    known.then(|| GENRES.map(str::to_owned).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &[&str], n: usize) -> Option<String> {
        let ids = (0..labels.len()).map(|row| row.to_string()).collect();
        let table = FeatureTable::new(vec![], Array2::zeros((labels.len(), 0)), ids);
        let table = table.and_then(|table| table.with_labels(labels)).unwrap();
        class_names(&table, n).map(|names| names.join(" "))
    }

    #[test]
    fn labels_name_the_classes_where_they_can() {
        for (labels, n, expected) in [
            (&["2", "0"][..], 3, Some("0 1 2")),
            (&["10", "9", "2"], 3, Some("2 9 10")),
            (&["rock", "jazz"], 2, Some("jazz rock")),
            (&["rock", "jazz"], 3, None),
            (
                &["rock", "pop"],
                10,
                Some("blues classical country disco hiphop jazz metal pop reggae rock"),
            ),
            (&["rock", "house"], 10, None),
        ] {
            assert_eq!(names(labels, n).as_deref(), expected, "{labels:?}");
        }
    }
}
