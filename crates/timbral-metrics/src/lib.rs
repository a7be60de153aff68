//! Metrics, folds and significance tests for classifiers: slices in, numbers out, equal to
//! scikit-learn 1.9 to rounding.
//!
//! - Predicted classes: [`ConfusionMatrix`] and its methods, [`ClassificationReport`],
//!   [`accuracy_score`].
//! - Predicted scores and probabilities, in [`Scores`]: [`top_k_accuracy_score`], [`log_loss`],
//!   [`brier_score_loss`], [`expected_calibration_error`], [`calibration_curve`], [`roc_curve`],
//!   [`roc_auc_score`] and for more classes [`roc_auc_score_ovr`] and [`roc_auc_score_ovo`],
//!   [`precision_recall_curve`], [`average_precision_score`].
//! - Numbers: [`mean_squared_error`], [`r2_score`] and their kin.
//! - How sure is that: [`bootstrap`], [`bootstrap_by_group`]; and is one model better than another:
//!   [`mcnemar`], [`permutation_test`] (of two lists of scores with [`mean_difference`]).
//! - What to test on: [`train_test_split`], [`stratified_k_fold`], [`group_k_fold`],
//!   [`stratified_group_k_fold`], [`leave_one_group_out`], [`predefined_split`].
//!
//! Classes are indices below the number of classes, which is always given, so that a class that
//! does not occur is still one. Where scikit-learn calls a metric undefined and returns NaN, so
//! does this crate, and says so; arguments that make no sense are an [`Error`], never a panic.
//! Random draws come from integer arithmetic: a seed is one result on every machine.
//!
//! ```
//! use timbral_metrics::{Average, ConfusionMatrix, FoldParams, ZeroDivision, stratified_k_fold};
//!
//! let y_true = [0, 0, 1, 1, 2, 2];
//! let folds = stratified_k_fold(&y_true, &FoldParams { n_splits: 2, shuffle: Some(42) })?;
//! assert!(folds.iter().all(|fold| fold.test.len() == 3));
//!
//! let matrix = ConfusionMatrix::new(&y_true, &[0, 0, 1, 2, 2, 2], 3, None)?;
//! assert_eq!(matrix.accuracy_score(), 5.0 / 6.0);
//! assert_eq!(matrix.f1_score(Average::Macro, ZeroDivision::Zero), (1.0 + 2.0 / 3.0 + 0.8) / 3.0);
//! # Ok::<(), timbral_metrics::Error>(())
//! ```
mod accuracy;
mod agreement;
mod auc;
mod bootstrap;
mod calibration;
mod check;
mod confusion;
mod encode;
mod error;
mod fscore;
mod group_fold;
mod k_fold;
mod mcnemar;
mod mean;
mod permutation;
mod precision_recall;
mod probability;
mod quantile;
mod regression;
mod report;
mod rng;
mod roc;
mod scores;
mod split;
mod stratified_group;
mod thresholds;
mod train_test;

pub use accuracy::{accuracy_score, top_k_accuracy_score};
pub use agreement::KappaWeights;
pub use auc::{auc, roc_auc_score, roc_auc_score_ovo, roc_auc_score_ovr, roc_auc_score_per_class};
pub use bootstrap::{
    BootstrapMethod, BootstrapParams, BootstrapResult, bootstrap, bootstrap_by_group,
};
pub use calibration::{
    BinParams, BinStrategy, ReliabilityBin, calibration_curve, expected_calibration_error,
};
pub use confusion::{ConfusionMatrix, Normalize};
pub use error::{Error, Result};
pub use fscore::{Average, ClassScores, FscoreParams, ZeroDivision};
pub use group_fold::{group_k_fold, leave_one_group_out, predefined_split};
pub use k_fold::{k_fold, stratified_k_fold};
pub use mcnemar::{McNemarResult, mcnemar};
pub use permutation::{
    Alternative, PermutationParams, PermutationResult, mean_difference, permutation_test,
};
pub use precision_recall::{PrecisionRecallCurve, average_precision_score, precision_recall_curve};
pub use probability::{brier_score_loss, log_loss};
pub use regression::{
    explained_variance_score, max_error, mean_absolute_error, mean_absolute_percentage_error,
    mean_squared_error, median_absolute_error, r2_score, root_mean_squared_error,
};
pub use report::{ClassificationReport, ReportParams};
pub use roc::{RocCurve, roc_curve};
pub use scores::Scores;
#[cfg(feature = "ndarray")]
pub use scores::column;
pub use split::{FoldParams, Split};
pub use stratified_group::stratified_group_k_fold;
pub use train_test::{TrainTestParams, stratified_train_test_split, train_test_split};
