//! Prediction and SHAP values against XGBoost 3.2.0, by files that `make.py` makes, and against
//! plain walks over random trees.

#![allow(clippy::unwrap_used)]

mod golden;
