//! Predictions and SHAP values compared with those of XGBoost 3.4.1, from files that `make.py` writes.

#![allow(clippy::unwrap_used)]

mod golden;
