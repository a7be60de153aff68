//! Every metric, split and test against scikit-learn 1.9.1, scipy and statsmodels, whose values
//! `golden/metrics.py` writes to `golden/metrics.json`. `cases` generates the arguments, `golden` compares;
//! each other module tests one family of functions.

mod cases;
mod classes;
mod folds;
mod golden;
mod numbers;
mod resampling;
mod scores;
