//! Scores of predicted probabilities, and of scores that rank the classes.

mod auc;
mod calibration;
mod losses;
mod precision_recall;
mod roc;
mod scores;
mod thresholds;
mod top_k;

pub use auc::{auc, roc_auc_score, roc_auc_score_ovo, roc_auc_score_ovr, roc_auc_score_per_class};
pub use calibration::{
    BinParams, BinStrategy, ReliabilityBin, calibration_curve, expected_calibration_error,
};
pub use losses::{brier_score_loss, log_loss};
pub use precision_recall::{PrecisionRecallCurve, average_precision_score, precision_recall_curve};
pub use roc::{RocCurve, roc_curve};
pub use scores::Scores;
#[cfg(feature = "ndarray")]
pub use scores::column;
pub use top_k::top_k_accuracy_score;
