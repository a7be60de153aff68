use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayView2};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};

/// Probabilities of the rows of a table as a table of its own, with a column a class and the ids,
/// groups and labels of the rows; [`FeatureTable::write_csv`] keeps it.
///
/// ```
/// use timbral::data::FeatureTable;
/// use timbral::probability_table;
///
/// let rows = FeatureTable::new(vec![], ndarray::Array2::zeros((1, 0)), vec!["a.0.wav".into()])?
///     .with_labels(["rock"])?;
/// let classes = ["jazz", "rock"].map(str::to_owned);
/// let table = probability_table(&rows, &classes, ndarray::array![[0.25, 0.75]].view())?;
/// assert_eq!((table.feature_names(), table.features()[[0, 1]]), (&classes[..], 0.75));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The probabilities do not have the shape `(n_rows, n_classes)`, or two classes one name.
pub fn probability_table(
    rows: &FeatureTable,
    classes: &[String],
    probabilities: ArrayView2<'_, f32>,
) -> Result<FeatureTable> {
    let expected = (rows.n_rows(), classes.len());
    if probabilities.dim() != expected {
        let got = probabilities.dim();
        return Err(Error::Probabilities { expected, got });
    }
    let ids = rows.ids().to_vec();
    let table = FeatureTable::new(classes.to_vec(), probabilities.to_owned(), ids)?;
    let groups = rows
        .groups()
        .iter()
        .map(|group| &rows.group_names()[*group]);
    let table = table.with_groups(groups)?;
    Ok(match rows.labels() {
        Some(labels) => table.with_labels(labels.iter().map(|label| &rows.classes()[*label]))?,
        None => table,
    })
}

/// What several models say of the same recordings, one row a recording, sorted by name.
///
/// ```text
/// p(recording) = mean over models of (mean over the model's rows of the recording)
/// ```
///
/// The tables are [`probability_table`]s; one model may have other rows of a recording than the next,
/// such as segments and whole clips.
///
/// ```
/// use timbral::data::FeatureTable;
/// use timbral::{Evaluation, average_recordings, probability_table};
/// use ndarray::{Array2, array};
///
/// let classes = ["jazz", "rock"].map(str::to_owned);
/// let rows = |ids: &[&str]| FeatureTable::new(
///     vec![], Array2::zeros((ids.len(), 0)), ids.iter().map(|id| id.to_string()).collect(),
/// );
/// let segments = rows(&["a.0.wav", "a.1.wav"])?.with_groups(["a", "a"])?.with_labels(["rock"; 2])?;
/// let clip = rows(&["a"])?.with_labels(["rock"])?;
/// let averaged = average_recordings(&[
///     probability_table(&segments, &classes, array![[0.9, 0.1], [0.3, 0.7]].view())?,
///     probability_table(&clip, &classes, array![[0.2, 0.8]].view())?,
/// ])?;
/// assert!((averaged.features()[[0, 1]] - 0.6).abs() < 1e-6);
/// let evaluation = Evaluation::new(&averaged, &classes, averaged.features())?;
/// assert_eq!(evaluation.by_row.value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// No tables, one without labels, with other classes or other recordings than the first, or with a
/// recording whose rows have several labels.
pub fn average_recordings(tables: &[FeatureTable]) -> Result<FeatureTable> {
    let classes = tables.first().ok_or(Error::NoMembers)?.feature_names();
    // Of every recording its label, the sum of the models' means, and their number.
    let mut recordings: BTreeMap<&str, (&str, Array1<f32>, usize)> = BTreeMap::new();
    for table in tables {
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
    let n_models = tables.len();
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
    Ok(table.with_labels(recordings.values().map(|(label, ..)| *label))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &str, [f32; 2])]) -> FeatureTable {
        let ids = (0..rows.len()).map(|row| row.to_string()).collect();
        let values = Array2::from_shape_fn((rows.len(), 2), |(row, class)| rows[row].2[class]);
        FeatureTable::new(vec!["x".into(), "y".into()], values, ids)
            .and_then(|table| table.with_groups(rows.iter().map(|row| row.0)))
            .and_then(|table| table.with_labels(rows.iter().map(|row| row.1)))
            .unwrap()
    }

    #[test]
    fn models_count_alike_however_many_rows_they_have() {
        let many = table(&[
            ("b", "y", [0.0, 1.0]),
            ("a", "x", [1.0, 0.0]),
            ("a", "x", [0.5, 0.5]),
        ]);
        let few = table(&[("a", "x", [0.25, 0.75]), ("b", "y", [0.5, 0.5])]);
        let averaged = average_recordings(&[many, few]).unwrap();
        assert_eq!(averaged.ids(), ["a", "b"]);
        assert_eq!(
            averaged.features(),
            ndarray::array![[0.5, 0.5], [0.25, 0.75]]
        );
        assert_eq!(averaged.labels(), Some(&[0, 1][..]));
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let first = table(&[("a", "x", [1.0, 0.0]), ("b", "x", [1.0, 0.0])]);
        let fewer = table(&[("a", "x", [1.0, 0.0])]);
        let error = average_recordings(&[first.clone(), fewer]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the recording b is not in all of the tables"
        );
        let other = table(&[("a", "y", [1.0, 0.0]), ("b", "x", [1.0, 0.0])]);
        let error = average_recordings(&[first.clone(), other]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the recording a has rows of several labels"
        );
        let classes = ["x".to_owned(), "z".to_owned()];
        let other = probability_table(&first, &classes, first.features()).unwrap();
        let error = average_recordings(&[first, other]).unwrap_err();
        assert_eq!(error.to_string(), "the classes x, z are not x, y");
        assert!(matches!(average_recordings(&[]), Err(Error::NoMembers)));
    }
}
