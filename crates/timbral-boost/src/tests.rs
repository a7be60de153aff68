//! Tests that need models with given trees, which only this crate can build.

mod predict;
mod random_model;
mod shap;
