//! Metrics, cross-validation folds and significance tests for classifiers, equal to scikit-learn 1.9 up to
//! rounding. Arguments are slices, results are numbers.
//!
//! - Predicted classes: [`ConfusionMatrix`] and its methods, [`ClassificationReport`],
//!   [`accuracy_score`].
//! - Predicted scores and probabilities, in [`Scores`]: [`top_k_accuracy_score`], [`log_loss`],
//!   [`brier_score_loss`], [`expected_calibration_error`], [`calibration_curve`], [`roc_curve`],
//!   [`roc_auc_score`] and for more classes [`roc_auc_score_ovr`] and [`roc_auc_score_ovo`],
//!   [`precision_recall_curve`], [`average_precision_score`].
//! - Predicted numbers: [`mean_squared_error`], [`r2_score`] and related metrics.
//! - Confidence intervals: [`bootstrap`], [`bootstrap_by_group`]. Comparison of two models: [`mcnemar`],
//!   [`permutation_test`] (of two lists of scores with [`mean_difference`]).
//! - Training and test rows: [`train_test_split`], [`stratified_k_fold`], [`group_k_fold`],
//!   [`stratified_group_k_fold`], [`leave_one_group_out`], [`predefined_split`].
//!
//! Classes are indices below the number of classes. That number is always an argument, so that a class that does not
//! occur in the data still counts. Where scikit-learn calls a metric undefined and returns NaN, this crate returns NaN
//! as well; the documentation of each function mentions it. Invalid arguments are an [`Error`], never a panic. Random
//! numbers come from integer arithmetic, so that a random seed gives the same result on every machine.
//!
//! ```
//! use timbral_metrics::{Average, ConfusionMatrix, FoldParams, ZeroDivision, stratified_k_fold};
//!
//! let y_true = [0, 0, 1, 1, 2, 2];
//! let params = FoldParams { n_splits: 2, shuffle: Some(42), ..FoldParams::default() };
//! let folds = stratified_k_fold(&y_true, &params)?;
//! assert!(folds.iter().all(|fold| fold.test.len() == 3));
//!
//! let matrix = ConfusionMatrix::new(&y_true, &[0, 0, 1, 2, 2, 2], 3, None)?;
//! assert_eq!(matrix.accuracy_score(), 5.0 / 6.0);
//! assert_eq!(matrix.f1_score(Average::Macro, ZeroDivision::Zero), (1.0 + 2.0 / 3.0 + 0.8) / 3.0);
//! # Ok::<(), timbral_metrics::Error>(())
//! ```

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod arguments;
mod classification;
mod encode;
mod error;
mod folds;
mod mean;
mod probabilities;
mod regression;
mod significance;
mod weighted_median;

pub use classification::{
    Average, ClassScores, ClassificationReport, ConfusionMatrix, FscoreParams, KappaWeights,
    Normalize, ReportParams, ZeroDivision, accuracy_score,
};
pub use error::{Error, Result};
pub use folds::{
    Fold, FoldParams, TrainTestParams, group_k_fold, k_fold, leave_one_group_out, predefined_split,
    stratified_group_k_fold, stratified_k_fold, stratified_train_test_split, train_test_split,
};
#[cfg(feature = "ndarray")]
pub use ndarray;
#[cfg(feature = "ndarray")]
pub use probabilities::column;
pub use probabilities::{
    BinParams, BinStrategy, PrecisionRecallCurve, ReliabilityBin, RocCurve, Scores, auc,
    average_precision_score, brier_score_loss, calibration_curve, expected_calibration_error,
    log_loss, precision_recall_curve, roc_auc_score, roc_auc_score_ovo, roc_auc_score_ovr,
    roc_auc_score_per_class, roc_curve, top_k_accuracy_score,
};
pub use regression::{
    explained_variance_score, max_error, mean_absolute_error, mean_absolute_percentage_error,
    mean_squared_error, median_absolute_error, r2_score, root_mean_squared_error,
};
pub use significance::{
    Alternative, BootstrapMethod, BootstrapParams, BootstrapResult, McNemarResult,
    PermutationParams, PermutationResult, bootstrap, bootstrap_by_group, mcnemar, mean_difference,
    permutation_test,
};
pub use timbral_core::InvalidParameter;
