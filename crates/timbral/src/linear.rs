//! Linear models of many columns.

mod lbfgs;
pub(crate) mod logistic;
