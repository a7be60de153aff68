use ndarray::Array2;

use crate::recipes::training_rows::TrainingRows;

/// The numbers of the rows of a class.
pub(crate) fn of_class(data: &TrainingRows, class: usize) -> Vec<usize> {
    (0..data.y.len())
        .filter(|row| data.y[*row] == class)
        .collect()
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
