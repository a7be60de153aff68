//! SHAP values of trees.

mod lanes;
mod paths;
mod quadrature;
mod values;
