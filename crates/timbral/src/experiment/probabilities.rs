use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array1, Array2, ArrayView2};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;

/// Probabilities of classes for the rows of a table, with the ids, groups and labels of the rows.
///
/// As CSV it has the columns `filename`, one per class, and `label` if there are labels.
///
/// ```
/// use timbral::Probabilities;
/// use timbral::data::FeatureTable;
///
/// let ids = vec!["a.0.wav".to_owned(), "a.1.wav".to_owned()];
/// let rows = FeatureTable::new(vec![], ndarray::Array2::zeros((2, 0)), ids)?
///     .with_labels(["rock", "jazz"])?;
/// let classes = ["jazz", "rock"].map(str::to_owned);
/// let values = ndarray::array![[0.25, 0.75], [0.5, 0.5]];
/// let probabilities = Probabilities::new(&rows, &classes, values.view())?;
/// assert_eq!((probabilities.classes(), probabilities.label(0)), (&classes[..], Some("rock")));
/// assert_eq!(probabilities.evaluate()?.by_row.value, 1.0);
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("p.csv");
/// probabilities.write_csv(&path)?;
/// assert_eq!(Probabilities::read_csv(&path)?.values(), values);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Probabilities {
    /// A table whose features are the classes.
    table: FeatureTable,
}

impl Probabilities {
    /// The probabilities `(n_rows, n_classes)` of the rows of a table; `classes` names the columns.
    ///
    /// # Errors
    ///
    /// [`Error::Probabilities`] for another shape.
    pub fn new(
        rows: &FeatureTable,
        classes: &[String],
        values: ArrayView2<'_, f32>,
    ) -> Result<Self> {
        let expected = (rows.n_rows(), classes.len());
        if values.dim() != expected {
            let got = values.dim();
            return Err(Error::Probabilities { expected, got });
        }
        let ids = rows.ids().to_vec();
        let table = FeatureTable::new(classes.to_vec(), values.to_owned(), ids)?;
        let groups = rows
            .groups()
            .iter()
            .map(|group| &rows.group_names()[*group]);
        let table = table.with_groups(groups)?;
        let table = match rows.labels() {
            Some(labels) => {
                table.with_labels(labels.iter().map(|label| &rows.classes()[*label]))?
            }
            None => table,
        };
        Ok(Self { table })
    }

    /// Reads a CSV file that [`write_csv`](Self::write_csv) wrote. The recording of a row is that of
    /// its id ([`recording_of`](timbral_data::recording_of)).
    ///
    /// # Errors
    ///
    /// Those of [`FeatureTable::read_csv`].
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        let table = FeatureTable::read_csv(path)?;
        Ok(Self { table })
    }

    /// Writes the probabilities as CSV; on an error no incomplete file is left.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureTable::write_csv`].
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(self.table.write_csv(path)?)
    }

    /// Reads a table of any format that [`write`](Self::write) wrote.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureTable::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        // The columns are classes, whatever their names.
        let table = FeatureTable::read(path)?;
        Ok(Self { table })
    }

    /// Writes the probabilities in the format of the extension, .csv, .parquet or .npz; on an error no
    /// incomplete file is left.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureTable::write`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(self.table.write(path)?)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.table.n_rows()
    }

    /// The ids of the rows.
    pub fn ids(&self) -> &[String] {
        self.table.ids()
    }

    /// The group (recording) of a row.
    ///
    /// # Panics
    ///
    /// There is no such row.
    pub fn recording(&self, row: usize) -> &str {
        &self.table.group_names()[self.table.groups()[row]]
    }

    /// The classes, in the order of the columns.
    pub fn classes(&self) -> &[String] {
        self.table.feature_names()
    }

    /// The label of a row; `None` without labels.
    ///
    /// # Panics
    ///
    /// There is no such row.
    pub fn label(&self, row: usize) -> Option<&str> {
        let labels = self.table.labels()?;
        Some(&self.table.classes()[labels[row]])
    }

    /// The labels of all rows as indices into [`classes`](Self::classes).
    ///
    /// # Errors
    ///
    /// There are no labels, or one is not among the classes.
    pub fn labels(&self) -> Result<Vec<usize>> {
        crate::experiment::evaluation::labels_among(&self.table, self.classes())
    }

    /// The probabilities, `(n_rows, n_classes)`.
    pub fn values(&self) -> ArrayView2<'_, f32> {
        self.table.features()
    }

    /// Evaluates the probabilities: accuracies, log loss, confusion matrix and report.
    ///
    /// # Errors
    ///
    /// Those of [`Evaluation::new`].
    pub fn evaluate(&self) -> Result<Evaluation> {
        Evaluation::new(&self.table, self.classes(), self.values())
    }

    /// Other probabilities for the same rows and classes.
    pub(crate) fn with_values(&self, values: ArrayView2<'_, f32>) -> Result<Self> {
        Self::new(&self.table, self.classes(), values)
    }

    /// Accuracy and log loss over the rows.
    pub(crate) fn accuracy_and_log_loss(&self) -> Result<(f64, f64)> {
        Evaluation::without_intervals(&self.table, self.classes(), self.values())
    }
}

