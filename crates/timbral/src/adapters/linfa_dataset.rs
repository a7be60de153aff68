use ::linfa::dataset::AsSingleTargets;
use ::linfa::{Dataset, DatasetBase};
use nd16::{Array1, Array2, ArrayBase, Data, Ix1, Ix2};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};

/// The rows of a labelled table as a data set of linfa, with features in `f32` or `f64` and the numbers of the classes
/// as targets.
///
/// | of the table | in the data set |
/// |---|---|
/// | features, missing cells | records; NaN where a cell is missing |
/// | feature names | feature names |
/// | labels | targets, `usize`; the name of the target is `label` |
/// | class names | lost; `map_targets(|class| table.classes()[*class].clone())` has them as targets |
/// | ids, groups, artists, albums, lengths | lost; rows keep their order |
///
/// Splits of linfa ignore groups: [split](timbral_data::SplitMethod) the table first.
///
/// ```
/// # // linfa-logistic comes with this feature.
/// # #[cfg(feature = "classical")]
/// # {
/// use linfa::traits::{Fit, Predict};
/// use linfa_logistic::MultiLogisticRegression;
/// use timbral::data::FeatureTable;
/// use timbral::{from_linfa, to_linfa};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]))?;
/// let dataset = to_linfa::<f64>(&table)?;
/// let model = MultiLogisticRegression::default().fit(&dataset)?;
/// assert_eq!(model.predict(&dataset), dataset.targets);
///
/// let named = dataset.map_targets(|class| table.classes()[*class].clone());
/// assert_eq!(from_linfa(&named)?, table);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::NoLabels`].
pub fn to_linfa<F: From<f32>>(table: &FeatureTable) -> Result<Dataset<F, usize, Ix1>> {
    let labels = table.labels().ok_or(Error::NoLabels)?;
    let x = table.features();
    let records = Array2::from_shape_fn(x.dim(), |cell| F::from(x[cell]));
    let dataset = DatasetBase::new(records, Array1::from_vec(labels.to_vec()));
    Ok(dataset
        .with_feature_names(table.feature_names().to_vec())
        .with_target_names(vec!["label"]))
}

/// The rows of a data set of linfa as a labelled table.
///
/// | of the data set | in the table |
/// |---|---|
/// | records | features in `f32`; NaN is a missing cell |
/// | feature names | feature names; without any `f0`, `f1`, ... |
/// | targets | labels, as `Display` writes them; map numbers to names with `map_targets` first |
/// | | ids are the numbers of the rows, and every row is a group of its own ([`FeatureTable::with_groups`]) |
/// | weights, target names | lost |
///
/// [`to_linfa`] has an example.
///
/// # Errors
///
/// Those of [`FeatureTable::new`], if there are more or fewer targets than records.
pub fn from_linfa<F, D, T>(dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<FeatureTable>
where
    F: Copy + Into<f64>,
    D: Data<Elem = F>,
    T: AsSingleTargets<Elem: ToString>,
{
    let x = &dataset.records;
    let names = match dataset.feature_names() {
        [] => (0..x.ncols()).map(|i| format!("f{i}")).collect(),
        names => names.to_vec(),
    };
    let features = ndarray::Array2::from_shape_fn(x.dim(), |cell| x[cell].into() as f32);
    let ids = (0..x.nrows()).map(|row| row.to_string()).collect();
    let labels = dataset.targets.as_single_targets();
    let labels = labels.iter().map(ToString::to_string);
    Ok(FeatureTable::new(names, features, ids)?.with_labels(labels)?)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn table() -> FeatureTable {
        let x = array![[1.5, f32::NAN], [0.1, -2.0], [3.0, f32::MAX]];
        let ids = ["a.0.wav", "a.1.wav", "b.0.wav"]
            .map(str::to_owned)
            .to_vec();
        FeatureTable::new(vec!["tempo".into(), "rms".into()], x, ids)
            .and_then(|t| t.with_labels(["rock", "jazz", "rock"]))
            .and_then(|t| t.with_groups(["a", "a", "b"]))
            .unwrap()
    }

    #[test]
    fn names_cells_and_labels_survive_the_way_there_and_back() {
        let table = table();
        let dataset = to_linfa::<f64>(&table).unwrap();
        assert_eq!(dataset.feature_names(), ["tempo", "rms"]);
        assert_eq!(dataset.target_names(), ["label"]);
        assert_eq!(dataset.targets.to_vec(), [1, 0, 1]);
        assert_eq!(dataset.records[[1, 0]], f64::from(0.1_f32));
        let named = dataset.map_targets(|class| table.classes()[*class].clone());
        let back = from_linfa(&named).unwrap();
        // NaN is not equal to itself.
        let bits = |t: &FeatureTable| t.features().mapv(f32::to_bits);
        assert_eq!(bits(&back), bits(&table));
        assert_eq!(back.feature_names(), table.feature_names());
        assert_eq!(
            (back.classes(), back.labels()),
            (table.classes(), table.labels())
        );
        assert_eq!(
            (back.ids()[2].as_str(), back.n_groups(), table.n_groups()),
            ("2", 3, 2)
        );
    }

    #[test]
    fn data_sets_without_names_have_numbers() {
        let dataset = Dataset::new(nd16::array![[1.0_f32], [2.0]], nd16::array![7_usize, 10]);
        let table = from_linfa(&dataset).unwrap();
        assert_eq!(table.feature_names(), ["f0"]);
        assert_eq!(table.classes(), ["7", "10"]);
        let bad = DatasetBase::new(nd16::array![[1.0_f32], [2.0]], nd16::array![7_usize]);
        assert!(from_linfa(&bad).is_err());
        let bare = FeatureTable::new(vec![], ndarray::Array2::zeros((1, 0)), vec!["a".into()]);
        let error = to_linfa::<f32>(&bare.unwrap()).unwrap_err();
        assert!(matches!(error, Error::NoLabels));
    }
}
