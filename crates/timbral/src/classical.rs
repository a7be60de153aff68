//! Classical models of other libraries, for comparison.

mod forests;
mod logistic;
mod model;
mod rows;
mod simple;
mod svm;

pub use model::Classical;
