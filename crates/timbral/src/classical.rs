//! Classical models of other libraries, to compare with.

mod logistic;
mod model;
mod svm;

pub use model::Classical;
