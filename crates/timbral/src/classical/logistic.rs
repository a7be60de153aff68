//! The logistic regression of linfa.

use linfa_logistic::MultiLogisticRegression;

use crate::adapters::linfa::fit_probabilities;
use crate::error::Result;
use crate::recipes::training_rows::{Predict, TrainingRows};

/// The norm of the gradient, divided by the number of rows, at which the solver ends.
const TOLERANCE: f64 = 1e-4;

/// Largest number of iterations of the solver (L-BFGS); 8000 rows of 57 features in ten classes take half of
/// them.
const MAX_ITERATIONS: u64 = 300;

/// One weight vector and one bias per class; they minimise
///
/// ```text
/// -sum_i ln p_i + alpha / 2 |w|^2,   p_i = softmax(x_i w + b) of the class of row i
/// ```
pub(super) fn fit(data: &TrainingRows, alpha: f64) -> Result<Predict> {
    let params = MultiLogisticRegression::default()
        .alpha(alpha)
        .max_iterations(MAX_ITERATIONS)
        .gradient_tolerance(TOLERANCE * data.y.len() as f64);
    fit_probabilities(data, &params, |model, x| model.predict_probabilities(x))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Weights from the log odds at the unit vectors, shifted to sum 0 over the classes as at the optimum.
    fn weights(predict: &Predict, n_features: usize) -> Array2<f64> {
        let log = |x| predict(&x).unwrap().mapv(f64::ln);
        let mut w = log(Array2::eye(n_features)) - log(Array2::zeros((1, n_features)));
        for mut row in w.rows_mut() {
            let mean = row.mean().unwrap();
            row -= mean;
        }
        w
    }

    #[test]
    fn the_gradient_vanishes_at_the_fitted_weights() {
        let x = Array2::from_shape_fn((90, 2), |(i, j)| match j {
            0 => (i % 3) as f32 - 1.0 + (i * 7 % 10) as f32 / 6.0,
            _ => (i * 37 % 101) as f32 / 50.0 - 1.0,
        });
        // The norm of the weights by numpy, with gradient descent to a gradient of 1e-14.
        for (n_classes, length) in [(2, 2.000_308), (3, 2.865_738)] {
            let data = TrainingRows {
                x: x.clone(),
                y: (0..90).map(|i| (i % 3).min(n_classes - 1)).collect(),
                n_classes,
            };
            let norm = |alpha: f64, penalty: f64| {
                let predict = fit(&data, alpha).unwrap();
                let mut excess = predict(&x).unwrap();
                for (row, class) in data.y.iter().enumerate() {
                    excess[[row, *class]] -= 1.0;
                }
                let of_weights = x.mapv(f64::from).t().dot(&excess);
                let of_weights = of_weights + penalty * weights(&predict, 2);
                let of_bias = excess.sum_axis(ndarray::Axis(0));
                let squares = |v: &f64| v * v;
                let sum: f64 = of_weights.iter().chain(&of_bias).map(squares).sum();
                sum.sqrt()
            };
            let tolerance = TOLERANCE * 90.0;
            assert!(norm(2.0, 2.0) <= tolerance, "{}", norm(2.0, 2.0));
            // With a penalty smaller by 1 the gradient is the weights; their distance from the optimum is that of
            // the gradient from 0, divided by a curvature of at least 2.
            let left = norm(2.0, 1.0);
            assert!((left - length).abs() <= 1.5 * tolerance, "{left}");
        }
    }

    #[test]
    fn a_penalty_below_0_is_refused() {
        let data = TrainingRows {
            x: ndarray::array![[0.0], [1.0]],
            y: vec![0, 1],
            n_classes: 2,
        };
        assert!(fit(&data, -1.0).is_err());
    }
}
