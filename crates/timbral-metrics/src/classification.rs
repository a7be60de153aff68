//! Scores of predicted classes.

mod accuracy;
mod agreement;
mod confusion;
mod fscore;
mod report;

pub use accuracy::accuracy_score;
pub use agreement::KappaWeights;
pub use confusion::{ConfusionMatrix, Normalize};
pub use fscore::{Average, ClassScores, FscoreParams, ZeroDivision};
pub use report::{ClassificationReport, ReportParams};
