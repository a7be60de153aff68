//! Every metric, split and test against scikit-learn 1.9.1, scipy and statsmodels, whose values
//! `golden/metrics.py` has put in `golden/metrics.json`. `cases` makes the arguments, `golden`
//! compares; each other module holds a family against its values.

mod cases;
mod classes;
mod folds;
mod golden;
mod numbers;
mod resampling;
mod scores;