/// The average over several models of their probabilities of the same recordings: one row per
/// recording, sorted by name.
///
/// ```text
/// p(recording) = mean over models of (mean over the model's rows of the recording)
/// ```
///
/// The models may have different rows of a recording, such as segments and whole clips.
///
/// ```
/// use timbral::data::FeatureTable;
/// use timbral::{Probabilities, average_recordings};
/// use ndarray::{Array2, array};
///
/// let classes = ["jazz", "rock"].map(str::to_owned);
/// let rows = |ids: &[&str]| FeatureTable::new(
///     vec![], Array2::zeros((ids.len(), 0)), ids.iter().map(|id| id.to_string()).collect(),
/// );
/// let segments = rows(&["a.0.wav", "a.1.wav"])?.with_groups(["a", "a"])?.with_labels(["rock"; 2])?;
/// let clip = rows(&["a"])?.with_labels(["rock"])?;
/// let averaged = average_recordings(&[
///     Probabilities::new(&segments, &classes, array![[0.9, 0.1], [0.3, 0.7]].view())?,
///     Probabilities::new(&clip, &classes, array![[0.2, 0.8]].view())?,
/// ])?;
/// assert!((averaged.values()[[0, 1]] - 0.6).abs() < 1e-6);
/// assert_eq!(averaged.evaluate()?.by_row.value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// No models; probabilities without labels, of other classes or other recordings than the first, or
/// with a recording whose rows have several labels.
pub fn average_recordings(models: &[Probabilities]) -> Result<Probabilities> {
    let classes = models.first().ok_or(Error::NoMembers)?.classes();
    // For each recording its label, the sum of the models' means, and their number.
    let mut recordings: BTreeMap<&str, (&str, Array1<f32>, usize)> = BTreeMap::new();
    for Probabilities { table } in models {
        if table.feature_names() != classes {
            let (expected, got) = (classes.to_vec(), table.feature_names().to_vec());
            return Err(Error::OtherClasses { expected, got });
        }
        let labels = table.labels().ok_or(Error::NoLabels)?;
        let mut own: BTreeMap<&str, (Array1<f32>, f32)> = BTreeMap::new();
        for (row, values) in table.features().rows().into_iter().enumerate() {
            let name = &*table.group_names()[table.groups()[row]];
            let label = &*table.classes()[labels[row]];
            let zeros = || Array1::zeros(classes.len());
            let known = recordings
                .entry(name)
                .or_insert_with(|| (label, zeros(), 0));
            if known.0 != label {
                let name = name.to_owned();
                return Err(Error::SeveralLabels { name });
            }
            let (sum, n) = own.entry(name).or_insert_with(|| (zeros(), 0.0));
            *sum += &values;
            *n += 1.0;
        }
        for (name, (sum, n)) in own {
            if let Some((_, total, n_models)) = recordings.get_mut(name) {
                *total += &(sum / n);
                *n_models += 1;
            }
        }
    }
    let n_models = models.len();
    if let Some((name, _)) = recordings.iter().find(|(_, (.., n))| *n != n_models) {
        let name = (*name).to_owned();
        return Err(Error::OtherRecordings { name });
    }
    let ids = recordings.keys().map(|name| (*name).to_owned()).collect();
    let mut means = Array2::zeros((recordings.len(), classes.len()));
    for (mut mean, (_, sum, _)) in means.rows_mut().into_iter().zip(recordings.values()) {
        mean.assign(&(sum / n_models as f32));
    }
    let table = FeatureTable::new(classes.to_vec(), means, ids)?;
    let table = table.with_labels(recordings.values().map(|(label, ..)| *label))?;
    Ok(Probabilities { table })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(rows: &[(&str, &str, [f32; 2])]) -> Probabilities {
        let ids = (0..rows.len()).map(|row| row.to_string()).collect();
        let values = Array2::from_shape_fn((rows.len(), 2), |(row, class)| rows[row].2[class]);
        let table = FeatureTable::new(vec!["x".into(), "y".into()], values, ids)
            .and_then(|table| table.with_groups(rows.iter().map(|row| row.0)))
            .and_then(|table| table.with_labels(rows.iter().map(|row| row.1)))
            .unwrap();
        Probabilities { table }
    }

    #[test]
    fn models_have_equal_weight_however_many_rows_they_have() {
        let many = model(&[
            ("b", "y", [0.0, 1.0]),
            ("a", "x", [1.0, 0.0]),
            ("a", "x", [0.5, 0.5]),
        ]);
        let few = model(&[("a", "x", [0.25, 0.75]), ("b", "y", [0.5, 0.5])]);
        let averaged = average_recordings(&[many, few]).unwrap();
        assert_eq!(averaged.ids(), ["a", "b"]);
        assert_eq!(averaged.values(), ndarray::array![[0.5, 0.5], [0.25, 0.75]]);
        assert_eq!(averaged.labels().unwrap(), [0, 1]);
    }

    #[test]
    fn models_that_do_not_fit_are_refused() {
        let first = model(&[("a", "x", [1.0, 0.0]), ("b", "x", [1.0, 0.0])]);
        let fewer = model(&[("a", "x", [1.0, 0.0])]);
        let error = average_recordings(&[first.clone(), fewer]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the recording b is not in all of the tables"
        );
        let other = model(&[("a", "y", [1.0, 0.0]), ("b", "x", [1.0, 0.0])]);
        let error = average_recordings(&[first.clone(), other]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the recording a has rows of several labels"
        );
        let classes = ["x".to_owned(), "z".to_owned()];
        let other = Probabilities::new(&first.table, &classes, first.values()).unwrap();
        let error = average_recordings(&[first, other]).unwrap_err();
        assert_eq!(error.to_string(), "the classes x, z are not x, y");
        assert!(matches!(average_recordings(&[]), Err(Error::NoMembers)));
    }
}
