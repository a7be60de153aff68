//! Predictions and SHAP values compared with those of XGBoost 3.2.0, from files that `make.py` writes.

#![allow(clippy::unwrap_used)]

mod golden;
