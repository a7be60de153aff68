//! Models that are fitted in one step.

use ndarray::{Array1, Array2, Axis};
use smartcore::naive_bayes::gaussian::GaussianNB;
use smartcore::tree::decision_tree_classifier::{
    DecisionTreeClassifier, DecisionTreeClassifierParameters,
};
use timbral_data::KNearestParams;

use crate::adapters::smartcore::{classes, fit_classes};
use crate::classical::rows::{of_class, softmax, votes};
use crate::error::{Error, Result};
use crate::recipes::training_rows::{Predict, TrainingRows};

/// Softmax of minus half the squared distances to the means of the classes.
pub(super) fn nearest_centroid(data: &TrainingRows) -> Predict {
    let x = data.x.mapv(f64::from);
    let mean = |class| {
        let rows = x.select(Axis(0), &of_class(data, class));
        rows.mean_axis(Axis(0)).unwrap_or_default()
    };
    let means: Vec<Array1<f64>> = (0..data.n_classes).map(mean).collect();
    Box::new(move |x| {
        let scores = Array2::from_shape_fn((x.nrows(), means.len()), |(row, class)| {
            let pairs = x.row(row).into_iter().zip(&means[class]);
            -pairs.map(|(x, m)| (f64::from(*x) - m).powi(2)).sum::<f64>() / 2.0
        });
        Ok(softmax(scores))
    })
}

/// Added to every variance, relative to the largest variance of a feature, as in scikit-learn.
const VAR_SMOOTHING: f64 = 1e-9;

pub(super) fn naive_bayes(data: &TrainingRows) -> Result<Predict> {
    let x = data.x.mapv(f64::from);
    let model = GaussianNB::fit(&x, &classes(data), Default::default()).map_err(Error::recipe)?;
    let (means, priors) = (model.theta().clone(), model.class_priors().clone());
    let mut variances = model.var().clone();
    // Features that vary at all have variance 1 over all rows.
    variances
        .iter_mut()
        .flatten()
        .for_each(|v| *v += VAR_SMOOTHING);
    Ok(Box::new(move |x| {
        let scores = Array2::from_shape_fn((x.nrows(), priors.len()), |(row, class)| {
            let gaussians = means[class].iter().zip(&variances[class]);
            let terms = x.row(row).into_iter().zip(gaussians);
            let log = terms.map(|(x, (m, v))| libm::log(*v) + (f64::from(*x) - m).powi(2) / v);
            libm::log(priors[class]) - log.sum::<f64>() / 2.0
        });
        Ok(softmax(scores))
    }))
}

pub(super) fn k_nearest(data: &TrainingRows, k: usize) -> Result<Predict> {
    let params = KNearestParams {
        k,
        ..KNearestParams::default()
    };
    let model = params.fit(data.x.view(), &data.y)?;
    let (labels, n_classes) = (data.y.clone(), data.n_classes);
    Ok(Box::new(move |x| {
        let nearest = model.nearest(x.view())?;
        let each = nearest.map(|row| labels[*row]);
        Ok(votes(
            each.columns().into_iter().map(|c| c.to_vec()),
            n_classes,
        ))
    }))
}

pub(super) fn decision_tree(data: &TrainingRows, seed: u64) -> Result<Predict> {
    let params = DecisionTreeClassifierParameters {
        seed: Some(seed),
        ..Default::default()
    };
    fit_classes(data, params, DecisionTreeClassifier::fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naive_bayes_is_bayes_rule() {
        // Means 0 and 4, variances 1 (population), equal priors; at 1.5 the log odds are
        // (1.5 - 4)^2 / 2 - 1.5^2 / 2 = 2.
        let x = ndarray::array![[-1.0], [1.0], [3.0], [5.0]];
        let data = TrainingRows {
            x,
            y: vec![0, 0, 1, 1],
            n_classes: 2,
        };
        let p = naive_bayes(&data).unwrap()(&ndarray::array![[1.5]]).unwrap();
        let odds = 2f64.exp();
        // The variances are raised by 1e-9.
        assert!((p[[0, 0]] - odds / (1.0 + odds)).abs() < 1e-8, "{p}");
    }
}
