//! The support vector machine of linfa.

use std::sync::{Mutex, PoisonError};

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_svm::Svm;
use ndarray::Array2;
use timbral_core::{Monitor, Progress, SharedMonitor, check, parallel};

use crate::adapters::linfa::wide;
use crate::classical::rows::{of_class, softmax};
use crate::error::{Error, Result};
use crate::recipes::training_rows::{Predict, TrainingRows};

/// The violation of the optimality conditions at which the solver ends, as in libsvm.
const TOLERANCE: f64 = 1e-3;

/// Rows of a task that predicts.
const ROWS: usize = 8;

/// One model per pair of classes; each votes for one of its two.
///
/// ```text
/// score_c = votes_c + s_c / (3 (|s_c| + 1)),   s_c = sum of the decision values for c
/// ```
///
/// as scikit-learn's `SVC.decision_function`, so that the class with most votes has the largest score.
/// `monitor` is called after every pair. `Break` before the last pair is [`Error::Stopped`].
pub(super) fn fit(
    data: &TrainingRows,
    c: f64,
    gamma: Option<f64>,
    monitor: &mut dyn Monitor,
) -> Result<Predict> {
    let n_classes = data.n_classes;
    let gamma = gamma.unwrap_or(1.0 / data.x.ncols().max(1) as f64);
    for (name, value) in [("c", c), ("gamma", gamma)] {
        let good = value.is_finite() && value > 0.0;
        check(good, name, value, "must be finite and above 0")?;
    }
    let pairs: Vec<(usize, usize)> = (0..n_classes)
        .flat_map(|a| (a + 1..n_classes).map(move |b| (a, b)))
        .collect();
    let x = wide(&data.x);
    let of_class: Vec<Vec<usize>> = (0..n_classes).map(|class| of_class(data, class)).collect();
    let (monitor, done) = (SharedMonitor::new(monitor), Mutex::new(0));
    let train = |_, &(a, b): &(usize, usize)| {
        if monitor.is_stopped() {
            return Err(Error::Stopped);
        }
        let rows = [&of_class[a][..], &of_class[b]].concat();
        let records = x.select(nd16::Axis(0), &rows);
        let is_first = rows.iter().map(|row| data.y[*row] == a);
        let dataset = DatasetBase::new(records, nd16::Array1::from_iter(is_first));
        let params = Svm::<f64, bool>::params();
        let params = params.gaussian_kernel(1.0 / gamma).pos_neg_weights(c, c);
        let svm = params.eps(TOLERANCE).fit(&dataset).map_err(Error::recipe)?;
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        let progress = Progress::new(*done, pairs.len(), "pairs of classes");
        match monitor.report(&progress).is_break() && *done < pairs.len() {
            true => Err(Error::Stopped),
            false => Ok(((a, b), svm)),
        }
    };
    let models = parallel::try_map_each(&pairs, 1, &train)?;
    Ok(Box::new(move |x| {
        let x = wide(x);
        let scores = parallel::map(x.nrows(), ROWS, &|row| {
            let row = x.row(row).to_owned();
            let (mut votes, mut sums) = (vec![0.0; n_classes], vec![0.0; n_classes]);
            for ((a, b), svm) in &models {
                let decision = svm.weighted_sum(&row) - svm.rho;
                votes[if decision >= 0.0 { *a } else { *b }] += 1.0;
                sums[*a] += decision;
                sums[*b] -= decision;
            }
            let scores = votes.into_iter().zip(sums);
            let score = |(votes, s): (f64, f64)| votes + s / (3.0 * (s.abs() + 1.0));
            scores.map(score).collect::<Vec<f64>>()
        });
        let scores = scores.concat();
        let scores =
            Array2::from_shape_vec((x.nrows(), n_classes), scores).map_err(Error::recipe)?;
        Ok(softmax(scores))
    }))
}
