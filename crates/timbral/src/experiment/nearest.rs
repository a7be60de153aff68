use timbral_data::{KNearestParams, ScalerParams};

use crate::error::{Error, Result};
use crate::experiment::evaluation::Accuracy;
use crate::experiment::parts::{Experiment, complete};

/// The accuracy of the nearest neighbour: how often the training row nearest to a test row has its class.
/// It shows how much of an accuracy comes from recognising recordings that are in the training rows.
///
/// The distance is Euclidean, after standard scaling fitted to the training rows; of equally near rows the first
/// counts ([`KNearestParams`] with `k = 1`). Validation rows are not used. The result equals that of scikit-learn's
/// `KNeighborsClassifier(1)` after `StandardScaler`.
///
/// ```
/// use timbral::data::{FeatureTable, Split};
/// use timbral::{Experiment, nearest_neighbour_accuracy};
///
/// let ids = ["a.0.wav", "b.0.wav", "a.1.wav", "c.0.wav"].map(str::to_owned).to_vec();
/// let x = ndarray::array![[0.0], [5.0], [0.1], [4.0]];
/// let table = FeatureTable::new(vec!["tempo".into()], x, ids)?
///     .with_groups(["a", "b", "a", "c"])?
///     .with_labels(["jazz", "rock", "jazz", "jazz"])?;
/// let split = Split { train: vec![0, 1], test: vec![2, 3], ..Split::default() };
/// // The second segment of `a` is recognised, `c` is not.
/// let accuracy = nearest_neighbour_accuracy(&Experiment::new(&table, &split)?)?;
/// assert_eq!((accuracy.value, accuracy.n), (0.5, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The rows have no labels, or a feature that is missing or infinite.
pub fn nearest_neighbour_accuracy(experiment: &Experiment) -> Result<Accuracy> {
    let Experiment { train, test, .. } = experiment;
    complete(train)?;
    complete(test)?;
    let rows: Vec<usize> = (0..train.n_rows()).collect();
    let scaler = ScalerParams::default().fit(train, &rows)?;
    let labels = train.labels().ok_or(Error::NoLabels)?;
    let params = KNearestParams {
        k: 1,
        ..KNearestParams::default()
    };
    let model = params.fit(scaler.transform(train)?.features(), labels)?;
    Accuracy::new(test, &model.predict(scaler.transform(test)?.features())?)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use timbral_data::{FeatureTable, SplitMethod};

    use super::*;

    /// Forty recordings of three rows: `take` identifies the recording and says nothing about the class;
    /// `coin` is noise in units that would dominate it if features were not scaled.
    fn table() -> FeatureTable {
        let x = Array2::from_shape_fn((120, 2), |(row, column)| match column {
            0 => (row / 3 * 17 % 40) as f32 + (row % 3) as f32 / 1e3,
            _ => 1e6 * (row * 7919 % 2) as f32,
        });
        let ids = (0..120).map(|row| row.to_string()).collect();
        FeatureTable::new(vec!["take".into(), "coin".into()], x, ids)
            .and_then(|table| table.with_groups((0..120).map(|row| (row / 3).to_string())))
            .and_then(|table| table.with_labels((0..120).map(|row| (row / 3 % 5 % 2).to_string())))
            .unwrap()
    }

    #[test]
    fn recordings_are_recognised_only_under_the_random_split() {
        let table = table();
        let accuracy = |method: SplitMethod| {
            let split = method.split(&table, 0).unwrap();
            let experiment = Experiment::new(&table, &split).unwrap();
            nearest_neighbour_accuracy(&experiment).unwrap().value
        };
        let (random, grouped) = (
            accuracy(SplitMethod::Random),
            accuracy(SplitMethod::Grouped),
        );
        assert!(random > 0.8 && grouped < 0.7, "{random} {grouped}");
    }
}
