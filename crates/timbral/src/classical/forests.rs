//! Forests of decision trees.

use std::ops::Range;

use ndarray::Array2;
use smartcore::ensemble::extra_trees_regressor::{
    ExtraTreesRegressor, ExtraTreesRegressorParameters,
};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use timbral_core::{Monitor, Progress, check, parallel};

use crate::adapters::smartcore::classes;
use crate::classical::rows::votes;
use crate::error::{Error, Result};
use crate::recipes::training_rows::{Predict, TrainingRows};

/// Trees grown between two reports.
pub(super) const TREES_PER_STEP: usize = 10;

/// The results of `grow` for the trees of each step; on `Break` of those so far.
fn grow_in_steps<T>(
    n_trees: usize,
    monitor: &mut dyn Monitor,
    grow: impl Fn(Range<usize>) -> Result<Vec<T>>,
) -> Result<Vec<T>> {
    check(n_trees >= 1, "n_trees", n_trees, "must be at least 1")?;
    let mut grown = Vec::new();
    for first in (0..n_trees).step_by(TREES_PER_STEP) {
        let until = n_trees.min(first + TREES_PER_STEP);
        grown.extend(grow(first..until)?);
        if monitor
            .report(&Progress::new(until, n_trees, "trees"))
            .is_break()
        {
            break;
        }
    }
    Ok(grown)
}

/// smartcore's forest returns only the class with the most votes; so each tree is a forest of its own.
pub(super) fn random_forest(
    data: &TrainingRows,
    n_trees: usize,
    seed: u64,
    monitor: &mut dyn Monitor,
) -> Result<Predict> {
    let (x, y, n_classes) = (data.x.mapv(f64::from), classes(data), data.n_classes);
    let grow = |tree: usize| {
        let params = RandomForestClassifierParameters {
            n_trees: 1,
            seed: stream(seed, tree),
            ..Default::default()
        };
        RandomForestClassifier::fit(&x, &y, params).map_err(Error::recipe)
    };
    let trees = grow_in_steps(n_trees, monitor, |trees| {
        parallel::try_map_each(trees, 1, &|_, tree| grow(tree))
    })?;
    Ok(Box::new(move |x| {
        let x = x.mapv(f64::from);
        let each = parallel::try_map_each(&trees, 1, &|_, tree| {
            let classes = tree.predict(&x).map_err(Error::recipe)?;
            let classes = classes.iter().map(|c| *c as usize);
            Ok::<_, Error>(classes.collect::<Vec<_>>())
        })?;
        Ok(votes(each.into_iter(), n_classes))
    }))
}

pub(super) fn extra_trees(
    data: &TrainingRows,
    n_trees: usize,
    seed: u64,
    monitor: &mut dyn Monitor,
) -> Result<Predict> {
    let (x, n_classes) = (data.x.mapv(f64::from), data.n_classes);
    let grow = |trees: Range<usize>| {
        let regression = |class: usize| {
            let is_class = data.y.iter().map(|y| f64::from(u8::from(*y == class)));
            let y: Vec<f64> = is_class.collect();
            let params = ExtraTreesRegressorParameters {
                n_trees: trees.len(),
                seed: stream(seed, class * n_trees + trees.start),
                ..Default::default()
            };
            ExtraTreesRegressor::fit(&x, &y, params).map_err(Error::recipe)
        };
        let models = parallel::try_map(n_classes, 1, &regression)?;
        Ok(vec![(trees.len(), models)])
    };
    // The trees of a step with one regression per class.
    let steps = grow_in_steps(n_trees, monitor, grow)?;
    Ok(Box::new(move |x| {
        let x = x.mapv(f64::from);
        let of_class = |class: usize| -> Result<Vec<f64>> {
            let mut sums = vec![0.0; x.nrows()];
            for (n, models) in &steps {
                let means: Vec<f64> = models[class].predict(&x).map_err(Error::recipe)?;
                let terms = sums.iter_mut().zip(means);
                terms.for_each(|(sum, mean)| *sum += *n as f64 * mean);
            }
            Ok(sums)
        };
        let outputs = parallel::try_map(n_classes, 1, &of_class)?;
        let mut probabilities =
            Array2::from_shape_fn((x.nrows(), n_classes), |(row, c)| outputs[c][row].max(0.0));
        for mut row in probabilities.rows_mut() {
            let sum = row.sum();
            match sum > 0.0 {
                true => row /= sum,
                false => row.fill(1.0 / n_classes as f64),
            }
        }
        Ok(probabilities)
    }))
}

/// Different random seeds for the trees of one seed and for neighbouring seeds.
fn stream(seed: u64, n: usize) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(n as u64)
}
